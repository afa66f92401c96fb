"""The representation of strategies, classifiers and learners in notebooks."""

import inspect
import re
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from test_public_names import PUBLIC_NAMES, resolved

from skactive import ActiveLearner
from skactive.measures import Entropy, Measure
from skactive.model_selection import BudgetedClassifier
from skactive.neighbors import BlockwiseKNeighborsTransformer, IncrementalKNeighborsClassifier
from skactive.strategies import CDFProduct, QueryStrategy, RandomSampling

VOID = {"br", "hr", "img", "input", "link", "meta"}
X = np.random.default_rng(0).normal(size=(30, 3))
Y = np.arange(30) % 2


class Tags(HTMLParser):
    """Parse a page, and fail if an element is not closed."""

    def __init__(self):
        super().__init__()
        self.opened = []
        self.words = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        # scikit-learn's own parts leave paragraphs open, which HTML permits.
        while self.opened[-1] == "p" != tag:
            self.opened.pop()
        assert self.opened.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_data(self, data):
        if not self.opened or self.opened[-1] not in {"style", "script"}:
            self.words.append(data)


def words(html):
    tags = Tags()
    tags.feed(html)
    tags.close()
    assert tags.opened == []
    return " ".join(" ".join(tags.words).split())


def diagram(html):
    """Return the text of the diagram, without its plain-text fallback."""
    return words(html).split("nbviewer.org.", 1)[1]


def test_a_strategy_shows_its_measures():
    shown = diagram(CDFProduct().set_params(uncertainty=Entropy())._repr_html_())
    for name in ["uncertainty: Entropy", "density: InformationDensity", "diversity: Diversity"]:
        assert name in shown


def test_a_strategy_without_parts_shows_itself():
    assert diagram(RandomSampling(random_state=7)._repr_html_()).count("RandomSampling") >= 1


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("given", [False, True])
def test_a_budgeted_classifier_shows_estimator_and_strategy(fitted, given):
    parts = (make_pipeline(StandardScaler(), IncrementalKNeighborsClassifier()), CDFProduct())
    classifier = BudgetedClassifier(*(parts if given else ()), budget=5)
    shown = diagram((classifier.fit(X, Y) if fitted else classifier)._repr_html_())
    assert f"strategy: {'CDFProduct' if given else 'UncertaintyHerding'}" in shown
    assert ("uncertainty: TargetUncertainty" in shown) == given
    assert ("IncrementalKNeighborsClassifier" if given else "IncrementalLabelSpreading") in shown
    assert ("StandardScaler" in shown) == given


def test_a_learner_shows_its_parts_and_its_labels():
    learner = ActiveLearner(
        make_pipeline(StandardScaler(), LogisticRegression()),
        CDFProduct(),
        X,
        X_labeled=X[:1],
        y_labeled=["apple"],
    )
    learner.teach([3, 4], ["apple", "pear"]).skip([5])
    shown = words(learner._repr_html_())
    counts = "2 labelled, 1 labelled beforehand , 1 skipped , 27 left"
    assert counts.replace(" ", "") in shown.replace(" ", "")
    assert "classes: apple, pear" in shown
    for name in ["StandardScaler", "LogisticRegression", "uncertainty: TargetUncertainty"]:
        assert name in shown


def test_a_learner_without_labels_is_displayed_as_such():
    assert "classes: none yet" in words(ActiveLearner(X_pool=X)._repr_html_())


def test_many_classes_are_counted():
    learner = ActiveLearner(X_pool=X).teach(range(30), range(30))
    assert "10, 11, and 18 more" in words(learner._repr_html_())


class Loud(Measure):
    def __init__(self, word="<script>alert(1)</script>"):
        self.word = word

    def utilities(self, pool):
        return np.zeros(pool.n_candidates)


class Nested(QueryStrategy):
    def __init__(self, measure=None, random_state=None):
        super().__init__(random_state=random_state)
        self.measure = measure

    def utilities(self, pool):
        return self.measure.utilities(pool)


def test_user_given_names_are_escaped_and_custom_parts_are_shown():
    learner = ActiveLearner(strategy=Nested(Loud("<u>&")), X_pool=X)
    html = learner.teach([0], ["<img src=x onerror=alert(1)>"])._repr_html_()
    assert not re.search(r"<img|<u>", html)
    assert "classes: <img src=x onerror=alert(1)>" in words(html)
    assert "measure: Loud" in words(html)


ARGUMENTS = {
    "skactive.embedding.CachedTransformer": (BlockwiseKNeighborsTransformer(), "vectors.sqlite"),
    "skactive.embedding.HubEmbedder": ("folder",),
    "skactive.integrations.modal.ActiveLearner": (IncrementalKNeighborsClassifier(),),
    "skactive.integrations.modal.Committee": (
        [SimpleNamespace(estimator=IncrementalKNeighborsClassifier())],
    ),
    "skactive.integrations.modal.ModalStrategy": (len,),
    "skactive.integrations.scikit_activeml.ActivemlStrategy": (RandomSampling(),),
    "skactive.ActiveLearner": (None, None, X),
    "skactive.learner.ActiveLearner": (None, None, X),
}


def is_displayed(public_name):
    """Whether a public name is a class whose objects have scikit-learn's HTML representation."""
    try:
        kind = resolved(public_name)
    except pytest.skip.Exception:
        return True
    is_estimator = inspect.isclass(kind) and hasattr(kind, "get_params")
    return not inspect.isabstract(kind) and (is_estimator or public_name in ARGUMENTS)


DISPLAYED = [name for name in PUBLIC_NAMES if is_displayed(name)]


def test_every_kind_of_public_class_is_displayed():
    packages = {name.rpartition(".")[0] for name in DISPLAYED}
    expected = {"measures", "strategies", "neighbors", "semi_supervised", "model_selection"}
    assert {f"skactive.{package}" for package in expected} <= packages


@pytest.mark.parametrize("name", DISPLAYED)
def test_no_public_class_links_to_documentation_of_scikit_learn(name):
    # There is no public site of skactive's documentation that a link could lead to.
    kind = resolved(name)
    html = kind(*ARGUMENTS.get(name, ()))._repr_html_()
    assert kind.__name__ in words(html)
    assert "href" not in html


def test_parts_of_scikit_learn_link_to_its_documentation():
    html = ActiveLearner(make_pipeline(StandardScaler(), Nearest()), X_pool=X)._repr_html_()
    pages = set(re.findall(r'href="https://scikit-learn.org/[^"]*/([^/"#]*).html', html))
    assert pages == {"sklearn.pipeline.Pipeline", "sklearn.preprocessing.StandardScaler"}


class Nearest(IncrementalKNeighborsClassifier):
    """A subclass written by a user."""
