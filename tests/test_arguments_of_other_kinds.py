"""Arguments of the wrong kind: one sentence that names the parameter, and nothing changes."""

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

from skactive import ActiveLearner, Pool
from skactive.datasets import list_images, load_vectors, open_vectors, write_vectors
from skactive.embedding import CachedTransformer, ImageDescriptor, TextDescriptor
from skactive.inspection import LabelingCurveDisplay, StrategyComparisonDisplay
from skactive.learner import (
    AnnotatorSelection,
    ExpectedGain,
    FeatureAcquisition,
    LabelingLimit,
    StabilizedPredictions,
    SufficientAccuracy,
)
from skactive.measures import (
    CommitteeVariance,
    Coverage,
    DistributionMatching,
    Diversity,
    Entropy,
    ExpectedCost,
    ExpectedImprovement,
    InformationDensity,
    LabelCost,
    LabelUncertainty,
    LearnedUtility,
    ProbabilityOfImprovement,
    UpperConfidenceBound,
)
from skactive.metric_learning import (
    ContrastiveMap,
    LargeMarginNearestNeighbor,
    WithinClassWhitening,
)
from skactive.model_selection import (
    AnnotatorPanel,
    BudgetedClassifier,
    BudgetedMultiLabelClassifier,
    BudgetedRegressor,
    GaussianOracle,
    NoisyOracle,
    area_under_labeling_curve,
    compare_strategies,
    labeling_curve,
    labels_to_score,
    simulated_gains,
)
from skactive.neighbors import (
    BlockwiseKNeighborsTransformer,
    IncrementalKNeighborsClassifier,
    IncrementalKNeighborsRegressor,
    IncrementalMultiLabelKNeighbors,
    NeighborGraph,
    PrincipalKNeighborsTransformer,
)
from skactive.pool import FeatureCache
from skactive.semi_supervised import (
    IncrementalLabelSpreading,
    IncrementalLabelSpreadingRegressor,
    IncrementalMultiLabelSpreading,
)
from skactive.strategies import (
    BADGE,
    BAIT,
    CVIRS,
    MMC,
    AdaptiveLabels,
    CDFProduct,
    ClusterMargin,
    DensityWeightedUncertainty,
    DropQuery,
    ExpectedErrorReduction,
    ExpectedVarianceReduction,
    GreedySampling,
    KCenterGreedy,
    ProbCover,
    QueryByCommittee,
    RandomSampling,
    RankedBatch,
    TypiClust,
    UncertaintyHerding,
    UncertaintySampling,
    all_strategies,
)
from skactive.streams import (
    CognitiveDual,
    LocalDensity,
    ProbabilisticSampling,
    RandomVariableUncertainty,
    Split,
    StreamBudget,
    StreamHerding,
    StreamSampler,
    VariableUncertainty,
)

X = np.random.default_rng(0).normal(size=(24, 3))
Y = np.arange(24) % 2
IDS = [f"s{number}" for number in range(24)]
KNN = IncrementalKNeighborsClassifier(3)
TABLE = Path("photos")

X_MISSING = np.where(X > 1, np.nan, X)

