"""An explanation of a query contains the numbers of its selection, and correct sentences."""

import dataclasses
import re
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from small_pools import labeled_pool, samples, state
from strategies import utilities
from strategies_under_contract import every_strategy

from skactive import ActiveLearner, Pool
from skactive._engine.candidate_rank import CandidateRank, ordinal
from skactive.learner import QueryExplanation
from skactive.measures import Coverage, Diversity, InformationDensity, Margin, Measure
from skactive.neighbors import IncrementalKNeighborsClassifier, IncrementalKNeighborsRegressor
from skactive.strategies import (
    CDFProduct,
    QueryStrategy,
    RandomSampling,
    UncertaintyHerding,
    UncertaintySampling,
    UtilityComponent,
)

LINE = [[0.0], [1.0], [2.0], [4.0], [9.0]]


class Position(Measure):
    """The first feature."""

    def utilities(self, pool):
        return np.asarray(pool.X[pool.candidates, 0], dtype=float)


class Farthest(QueryStrategy):
    """Select the largest first feature."""

    def utilities(self, pool):
        return Position().utilities(pool)


def euclidean_product(**parameters):
    strategy = CDFProduct(**parameters)
    return strategy.set_params(density__metric="euclidean", diversity__metric="euclidean")


def learner_of(X=LINE, strategy=None, **parameters):
    classifier = IncrementalKNeighborsClassifier(metric="euclidean")
    return ActiveLearner(classifier, strategy or euclidean_product(), X, **parameters)


def words(explanation):
    return " ".join(explanation.sentences)


@every_strategy
@pytest.mark.parametrize("kind", ["spread", "duplicates", "constant"])
@pytest.mark.parametrize(("n_labeled", "names"), [(0, "a"), (1, "a"), (4, "ab"), (11, "abc")])
def test_the_product_of_the_factors_is_the_utility(strategy, kind, n_labeled, names):
    pool = labeled_pool(samples(kind), n_labeled, names)
    before = state(pool)
    terms = strategy.terms(pool)
    assert state(pool) == before
    if isinstance(strategy, RandomSampling):
        assert terms == {}
        return
    product = np.ones(pool.n_candidates)
    for term in terms.values():
        assert term.values.shape == term.factors.shape == (pool.n_candidates,)
        # The values of a strategy that is its own component need not be its utilities.
        if term.measure is not strategy:
            np.testing.assert_array_equal(term.values, term.measure.utilities(pool))
        product *= term.factors
    np.testing.assert_allclose(product, strategy.utilities(pool), rtol=1e-12)


def test_a_strategy_of_ones_own_is_one_term():
    strategy = Farthest()
    pool = Pool(LINE)
    [(name, term)] = strategy.terms(pool).items()
    assert (name, term.measure, term.weight) == ("Farthest", strategy, 1.0)
    np.testing.assert_array_equal(term.factors, strategy.utilities(pool))


@pytest.mark.parametrize("method", ["utilities", "factors"])
def test_a_product_that_overrides_its_arithmetic_is_one_term_too(method):
    def overridden(self, pool):
        answer = getattr(CDFProduct, method)(self, pool)
        return answer / 2 if method == "utilities" else {"half": sum(answer.values()) / 2}

    strategy = type("Halved", (CDFProduct,), {method: overridden})()
    pool = Pool(np.eye(4))
    [(name, term)] = strategy.terms(pool).items()
    assert name == "Halved"
    np.testing.assert_array_equal(term.factors, strategy.utilities(pool))


@pytest.mark.parametrize("strategy", [Farthest, UncertaintySampling])
def test_utilities_that_are_none_are_refused_by_terms(strategy):
    faulty = type("Faulty", (strategy,), {"utilities": lambda self, pool: [np.nan]})()
    with pytest.raises(ValueError, match="Faulty must return one number per candidate"):
        faulty.terms(Pool([[1.0], [2.0]]))


