"""Wrong answers among the 20 that `LabelingSession.suspicious` lists first.

A loop with the default learner, as in a session without a model or with vectors, asks 1,000 of at
most 1,700 samples for each of five seeds; 5 % of the answers are replaced by another class, drawn
at random. After 200, 500 and 1,000 answers, the precision at 20 is the share of wrong answers among
the first 20. Issues missing from the report count as misses, and "possible" is the precision if all
wrong answers came first: of 200 answers about 10 are wrong. If 20 answers were drawn at random, the
precision would be 5 %.

Photos are one of each fruit, without the altered copies that are in the data. Vectors are those of
networks (MobileNet, Universal Sentence Encoder) or of the built-in descriptors.

The peers rank the same answers by self-confidence as cleanlab does: the probability of the given
class by a classifier of scikit-learn in a five-fold cross-validation. The ranking is a few lines
here, cleanlab itself is not used. Of the variants that were tried, these are the best: the
regression is not better with standardised or normalised vectors or another penalty, and ten
neighbours, with or without weights, are worse than 20.
"""

import csv
import warnings
from collections.abc import Callable

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from benchmarks.assets import asset
from benchmarks.label_issues import BATCH, N_SAMPLES, RECORDED, with_errors
from benchmarks.report import Measurement, measured
from skactive import ActiveLearner
from skactive.embedding import ImageDescriptor, TextDescriptor

N_SEEDS, N_FIRST, RATE = 5, 20, 0.05
N_ANSWERS = (200, 500, 1_000)
SHIPPED = "suspicious()"
PEERS = {
    "logistic regression": LogisticRegression(max_iter=1_000),
    "20 nearest neighbours": KNeighborsClassifier(20, metric="cosine"),
}


def fruits() -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return vectors, files and classes of the photos of fruits, one of each fruit."""
    with np.load(asset("embeddings", RECORDED["photos"])) as file:
        _, first = np.unique(file["base_photo"], return_index=True)
        X, y, names = (file[name][first] for name in ("x", "y", "files"))
    folder = asset("data", "fruits_fresh_rotten")
    return X.astype(np.float32), [str(folder / name) for name in names.tolist()], y


def questions() -> tuple[np.ndarray, list[str], np.ndarray]:
    """Return vectors, texts and classes of the questions."""
    with asset("data", "trec6", "data.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with np.load(asset("embeddings", RECORDED["questions"])) as file:
        X, y, classes = (file[name] for name in ("x", "y", "classes"))
    assert [row["label"] for row in rows] == classes[y].tolist(), "The table has other questions."
    return X.astype(np.float32), [row["text"] for row in rows], y


def pools() -> dict[str, tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]]:
    """Return by name the classes of all samples, and what returns the vectors of drawn ones."""
    photos, files, fruit = fruits()
    texts, sentences, topic = questions()
    described = ImageDescriptor().fit_transform(files)

    def of_descriptor(drawn: np.ndarray) -> np.ndarray:
        return TextDescriptor().fit_transform([sentences[place] for place in drawn.tolist()])

    return {
        "fruits, MobileNet": (fruit, lambda drawn: photos[drawn]),
        "fruits, ImageDescriptor": (fruit, lambda drawn: described[drawn]),
        "questions, sentence encoder": (topic, lambda drawn: texts[drawn]),
        "questions, TextDescriptor": (topic, of_descriptor),
    }


def self_confidence(classifier: object, X: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Return the probability of each given class in a cross-validation."""
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes with fewer answers than folds
        chances = cross_val_predict(classifier, X, y, cv=folds, method="predict_proba")
    return chances[np.arange(len(y)), np.searchsorted(np.unique(y), y)]


def loop(X: np.ndarray, y: np.ndarray, seed: int) -> dict[tuple[int, str], float]:
    """Return the precision at 20 of each ranking after each number of answers."""
    given = with_errors(y, RATE, seed)
    learner = ActiveLearner(X_pool=X)
    found = {}
    for n in N_ANSWERS:
        while learner.pool.n_labeled < n:
            indices = learner.query(BATCH)
            learner.teach(indices, given[indices])
        answered = learner.labeled
        wrong = given != y
        found[n, "possible"] = min(N_FIRST, int(wrong[answered].sum())) / N_FIRST
        found[n, SHIPPED] = wrong[learner.label_issues().indices[:N_FIRST]].sum() / N_FIRST
        for name, classifier in PEERS.items():
            scores = self_confidence(classifier, X[answered], given[answered], seed)
            first = np.argsort(scores, kind="stable")[:N_FIRST]
            found[n, name] = wrong[answered[first]].mean()
    return found


def measure() -> list[Measurement]:
    """Return the precision of each ranking, and its ratio to the best peer."""
    results, means = [], {}
    for name, (y, vectors_of) in pools().items():
        rows = []
        for seed in range(N_SEEDS):
            drawn = np.random.default_rng(seed).permutation(len(y))[:N_SAMPLES]
            rows.append(loop(vectors_of(drawn), y[drawn], seed))
        for n, ranking in rows[0]:
            values = [100 * row[n, ranking] for row in rows]
            means.setdefault(ranking, []).extend(values)
            results.append(measured(f"{name}, {n:,} answers: {ranking}", values, "%"))
    results += [
        measured(f"mean of all: {ranking}", float(np.mean(values)), "%")
        for ranking, values in means.items()
    ]
    best = max(float(np.mean(means[name])) for name in PEERS)
    own = float(np.mean(means[SHIPPED]))
    results += [
        measured(f"mean of all: {SHIPPED} ÷ better peer", own / best, "ratio", at_least=1),
        measured(f"mean of all: {SHIPPED} ÷ chance", own / (100 * RATE), "ratio"),
    ]
    return results