LARGE = np.zeros((500, 40))
NUMBERS = {"a str": "auto", "an array": LARGE, "a list": [1], "None": None, "an object": object()}
INTEGERS = NUMBERS | {"a float": 2.5}
CHOICES = {"a str": "nonsense", "a number": 3, "an array": LARGE, "a list": ["a"], "a type": int}
SAMPLES = {
    "a str": "photos",
    "a path": TABLE,
    "bytes": b"photos",
    "a number": 3,
    "a dict": {"a": [1.0]},
    "an estimator": KNN,
    "an object": object(),
}
LISTS = {"a str": "ab", "a number": 3, "an object": object()}
LABELS = {"a dict": {"a": 1}, "an object": object()}
POSITIONS = {"a str": "s3", "strings": ["s3", "s4"], "floats": [0.5], "a large array": LARGE}
PATHS = {"a number": 3, "an array": LARGE, "a list": ["a"], "an object": object()}
DICTS = {"a str": "ab", "a number": 3, "a list": ["a"], "an array": LARGE}
MEASURES = {"a str": "nonsense", "a number": 3, "an array": LARGE, "a class": Entropy, "a list": []}
CLASSIFIERS = {
    "a str": "knn",
    "a number": 3,
    "an array": LARGE,
    "a list": X.tolist(),
    "a class": GaussianNB,
    "a regressor": LinearRegression(),
}
LEARNERS = {kind: value for kind, value in CLASSIFIERS.items() if kind != "a regressor"}
REGRESSORS = LEARNERS | {"a classifier": GaussianNB()}
TARGETS = {"a str": "auto", "a number": 3, "an array": LARGE, "a list": [1], "a class": int}
COMMITTEES = {"a str": "trees", "strings": ["t"], "a classifier": GaussianNB(), "a number": 3}
STRATEGIES = {
    "another name": "uncertainty",
    "the name of a class": "UncertaintyHerding",
    "a class": UncertaintyHerding,
    "a measure": Entropy(),
    "an array": LARGE,
    "a number": 3,
}
LINEUPS = STRATEGIES | {"a strategy": CDFProduct(), "strategies": [CDFProduct()]}
PARTS = {"a str": "auto", "a number": 3, "an array": LARGE, "a list": ["auto"], "a type": int}
FUNCTIONS = {"a str": "nonsense", "a number": 3, "an array": LARGE}
SEEDS = {"a str": "0", "an array": LARGE, "a float": 0.5}
MEASURE_PAIRS = {"a str": "uncertainty", "strings": ["ab"], "measures": [Entropy()], "a number": 3}