def test_the_numbers_are_those_computed_by_hand():
    learner = learner_of(strategy=euclidean_product(weights={"density": 2.0}))
    learner.teach([0, 4], ["a", "b"])
    explanation = learner.explain_query(3, n_neighbors=2)
    # Candidates at 1, 2 and 4; the posterior votes with 1 / distance and a prior of a half each.
    assert explanation.measures == ("uncertainty", "density", "diversity")
    proba_a = (1 / 4) / (1 / 4 + 1 / 5)
    lead = learner.predict_proba([[4.0]])[0]
    assert explanation.classes == ("a", "b")
    np.testing.assert_allclose(explanation.probabilities, lead, atol=1e-12)
    assert lead[0] == pytest.approx((2 * proba_a + 0.5) / 3)
    density = np.mean([1 / 5, 1 / 4, 1 / 3, 1, 1 / 6])
    np.testing.assert_allclose(
        explanation.values, [1 - (lead[0] - lead[1]), density, (4 + 5) / 2], rtol=1e-6
    )
    np.testing.assert_array_equal(explanation.weights, [1, 2, 1])
    # The mean distance to 0 and 9 is 4.5 for all of them.
    np.testing.assert_array_equal(explanation.ties, [0, 0, 2])
    np.testing.assert_array_equal(explanation.ranks, [1, 3, 1])
    np.testing.assert_allclose(explanation.factors, [2 / 3, 0, 1])
    assert (explanation.utility, explanation.n_candidates) == (0.0, 3)
    assert explanation.neighbors.indices.tolist() == [2, 1]
    assert explanation.neighbors.distances.tolist() == [2.0, 3.0]
    assert explanation.neighbors.labels is None
    assert explanation.labeled.indices.tolist() == [0, 4]
    assert explanation.labeled.labels.tolist() == ["a", "b"]
    assert explanation.labeled.distances.tolist() == [4.0, 5.0]
    assert explanation.labeled.metric == explanation.neighbors.metric == "euclidean"


@given(utilities(), st.data())
def test_ranks_are_those_of_scipy_with_ties(values, data):
    place = data.draw(st.integers(0, len(values) - 1))
    standing = CandidateRank.of(values, place)
    assert standing.rank == rankdata(-values, method="min")[place]
    assert standing.n_tied == np.count_nonzero(values == values[place]) - 1
    assert standing.share_lower == np.mean(values < values[place])


@every_strategy
@pytest.mark.parametrize("n_labeled", [0, 1, 6])
@pytest.mark.parametrize("estimator", [IncrementalKNeighborsClassifier(), LogisticRegression()])
def test_the_queried_sample_ranks_first_and_explaining_changes_nothing(
    strategy, n_labeled, estimator
):
    learner = ActiveLearner(estimator, strategy, samples("spread"))
    learner.teach(range(n_labeled), ["a", "b", "c", "a", "b", "c"][:n_labeled])
    before, queried = state(learner.pool), learner.query(3)
    for index in learner.candidates:
        explanation = learner.explain_query(index)
        assert explanation.index == index
        assert (explanation.rank == 1) == (
            explanation.utility == max(learner.explain_query(i).utility for i in queried[:1])
        )
        np.testing.assert_allclose(np.prod(explanation.factors), explanation.utility)
        assert words(explanation) in str(explanation).replace("\n", " ")
    assert learner.explain_query(queried[:1]).rank == 1
    assert state(learner.pool) == before
    np.testing.assert_array_equal(learner.query(3), queried)


def test_an_explanation_is_a_frozen_record():
    explanation = learner_of().explain_query(0)
    assert isinstance(explanation, QueryExplanation)
    with pytest.raises(dataclasses.FrozenInstanceError):
        explanation.rank = 2


def test_the_first_query_depends_on_density_alone_and_is_explained_so():
    learner = learner_of()
    explanation = learner.explain_query(learner.query())
    assert explanation.sentences == (
        "Sample 1 comes first of 5 unlabelled samples.",
        "No sample is labelled yet.",
        "It is in a dense region: its density is higher than that of any other unlabelled sample.",
        "Uncertainty and diversity have no effect: each is the same for all unlabelled samples.",
    )
    assert explanation.classes == ()
    assert len(explanation.labeled.indices) == 0
    np.testing.assert_array_equal(explanation.factors, [1.0, 0.8, 1.0])


