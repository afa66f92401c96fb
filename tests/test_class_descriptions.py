"""Classes described by samples: a prior of label spreading whose weight falls with the labels."""

import copy
import pickle
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_spreading import posterior, solved
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler

from skactive import ActiveLearner
from skactive.learner import SufficientAccuracy
from skactive.neighbors import NeighborGraph
from skactive.semi_supervised import IncrementalLabelSpreading
from skactive.semi_supervised._spread import Spread
from skactive.strategies import all_strategies

NAMES = np.array(["late", "refund", "other"])
N_FEATURES = 70


def clusters(n_samples=60, noise=1.0):
    """Samples around one centre for each class, their classes, and the centres."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(len(NAMES), N_FEATURES))
    codes = rng.integers(0, len(NAMES), n_samples)
    return centers[codes] + noise * rng.normal(size=(n_samples, N_FEATURES)), NAMES[codes], centers


X, Y, CENTERS = clusters()
DESCRIBED = {
    "late": CENTERS[[0, 0]] + 0.5 * np.random.default_rng(1).normal(size=(2, N_FEATURES)),
    "refund": CENTERS[[1]],
}
GRAPH = NeighborGraph.of(X, n_neighbors=4)
NODES = st.lists(st.integers(0, len(X) - 1), min_size=1, max_size=6, unique=True)


def spreading(**parameters):
    return IncrementalLabelSpreading(4, class_descriptions=DESCRIBED, **parameters)


def plain_anchors(X, descriptions, n_neighbors):
    """The amount that the descriptions of each class add to each node."""
    graph = NeighborGraph.of(X, n_neighbors=n_neighbors)
    anchors = np.zeros((len(X), len(descriptions)))
    for column, rows in enumerate(descriptions.values()):
        for row in rows:
            distances, nodes = graph.kneighbors([row])
            similarities = graph.similarities(distances, nodes)[0]
            anchors[nodes[0], column] += similarities / similarities.sum()
    return graph.affinity(), anchors


@settings(max_examples=25)
@given(nodes=NODES, seed=st.integers(0, 99), class_mass=st.sampled_from([0.0, 0.5, 1.0]))
def test_scores_equal_a_dense_solution_for_labels_and_weighted_anchors(nodes, seed, class_mass):
    classifier = spreading(class_mass=class_mass, tol=1e-6).fit(X, [-1] * len(X))
    labels = np.random.default_rng(seed).choice(NAMES[:2], len(nodes))
    classifier.relabel(nodes, labels)
    affinity, anchors = plain_anchors(X, DESCRIBED, 4)
    one_hot = np.zeros((len(X), 2))
    one_hot[nodes, (labels == "refund").astype(int)] = 1
    alpha = classifier.alpha
    known = solved(affinity, one_hot, alpha)[0], solved(affinity, anchors, alpha)[0]
    scores = known[0] + 120 / (30 + len(nodes)) * known[1]
    expected = posterior(scores, class_mass)
    unlabeled = np.setdiff1d(np.arange(len(X)), nodes)
    found = classifier.spread_distributions(unlabeled)
    np.testing.assert_allclose(found, expected[unlabeled], atol=1e-3)


def test_anchors_spread_apart_from_labels_to_the_tolerance():
    affinity, anchors = plain_anchors(X, DESCRIBED, 4)
    spread = Spread(affinity, alpha=0.8, tol=1e-3)
    spread.assign("a", np.array([3, 7]))
    before = spread.scores("a").copy()
    at = np.flatnonzero(anchors[:, 0])
    spread.anchor("a", at, anchors[at, 0])
    np.testing.assert_array_equal(spread.scores("a"), before)
    exact, scale = solved(affinity, anchors[:, :1], 0.8)
    assert (np.abs(spread.anchor_scores("a") - exact)[:, 0] <= 1e-3 * scale + 1e-12).all()
    np.testing.assert_allclose(spread.scores("a", anchor_weight=0.5), before + exact / 2, atol=2e-3)
    assert spread.is_reached[at].all()


@pytest.mark.parametrize("head_weight", [0, 0.75])
def test_descriptions_alone_predict_better_than_chance(head_weight):
    descriptions = dict(zip(NAMES, CENTERS[:, np.newaxis], strict=True))
    classifier = IncrementalLabelSpreading(
        5, class_descriptions=descriptions, head_weight=head_weight
    )
    classifier.fit(X, [-1] * len(X))
    assert classifier.classes_.tolist() == sorted(NAMES)
    assert classifier.score(X, Y) > 0.9
    assert (classifier.transduction_ == Y).mean() > 0.9


def test_the_weight_falls_with_the_number_of_labels():
    # The descriptions of two classes are interchanged.
    wrong = {"late": CENTERS[[1]], "refund": CENTERS[[0]], "other": CENTERS[[2]]}
    classifier = IncrementalLabelSpreading(4, class_descriptions=wrong).fit(X, [-1] * len(X))
    sample = X[:1]
    probabilities, shares = [], []
    for n_labels in (0, 6, 20, 50):
        classifier.relabel(np.arange(5, 5 + n_labels), Y[5 : 5 + n_labels])
        truth = classifier.classes_.tolist().index(Y[0])
        probabilities.append(classifier.predict_proba(sample)[0, truth])
        shares.append(classifier.explain(sample).prior_share[0])
    assert shares == sorted(shares, reverse=True)
    assert shares[0] == pytest.approx(1)
    assert probabilities[0] < 0.4 < probabilities[-1]
    assert classifier.score(X[56:], Y[56:]) == 1


def test_shares_add_up_to_the_probability_of_the_prediction():
    classifier = spreading().fit(X, [-1] * len(X)).relabel(range(10), Y[:10])
    explanation = classifier.explain(X)
    expected = classifier.predict_proba(X).sum(axis=1)
    np.testing.assert_allclose(explanation.shares.sum(axis=1) + explanation.prior_share, expected)
    without = IncrementalLabelSpreading(4).fit(X, [-1] * len(X)).relabel(range(10), Y[:10])
    assert explanation.prior_share.mean() > without.explain(X).prior_share.mean() + 0.1


STEPS = st.lists(
    st.tuples(st.sampled_from(["label", "label", "remove"]), NODES, st.integers(0, 99)),
    max_size=12,
)


@settings(max_examples=25)
@given(steps=STEPS, declared=st.booleans())
def test_the_labels_left_decide_and_not_their_history(steps, declared):
    def started():
        classes = NAMES if declared else None
        return spreading().fit_graph(GRAPH, X, classes)

    classifier, order = started(), {}
    for kind, nodes, seed in steps:
        if kind == "label":
            labels = np.random.default_rng(seed).choice(NAMES, len(nodes))
            order.update(zip(nodes, labels.tolist(), strict=True))
            classifier.relabel(nodes, labels)
        else:
            gone = [node for node in order if node in nodes]
            classifier.remove_labeled(gone)
            order = {node: order[node] for node in order if node not in gone}
    at_once = started().relabel(list(order), list(order.values()))
    np.testing.assert_array_equal(classifier.classes_, at_once.classes_)
    np.testing.assert_allclose(classifier.predict_proba(X), at_once.predict_proba(X), 0, 1e-9)
    held_out = [one.held_out_distributions(sorted(order)) for one in (classifier, at_once)]
    np.testing.assert_allclose(*held_out, 0, 1e-9)


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["teach", "teach", "undo", "relabel", "forget", "posterior"]),
        NODES,
        st.integers(0, 99),
    ),
    max_size=12,
)


@settings(max_examples=20)
@given(actions=ACTIONS)
def test_a_learner_equals_a_fresh_one_with_the_labels_left(actions):
    def started():
        classifier = IncrementalLabelSpreading(4)
        return ActiveLearner(classifier, X_pool=X, graph=GRAPH, class_descriptions=DESCRIBED)

    learner = started()
    for kind, nodes, seed in actions:
        rng = np.random.default_rng(seed)
        new, known = np.setdiff1d(nodes, learner.labeled), learner.labeled[: len(nodes)]
        if kind == "teach":
            learner.teach(new, rng.choice(NAMES, len(new)))
        elif kind == "relabel" and len(known):
            learner.relabel(known, rng.choice(NAMES, len(known)))
        elif kind == "forget" and len(learner.labeled):
            learner.forget(len(learner.labeled) // 2)
        elif kind == "undo":
            with suppress(ValueError):  # there may be nothing to undo
                learner.undo()
        else:
            learner.pool.posterior()
            learner.query()
    fresh = started().teach(learner.labeled, learner.labels)
    np.testing.assert_array_equal(learner.classes_, fresh.classes_)
    np.testing.assert_allclose(learner.predict_proba(X), fresh.predict_proba(X), 0, 1e-9)
    all_samples = range(len(X))
    kept, expected = (one.pool.posterior(all_samples) for one in (learner, fresh))
    np.testing.assert_allclose(kept, expected, 0, 1e-6)
    np.testing.assert_array_equal(learner.query(2), fresh.query(2))


def test_nodes_that_join_spread_descriptions_again():
    classifier = spreading().fit(X[:40], [-1] * 40).add_labeled(X[40:], Y[40:])
    classifier.remove_labeled(range(40, len(X)))
    other = spreading().fit_graph(classifier.graph_, classifier.graph_.X)
    np.testing.assert_allclose(classifier.predict_proba(X), other.predict_proba(X), 0, 1e-9)


def test_tables_spread_descriptions_along_both_graphs():
    table, described = X[:, :5], {name: rows[:, :5] for name, rows in DESCRIBED.items()}
    classifier = IncrementalLabelSpreading(4, class_descriptions=described, tol=1e-6)
    classifier.fit(table, [-1] * len(X))
    assert len(classifier.graph_weights_) == 2
    for view in classifier._views:
        assert view.spread.masses(["late"], 1.0) > view.spread.masses(["late"])


def test_sparse_descriptions_equal_dense_ones():
    rows = {name: sp.csr_matrix(one) for name, one in DESCRIBED.items()}
    found = IncrementalLabelSpreading(4, class_descriptions=rows).fit(X, [-1] * len(X))
    expected = spreading().fit(X, [-1] * len(X))
    np.testing.assert_allclose(found.predict_proba(X), expected.predict_proba(X), 0, 1e-9)
    of_sparse = spreading().fit(sp.csr_matrix(X), [-1] * len(X))
    np.testing.assert_allclose(of_sparse.predict_proba(X), expected.predict_proba(X), 0, 1e-5)


@pytest.mark.parametrize("nothing", [None, {}])
def test_without_descriptions_nothing_is_described(nothing):
    classifier = IncrementalLabelSpreading(4, class_descriptions=nothing).fit(X, [-1] * len(X))
    assert len(classifier.classes_) == 0
    assert len(ActiveLearner(X_pool=X, class_descriptions=nothing).classes_) == 0


def test_copies_keep_descriptions():
    classifier = spreading().fit(X, [-1] * len(X))
    assert clone(classifier).get_params()["class_descriptions"] is not None
    for other in (clone(classifier).fit(X, [-1] * len(X)), pickle.loads(pickle.dumps(classifier))):
        np.testing.assert_allclose(other.predict_proba(X), classifier.predict_proba(X), 0, 1e-9)
        other.relabel([0], ["late"])
    classifier.set_params(class_descriptions=None).fit(X, [-1] * len(X))
    assert len(classifier.classes_) == 0


TEXTS = [
    text
    for place in range(8)
    for text in (
        f"my parcel number {place} has not arrived yet",
        f"i want my money back for order {place}",
        f"how do i change password {place}",
    )
]
KINDS = ["late", "refund", "account"] * 8
SENTENCES = {
    "late": ["my parcel has not arrived", "the parcel arrived late"],
    "refund": ["i want my money back"],
    "account": ["how do i change my password"],
}


def of_texts(**parameters):
    return make_pipeline(
        HashingVectorizer(n_features=256),
        TruncatedSVD(8, random_state=0),
        IncrementalLabelSpreading(4, **parameters),
    )


def test_a_learner_of_texts_predicts_and_queries_without_labels(tmp_path):
    learner = ActiveLearner(
        of_texts(),
        X_pool=TEXTS,
        class_descriptions=SENTENCES,
        stopping=SufficientAccuracy(0.9),
        journal=tmp_path / "answers.jsonl",
    )
    assert learner.score(TEXTS, KINDS) > 0.9
    assert learner.classes_.tolist() == sorted(SENTENCES)
    assert learner.predict_proba(TEXTS[:2]).shape == (2, 3)
    assert len(learner.explain(TEXTS[:1]).indices[0]) == 0
    explanation = " ".join(str(learner.explain_query(learner.query())).split())
    assert "No sample is labelled yet" in explanation
    assert "probable class" in explanation
    assert learner.to_frame()["predicted"].tolist() == learner.predict(TEXTS).tolist()
    assert str(learner.progress)
    before = learner.predict_proba(TEXTS)
    learner.teach([0, 1], KINDS[:2])
    after = learner.predict_proba(TEXTS)
    copied = copy.deepcopy(learner)
    learner.undo()
    np.testing.assert_allclose(learner.predict_proba(TEXTS), before, 0, 1e-9)
    np.testing.assert_allclose(copied.predict_proba(TEXTS), after, 0, 1e-9)
    np.testing.assert_allclose(copied.extend(["hello"]).remove([24]).predict_proba(TEXTS), after)


def test_a_resumed_learner_gets_its_descriptions_by_the_constructor(tmp_path):
    arguments = {"X_pool": TEXTS, "journal": tmp_path / "answers.jsonl"}
    learner = ActiveLearner(of_texts(), class_descriptions=SENTENCES, **arguments)
    learner.teach([0, 3, 1], ["late", "late", "refund"])
    resumed = ActiveLearner(of_texts(), class_descriptions=SENTENCES, **arguments)
    expected = learner.predict_proba(TEXTS)
    np.testing.assert_allclose(resumed.predict_proba(TEXTS), expected, 0, 1e-9)
    without = ActiveLearner(of_texts(), **arguments)
    assert without.classes_.tolist() == ["late", "refund"]


def test_the_query_without_labels_chooses_by_the_posterior():
    described = dict(zip(NAMES, CENTERS[:, np.newaxis], strict=True))
    learner = ActiveLearner(X_pool=X, class_descriptions=described)
    explanation = learner.explain_query(learner.query())
    assert len(np.unique(learner.pool.posterior())) > 3
    plain = ActiveLearner(X_pool=X, classes=NAMES)
    weighted = learner.query(5, return_utilities=True)[1]
    assert (weighted < plain.query(5, return_utilities=True)[1]).all()
    assert "uncertainty" in str(explanation)


@pytest.mark.parametrize("name", all_strategies("categorical"))
def test_each_strategy_queries_by_descriptions_alone(name):
    learner = ActiveLearner(strategy=name, X_pool=X, class_descriptions=DESCRIBED)
    assert len(np.unique(learner.query(3))) == 3


def test_refreshed_steps_transform_descriptions_again():
    steps = NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=5)
    learner = ActiveLearner(
        make_pipeline(steps, IncrementalLabelSpreading(4)),
        X_pool=X,
        class_descriptions=DESCRIBED,
        refresh_every=1000,
    )
    assert learner.estimator[-1].class_descriptions["late"].shape == (2, N_FEATURES)
    learner.teach(range(12), Y[:12]).refresh()
    assert learner.estimator[-1].class_descriptions["late"].shape == (2, 2)
    assert learner.predict_proba(X).shape == (len(X), 3)


def test_descriptions_of_a_classifier_that_is_given_are_known_to_the_learner():
    learner = ActiveLearner(spreading(), X_pool=X)
    assert learner.classes_.tolist() == ["late", "refund"]
    assert learner.predict_proba(X).shape == (len(X), 2)
    strict = ActiveLearner(X_pool=X, class_descriptions=DESCRIBED, strict_classes=True)
    with pytest.raises(ValueError, match=r"Did you mean 'late'\?"):
        strict.teach([0], ["lat"])


class Embedder(TransformerMixin, BaseEstimator):
    """An embedder of numbers, which takes no text."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        if isinstance(X[0], str):
            raise TypeError("there is no text here")
        return np.asarray(X)

    def __sklearn_is_fitted__(self):
        return True