# The wrong kinds of each parameter, by its name; those of one entry point alone follow.
WRONG = {
    "X": SAMPLES,
    "X_new": SAMPLES,
    "X_pool": SAMPLES,
    "X_labeled": SAMPLES,
    "aggregate": CHOICES,
    "annotators": {"a str": "ab", "a number": 3, "an object": object(), "one": ["ann"]},
    "confidence": NUMBERS,
    "algorithm": CHOICES,
    "alpha": NUMBERS,
    "balance": NUMBERS,
    "bandwidth": NUMBERS | {"None": "median "},
    "batch_size": INTEGERS,
    "beta": NUMBERS,
    "budget": INTEGERS,
    "cache": PARTS,
    "candidates": POSITIONS,
    "class_mass": NUMBERS,
    "class_descriptions": DICTS,
    "classes": LISTS,
    "columns": LISTS,
    "committee": COMMITTEES,
    "criterion": CHOICES,
    "cost": {"a str": "ab", "a number": 3, "strings": ["a", "b"], "an array": LARGE},
    "costs": DICTS | {"one label": {"a": 1.0}, "a str as a cost": {("a", "b"): "high"}},
    "cv": {"a str": "5", "an object": object(), "a float": 2.5},
    "density": MEASURES,
    "density_threshold": INTEGERS,
    "deviation": NUMBERS,
    "disagreement": CHOICES,
    "drift_detector": PARTS,
    "dtype": {"a str": "nonsense", "an object": object(), "int": int},
    "errors": CHOICES,
    "estimator": CLASSIFIERS,
    "every": INTEGERS | {"None": 0},
    "exponent": NUMBERS,
    "fit_params": DICTS,
    "entries": POSITIONS | {"three columns": [[0, 0, 0]]},
    "values": {"a str": "ab", "strings": ["3"], "an object": object(), "a large array": LARGE},
    "drop": {"a number": 3, "an object": object(), "numbers": [3]},
    "features": {"a number": 3, "an object": object(), "numbers": [3]},
    "fingerprint": {"a number": 3, "an object": object(), "a list": ["a"]},
    "flip_rate": NUMBERS,
    "folder": PATHS,
    "gamma": NUMBERS | {"None": 0},
    "gradient_weight": NUMBERS,
    "graph": PARTS,
    "groups": LISTS,
    "half_coverage": NUMBERS | {"None": 0},
    "half_life": NUMBERS | {"None": 0},
    "head_weight": NUMBERS,
    "identity": {"a number": 3, "an object": object(), "a list": ["a"]},
    "ids": LISTS,
    "index": POSITIONS,
    "indices": POSITIONS,
    "journal": PATHS,
    "kind": CHOICES,
    "key": {"a number": 3, "an object": object(), "a list": ["a"]},
    "label": {"a list": ["a"], "an object": object(), "a float": 2.5},
    "location": PATHS,
    "loss": CHOICES,
    "max_characters": INTEGERS | {"None": 0},
    "max_clusters": INTEGERS,
    "max_features": INTEGERS,
    "max_iter": INTEGERS,
    "max_labels": INTEGERS,
    "max_labeled": INTEGERS | {"None": 0},
    "measure": MEASURES,
    "measures": MEASURE_PAIRS,
    "memory": {"a number": 3, "an array": LARGE, "a list": ["a"]},
    "metric": CHOICES,
    "metric_params": DICTS,
    "minutes": NUMBERS | {"None": 0},
    "min_cluster_size": INTEGERS,
    "mode": CHOICES,
    "n_annotators": INTEGERS,
    "n_candidates": INTEGERS | {"None": 0},
    "n_classes": INTEGERS | {"None": 0},
    "n_clusters": INTEGERS,
    "n_compared": INTEGERS,
    "n_components": INTEGERS | {"None": 0},
    "n_evaluated": INTEGERS | {"None": 0},
    "n_instances": INTEGERS,
    "n_jobs": {"a str": "all", "a list": [1], "an array": LARGE},
    "n_labels": INTEGERS | {"None": 0},
    "n_kept": INTEGERS,
    "n_members": INTEGERS,
    "n_neighbors": INTEGERS,
    "n_uncertain": INTEGERS,
    "oracle": FUNCTIONS,
    "params": DICTS,
    "path": PATHS,
    "positions": POSITIONS,
    "posterior_source": FUNCTIONS,
    "prior": NUMBERS,
    "probe": CLASSIFIERS,
    "pull": NUMBERS,
    "purity": NUMBERS,
    "radius": NUMBERS | {"None": -1},
    "n_simulations": INTEGERS,
    "n_trials": INTEGERS,
    "rate": NUMBERS,
    "ridge": NUMBERS,
    "random_share": NUMBERS,
    "random_state": SEEDS,
    "recall": NUMBERS,
    "regressor": REGRESSORS | {"None": None, "an unfitted one": LinearRegression()},
    "refresh_every": INTEGERS | {"None": 0},
    "score": NUMBERS,
    "scoring": {"a str": "acuracy", "a number": 3, "an array": LARGE},
    "seed_set": INTEGERS,
    "share": NUMBERS,
    "shrinkage": NUMBERS,
    "smoothing": NUMBERS,
    "space": CHOICES,
    "state": PATHS,
    "step": NUMBERS,
    "stop_set_size": INTEGERS,
    "std": NUMBERS,
    "stopping": PARTS,
    "strategies": LINEUPS,
    "strategy": STRATEGIES,
    "target": NUMBERS,
    "task": CHOICES,
    "temperature": NUMBERS,
    "threshold": NUMBERS,
    "tol": NUMBERS,
    "tradeoff": NUMBERS,
    "transformer": PARTS,
    "uncertainty": MEASURES,
    "weights": DICTS | {"strings": {"uncertainty": "high"}},
    "window": INTEGERS | {"None": 0},
    "window_size": INTEGERS,
    "y": LABELS,
    "y_labeled": LABELS,
}
OF_ENTRY_POINT = {
    ("UncertaintyHerding", "uncertainty"): CHOICES,
    ("IncrementalKNeighborsClassifier", "weights"): CHOICES,
    # The rest is left to the `score` of the classifier.
    ("ActiveLearner.score", "y"): {"too few": [0]},
    ("CachedTransformer", "transformer"): PARTS,
    ("ActiveLearner", "estimator"): LEARNERS,
    ("FeatureAcquisition", "estimator"): LEARNERS,
    ("compare_strategies", "estimator"): LEARNERS,
    ("labeling_curve", "estimator"): LEARNERS,
    ("BudgetedRegressor", "estimator"): REGRESSORS,
    ("ExpectedVarianceReduction", "estimator"): REGRESSORS,
    ("ActiveLearner", "target"): TARGETS,
    ("Pool", "target"): TARGETS,
    ("IncrementalKNeighborsRegressor", "weights"): CHOICES,
    ("ImageDescriptor", "cache"): PATHS,
    ("Pool", "estimator"): {"a str": "knn", "a number": 3, "an array": LARGE, "a type": GaussianNB},
    ("WithinClassWhitening", "shrinkage"): NUMBERS | {"a str": "oracle"},
    ("write_vectors", "X"): {"a number": 3, "a dict": {"a": [1.0]}, "an object": object()},
    ("Pool.coverage_gain", "weights"): {"a str": "ab", "a number": 3, "an object": object()},
    ("area_under_labeling_curve", "estimator"): CLASSIFIERS,
    ("FeatureAcquisition", "costs"): DICTS | {"strings": ["a", "b", "c"]},
    ("StreamBudget", "budget"): NUMBERS | {"a large float": 2.5},
    ("StreamSampler", "budget"): NUMBERS | {"a large float": 2.5},
    # A dict is a sample, whose features are numbers.
    **{
        (f"StreamSampler.{method}", "X"): {
            kind: value for kind, value in SAMPLES.items() if kind != "a dict"
        }
        for method in ("query", "teach", "predict", "predict_proba")
    },
}
# The word that names a parameter in its messages, where it is another.
NAMED_AS = {
    "candidates": "positions",
    "ids": "id",
    ("ActiveLearner.score", "y"): "samples",
    "drift_detector": "drift detector",
    "index": "positions",
    "indices": "named by integer",
    "positions": "positions",
    ("Pool", "X"): "X_pool",
    ("Pool.add_samples", "X"): "X",
    ("Pool.add_labeled", "X"): "X_labeled",
    ("area_under_labeling_curve", "estimator"): "BudgetedClassifier",
}
# Results, parts and base classes, whose constructors the package calls.
RESULTS = {
    "AccuracyEstimate",
    "LabelQuery",
    "Batch",
    "ComparisonSummary",
    "DriftWarning",
    "LabelIssues",
    "NearestSamples",
    "PairedTests",
    "Progress",
    "QueryExplanation",
    "QueryStrategy",
    "StrategyComparison",
    "StrategyEntry",
    "StreamStrategyEntry",
    "UnreadableSampleError",
    "UnreadableSampleWarning",
    "UtilityComponent",
    "Verdict",
    "VoteExplanation",
}
# Another test has the wrong kinds of its parameters, or it is what `open_vectors` returns.
ELSEWHERE = {"HubEmbedder", "VectorFile"}
# Parameters that take every kind of value: flags, and samples of any kind.
ANY_KIND = {
    "fit_params",
    "labels",
    "maximize",
    "progress",
    "return_utilities",
    "samples",
    "return_std",
    "strict_classes",
    "unlabeled",
    "verbose",
}