def test_words_about_each_measure_name_the_classes_and_the_nearest_label():
    learner = learner_of([[0.0], [1.0], [5.0], [5.5], [10.0], [30.0]])
    learner.teach([0, 4], ["apple", "pear"])
    text = words(learner.explain_query(2))
    assert "classes are apple (0.50) and pear (0.50); its uncertainty is higher than" in text
    assert "The nearest labelled sample is 0 (apple)." in text
    text = words(learner.explain_query(5))
    assert "differs from the labelled samples: it is on average farther from the labelled" in text
    assert "It is an outlier: no unlabelled sample has a lower density." in text
    text = words(learner.explain_query(1))
    assert "class is apple (0.77); no unlabelled sample has a lower uncertainty." in text


def test_more_than_three_classes_in_question_are_counted():
    X = np.vstack([np.eye(5), np.full((1, 5), 0.5), [[1.0, 0.1, 0, 0, 0]]])
    learner = learner_of(X).teach(range(5), list("abcde"))
    text = words(learner.explain_query(5))
    assert "5 classes are probable, such as a (0.20), b (0.20) and c (0.20); its uncert" in text


@pytest.mark.parametrize(
    ("aggregate", "sentence"),
    [
        (
            "mean",
            "it is on average farther from the labelled samples than any other unlabelled sample",
        ),
        ("min", "it is farther from the nearest labelled sample than any other unlabelled sample"),
    ],
)
def test_the_explanation_of_diversity_names_the_distance(aggregate, sentence):
    strategy = CDFProduct([("new", Diversity("euclidean", aggregate=aggregate))])
    learner = learner_of(strategy=strategy).teach([0, 1], ["a", "a"])
    assert sentence in words(learner.explain_query(4))
    lowest = words(learner.explain_query(2))
    mean, what = ("on average ", "samples") if aggregate == "mean" else ("", "sample")
    nearest = "the labelled" if mean else "the nearest labelled"
    assert f"No unlabelled sample is {mean}nearer to {nearest} {what}." in lowest


def test_a_weight_of_zero_is_left_out_and_mentioned():
    strategy = euclidean_product(weights={"density": 0.0, "uncertainty": 0.5})
    explanation = learner_of(strategy=strategy).teach([0], ["a"]).explain_query(2)
    assert "Density is left out: its weight is 0." in explanation.sentences
    assert "dense" not in words(explanation).replace("Density", "")
    assert re.search(r"measure +value +weight +factor +rank of 4\n", str(explanation))
    both = euclidean_product(weights={"density": 0.0, "uncertainty": 0.0})
    explanation = learner_of(strategy=both).teach([0], ["a"]).explain_query(2)
    assert "Uncertainty and density are left out: their weights are 0." in explanation.sentences


def test_random_sampling_is_explained_as_random():
    learner = learner_of(strategy=RandomSampling()).teach([0, 4], ["a", "b"])
    explanation = learner.explain_query(2)
    [sentence] = explanation.sentences
    assert sentence == (
        "Sample 2 is as good as any other of the 3 unlabelled samples: RandomSampling chooses at "
        "random."
    )
    assert (explanation.utility, explanation.rank, explanation.measures) == (1.0, 1, ())
    assert explanation.table()["value"].shape == (0,)
    assert "measure" not in str(explanation)
    assert "Class probabilities: a" in str(explanation)


@pytest.mark.parametrize(("random_state", "way"), [(None, "by position"), (0, "at random")])
def test_the_explanation_of_a_tie_names_the_rule_that_breaks_it(random_state, way):
    strategy = CDFProduct([("uncertainty", Margin())], random_state=random_state)
    learner = learner_of(strategy=strategy)
    assert learner.explain_query(3).sentences == (
        f"Sample 3 is as good as any other of the 5 unlabelled samples, and ties are broken {way}.",
        "No sample is labelled yet.",
        "Uncertainty has no effect: it is the same for all unlabelled samples.",
    )
    twins = learner_of([[0.0], [2.0], [2.0], [4.0], [3.9]], strategy).teach([0, 3], ["a", "b"])
    assert words(twins.explain_query(1)).startswith(
        "Sample 1 comes first of 3 unlabelled samples, level with 1 other, and ties are broken "
        f"{way}."
    )
    assert words(twins.explain_query(4)).startswith(
        "Sample 4 comes third of 3 unlabelled samples. "
    )


