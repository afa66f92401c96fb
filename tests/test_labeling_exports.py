"""Every format of an export contains the labels, and predictions for the other samples."""

import csv
import json
import os
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import NotFittedError

from skactive.datasets import list_images
from skactive.labeling import LabelingSession
from skactive.labeling._exports import ExportTable, folder_name, folder_names, write_export

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
CELLS = st.one_of(st.none(), TEXTS.filter(str.strip))


class Colours(TransformerMixin, BaseEstimator):
    """Turns images into their mean colours."""

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.array([np.asarray(Image.open(path)).mean(axis=(0, 1)) for path in X])


def row_of(number, sample, label):
    return {
        "id": f"{number}",
        "sample": sample,
        "label": label,
        "test": number % 2 == 0,
        "time": None if label is None else "2026-01-01T00:00:00.000+00:00",
        "skipped": False,
        "reason": None,
        "predicted": "apple" if label is None else None,
        "probability": 0.5 if label is None else None,
    }


@settings(max_examples=60)
@given(pairs=st.lists(st.tuples(TEXTS, CELLS), min_size=1, max_size=4))
def test_tables_are_read_back(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    rows = [row_of(number, *pair) for number, pair in enumerate(pairs)]
    for suffix in [".csv", ".jsonl", ".parquet", ".json"]:
        write_export(folder / f"labels{suffix}", ExportTable("text", rows))
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        found = [
            {name: value or None for name, value in row.items()} for row in csv.DictReader(file)
        ]
    assert [(row["sample"], row["label"]) for row in found] == pairs
    lines = (folder / "labels.jsonl").read_text(encoding="utf-8").split("\n")
    assert [json.loads(line) for line in lines if line] == rows
    parquet = pytest.importorskip("pyarrow.parquet")
    assert parquet.read_table(folder / "labels.parquet").to_pylist() == rows
    for row, task in zip(
        rows, json.loads((folder / "labels.json").read_text("utf-8")), strict=True
    ):
        assert task["data"] == {"text": row["sample"], "id": row["id"]}
        kind = "annotations" if row["label"] is not None else "predictions"
        [result] = task[kind][0]["result"]
        assert result["value"] == {"choices": [row["label"] or row["predicted"]]}


NAMES = ["a.png", "2024/a b.png", "ä ?&#%.png", "2024/ü/苹果.png"]


def served(address, root):
    """Return the file that Label Studio shows for an address, with a document root."""
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.path) == ("", "", "/data/local-files/")
    [place] = parse_qs(parts.query)["d"]
    assert ".." not in Path(place).parts
    return root / place


@pytest.mark.parametrize("kind", ["folder", "table", "table elsewhere", "list"])
def test_label_studio_finds_the_images_of_its_tasks(kind, tmp_path, monkeypatch):
    folder, new = tmp_path / "photos", tmp_path / "new photos"
    for place in [folder, new]:
        for number, name in enumerate(NAMES):
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (4, 4), (60 * number, 0, 0)).save(path)
    source, root = folder, tmp_path
    if kind == "table":
        source = folder / "list.csv"
        source.write_text("\n".join(["file", *NAMES]), encoding="utf-8")
    elif kind == "table elsewhere":
        # The folder that has the table and the images is the one whose name comes first.
        source, root = tmp_path / "tables" / "list.csv", tmp_path.parent
        source.parent.mkdir()
        source.write_text(
            "\n".join(["file", *(f"../photos/{name}" for name in NAMES)]), encoding="utf-8"
        )
    elif kind == "list":
        monkeypatch.chdir(tmp_path)
        source = [f"photos/{name}" for name in NAMES]
    with LabelingSession(source, tmp_path / "session", embedder=Colours()) as session:
        for one in session.wait().samples("open")[:1]:
            session.answer(one.id, "fruit")
        n_labeled = len(session.history())
        expected = {one.id: Path(one.value) for one in session.samples()}
        session.export(tmp_path / "labels.json")
        session.export(tmp_path / "labeled.json", labeled_only=True)
        assert session.write_predictions(new, tmp_path / "new.json") == len(NAMES)
    for name, n in [("labels.json", len(NAMES)), ("labeled.json", n_labeled)]:
        tasks = [task["data"] for task in json.loads((tmp_path / name).read_text("utf-8"))]
        found = {task["id"]: served(task["image"], root) for task in tasks}
        assert len(found) == n
        assert all(path.samefile(expected[id_]) for id_, path in found.items())
    tasks = json.loads((tmp_path / "new.json").read_text("utf-8"))
    for task in tasks:
        assert served(task["data"]["image"], tmp_path) == new / task["data"]["id"]


