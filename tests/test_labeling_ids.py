"""Labels of texts that are named by a column of ids: another text with the same id is reported."""

import json

import pytest

from skactive.cli import main
from skactive.labeling import LabelingSession

pytest.importorskip("pandas")

HINT = (
    r"the labels are kept\. Hint: label them again in the history, or choose another session "
    r"folder if these are other samples\.$"
)
ONE = r"^1 of 3 labelled samples in .*texts.csv.session has another text than when labelled, such "
ONE += rf"as 'a'; {HINT}"
TWO = r"^2 of 3 labelled samples in .*texts.csv.session have another text than when labelled, such "
TWO += rf"as '[ac]'; {HINT}"


def write(path, texts):
    rows = [f"{name},{text}" for name, text in zip("abcd", texts, strict=True)]
    path.write_text("\n".join(["n,text,label", *rows, ""]))


@pytest.fixture
def table(tmp_path):
    """A table of texts, a session of which has three labels, of which the table has one."""
    path = tmp_path / "texts.csv"
    write(path, ["red,", "green,", "blue,x", "grey,"])
    with LabelingSession(path, id_column="n") as session:
        session.answer("a", "y")
        session.answer("b", "y")
        session.rename_class("y", "z")
    with LabelingSession(path):
        pass
    return path


def test_a_label_of_another_text_is_reported_until_it_is_given_again(table):
    write(table, ["rot,", "green,", "blau,x", "grau,"])
    with pytest.warns(UserWarning, match=TWO):
        session = LabelingSession(table)
    with session:
        labels = {one.id: one.label for one in session.samples()}
        assert labels == {"a": "z", "b": "z", "c": "x", "d": None}
        session.relabel(["c"], "z")
    with pytest.warns(UserWarning, match=ONE), LabelingSession(table) as session:
        session.relabel(["a"], "z")
    with LabelingSession(table) as session:
        session.undo()
    with pytest.warns(UserWarning, match=ONE), LabelingSession(table) as session:
        session.redo()
    with LabelingSession(table, read_only=True) as session:
        assert session.labels_per_class() == {"x": 0, "z": 3}


@pytest.mark.parametrize("has_other_text", [False, True])
def test_a_text_that_is_back_is_not_reported(has_other_text, table):
    if has_other_text:
        write(table, ["rot,", "green,", "blue,x", "grey,"])
        with pytest.warns(UserWarning, match=ONE), LabelingSession(table):
            pass
    write(table, ["red,", "green,", "blue,x", "grau,"])
    with LabelingSession(table) as session:
        assert len(session.history()) == 3


def test_logs_of_earlier_versions_name_no_texts(table):
    log = table.with_name("texts.csv.session") / "answers.jsonl"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum("digests" in line for line in lines) == 3
    for line in lines:
        line.pop("digests", None)
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    write(table, ["rot,", "grün,", "blau,x", "grau,"])
    with LabelingSession(table) as session:
        session.relabel(["a"], "z")
    write(table, ["rouge,", "vert,", "bleu,x", "gris,"])
    with pytest.warns(UserWarning, match=ONE), LabelingSession(table):
        pass


@pytest.mark.parametrize("name", ["texts.txt", "texts.csv"])
def test_texts_that_name_themselves_have_no_digest(name, tmp_path):
    (tmp_path / name).write_text("text\nred\nblue\n")
    with LabelingSession(tmp_path / name) as session:
        first = session.samples()[0].id
        session.answer(first, "x")
        session.relabel([first], "x")
        assert "digests" not in (session.folder / "answers.jsonl").read_text()


def test_the_command_reports_it_in_its_own_form(table, capsys):
    write(table, ["rot,", "green,", "blue,x", "grey,"])
    assert main(["status", str(table)]) == 0
    output = capsys.readouterr()
    assert output.err.startswith("skactive: warning: 1 of 3 labelled samples in ")
    assert output.err.count("\n") == 1
