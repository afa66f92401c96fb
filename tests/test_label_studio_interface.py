"""The labelling interface of a project: which are taken, and how answers are read and written."""

import pytest
from fake_label_studio import IMAGES, TEXTS

from skactive.integrations.label_studio import LabelStudioError
from skactive.integrations.label_studio._interface import read_interface
from skactive.integrations.label_studio._tasks import TaskAnswer, read_task

LAID_OUT = """
<View>
  <Style>.a { color: red }</Style>
  <!-- a comment -->
  <Header value="What is it? $hint"/>
  <Panel><Image name="photo" value="$image" zoom="true"/></Panel>
  <View className="a">
    <Choices name="fruit" toName="photo" choice="single-radio" showInline="true">
      <Choice value="Fresh fruit 🍏" alias="fresh" hotkey="f"/>
      <Choice value=" Rotten "/>
    </Choices>
  </View>
</View>
"""


def result(name, from_name="fruit"):
    return [{"from_name": from_name, "type": "choices", "value": {"choices": [name]}}]


def test_an_interface_is_read_with_its_layout():
    interface = read_interface(LAID_OUT)
    assert (interface.kind, interface.field) == ("image", "image")
    assert interface.classes == ["fresh", "Rotten"]
    assert interface.descriptions == {"fresh": "Fresh fruit 🍏"}


def test_classes_are_aliases_and_results_have_the_names_of_label_studio():
    interface = read_interface(LAID_OUT)
    assert interface.label_of(result("fresh")) == "fresh"
    assert interface.label_of(result("Fresh fruit 🍏")) == "fresh"  # from before it had an alias
    assert interface.label_of(result(" Rotten ")) == "Rotten"
    assert interface.label_of(result("removed since")) == "removed since"
    [written] = interface.result_of("Rotten")
    assert written == {
        "from_name": "fruit",
        "to_name": "photo",
        "type": "choices",
        "value": {"choices": [" Rotten "]},
    }
    for label in interface.classes:
        assert interface.label_of(interface.result_of(label)) == label
    assert interface.result_of("removed since") == []


MULTIPLE = LAID_OUT.replace('choice="single-radio"', 'choice="multiple"')


def several(*names):
    return [{"from_name": "fruit", "type": "choices", "value": {"choices": list(names)}}]


def test_multiple_choice_is_several_labels():
    interface = read_interface(MULTIPLE)
    assert interface.is_multiple
    assert interface.label_of(several(" Rotten ", "fresh")) == ("Rotten", "fresh")
    assert interface.label_of(several("Fresh fruit 🍏")) == ("fresh",)
    # Submitted without a choice: none of them.
    assert interface.label_of([]) == ()
    assert interface.label_of(None) == ()
    assert interface.result_of(()) == []
    assert interface.result_of(("removed since",)) == []
    for label in [("Rotten", "fresh"), ("fresh",), ()]:
        assert interface.label_of(interface.result_of(label)) == label


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([["fresh"]], ("fresh",)),
        ([[]], ()),
        ([["fresh"], ["Rotten"]], ("Rotten",)),  # the latest
        ([["fresh", "Rotten"], ["Rotten"], ["fresh"]], ("Rotten", "fresh")),  # each by majority
        ([["fresh"], [], []], ()),
        ([["fresh"], ["fresh", "Rotten"], [], ["fresh"]], ("fresh",)),
        ([None, ["fresh"]], ("fresh",)),  # one skips
        ([None], None),
    ],
)
def test_each_of_several_labels_is_decided_by_most_annotators(answers, expected):
    annotations = [
        {
            "id": number,
            "result": [] if names is None else several(*names) if names else [],
            "was_cancelled": names is None,
            "updated_at": f"2026-01-01T00:00:{number:02}Z",
        }
        for number, names in enumerate(answers)
    ]
    task = read_task({"id": 1, "data": {}, "annotations": annotations, "updated_at": ""})
    assert task.answer(read_interface(MULTIPLE)).label == expected


@pytest.mark.parametrize(
    "found", [None, [], [None], result("x", "other"), [{"from_name": "fruit"}], result(" "), "x"]
)
def test_a_result_without_the_choice_has_no_class(found):
    assert read_interface(LAID_OUT).label_of(found) is None