def test_the_last_candidate_is_explained_too():
    learner = learner_of().teach([0, 1, 2, 3], ["a", "b", "a", "b"])
    explanation = learner.explain_query(4)
    assert explanation.sentences == ("Sample 4 is the only unlabelled sample left.",)
    assert learner_of([[1.0]]).explain_query(0).neighbors.names == ()


def test_a_measure_and_a_strategy_of_ones_own_are_put_into_words():
    product = learner_of(strategy=CDFProduct([("height", Position())]))
    assert "Its height, 4, is higher than that of 3 of the 5 unlabelled samples." in words(
        product.explain_query(3)
    )
    assert "Its height, 0, is the lowest of all unlabelled samples." in words(
        product.explain_query(0)
    )
    own = learner_of(strategy=Farthest()).explain_query(4)
    assert "Its value by Farthest, 9, is higher than that of any other unlabelled sample." in words(
        own
    )
    assert "factor" not in str(own)


def test_a_strategy_may_pass_on_the_terms_of_another():
    class Switching(QueryStrategy):
        def utilities(self, pool):
            return UncertaintySampling().utilities(pool)

        def terms(self, pool):
            return UncertaintySampling().terms(pool)

    learner = learner_of(strategy=Switching())
    assert learner.explain_query(0).measures == ("nearness to the middle of all samples",)
    learner.teach([0, 4], ["a", "b"])
    assert learner.explain_query(1).measures == ("uncertainty",)


def test_ids_name_the_samples_and_a_pipeline_its_texts():
    texts = ["red apple", "green apple", "sweet orange", "orange juice"]
    pipeline = make_pipeline(TfidfVectorizer(), IncrementalKNeighborsClassifier())
    learner = ActiveLearner(pipeline, X_pool=texts, ids=["t0", "t1", "t2", "t3"])
    learner.teach([0], ["apple"])
    explanation = learner.explain_query(1, n_neighbors=1)
    assert (explanation.name, explanation.index) == ("t1", 1)
    assert explanation.sentences[0].startswith("Sample t1 comes ")
    assert explanation.neighbors.names == explanation.labeled.names == ("t0",)
    assert "Nearest labelled (cosine): t0 (apple) at " in str(explanation)


def test_the_seed_set_counts_and_has_no_position():
    learner = learner_of(X_labeled=[[8.5], [0.2]], y_labeled=["far", "near"]).teach([0], ["near"])
    explanation = learner.explain_query(4, n_neighbors=2)
    assert explanation.labeled.indices.tolist() == [-1, -1]
    assert explanation.labeled.names == (None, None)
    assert explanation.labeled.labels.tolist() == ["far", "near"]
    np.testing.assert_allclose(explanation.labeled.distances, [0.5, 8.8], rtol=1e-6)
    assert "The nearest labelled sample is one of the seed set (far)." in words(explanation)
    assert learner.explain_query(1).labeled.indices.tolist() == [-1, 0, -1]


def test_each_measure_lends_its_metric():
    measures = [("a", InformationDensity("manhattan")), ("b", Diversity("euclidean"))]
    X = [[0.0, 1.0], [3.0, 5.0], [1.0, 1.0]]
    explanation = learner_of(X, CDFProduct(measures)).teach([1], ["x"]).explain_query(0)
    assert (explanation.neighbors.metric, explanation.labeled.metric) == ("manhattan", "euclidean")
    assert explanation.neighbors.distances.tolist() == [1.0, 7.0]
    assert explanation.labeled.distances.tolist() == [5.0]
    only = learner_of(X, UncertaintySampling(Diversity("chebyshev"))).explain_query(0)
    assert only.neighbors.metric == "chebyshev"
    assert learner_of(X, UncertaintySampling()).explain_query(0).labeled.metric == "euclidean"
    other = ActiveLearner(LogisticRegression(), RandomSampling(), X).explain_query(0)
    assert other.labeled.metric == "cosine"