NAN = [[np.nan] * N_FEATURES]
FOR_BOTH = {
    "a list": (["late"], TypeError, "must be a dict with a list of samples for each class"),
    "a text": ({"late": "My parcel"}, TypeError, r"\['late'\] must be .* pass a list, \['My par"),
    "a number": ({"late": 3}, TypeError, r"class_descriptions\['late'\] must be an array"),
    "nothing": ({"late": None}, TypeError, r"class_descriptions\['late'\] must be an array"),
    "an empty list": ({"late": []}, ValueError, r"\['late'\] is empty. Hint: pass at least one"),
    "an empty array": ({"late": np.empty((0, N_FEATURES))}, ValueError, "is empty"),
    "a blank text": ({"late": ["hello", " "]}, ValueError, "has a blank text, ' '"),
    "a blank class": ({" ": X[:1]}, ValueError, "has a blank class name, ' '"),
    "no class": ({None: X[:1]}, ValueError, "must be class labels of one type"),
    "classes of two types": ({"late": X[:1], 1: X[:1]}, ValueError, "labels of one type"),
    "NaN": ({"late": NAN}, ValueError, r"\['late'\] contains NaN, first in row 0. Hint: fill"),
    "both infinities": ({"late": [[np.inf, -np.inf] * 35]}, ValueError, "contains infinity"),
    "a cube": ({"late": X[np.newaxis, :2]}, ValueError, r"\(n_sentences, 70\).*\(1, 2, 70\)"),
    "infinity": ({"late": np.full((1, N_FEATURES), np.inf)}, ValueError, "contains infinity"),
    "too few features": ({"late": X[:1, :3]}, ValueError, r"\(n_sentences, 70\).*\(1, 3\)"),
    "one vector": ({"late": X[0]}, ValueError, r"\(n_sentences, 70\).*\(70,\)"),
    "texts without steps": ({"late": ["My parcel"]}, ValueError, "before the classifier, in a Pip"),
}