def learner(**arguments):
    return ActiveLearner(KNN, X_pool=X, ids=IDS, **arguments).teach([0, 1], ["a", "b"])


def pool():
    return Pool(X, estimator=KNN).add_labels([0, 1], ["a", "b"])


BUDGETED = BudgetedClassifier(KNN, budget=4, random_state=0).fit(X, Y)
FEW = {"estimator": KNN, "X": X, "y": Y, "budget": 4, "cv": 2, "random_state": 0}


def called(target, **defaults):
    """Return a function, and a call of it with the given arguments and the defaults."""
    return target, lambda **given: target(**defaults | given)


def used(target, use, **defaults):
    """Return a class, and a call that creates an object and uses it."""
    return target, lambda **given: use(target(**defaults | given))


def at_the_first_query(strategy, estimator=KNN):
    # No parameter waits until labels are known.
    return used(strategy, lambda one: one.select(Pool(X, estimator=estimator), 2))


def in_a_budget(oracle):
    return used(oracle, lambda one: BudgetedClassifier(KNN, oracle=one, budget=4).fit(X, Y))


ENTRY_POINTS = {
    "ActiveLearner": called(ActiveLearner, X_pool=X),
    "Pool": used(Pool, lambda one: one.posterior(), X=X, estimator=KNN),
    "NeighborGraph.of": called(NeighborGraph.of, X=X),
    "NeighborGraph.load": called(NeighborGraph.load, path="graph.npz"),
    "NeighborGraph.save": called(NeighborGraph.of(X).save, path="saved.npz"),
    "BudgetedClassifier": used(BudgetedClassifier, lambda one: one.fit(X, Y), budget=4),
    "BudgetedMultiLabelClassifier": used(
        BudgetedMultiLabelClassifier, lambda one: one.fit(X, np.column_stack([Y, 1 - Y])), budget=4
    ),
    "BudgetedRegressor": used(BudgetedRegressor, lambda one: one.fit(X, Y), budget=4),
    "GaussianOracle": used(GaussianOracle, lambda one: one.votes(Y)),
    "compare_strategies": called(compare_strategies, strategies=["random"], **FEW),
    "labeling_curve": called(labeling_curve, strategy="random", **FEW),
    "all_strategies": called(all_strategies, kind=None),
    "simulated_gains": called(
        simulated_gains, X=X, y=Y, estimator=KNN, n_simulations=2, random_state=0
    ),
    "area_under_labeling_curve": called(area_under_labeling_curve, estimator=BUDGETED, X=X, y=Y),
    "labels_to_score": used(labels_to_score, lambda one: one(BUDGETED, X, Y), score=0.5),
    "list_images": called(list_images, folder="images"),
    "load_vectors": called(load_vectors, path="table.csv"),
    "open_vectors": called(open_vectors, path="stored.npy"),
    "write_vectors": called(write_vectors, X=X, path="vectors.npy"),
    "ImageDescriptor": used(ImageDescriptor, lambda one: one.fit()),
    "TextDescriptor": used(TextDescriptor, lambda one: one.fit(["red apple", "orange"])),
    "CachedTransformer": used(
        CachedTransformer,
        lambda one: one.fit_transform(X),
        transformer=StandardScaler().fit(X),
        location="vectors",
        identity="scaler",
    ),
    **{
        strategy.__name__: at_the_first_query(strategy)
        for strategy in (
            BADGE,
            BAIT,
            CDFProduct,
            ClusterMargin,
            DensityWeightedUncertainty,
            DropQuery,
            ExpectedErrorReduction,
            KCenterGreedy,
            ProbCover,
            QueryByCommittee,
            RandomSampling,
            RankedBatch,
            TypiClust,
            UncertaintyHerding,
            UncertaintySampling,
        )
    },
    **{
        strategy.__name__: at_the_first_query(strategy, IncrementalKNeighborsRegressor())
        for strategy in (ExpectedVarianceReduction, GreedySampling)
    },
    **{
        strategy.__name__: at_the_first_query(strategy, IncrementalMultiLabelKNeighbors())
        for strategy in (AdaptiveLabels, CVIRS, MMC)
    },
    "CommitteeVariance": used(
        CommitteeVariance,
        lambda one: one.utilities(Pool(X, estimator=IncrementalKNeighborsRegressor())),
    ),
    "LabelUncertainty": used(
        LabelUncertainty,
        lambda one: one.utilities(Pool(X, estimator=IncrementalMultiLabelKNeighbors())),
    ),
    **{
        classifier.__name__: used(classifier, lambda one: one.fit(X, (X > 0).astype(int)))
        for classifier in (IncrementalMultiLabelKNeighbors, IncrementalMultiLabelSpreading)
    },
    **{
        measure.__name__: used(measure, lambda one: one.utilities(pool()))
        for measure in (Coverage, DistributionMatching, Diversity, InformationDensity)
    },
    **{
        estimator.__name__: used(estimator, lambda one: one.fit(X, Y))
        for estimator in (
            BlockwiseKNeighborsTransformer,
            ContrastiveMap,
            IncrementalKNeighborsClassifier,
            IncrementalKNeighborsRegressor,
            IncrementalLabelSpreading,
            IncrementalLabelSpreadingRegressor,
            LargeMarginNearestNeighbor,
            PrincipalKNeighborsTransformer,
            WithinClassWhitening,
        )
    },
    **{
        criterion.__name__: used(criterion, lambda one: str(learner(stopping=one).progress))
        for criterion in (ExpectedGain, StabilizedPredictions, SufficientAccuracy)
    },
    "AnnotatorSelection": called(AnnotatorSelection, annotators=["ann", "bob"]),
    "FeatureAcquisition": called(FeatureAcquisition, X=X_MISSING, y=Y),
    "LabelingLimit": used(
        LabelingLimit, lambda one: str(learner(stopping=one).progress), n_labels=3
    ),
    **{
        measure.__name__: used(measure, lambda one: one.utilities(pool()))
        for measure in (ExpectedCost, LabelCost)
    },
    **{
        measure.__name__: used(
            measure, lambda one: one.utilities(Pool(X, estimator=IncrementalKNeighborsRegressor()))
        )
        for measure in (ExpectedImprovement, ProbabilityOfImprovement, UpperConfidenceBound)
    },
    "LearnedUtility": used(
        LearnedUtility,
        lambda one: one.utilities(pool()),
        regressor=LinearRegression().fit(np.eye(11), np.arange(11)),
    ),
    "FeatureCache": called(FeatureCache),
    "StreamBudget": called(StreamBudget),
    "StreamSampler": used(StreamSampler, lambda one: one.query(X)),
    **{
        strategy.__name__: used(strategy, lambda one: StreamSampler(strategy=one).query(X))
        for strategy in (
            CognitiveDual,
            LocalDensity,
            ProbabilisticSampling,
            RandomVariableUncertainty,
            Split,
            StreamHerding,
            VariableUncertainty,
        )
    },
    "NoisyOracle": in_a_budget(NoisyOracle),
    "AnnotatorPanel": in_a_budget(AnnotatorPanel),
}


