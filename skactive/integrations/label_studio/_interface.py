"""The labelling interface of a project: choices for one text or image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from skactive._label_names import SEPARATOR, Label, label_set, names_in
from skactive._text import counted, one_line, shown
from skactive.integrations.label_studio._errors import LabelStudioError

HINT = "Hint: the bridge takes one <Choices> for one <Image> or <Text>."
# Tags that neither ask nor show samples.
LAYOUT = {"collapse", "header", "panel", "style", "view"}
KINDS = {"Image": "image", "Text": "text"}
SINGLE = {None, "single", "single-radio"}
MULTIPLE = "multiple"


@dataclass(frozen=True)
class LabelingInterface:
    """The question of a project.

    Attributes
    ----------
    kind : {"image", "text"}
        The kind of the samples.
    field : str
        The field of a task's data with the sample.
    from_name, to_name : str
        The names of the choice and of the sample.
    stored : dict of str to str
        By class: its name in results. It is the alias of a choice if there is one.
    descriptions : dict of str to str
        By class with an alias: the text that annotators see.
    is_multiple : bool
        Whether a sample can have several classes, one or none.
    """

    kind: str
    field: str
    from_name: str
    to_name: str
    stored: dict[str, str]
    descriptions: dict[str, str]
    is_multiple: bool = False

    @property
    def classes(self) -> list[str]:
        """The classes."""
        return list(self.stored)

    def label_of(self, result: Any) -> Label | None:
        """Return the class in the result of an annotation; None if it has none.

        With multiple choice it is a tuple of classes, which may be empty.
        """
        names = self._named(result)
        if self.is_multiple:
            return label_set(names)
        return names[0] if names else None

    def _named(self, result: Any) -> list[str]:
        # Annotations from before a choice had an alias have its text.
        texts = {text: label for label, text in self.descriptions.items()}
        for region in result if isinstance(result, list) else []:
            if not isinstance(region, dict) or region.get("from_name") != self.from_name:
                continue
            value = region.get("value")
            chosen = value.get("choices") if isinstance(value, dict) else None
            if not isinstance(chosen, list):
                continue
            names = [name.strip() for name in chosen if isinstance(name, str) and name.strip()]
            if names:
                return [name if name in self.stored else texts.get(name, name) for name in names]
        return []

    def result_of(self, label: Label) -> list[dict[str, Any]]:
        """Return the result with a label, without classes that the interface does not have."""
        names = [self.stored[name] for name in names_in(label) if name in self.stored]
        if not names:
            return []
        return [
            {
                "from_name": self.from_name,
                "to_name": self.to_name,
                "type": "choices",
                "value": {"choices": names},
            }
        ]


def read_interface(config: str) -> LabelingInterface:
    """Return the question of a labelling interface, or raise a sentence about what it has else."""
    root = _parsed(config)
    tags = list(_tags(root))
    known = LAYOUT | {"choices", "choice", "image", "text"}
    others = list(dict.fromkeys(tag.tag for tag in tags if tag.tag.lower() not in known))
    if others:
        raise LabelStudioError(
            "The labelling interface has "
            f"{', '.join(f'<{one_line(tag, 40)}>' for tag in others[:5])}. {HINT}"
        )
    objects = [tag for tag in tags if tag.tag in KINDS]
    controls = [tag for tag in tags if tag.tag == "Choices"]
    if len(controls) != 1 or len(objects) != 1:
        raise LabelStudioError(
            f"The labelling interface has {len(controls)} <Choices> and {len(objects)} <Image> or "
            f"<Text>. {HINT}"
        )
    [control], [one] = controls, objects
    _check_choices(control)
    stored, descriptions = _classes(control)
    return LabelingInterface(
        KINDS[one.tag],
        _field(one, control),
        control.get("name", ""),
        one.get("name", ""),
        stored,
        descriptions,
        control.get("choice") == MULTIPLE,
    )


def _parsed(config: str) -> ET.Element:
    # Without a document type there are no entities, which could be expanded without end.
    if "<!DOCTYPE" in config.upper():
        raise LabelStudioError(f"The labelling interface has a document type. {HINT}")
    try:
        return ET.fromstring(config)  # noqa: S314 - it has no entities
    except (ET.ParseError, ValueError) as error:
        raise LabelStudioError(f"The labelling interface is no XML: {error}. {HINT}") from error


def _tags(root: ET.Element) -> Iterator[ET.Element]:
    return (tag for tag in root.iter() if isinstance(tag.tag, str))


def _check_choices(control: ET.Element) -> None:
    if control.get("choice") not in {*SINGLE, MULTIPLE}:
        raise LabelStudioError(
            f"<Choices> of the labelling interface has choice={shown(control.get('choice'))}. "
            f"{HINT}"
        )
    for name in ("perRegion", "perItem"):
        if control.get(name, "false").lower() == "true":
            raise LabelStudioError(f"<Choices> of the labelling interface has {name}. {HINT}")
    if control.get("value") is not None:
        raise LabelStudioError(
            "<Choices> of the labelling interface takes its choices from the tasks. Hint: list "
            "them as <Choice> tags."
        )
    if any(choice.find(".//Choice") is not None for choice in control.iter("Choice")):
        raise LabelStudioError(
            "<Choices> of the labelling interface has choices within choices. Hint: list them at "
            "one level."
        )


def _field(one: ET.Element, control: ET.Element) -> str:
    value = one.get("value", "")
    if one.get("valueType", "text").lower() == "url" or one.get("valueList") is not None:
        raise LabelStudioError(
            f"<{one.tag}> of the labelling interface has a list or the address of a text. Hint: "
            'pass the sample itself, such as value="$text".'
        )
    if not value.startswith("$") or len(value) == 1 or "$" in value[1:]:
        raise LabelStudioError(
            f"<{one.tag}> of the labelling interface has value={shown(value)}. Hint: name one "
            'field of the tasks, such as value="$text".'
        )
    if control.get("toName") != one.get("name"):
        raise LabelStudioError(
            f"<Choices> of the labelling interface is for {shown(control.get('toName'))}, but the "
            f"sample is {shown(one.get('name'))}. {HINT}"
        )
    return value[1:]


def _classes(control: ET.Element) -> tuple[dict[str, str], dict[str, str]]:
    stored: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for choice in control.iter("Choice"):
        text, alias = choice.get("value", ""), choice.get("alias")
        name = text if alias is None else alias
        label = name.strip()
        if not label or label in stored:
            raise LabelStudioError(
                f"The labelling interface has the choice {shown(name)} "
                f"{'twice' if label else 'without a name'}. Hint: give each choice another value."
            )
        stored[label] = name
        if alias is not None and text.strip() and text.strip() != label:
            descriptions[label] = text.strip()
    separated = [label for label in stored if SEPARATOR in label]
    if separated and control.get("choice") == MULTIPLE:
        raise LabelStudioError(
            f"The labelling interface has the choice {shown(separated[0])}. Hint: with several "
            f"labels per sample, choose a name without the character {SEPARATOR}; an alias is one."
        )
    if len(stored) < 2:
        raise LabelStudioError(
            f"The labelling interface has {counted(len(stored), 'choice')}. Hint: a question has "
            "two or more."
        )
    return stored, descriptions