@pytest.mark.parametrize(("given", "error", "message"), FOR_BOTH.values(), ids=FOR_BOTH)
def test_faulty_descriptions_are_refused_in_one_sentence(given, error, message):
    classifier = IncrementalLabelSpreading(class_descriptions=given)
    fitted = IncrementalLabelSpreading(4).fit(X, Y)
    state = dict(vars(fitted))
    for call in (
        lambda: classifier.fit(X, [-1] * len(X)),
        lambda: classifier.partial_fit(X, Y),
        lambda: ActiveLearner(X_pool=X, class_descriptions=given),
        lambda: fitted.set_params(class_descriptions=given).fit(X, Y),
        lambda: fitted.fit_graph(GRAPH, X),
    ):
        with pytest.raises(error, match=message) as caught:
            call()
        assert "\n" not in str(caught.value)
    assert vars(fitted) == {**state, "class_descriptions": given}


OF_LEARNERS = {
    "another classifier": (
        {"estimator": LogisticRegression()},
        TypeError,
        "LogisticRegression has no parameter of this name. Hint: use IncrementalLabelSpreading",
    ),
    "a class that is not declared": (
        {"classes": ["refund", "lost"]},
        ValueError,
        "describes 'late', which is not in `classes`",
    ),
    "declared classes of another type": (
        {"classes": [1, 2]},
        ValueError,
        "Labels are numbers so far",
    ),
    "an embedder that takes no text": (
        {
            "estimator": make_pipeline(Embedder(), IncrementalLabelSpreading()),
            "class_descriptions": {"late": ["My parcel"]},
        },
        TypeError,
        r"cannot transform class_descriptions\['late'\]: there is no text here",
    ),
    "numbers for an embedder of texts": (
        {
            "estimator": of_texts(),
            "X_pool": TEXTS,
            "class_descriptions": {"late": [1, 2]},
        },
        ValueError,
        r"cannot transform class_descriptions\['late'\]",
    ),
    "steps that return other rows": (
        {
            "estimator": make_pipeline(
                FunctionTransformer(lambda X: X if len(X) > 1 else np.vstack([X, X])),
                IncrementalLabelSpreading(),
            ),
            "class_descriptions": {"late": X[:1]},
        },
        ValueError,
        "has 1 samples, but the steps before the classifier return 2 rows",
    ),
    "numbers too large for float32": (
        {"class_descriptions": {"late": 1e200 * X[:1]}},
        ValueError,
        r"\['late'\] contains infinity or a value too large for dtype\('float32'\), first in row 0",
    ),
    "numbers too small for float32": (
        {"class_descriptions": {"late": 1e-200 * X[:1]}},
        ValueError,
        r"Row 0 of class_descriptions\['late'\] has only numbers below",
    ),
    "other columns": (
        {
            "X_pool": pd.DataFrame(X).add_prefix("x"),
            "class_descriptions": {"late": pd.DataFrame(X[:1]).add_prefix("x").iloc[:, ::-1]},
        },
        ValueError,
        r"\['late'\] has the columns \['x69', .* but X has \['x0', .* in the same order",
    ),
    "a class twice": (
        {"class_descriptions": {"late": X[:1], "late ": X[:1]}},
        ValueError,
        "describes a class twice",
    ),
}