OF_INCREMENTAL_CLASSIFIERS = {
    "fit": {"X": X, "y": Y},
    "partial_fit": {"X": X, "y": Y},
    "add_labeled": {"X": X, "y": Y},
    "predict": {},
    "predict_proba": {},
    "explain": {},
    "relabel": {"indices": [0], "y": [0]},
    "remove_labeled": {},
}
METHODS = {
    "ActiveLearner": (
        lambda: learner(journal="answers.jsonl"),
        {
            "query": {},
            "teach": {"indices": [3], "y": ["a"]},
            "relabel": {"indices": [0], "y": ["a"]},
            "unlabel": {"indices": [0]},
            "skip": {},
            "unskip": {},
            "forget": {},
            "remove": {},
            "extend": {"X_new": X[:1], "ids": ["new"]},
            "samples": {},
            "predict": {},
            "predict_proba": {},
            "score": {"X": X, "y": Y},
            "features": {},
            "explain": {},
            "explain_query": {"index": 3},
        },
    ),
    "Pool": (
        pool,
        {
            "add_labels": {"indices": [3], "y": ["a"]},
            "add_labeled": {"X": X[:1], "y": ["a"]},
            "add_samples": {},
            "remove_samples": {},
            "remove_labels": {},
            "relabel": {"indices": [0], "y": ["a"]},
            "skip": {},
            "unskip": {},
            "take": {},
            "is_labeled": {},
            "labels_of": {},
            "density": {},
            "distance_to_labeled": {},
            "distances_to": {"positions": [0]},
            "labeled_neighbors": {},
            "nearest_labeled": {"index": 2},
            "graph": {},
            "coverage_gain": {},
            "forget": {},
            "save_state": {},
        },
    ),
    "IncrementalKNeighborsClassifier": (
        lambda: IncrementalKNeighborsClassifier(3).fit(X, Y),
        OF_INCREMENTAL_CLASSIFIERS,
    ),
    "IncrementalLabelSpreading": (
        lambda: IncrementalLabelSpreading(3).fit(X, Y),
        OF_INCREMENTAL_CLASSIFIERS,
    ),
    "StreamSampler": (
        lambda: StreamSampler().teach(X, Y),
        {
            "query": {},
            "teach": {"X": X, "y": Y},
            "predict": {},
            "predict_proba": {},
        },
    ),
    "FeatureAcquisition": (
        lambda: FeatureAcquisition(X_MISSING, Y),
        {
            "query": {},
            "teach": {"entries": np.argwhere(X > 1)[:1], "values": [0.5]},
            "complete": {},
        },
    ),
    "BudgetedClassifier": (
        lambda: BUDGETED,
        {
            "fit": {"X": X, "y": Y},
            "predict": {},
            "predict_proba": {},
            "staged_predict": {},
            "staged_predict_proba": {},
        },
    ),
}