def test_a_distance_that_is_undefined_is_called_so():
    strategy = CDFProduct([("density", InformationDensity("correlation"))])
    explanation = learner_of([[1.0, 1.0], [1.0, 2.0]], strategy).explain_query(1)
    assert "0 at an undefined distance" in str(explanation)


def test_a_classifier_without_probabilities_is_explained_without_them():
    class Stubborn(IncrementalKNeighborsClassifier):
        predict_proba = property(lambda self: (_ for _ in ()).throw(AttributeError("none")))

    learner = ActiveLearner(Stubborn(), RandomSampling(random_state=0), LINE)
    assert learner.teach([0], ["a"]).explain_query(1).classes == ()


def test_the_table_has_a_row_per_measure_and_a_frame():
    explanation = learner_of().teach([0], ["a"]).explain_query(2)
    table = explanation.table()
    assert list(table) == ["measure", "value", "weight", "factor", "rank"]
    assert table["measure"].tolist() == ["uncertainty", "density", "diversity"]
    np.testing.assert_array_equal(table["factor"], explanation.factors)
    pandas = pytest.importorskip("pandas")
    pandas.testing.assert_frame_equal(explanation.frame(), pandas.DataFrame(table))


def test_a_frame_without_pandas_names_the_extra(monkeypatch):
    explanation = learner_of().explain_query(0)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=r"A frame of QueryExplanation needs pandas.*skactive\[table\]"
    ):
        explanation.frame()


def test_a_notebook_shows_the_same_and_escapes_it():
    learner = learner_of(ids=["<b>", "x", "y", "z", "w"]).teach([1], ["a&b"])
    html = learner.explain_query(0)._repr_html_()
    assert "Sample &lt;b&gt; comes" in html
    assert "<b>" not in html
    assert "x (a&amp;b)" in html
    assert html.count("<tr>") == 5


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "first"),
        (3, "third"),
        (4, "4th"),
        (11, "11th"),
        (21, "21st"),
        (112, "112th"),
        (1002, "1,002nd"),
        (1003, "1,003rd"),
    ],
)
def test_ordinals(number, word):
    assert ordinal(number) == word


@pytest.mark.parametrize(
    ("n_candidates", "n_lower", "words"),
    [
        (4, 3, "any other unlabelled sample"),
        (4, 2, "2 of the 4 unlabelled samples"),
        (1000, 998, "99 % of the unlabelled samples"),
        (1000, 999, "any other unlabelled sample"),
        (1000, 9, "9 of the 1,000 unlabelled samples"),
        (1000, 19, "1 % of the unlabelled samples"),
    ],
)
def test_a_share_is_never_rounded_up(n_candidates, n_lower, words):
    assert CandidateRank(n_candidates, n_lower, 0).than() == words


def test_explaining_a_labelled_or_skipped_sample_raises_with_the_reason():
    learner = learner_of().teach([1], ["apple"]).skip([2])
    message = "Sample 1 of the pool is no longer a candidate: it is labelled 'apple'. Hint: explain"
    with pytest.raises(ValueError, match=message):
        learner.explain_query(1)
    with pytest.raises(
        ValueError, match="Sample 2 of the pool is no longer a candidate: it was sk"
    ):
        learner.explain_query(2)


def test_bad_arguments_are_refused():
    learner = learner_of()
    with pytest.raises(IndexError, match="There is no sample 5 in a pool of 5"):
        learner.explain_query(5)
    with pytest.raises(TypeError, match=r"named by integer positions\. Got 'a' instead"):
        learner.explain_query("a")
    with pytest.raises(
        ValueError, match=r"One sample is explained at a time\. Got 2 positions\. Hint"
    ):
        learner.explain_query([0, 1])
    with pytest.raises(ValueError, match="'n_neighbors' parameter of explain_query must be an int"):
        learner.explain_query(0, n_neighbors=0)


