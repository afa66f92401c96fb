"""The value of a few sentences about each class, in labels.

Questions of six kinds and tweets of two, as vectors of the sentence encoder with which three or
four sentences for each class are embedded. These are written from the names of the classes alone.
Loops of the default learner, with and without descriptions; the accuracy is that of the held-out
part. Loops without them are also scored with as many labels more as there are sentences: a
sentence counts as a label then.
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import joblib
import numpy as np

from benchmarks.assets import asset
from benchmarks.label_savings.calibration import calibration_error
from benchmarks.label_savings.collect import SENTENCE_ENCODER
from benchmarks.label_savings.savings import write_table
from benchmarks.label_savings.tasks import TASKS, Task
from skactive import ActiveLearner
from skactive.embedding import HubEmbedder

RESULTS = Path(__file__).parents[1] / "results" / "label_savings"
N_LABELS = (0, 10, 30, 100)
WITH, WITHOUT, MORE = "with descriptions", "without", "a label for each sentence"
COLUMNS = ["task", "sentences", "labels", "loop", "accuracy", "error", "splits"]

# The classes of the data sets are numbers, in alphabetical order of their names.
SENTENCES = {
    "questions": {
        0: [  # ABBR, abbreviations
            "What does NASA stand for?",
            "What is the abbreviation of kilometre?",
            "What is the full form of CEO?",
        ],
        1: [  # DESC, descriptions
            "Why do leaves change their colour?",
            "How does a refrigerator work?",
            "What is the meaning of irony?",
            "What is photosynthesis?",
        ],
        2: [  # ENTY, entities
            "What animal lays the largest eggs?",
            "What colour is a sapphire?",
            "Which sport is played on ice?",
            "What is the name of the first Disney film?",
        ],
        3: [  # HUM, humans
            "Who invented the telephone?",
            "Which company makes the Walkman?",
            "Who was the first woman in space?",
        ],
        4: [  # LOC, locations
            "Where is the tallest building in the world?",
            "What is the capital of Peru?",
            "Which country has the most lakes?",
        ],
        5: [  # NUM, numbers
            "How many people live in Canada?",
            "When did the First World War end?",
            "How far is the moon from the earth?",
            "How much does an elephant weigh?",
        ],
    },
    "tweets": {
        0: [  # negative
            "I feel terrible today.",
            "I hate this, everything goes wrong.",
            "I miss you, I am so sad.",
        ],
        1: [  # positive
            "What a wonderful day!",
            "I love this song, it makes me so happy.",
            "Thanks so much, you are great!",
        ],
    },
}


Vectors = Mapping[int, np.ndarray]


def described(name: str) -> Vectors:
    """Return the vectors of the sentences about each class."""
    embedder = HubEmbedder(str(asset("models", SENTENCE_ENCODER)))
    return {label: embedder.transform(texts) for label, texts in SENTENCES[name].items()}


def scores_of(
    task: Task, pool: np.ndarray, held_out: np.ndarray, vectors: Vectors | None, n_more: int
) -> dict[int, tuple[float, float]]:
    """Return accuracy and calibration error on the held-out part, by the number of labels."""
    learner = ActiveLearner(X_pool=task.X[pool], class_descriptions=vectors)
    checked = sorted({*N_LABELS, *[n + n_more for n in N_LABELS]})
    scores = {}
    for n_labels in checked:
        while len(learner.labeled) < n_labels:
            chosen = learner.query()
            learner.teach(chosen, task.y[pool[chosen]])
        if len(learner.classes_):
            probabilities = learner.predict_proba(task.X[held_out])
            is_right = learner.classes_[probabilities.argmax(axis=1)] == task.y[held_out]
            error = calibration_error(probabilities, is_right)
            scores[n_labels] = (float(is_right.mean()), error)
    return scores


def rows_of(
    name: str, task: Task, vectors: Vectors, options: argparse.Namespace
) -> list[list[str]]:
    """Return a row for each number of labels, with and without descriptions."""
    n_sentences = sum(map(len, vectors.values()))
    loops = [(vectors, 0), (None, n_sentences)]
    found = joblib.Parallel(n_jobs=options.jobs)(
        joblib.delayed(scores_of)(task, *split, *loop)
        for loop in loops
        for split in task.splits(options.splits)
    )
    described, bare = found[: options.splits], found[options.splits :]
    rows = []
    for n_labels in N_LABELS:
        for loop, scores, n in (
            (WITH, described, n_labels),
            (WITHOUT, bare, n_labels),
            (MORE, bare, n_labels + n_sentences),
        ):
            if n in scores[0]:
                shown = [f"{value:.4f}" for value in np.mean([one[n] for one in scores], axis=0)]
                rows.append([name, str(n_sentences), str(n_labels), loop, *shown])
    return [[*row, str(options.splits)] for row in rows]


def table(rows: list[list[str]]) -> str:
    """Return accuracies, with calibration errors in brackets, as a Markdown table."""
    cells = {
        (task, labels, loop): f"{100 * float(accuracy):.1f} % ({float(error):.2f})"
        for task, _, labels, loop, accuracy, error, _ in rows
    }
    lines = [
        f"| data set | sentences | labels | {WITH} | {WITHOUT} | {MORE} |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for task, n_sentences, labels in dict.fromkeys(tuple(row[:3]) for row in rows):
        own = [cells.get((task, labels, loop), "") for loop in (WITH, WITHOUT, MORE)]
        lines.append(f"| {' | '.join([task, n_sentences, labels, *own])} |")
    splits = " or ".join(sorted({row[-1] for row in rows}))
    lines += ["", f"Means of {splits} splits; the calibration error is in brackets."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="task", help=f"of {', '.join(SENTENCES)}")
    parser.add_argument("--splits", type=int, default=16, help="repeats, each another split")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for name in options.tasks or SENTENCES:
        rows += rows_of(name, TASKS[name](), described(name), options)
        print(table(rows), flush=True)
        write_table(options.results, "descriptions", COLUMNS, rows, table(rows))


if __name__ == "__main__":
    main()