def kinds_of(entry_point, parameter):
    """Return the wrong values of a parameter by their kinds, and the word that names it."""
    word = NAMED_AS.get((entry_point, parameter)) or NAMED_AS.get(parameter, parameter)
    return OF_ENTRY_POINT.get((entry_point, parameter)) or WRONG[parameter], word


def parameters_of(target):
    """Return the names of the parameters that have a wrong kind."""
    return [name for name in inspect.signature(target).parameters if name not in ANY_KIND]


def faults_of(call, kinds, word):
    """Return what is wrong with the errors of calls with values of wrong kinds."""
    for kind, value in kinds.items():
        try:
            call(value)
        except (TypeError, ValueError) as error:
            sentence = str(error)
            if "\n" in sentence or len(sentence) > 300 or word not in sentence:
                yield f"{kind}: {sentence}"
        else:
            yield f"{kind} is accepted"


@pytest.fixture(autouse=True)
def _folder_with_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    NeighborGraph.of(X).save("graph.npz")
    np.savetxt("table.csv", np.c_[X, Y], delimiter=",", header="a,b,c,label", comments="")
    write_vectors("stored.npy", X)
    Path("images").mkdir()
    Path("images", "1.png").touch()


@pytest.mark.parametrize("entry_point", list(ENTRY_POINTS))
def test_arguments_of_constructors_and_functions_are_refused_in_one_sentence(entry_point):
    if entry_point == "LargeMarginNearestNeighbor":
        pytest.importorskip("metric_learn")
    target, call = ENTRY_POINTS[entry_point]
    call()
    for parameter in parameters_of(target):
        kinds, word = kinds_of(entry_point, parameter)
        faults = faults_of(lambda value: call(**{parameter: value}), kinds, word)  # noqa: B023
        assert list(faults) == [], parameter