@given(names=st.lists(TEXTS, min_size=2, max_size=4, unique=True))
def test_classes_have_folders_of_their_own(names):
    folders = [folder_name(name) for name in names]
    assert len(set(folders)) == len(names)
    for folder in folders:
        assert folder.isprintable()
        assert not set(folder) & set('<>:"/\\|?*\0')
        assert not folder.startswith(".")
        assert not folder.endswith((".", " "))


@given(names=st.lists(st.text("aAäÄ%6", min_size=1, max_size=3), min_size=1, unique=True))
def test_classes_that_differ_in_case_have_different_folders_on_all_systems(names):
    found = folder_names(names)
    assert {unquote(folder): name for name, folder in found.items()} == {one: one for one in names}
    assert len({folder.casefold() for folder in found.values()}) == len(names)


def test_photos_are_copied_to_a_folder_per_class(tmp_path):
    colours = {"red": (200, 30, 30), "green": (30, 200, 30)}
    for number in range(12):
        colour = list(colours.values())[number % 2]
        path = tmp_path / "photos" / f"{number:02d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4), tuple(np.add(colour, number).tolist())).save(path)
    with LabelingSession(tmp_path / "photos", embedder=Colours()) as session:
        session.wait()
        for _ in range(5):
            [one] = session.next()
            session.answer(one.id, ["red", "green"][int(one.id[:2]) % 2])
        session.export(tmp_path / "sorted")
        (tmp_path / "plain").mkdir()
        # Others may read a result as other files of the user.
        assert (tmp_path / "sorted").stat().st_mode == (tmp_path / "plain").stat().st_mode
        with pytest.raises(FileExistsError, match="exists already"):
            session.export(tmp_path / "sorted")
        first, second = (one.id for one in session.next(2))
        session.skip(first)
        session.skip(second, "blurred")
        session.export(tmp_path / "sorted.zip")
        session.export(tmp_path / "classifier.joblib")
        expected = session.predictions()
        session.export(tmp_path / "labels.csv")
        labeled = {one.id: one.label for one in session.samples("labeled")}
    paths, y = list_images(tmp_path / "sorted")
    assert {path.rsplit("/", 1)[1]: label for path, label in zip(paths, y, strict=True)} == labeled
    copies = {str(path.relative_to(tmp_path / "sorted")) for path in map(Path, paths)}
    with zipfile.ZipFile(tmp_path / "sorted.zip") as archive:
        assert set(archive.namelist()) == copies
        for name in copies:
            assert archive.read(name) == (tmp_path / "sorted" / name).read_bytes()
    classifier = joblib.load(tmp_path / "classifier.joblib")
    photos = sorted((tmp_path / "photos").iterdir())
    predicted = dict(zip([one.name for one in photos], classifier.predict(photos), strict=True))
    assert predicted == {name: label for name, (label, _) in expected.items()}
    with (tmp_path / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    skipped = {row["id"]: row["reason"] for row in rows if row["skipped"] == "True"}
    assert skipped == {first: "", second: "blurred"}
    assert {row["id"]: row["label"] for row in rows if row["label"]} == labeled
    for row in rows:
        if not row["label"]:
            assert row["predicted"] == ["red", "green"][int(row["id"][:2]) % 2]
            assert 0.5 < float(row["probability"]) <= 1


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("labels.xlsx", ValueError, r"labels.xlsx has no suffix of a format. Hint: .* or .joblib;"),
        (
            "labels.zip",
            ValueError,
            "would have a folder of images per class, but the samples are vec",
        ),
        ("classifier.joblib", NotFittedError, "label"),
        ("labels", ValueError, "would have a folder of images per class, but the samples are vec"),
    ],
)
def test_bad_names_write_nothing(tmp_path, name, error, message):
    np.savez(tmp_path / "vectors.npz", X=np.eye(5))
    with LabelingSession(tmp_path / "vectors.npz") as session, pytest.raises(error, match=message):
        session.export(tmp_path / name)
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("text", ["a\udcff", "\ud800", "\udcff\ud800 b", "\udfff\n"])
def test_text_that_is_not_unicode_can_be_written_to_every_table(text, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    table = ExportTable("text", [row_of(0, text, text)])
    for suffix in [".csv", ".jsonl", ".json", ".parquet"]:
        write_export(tmp_path / f"a{suffix}", table)
    assert json.loads((tmp_path / "a.jsonl").read_bytes())["label"] == text
    [task] = json.loads((tmp_path / "a.json").read_bytes())
    assert task["data"]["text"] == text
    [label] = pq.read_table(tmp_path / "a.parquet")["label"].to_pylist()
    assert label == text.encode("utf-8", "backslashreplace").decode()
    # A file name keeps its bytes.
    with (tmp_path / "a.csv").open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        [row] = csv.DictReader(file)
    kept = text.replace("\ud800", "\\ud800").replace("\udfff", "\\udfff")
    assert row["label"] == kept


@pytest.mark.parametrize("name", ["é" * 300, "a" * 5000, "\ud800", "cl\udcff", "\ud800.", "%" * 90])
def test_folders_of_long_and_odd_classes_stay_apart(name, tmp_path):
    pixels = np.zeros((4, 4, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ids = ["/".join(["x" * 60] * 6) + f"/{number}.png" for number in range(2)]
    labels = [name + "1", name + "2"]
    rows = [
        {**row_of(number, str(tmp_path / "a.png"), label), "id": id_}
        for number, (id_, label) in enumerate(zip(ids, labels, strict=True))
    ]
    write_export(tmp_path / "made", ExportTable("image", rows))
    made = [path for path in (tmp_path / "made").rglob("*") if path.is_file()]
    assert len({path.parent for path in made}) == 2
    assert {path.suffix for path in made} == {".png"}
    write_export(tmp_path / "made.zip", ExportTable("image", rows))
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        assert len({one.partition("/")[0] for one in archive.namelist()}) == 2
        assert archive.testzip() is None


def test_copies_of_photos_whose_names_differ_in_case_or_folder_alone_stay_apart(tmp_path):
    ids = ["a/b.png", "a_b.png", "A_b.png", "a_B.PNG", "a_b-2.png", "x.tar.gz", "X.tar.gz"]
    rows = []
    for number, id_ in enumerate(ids):
        path = tmp_path / f"{number}"
        path.write_bytes(bytes([number]))
        # ZIP files have no times before 1980.
        os.utime(path, (0, 0))
        rows.append({**row_of(number, str(path), "Ä" if number % 2 else "ä"), "id": id_})
    write_export(tmp_path / "made", ExportTable("image", rows))
    write_export(tmp_path / "made.zip", ExportTable("image", rows))
    copies = {
        str(path.relative_to(tmp_path / "made").as_posix()): path.read_bytes()
        for path in (tmp_path / "made").rglob("*")
        if path.is_file()
    }
    assert sorted(copies.values()) == [bytes([number]) for number in range(len(ids))]
    assert len({name.casefold() for name in copies}) == len(ids)
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == copies


def test_copies_of_photos_with_other_ids_are_photos(tmp_path):
    (tmp_path / "photos").mkdir()
    ids = ["7", "..", "a.b", "x\\..\\y", "con", "9.PNG"]
    for number, _ in enumerate(ids):
        Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "photos" / f"{number}.png")
    rows = [f'"{one}",photos/{number}.png' for number, one in enumerate(ids)]
    table = tmp_path / "table.csv"
    table.write_text("\n".join(["name,file", *rows]), encoding="utf-8")
    with LabelingSession(table, id_column="name") as session:
        session.answer_many(ids, "con.txt")
        session.export(tmp_path / "copies", labeled_only=True)
        session.export(tmp_path / "copies.zip", labeled_only=True)
    paths, labels = list_images(tmp_path / "copies")
    assert len(paths) == len(ids)
    # A name that Windows reserves is quoted.
    assert set(labels) == {"%63on.txt"}
    expected = {"7.png", "_..png", "a.b.png", "x_.._y.png", "con.png", "9.PNG"}
    assert {Path(one).name for one in paths} == expected
    with zipfile.ZipFile(tmp_path / "copies.zip") as archive:
        assert {one.partition("/")[2] for one in archive.namelist()} == expected


def test_photos_are_found_after_the_working_directory_has_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "elsewhere").mkdir()
    for number in range(3):
        pixels = np.full((4, 4, 3), 80 * number, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    for source in ["photos", ["photos/0.png", "photos/1.png"]]:
        with LabelingSession(source, "s", embedder=Colours()) as session:
            monkeypatch.chdir(tmp_path / "elsewhere")
            assert all(one.value.startswith(str(tmp_path)) for one in session.samples())
            assert session.wait().progress().n_unreadable == 0
            monkeypatch.chdir(tmp_path)