def test_explaining_a_strategy_without_terms_raises():
    class Foreign:
        def select(self, pool, n_instances=1):
            return pool.candidates[:n_instances], np.ones(n_instances)

    learner = learner_of(strategy=Foreign())
    with pytest.raises(TypeError, match="Foreign cannot be explained: it has no method"):
        learner.explain_query(0)


def test_the_nearest_labelled_of_the_pool_are_those_of_a_plain_search():
    X = samples("spread", 30)
    pool = Pool(X, X_labeled=X[:2] + 0.1, y_labeled=["s", "t"]).add_labels(
        range(9), list("abcdefghi")
    )
    pool.remove_labels([3])
    everything = np.vstack([X[:2] + 0.1, X[:3], X[4:9]])
    places, labels = [-1, -1, 0, 1, 2, 4, 5, 6, 7, 8], list("stabcefghi")
    distances = np.linalg.norm(everything - X[20], axis=1)
    order = np.argsort(distances)[:4]
    positions, found, how_far = pool.nearest_labeled(20, 4, "euclidean")
    assert positions.tolist() == [places[place] for place in order]
    assert found.tolist() == [labels[place] for place in order]
    np.testing.assert_allclose(how_far, distances[order], rtol=1e-5)
    assert len(Pool(X).nearest_labeled(0)[0]) == 0


@pytest.mark.parametrize("estimator", ["voting", LogisticRegression()])
def test_the_posterior_of_some_samples_is_that_among_all(estimator):
    X = samples("spread")
    y = ["a", "b", "c", "a"]
    if not isinstance(estimator, str):
        estimator.fit(X[:4], y)
    pool = labeled_pool(X, 4, "abc", estimator)
    some = pool.candidates[[5, 2]]
    alone = pool.posterior(some)
    np.testing.assert_allclose(alone, pool.posterior()[[5, 2]], atol=1e-12)
    np.testing.assert_allclose(pool.posterior(some), alone, atol=1e-12)


def test_a_component_knows_whether_it_is_constant():
    assert UtilityComponent(Margin(), np.ones(3), np.ones(3)).is_constant
    assert not UtilityComponent(Margin(), np.arange(3.0), np.ones(3)).is_constant


def test_coverage_is_put_into_words():
    X = np.vstack([samples("spread"), [[9.0, 1.0]]])
    learner = ActiveLearner(strategy=UncertaintyHerding(None), X_pool=X).teach([0], ["a"])
    text = words(learner.explain_query(learner.query()))
    yet = "samples that have no similar labelled one yet"
    assert re.search(rf"It is similar to about [\d.]+ {yet}, which is more than for any ", text)
    lowest = min(learner.candidates, key=lambda at: learner.explain_query(at).utility)
    assert f"No unlabelled sample is similar to fewer {yet}." in words(
        learner.explain_query(lowest)
    )


@pytest.mark.parametrize(
    ("value", "fact"),
    [
        (1234.5, "about 1,234 samples that have no"),
        (9.96, "about 10 samples that have no"),
        (1.04, "about 1 sample that has no"),
        (0.337, "about 0.34 samples that have no"),
    ],
)
def test_coverage_is_counted_in_samples(value, fact):
    assert fact in Coverage().sentence(value, CandidateRank(9, 8, 0), ((), ()))


def test_the_words_of_an_uncertainty_are_those_of_the_kind_of_labels():
    X = np.random.default_rng(0).normal(size=(30, 3))
    words = "The standard deviation of its prediction"
    regressor = ActiveLearner(IncrementalKNeighborsRegressor(), CDFProduct(), X)
    regressor.teach(range(8), X[:8, 0])
    assert words in " ".join(regressor.explain_query(regressor.query()).sentences)
    for n_labeled in (0, 1, 8):
        classifier = ActiveLearner(LogisticRegression(), CDFProduct(), X)
        classifier.teach(range(n_labeled), X[:n_labeled, 0] > 0)
        found = classifier.explain_query(classifier.query()).sentences
        assert words not in " ".join(found)
