"""The API reference as data: `conf.py` generates a page, a test compares it with `__all__`."""

from typing import NamedTuple


class Section(NamedTuple):
    """A group of public names of one module, under a heading."""

    title: str
    module: str
    summary: str
    names: list[str]


SECTIONS = [
    Section(
        "Query strategies",
        "skactive.strategies",
        "Selection of the candidates to label next.",
        [
            "BADGE",
            "CDFProduct",
            "ClusterMargin",
            "DensityWeightedUncertainty",
            "ExpectedErrorReduction",
            "KCenterGreedy",
            "ProbCover",
            "QueryByCommittee",
            "QueryStrategy",
            "RandomSampling",
            "RankedBatch",
            "TypiClust",
            "UncertaintyHerding",
            "UncertaintySampling",
            "UtilityComponent",
        ],
    ),
    Section(
        "Measures",
        "skactive.measures",
        "The informativeness of each candidate: one number, larger is better.",
        [
            "Coverage",
            "Diversity",
            "Entropy",
            "InformationDensity",
            "LeastConfidence",
            "Margin",
            "Measure",
        ],
    ),
    Section(
        "Incremental nearest neighbours",
        "skactive.neighbors",
        "A classifier that adds and removes samples without refitting, and neighbour graphs.",
        [
            "BlockwiseKNeighborsTransformer",
            "IncrementalKNeighborsClassifier",
            "NeighborGraph",
            "VoteExplanation",
        ],
    ),
    Section(
        "Semi-supervised classifiers",
        "skactive.semi_supervised",
        "Classifiers that learn from labelled and unlabelled samples.",
        ["IncrementalLabelSpreading"],
    ),
    Section(
        "The pool",
        "skactive.pool",
        "The candidates with their cached densities, distances and class probabilities.",
        ["Batch", "Pool"],
    ),
    Section(
        "The labelling loop",
        "skactive.learner",
        "Query an annotator and update the classifier with each answer.",
        [
            "AccuracyEstimate",
            "ActiveLearner",
            "DriftWarning",
            "ExpectedGain",
            "NearestSamples",
            "Progress",
            "QueryExplanation",
            "StabilizedPredictions",
            "StoppingCriterion",
            "SufficientAccuracy",
            "Verdict",
        ],
    ),
    Section(
        "Simulated labelling loops",
        "skactive.model_selection",
        "Tune and compare strategies on recorded labels; label savings and the cost of errors.",
        [
            "AnnotatorPanel",
            "BudgetedClassifier",
            "NoisyOracle",
            "Oracle",
            "PairedTests",
            "StrategyComparison",
            "area_under_labeling_curve",
            "compare_strategies",
            "labeling_curve",
            "labels_to_score",
        ],
    ),
    Section(
        "Embeddings",
        "skactive.embedding",
        "Raw images and texts to vectors, by pretrained networks.",
        ["CachedTransformer", "HubEmbedder", "UnreadableSampleError", "UnreadableSampleWarning"],
    ),
    Section(
        "Learned metrics",
        "skactive.metric_learning",
        "Linear maps learned from labels that move samples of a class closer together.",
        ["ContrastiveMap", "LargeMarginNearestNeighbor", "WithinClassWhitening"],
    ),
    Section(
        "Plots",
        "skactive.inspection",
        "Plots of queries, predictions and results with matplotlib.",
        [
            "ExplanationDisplay",
            "LabelingCurveDisplay",
            "QueryPathAnimation",
            "QueryPathDisplay",
            "StrategyComparisonDisplay",
            "UtilityDisplay",
        ],
    ),
    Section(
        "Files",
        "skactive.datasets",
        "Vectors, images and labels read from files.",
        ["VectorFile", "list_images", "load_vectors", "open_vectors", "write_vectors"],
    ),
    Section(
        "Contracts",
        "skactive.base",
        "Interfaces for objects that can replace those of the package.",
        ["EmbeddingStore"],
    ),
    Section(
        "modAL",
        "skactive.integrations.modal",
        "modAL's learner and committee for current scikit-learn; an adapter of its strategies.",
        ["ActiveLearner", "Committee", "ModalStrategy"],
    ),
    Section(
        "scikit-activeml",
        "skactive.integrations.scikit_activeml",
        "Adapters of query strategies in both directions.",
        ["ActivemlStrategy", "SkactiveStrategy"],
    ),
    Section(
        "Dask",
        "skactive.integrations.dask",
        "A pool whose samples are distributed over the workers of a cluster.",
        ["PartitionedLearner", "PartitionedPool"],
    ),
    Section(
        "The command line",
        "skactive.cli",
        "The entry point of `skactive` and `python -m skactive`.",
        ["main"],
    ),
]


def names() -> list[str]:
    """Return the full path of every name listed."""
    return [f"{section.module}.{name}" for section in SECTIONS for name in section.names]


def page() -> str:
    """Return the page in MyST Markdown, with a table of linked names for each section."""
    parts = ["# API reference\n"]
    for section in SECTIONS:
        rows = "\n".join(f"   {name}" for name in section.names)
        parts.append(
            f"## {section.title}\n\n"
            f"`{section.module}`: {section.summary}\n\n"
            "```{eval-rst}\n"
            f".. currentmodule:: {section.module}\n\n"
            ".. autosummary::\n"
            "   :nosignatures:\n"
            "   :toctree: generated/\n\n"
            f"{rows}\n"
            "```\n"
        )
    return "\n".join(parts)