SECOND = '<Choices name="b" toName="text"><Choice value="C"/><Choice value="D"/></Choices>'


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (TEXTS.replace('choice="single"', 'choice="rating"'), "has choice='rating'"),
        (TEXTS.replace("</View>", f"{SECOND}</View>"), "has 2 <Choices> and 1 <Image> or <Text>"),
        (TEXTS.replace("<Text", '<Image name="i" value="$i"/><Text'), "has 1 <Choices> and 2"),
        ('<View><Text name="text" value="$text"/></View>', "has 0 <Choices> and 1"),
        (TEXTS.replace("<Text", '<Labels name="l" toName="text"/><Text'), "has <Labels>"),
        (TEXTS.replace("<Text", '<Audio name="a" value="$a"/><Text'), "has <Audio>"),
        (TEXTS.replace('choice="single"', 'perRegion="true"'), "has perRegion"),
        (TEXTS.replace('choice="single"', 'value="$options"'), "takes its choices from the tasks"),
        (
            TEXTS.replace('<Choice value="B"/>', '<Choice value="B"><Choice value="C"/></Choice>'),
            "choices within choices",
        ),
        (TEXTS.replace('"$text"', '"$text" valueType="url"'), "the address of a text"),
        (TEXTS.replace('"$text"', '"Question: $text"'), "has value='Question: \\$text'"),
        (TEXTS.replace('toName="text"', 'toName="other"'), "is for 'other', but the sample is"),
        (TEXTS.replace('"B"', '" A "'), "has the choice ' A ' twice"),
        (TEXTS.replace('"B"', '" "'), "has the choice ' ' without a name"),
        (TEXTS.replace('<Choice value="B"/>', ""), "has 1 choice"),
        (
            TEXTS.replace("single", "multiple").replace('"B"', '"A|B"'),
            "has the choice 'A\\|B'. Hint: ",
        ),
        ("<View>", "is no XML"),
        ("", "is no XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + TEXTS, "has a document type"),
    ],
)
def test_other_interfaces_are_refused_by_a_sentence(config, sentence):
    with pytest.raises(LabelStudioError, match=sentence) as caught:
        read_interface(config)
    assert "Hint: " in str(caught.value)
    assert "\n" not in str(caught.value)


def annotation(number, label, *, minute=0, skip=False):
    return {
        "id": number,
        "result": [] if label is None else result(label),
        "was_cancelled": skip,
        "completed_by": number,
        "updated_at": f"2026-11-29T10:{minute:02}:00Z",
    }


@pytest.mark.parametrize(
    ("annotations", "answer"),
    [
        ([], TaskAnswer()),
        ([annotation(1, "fresh")], TaskAnswer("fresh")),
        ([annotation(1, "fresh"), annotation(2, None, skip=True)], TaskAnswer("fresh")),
        ([annotation(1, None, skip=True)], TaskAnswer(skipped="skipped in Label Studio")),
        (
            [annotation(1, None)],
            TaskAnswer(skipped="submitted without a choice in Label Studio"),
        ),
        # Most annotations,
        (
            [annotation(1, "fresh"), annotation(2, "Rotten"), annotation(3, "fresh")],
            TaskAnswer("fresh"),
        ),
        # and of as many the latest change, not the latest annotation.
        (
            [annotation(1, "fresh", minute=9), annotation(2, "Rotten", minute=1)],
            TaskAnswer("fresh"),
        ),
        ([annotation(1, "fresh"), annotation(2, "Rotten")], TaskAnswer("Rotten")),
    ],
)
def test_the_answer_is_the_class_of_most_annotations(annotations, answer):
    interface = read_interface(LAID_OUT)
    for found in (annotations, annotations[::-1]):
        task = read_task({"id": 1, "data": {}, "annotations": found, "is_labeled": True})
        assert task.answer(interface) == answer


@pytest.mark.parametrize(
    "found", [None, {}, {"id": 1, "data": {}}, {"id": 1, "data": {}, "annotations": [{"id": 2}]}]
)
def test_tasks_in_another_form_are_refused(found):
    with pytest.raises(LabelStudioError, match="a task in an unknown form"):
        read_task(found)


def test_the_interface_of_texts_and_that_of_images_differ_by_kind():
    assert [read_interface(one).kind for one in (TEXTS, IMAGES)] == ["text", "image"]