WORDS = TfidfVectorizer()
EMBEDDERS = {
    "words": [WORDS],
    "dense words": [WORDS, FunctionTransformer(lambda X: X.toarray())],
    "coordinates": [WORDS, FunctionTransformer(lambda X: X.tocoo())],
    "letters": [TfidfVectorizer(analyzer="char")],
    "decomposed words": [WORDS, TruncatedSVD(8, random_state=0)],
    "integers": [FunctionTransformer(lambda X: np.array([[str(one).count("e")] for one in X]))],
}


@pytest.mark.parametrize("form", [list, np.array, pd.Series])
@pytest.mark.parametrize("name", EMBEDDERS)
def test_a_text_in_which_an_embedder_finds_nothing_is_refused_by_its_name(name, form):
    steps = make_pipeline(*EMBEDDERS[name], IncrementalLabelSpreading(4))
    for texts_of, unknown in (
        ({"late": ["my parcel", "¿ßß"]}, "'late'] has '¿ßß'"),
        ({"refund": ["money back"], "late": ["ЖЖ" * 90, "my parcel"]}, "'late'] has 'ЖЖЖ"),
    ):
        described = {label: form(texts) for label, texts in texts_of.items()}
        with pytest.raises(ValueError, match=re.escape(f"class_descriptions[{unknown}")) as caught:
            ActiveLearner(steps, X_pool=form(TEXTS), class_descriptions=described)
        assert "features are all 0" in str(caught.value)
        assert str(caught.value).endswith(
            "Hint: use words that occur in the pool, or leave it out."
        )
        assert len(str(caught.value)) < 300
    learner = ActiveLearner(steps, X_pool=form(TEXTS), class_descriptions=SENTENCES)
    assert learner.predict(TEXTS[:1]).tolist() == ["late"]