def state_of(owner):
    """Return what a call that is refused must not change."""
    if isinstance(owner, ActiveLearner):
        return owner.to_frame().to_csv(), owner.journal.read_bytes(), str(owner.pool.labels)
    if isinstance(owner, Pool):
        return str(owner.labels), str(owner.skipped), owner.n_samples
    if hasattr(owner, "y_labeled_"):
        return str(owner.y_labeled_), str(owner.predict(X))
    return str(owner)


@pytest.mark.parametrize("name", list(METHODS))
def test_arguments_of_methods_are_refused_in_one_sentence_and_nothing_changes(name):
    create, methods = METHODS[name]
    owner = create()
    before = state_of(owner)
    for method, defaults in methods.items():
        call = getattr(owner, method)
        for parameter in parameters_of(call):
            kinds, word = kinds_of(f"{name}.{method}", parameter)
            faults = faults_of(
                lambda value: call(**defaults | {parameter: value}),  # noqa: B023
                kinds,
                word,
            )
            assert list(faults) == [], (method, parameter)
    assert state_of(owner) == before


PACKAGES = (
    "datasets embedding learner measures metric_learning model_selection neighbors pool "
    "semi_supervised strategies streams"
)


def test_every_public_constructor_and_function_is_in_the_table():
    named = {name.partition(".")[0] for name in ENTRY_POINTS}
    for package in PACKAGES.split():
        module = importlib.import_module(f"skactive.{package}")
        public = {
            name
            for name in module.__all__
            if list(inspect.signature(getattr(module, name)).parameters) not in ([], ["args"])
        }
        assert public - named - ELSEWHERE - RESULTS == set()


