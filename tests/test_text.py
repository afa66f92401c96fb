"""Messages have no control characters, and nouns in the right number."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skactive._text import JOINERS, counted, printable


@given(st.text(st.characters(exclude_categories=())))
def test_no_character_that_a_terminal_obeys_is_left(text):
    shown = printable(text)
    assert all(
        unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} or one in JOINERS
        for one in shown
    )
    assert "\n" in printable(f"{text}\n", keep="\n")
    assert printable(shown) == shown


@given(st.text(st.characters(exclude_categories=("C", "Z")) | st.just(" ")))
def test_other_characters_stay(text):
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\rb\n", r"a\rb\n"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202etxt.exe", r"\u202etxt.exe"),
        ("\ud800", r"\ud800"),
        ("Äpfel 👩‍🌾", "Äpfel 👩‍🌾"),
    ],
)
def test_control_characters_become_escapes(text, shown):
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 labels"), (1, "1 label"), (2, "2 labels"), (1200, "1,200 labels")]
)
def test_a_noun_agrees_with_its_number(n, text):
    assert counted(n, "label") == text
    assert counted(n, "class", "classes").startswith(text.split()[0])
    assert counted(n, "class", "classes").endswith("class" if n == 1 else "classes")