def test_an_image_in_which_an_embedder_finds_nothing_is_refused_by_its_path():
    paths = [Path(f"{place}.png") for place in range(9)]
    sizes = FunctionTransformer(lambda X: np.array([[int(one.stem), 1.0] for one in X]) % 9)
    steps = make_pipeline(sizes, FunctionTransformer(lambda X: X * X[:, :1]), spreading())
    steps[-1].set_params(class_descriptions=None)
    with pytest.raises(ValueError, match=r"class_descriptions\['late'\] has .*18\.png.* are all 0"):
        ActiveLearner(steps, X_pool=paths, class_descriptions={"late": [Path("18.png")]})


@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, pd.DataFrame, np.ndarray.tolist])
@pytest.mark.parametrize("has_steps", [False, True])
def test_a_row_of_a_table_may_be_zero(form, has_steps):
    table = np.eye(12)[np.arange(30) % 12, :6] * np.arange(1, 31)[:, np.newaxis]
    classifier = IncrementalLabelSpreading(4)
    steps = make_pipeline(MaxAbsScaler(), classifier) if has_steps else classifier
    described = {"none": form(np.zeros((1, 6))), "one": form(table[:1])}
    learner = ActiveLearner(steps, X_pool=form(table), class_descriptions=described)
    assert learner.predict(form(table)).shape == (30,)


