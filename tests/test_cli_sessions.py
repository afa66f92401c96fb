"""The commands that read a session, on one of photos and one of texts."""

import csv
import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skactive.cli import main
from skactive.labeling import LabelingSession

COLOURS = {"apple": (200, 30, 30), "pear": (90, 190, 40)}


def write_photos(folder, n):
    rng = np.random.default_rng(0)
    for number in range(n):
        label = list(COLOURS)[number % 2]
        pixels = rng.normal(COLOURS[label], 20, (16, 16, 3)).clip(0, 255).astype(np.uint8)
        path = folder / f"{label}-{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_photos(tmp_path / "photos", 14)
    (tmp_path / "photos" / "broken.png").write_bytes(b"no image")
    with pytest.warns(UserWarning, match=r"broken\.png"):
        session = LabelingSession("photos", classes=["apple", "pear"]).wait()
    with session:
        while session.progress().n_labeled < 6:
            [one] = session.next()
            session.answer(one.id, one.id.split("-")[0])
    return tmp_path / "photos"


def read_csv(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("where", ["photos", "photos.session"])
def test_the_status_counts_labels_and_unreadable_photos(photos, where, capsys):
    assert main(["status", where]) == 0
    found = capsys.readouterr()
    assert found.out.startswith("6 labels of 15 samples, 1 unreadable\napple: 3, pear: 3")
    assert found.err.endswith("warning: 1 sample cannot be read: broken.png\n")


def test_labels_that_the_others_contradict_are_listed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    texts = [f"{'sweet red apple' if n % 2 else 'green sour pear'} number {n}" for n in range(20)]
    Path("texts.txt").write_text("\n".join(texts) + "\n")
    with LabelingSession("texts.txt") as session:
        names = [one.id for one in session.samples()]
        for n, name in enumerate(names[:14]):
            session.answer(name, "apple" if n % 2 and n != 5 else "pear")
        session.wait()
        assert session.suspicious().names == (names[5],)
    assert main(["suspicious", "texts.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 of 14 labels is contradicted")
    assert lines[-1].split()[:3] == ["sweet", "red", "apple"]
    assert main(["suspicious", "elsewhere"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_suspicious_labels_of_photos_are_named_by_their_files(photos, capsys):
    assert main(["suspicious", "photos"]) == 0
    assert capsys.readouterr().out == "Fewer than 10 labels are not checked: there are 6.\n"


@pytest.mark.parametrize("place", ["file", "folder", "source"])
def test_a_result_that_cannot_be_written_is_named_in_a_sentence(place, photos, monkeypatch, capsys):
    output = "copies" if place == "folder" else "labels.csv"

    def fail(path, table):
        # A full disk has no file name, a forbidden folder that of a temporary file.
        names = {
            "file": (),
            "folder": (f"{path.parent}/.{path.name}.x.part",),
            "source": ("/elsewhere/x",),
        }
        raise OSError(errno.ENOSPC, "No space left on device", *names[place])

    monkeypatch.setattr("skactive.labeling._results.write_export", fail)
    assert main(["export", "photos", "-o", output]) == 2
    expected = f"{output} cannot be written: No space left on device. Hint: choose another place"
    assert (expected in capsys.readouterr().err) == (place != "source")


@pytest.mark.parametrize("command", [["status"], ["export", "-o", "labels.csv"]])
def test_a_session_of_another_user_is_named_in_a_sentence(command, photos, monkeypatch, capsys):
    path = photos.with_name("photos.session") / "session.json"

    def refuse(folder):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr("skactive._io.session_paths.written_settings", refuse)
    assert main([command[0], "photos", *command[1:]]) == 2
    expected = f"{path} cannot be used: Permission denied. Hint: run the command as the user who"
    found = capsys.readouterr().err
    assert expected in found
    assert "Errno" not in found


def test_an_export_has_labels_and_predictions(photos, tmp_path, capsys):
    assert main(["export", "photos", "-o", "labels.csv"]) == 0
    assert capsys.readouterr().out == "6 labels written to labels.csv.\n"
    rows = read_csv(tmp_path / "labels.csv")
    assert len(rows) == 15
    assert sum(row["label"] != "" for row in rows) == 6
    for row in rows:
        if row["id"] != "broken.png":
            assert row["label"] + row["predicted"] == row["id"].split("-")[0]
    assert main(["export", "photos", "-o", "labels.jsonl", "--labeled-only"]) == 0
    lines = (tmp_path / "labels.jsonl").read_text().splitlines()
    assert {json.loads(line)["label"] for line in lines} == {"apple", "pear"}
    assert len(lines) == 6


def test_labels_of_the_test_set_are_named(photos, capsys):
    with LabelingSession("photos") as session:
        for name in session.hold_out(2):
            session.answer(name, name.split("-")[0])
    assert main(["export", "photos", "-o", "labels.csv"]) == 0
    assert capsys.readouterr().out == "8 labels (2 of the test set) written to labels.csv.\n"


def test_all_three_commands_work_while_the_page_is_open(photos, tmp_path, capsys):
    write_photos(tmp_path / "new", 4)
    code = (
        "import sys\nfrom skactive.labeling import LabelingSession\n"
        "with LabelingSession.open('photos'): print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"open\n"
    try:
        assert main(["status", "photos"]) == 0
        assert main(["export", "photos", "-o", "labels.csv"]) == 0
        assert main(["export", "photos", "-o", "classifier.joblib"]) == 0
        assert main(["predict", "photos", "new", "-o", "new.csv"]) == 0
    finally:
        other.communicate()
    assert capsys.readouterr().out.startswith("6 labels of 15 samples")
    assert len(read_csv(tmp_path / "labels.csv")) == 15
    assert len(read_csv(tmp_path / "new.csv")) == 4


def test_new_photos_are_predicted(photos, tmp_path, capsys):
    write_photos(tmp_path / "new", 4)
    (tmp_path / "new" / "broken.png").write_bytes(b"no image")
    assert main(["predict", "photos", "new", "-o", "new.csv"]) == 0
    assert capsys.readouterr().out == "4 predictions written to new.csv.\n"
    rows = read_csv(tmp_path / "new.csv")
    assert list(rows[0]) == ["id", "sample", "predicted", "probability"]
    found = {row["id"]: row["predicted"] for row in rows}
    assert found.pop("broken.png") == ""
    assert found == {name: name.split("-")[0] for name in found}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "nowhere"], "nowhere does not exist. Hint: check the path"),
        (["export", "photos", "-o", "labels.xls"], "labels.xls has no suffix of a format"),
        (["export", "photos"], "The following arguments are required: -o/--output"),
        (["predict", "photos", "nowhere", "-o", "a.csv"], "nowhere does not exist"),
        (["predict", "photos", "texts.txt", "-o", "a.csv"], "The samples are texts, but those"),
    ],
)
def test_errors_are_one_sentence(photos, tmp_path, arguments, message, capsys):
    (tmp_path / "texts.txt").write_text("one\n")
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_texts_without_enough_labels_are_not_predicted(tmp_path, capsys):
    source = tmp_path / "texts.txt"
    source.write_text("".join(f"text {number}\n" for number in range(9)))
    LabelingSession(source).close()
    assert main(["predict", str(source), str(source), "-o", str(tmp_path / "a.csv")]) == 2
    assert "label" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("texts.csv", "has the samples or the answers"),
        ("./texts.csv", "has the samples or the answers"),
        ("texts.csv.session/answers.jsonl", "has the samples or the answers"),
        ("texts.csv.session/session.json", "has the samples or the answers"),
        ("nowhere/labels.csv", "The folder nowhere does not exist"),
        ("folder.csv", "folder.csv is a folder"),
    ],
)
@pytest.mark.parametrize("command", ["export", "predict"])
def test_no_result_replaces_the_samples_or_the_answers(
    command, target, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    content = "text,label\nred apple,apple\ngreen pear,pear\nred plum,\n"
    for name in ["texts.csv", "new.csv"]:
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "folder.csv").mkdir()
    with LabelingSession("texts.csv") as session:
        session.answer(session.next()[0].id, "plum")
    log = (tmp_path / "texts.csv.session" / "answers.jsonl").read_bytes()
    sources = ["new.csv"] if command == "predict" else []
    assert main([command, "texts.csv", *sources, "-o", target]) == 2
    assert message in capsys.readouterr().err
    if sources:
        assert main([command, "texts.csv", *sources, "-o", "new.csv"]) == 2
    assert (tmp_path / "texts.csv").read_text(encoding="utf-8") == content
    assert (tmp_path / "new.csv").read_text(encoding="utf-8") == content
    assert (tmp_path / "texts.csv.session" / "answers.jsonl").read_bytes() == log


def test_copies_do_not_become_samples(photos, capsys):
    assert main(["export", "photos", "-o", "photos/labelled"]) == 2
    assert "is in the folder of the samples" in capsys.readouterr().err
    assert not (photos / "labelled").exists()


def test_predictions_of_photos_that_cannot_be_read_are_empty(photos, tmp_path, capsys):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.png").write_bytes(b"no image")
    assert main(["predict", "photos", "new", "-o", "new.csv"]) == 0
    assert "0 predictions" in capsys.readouterr().out
    assert [row["predicted"] for row in read_csv(tmp_path / "new.csv")] == [""]
    assert main(["predict", "photos", "new", "-o", "folder"]) == 2
    assert "folder has no suffix of a table" in capsys.readouterr().err


def test_vectors_of_another_length_are_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", X=np.eye(4), y=["x", "y", "", ""])
    np.savez("b.npz", X=np.eye(3))
    with LabelingSession("a.npz"):
        pass
    assert main(["predict", "a.npz", "b.npz", "-o", "b.csv"]) == 2
    assert "have 3 features, but those of the session have 4" in capsys.readouterr().err
