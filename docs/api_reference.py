"""The API reference as data: `conf.py` makes a page of it, a test compares it with `__all__`."""

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
        "Which candidates next?",
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
        "How informative is each candidate? One number for each, larger is better.",
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
        "Classifiers that learn at once",
        "skactive.neighbors",
        "Labelled vectors to predictions, with no training in between.",
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
        "The candidates, and everything known about them.",
        ["Batch", "Pool"],
    ),
    Section(
        "The loop with a person",
        "skactive.learner",
        "Ask, and learn from the answer.",
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
        "The loop against recorded labels",
        "skactive.model_selection",
        "Tune a strategy, compare strategies, measure label savings, and what errors cost.",
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
        "Learnt metrics",
        "skactive.metric_learning",
        "Linear maps learnt from labels, after which like samples stand nearer to each other.",
        ["ContrastiveMap", "LargeMarginNearestNeighbor", "WithinClassWhitening"],
    ),
    Section(
        "Plots",
        "skactive.inspection",
        "What was asked about, predicted and found, drawn with matplotlib.",
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
        "Vectors, images and labels from a user's own files.",
        ["VectorFile", "list_images", "load_vectors", "open_vectors", "write_vectors"],
    ),
    Section(
        "modAL",
        "skactive.integrations.modal",
        "modAL's learner and committee for today's scikit-learn, and its functions among ours.",
        ["ActiveLearner", "Committee", "ModalStrategy"],
    ),
    Section(
        "scikit-activeml",
        "skactive.integrations.scikit_activeml",
        "Its strategies among ours, and ours among its own.",
        ["ActivemlStrategy", "SkactiveStrategy"],
    ),
    Section(
        "Dask",
        "skactive.integrations.dask",
        "A pool whose samples are held by the workers of a cluster.",
        ["PartitionedLearner", "PartitionedPool"],
    ),
    Section(
        "The command line",
        "skactive.cli",
        "What `skactive` and `python -m skactive` run.",
        ["main"],
    ),
]


def names() -> list[str]:
    """Return the full path of every name listed."""
    return [f"{section.module}.{name}" for section in SECTIONS for name in section.names]


def page() -> str:
    """Return the page in MyST Markdown: a table for each section, its links to a page per name."""
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