@pytest.mark.filterwarnings("ignore:White space around labels")
@pytest.mark.parametrize(("arguments", "error", "message"), OF_LEARNERS.values(), ids=OF_LEARNERS)
def test_what_a_learner_cannot_use_is_refused_in_one_sentence(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        ActiveLearner(**{"X_pool": X, "class_descriptions": DESCRIBED, **arguments})
    assert "\n" not in str(caught.value)


def test_columns_of_descriptions_are_those_of_a_fit():
    named = pd.DataFrame(X).add_prefix("x")
    classifier = IncrementalLabelSpreading(4, class_descriptions={"late": named[:1]})
    with_arrays = IncrementalLabelSpreading(4, class_descriptions={"late": X[:1]})
    for fitted in (classifier, with_arrays):
        fitted.fit(named, Y)
    np.testing.assert_array_equal(classifier.predict_proba(named), with_arrays.predict_proba(named))
    with pytest.raises(ValueError, match=r"but X has \['x69', "):
        classifier.fit(named.iloc[:, ::-1], Y)
    assert classifier.feature_names_in_.tolist() == named.columns.tolist()


def test_the_repr_of_a_learner_names_the_described_classes():
    learner = ActiveLearner(X_pool=X, class_descriptions=DESCRIBED)
    assert repr(learner) == (
        f"<ActiveLearner: 0 of {len(X)} samples labelled, {len(X)} left, "
        f"estimator=IncrementalLabelSpreading(), class_descriptions of {list(DESCRIBED)}, "
        "strategy=UncertaintyHerding()>"
    )
    piped = ActiveLearner(of_texts(), X_pool=TEXTS, class_descriptions={"late": ["My parcel"]})
    assert "class_descriptions of ['late'], strategy" in repr(piped)
    assert not any(word in repr(piped) for word in ("array", "matrix"))
    explanation = str(learner.explain(X[:1]))
    assert "class descriptions and uniform prior: 100%" in explanation


def test_labels_and_descriptions_have_one_type():
    classifier = spreading()
    with pytest.raises(ValueError, match="Labels are strings so far"):
        classifier.fit(X, np.arange(len(X)) % 2)
    with pytest.raises(ValueError, match="Labels are strings so far"):
        spreading().add_labeled(X, np.arange(len(X)) % 2)
    with pytest.raises(ValueError, match="describes 'late', which is not in `classes`"):
        classifier.partial_fit(X, Y, classes=["other", "refund"])
    assert not classifier.__sklearn_is_fitted__()
    assert classifier.partial_fit(X, Y, classes=NAMES).classes_.tolist() == sorted(NAMES)
