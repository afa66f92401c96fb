"""Messages have no control characters, and nouns in the right number."""

import unicodedata

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from skactive._text import JOINERS, counted, did_you_mean, printable, shown


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
    ("given", "known", "guess"),
    [
        ("EUCLIDEAN", ["cosine", "euclidean"], "euclidean"),
        ("k center", ["k-center", "center"], "k-center"),
        ("__a b", ["a-b", "--a-b"], "a-b"),
        ("--output_dir", ["--output", "--output-dir"], "--output-dir"),
        ("--bud", ["--seed", "--budget", "--budgets"], "--budget"),
        ("Ab_C", ["ab-c", "abc"], "ab-c"),
        ("KCenter", {"k-center": "k-center", "KCenterGreedy": "core"}, "k-center"),
        ("kcenter_greedy", {"k-center": "k-center", "KCenterGreedy": "core"}, "core"),
        ("", ["a"], None),
        ("zoom", ["margin", "random"], None),
        ("any", [], None),
    ],
)
def test_a_guess_is_the_closest_name_in_any_spelling(given, known, guess):
    assert did_you_mean(given, known) == (f"did you mean {guess}? " if guess else "")


@pytest.mark.parametrize(
    ("n", "text"), [(0, "0 labels"), (1, "1 label"), (2, "2 labels"), (1200, "1,200 labels")]
)
def test_a_noun_agrees_with_its_number(n, text):
    assert counted(n, "label") == text
    assert counted(n, "class", "classes").startswith(text.split()[0])
    assert counted(n, "class", "classes").endswith("class" if n == 1 else "classes")


class Broken:
    """An object whose representation has several lines, or fails."""

    def __init__(self, text):
        self.text = text

    def __repr__(self):
        return self.text.upper()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("s3", "'s3'"),
        ([0.5, 1.5], "[0.5, 1.5]"),
        (np.array([0.5, 1.5]), "array([0.5, 1.5])"),
        (np.zeros((150, 4)), "ndarray of shape (150, 4)"),
        (pd.DataFrame(np.zeros((150, 4))), "DataFrame of shape (150, 4)"),
        ([np.zeros((150, 4))], "[ndarray of shape (150, 4)]"),
        (sp.csr_matrix(np.eye(150)), "csr_matrix of shape (150, 150)"),
        (Broken("two\nlines"), "TWO LINES"),
    ],
)
def test_a_value_is_shown_in_one_line(value, text):
    assert shown(value) == text


@given(
    st.recursive(
        st.text() | st.integers() | st.floats() | st.binary() | st.builds(Broken, st.text()),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part) | st.tuples(part, part),
    )
)
@settings(max_examples=50, deadline=None)
def test_a_shown_value_is_one_line_of_80_characters_at_most(value):
    text = shown(value)
    assert text.isprintable()
    assert 0 < len(text) <= 80
    assert shown(Broken(3))[:8] == "<Broken "