@pytest.mark.parametrize(
    "method", ["teach", "relabel", "unlabel", "skip", "unskip", "remove", "samples"]
)
def test_a_name_in_place_of_a_position_hints_at_ids(method):
    arguments = (["a"],) if method in {"teach", "relabel"} else ()
    named, plain = learner(), ActiveLearner(KNN, X_pool=X)
    with pytest.raises(TypeError, match=r"Got 's3' instead\. Hint: pass names as ids=\.$"):
        getattr(named, method)("s3", *arguments)
    with pytest.raises(IndexError, match=r"no sample 1003 .* Hint: pass names as ids=\.$"):
        getattr(named, method)(1003, *arguments)
    with pytest.raises(TypeError, match=r"Got 's3' instead\. Hint: pass an integer"):
        getattr(plain, method)("s3", *arguments)


def test_a_name_in_place_of_a_sample_hints_at_ids():
    for method in ("predict", "predict_proba"):
        with pytest.raises(TypeError, match=r"X must be .* Got 's3' .* names as ids="):
            getattr(learner(), method)("s3")


@pytest.mark.parametrize("value", ["photos", TABLE, b"photos"])
def test_a_path_in_place_of_samples_names_the_loaders(value):
    for call in (
        lambda: ActiveLearner(X_pool=value),
        lambda: Pool(value),
        lambda: compare_strategies(None, ["random"], value, Y),
        lambda: BudgetedClassifier(budget=4).fit(value, Y),
    ):
        with pytest.raises(TypeError, match=r"Hint: .*datasets\.list_images .* load_vectors"):
            call()


def test_samples_in_place_of_the_estimator_show_where_they_belong():
    for call, place in (
        (lambda: ActiveLearner(X), "ActiveLearner(X_pool=X)"),
        (lambda: compare_strategies(X, Y, ["random"], None), "(estimator, strategies, X, y)"),
        (lambda: labeling_curve(X, Y, None, None), "(estimator, strategy, X, y)"),
        (lambda: BudgetedClassifier(X, budget=4).fit(X, Y), "BudgetedClassifier().fit(X, y)"),
    ):
        with pytest.raises(TypeError, match=r"must be a classifier.*shape \(24, 3\)") as error:
            call()
        assert place in str(error.value)


def test_one_name_is_a_list_of_one():
    assert compare_strategies(**FEW, strategies="random").names == ("random",)


@pytest.mark.parametrize("name", ["UncertaintyHerding", "uncertainty_herding", "KCenterGreedy"])
def test_the_name_of_a_class_hints_at_the_name_of_the_strategy(name):
    guess = "k-center" if name == "KCenterGreedy" else "herding"
    with pytest.raises(ValueError, match=rf"Hint: did you mean {guess}\?$"):
        ActiveLearner(KNN, name, X)


@pytest.mark.parametrize("value", ["photos", LARGE, 3, UncertaintySampling], ids=str)
def test_other_objects_than_those_of_this_package_are_named(value):
    for call, parameter in (
        (lambda: UncertaintySampling().select(value), "pool"),
        (lambda: LabelingCurveDisplay(value), "comparison"),
        (lambda: StrategyComparisonDisplay(value), "comparison"),
    ):
        with pytest.raises(TypeError, match=rf"^The '{parameter}' parameter of .* Got .{{1,80}} i"):
            call()
