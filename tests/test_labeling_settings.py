"""The settings that a session keeps, and the folders that it can have."""

import json

import pytest

from skactive.cli import main
from skactive.labeling import LabelingSession


def write_table(path):
    rows = [f"{n},text {n},{'x' if n < 4 else ''},other {n}" for n in range(12)]
    path.write_text("\n".join(["number,first,kind,second", *rows]), encoding="utf-8")
    return path


def test_columns_that_are_not_passed_again_are_those_of_the_session(tmp_path):
    table = write_table(tmp_path / "table.csv")
    columns = {"text_column": "second", "label_column": "kind", "id_column": "number"}
    with LabelingSession(table, **columns) as session:
        session.answer("7", "y")
        expected = [(one.id, one.value, one.label) for one in session.samples()]
    settings = tmp_path / "table.csv.session" / "session.json"
    before = settings.read_text(encoding="utf-8")
    for passed in [{}, {"text_column": "second"}]:
        with LabelingSession(table, **passed) as session:
            assert [(one.id, one.value, one.label) for one in session.samples()] == expected
        assert settings.read_text(encoding="utf-8") == before
    # One that is passed replaces it.
    with pytest.warns(UserWarning, match=" another text than when labelled"):
        session = LabelingSession(table, text_column="first")
    with session:
        assert session.sample("7").value == "text 7"
    # Another source has its own.
    other = tmp_path / "other.txt"
    other.write_text("a\nb", encoding="utf-8")
    with LabelingSession(other, tmp_path / "other.session") as session:
        assert len(session) == 2


def test_a_model_that_is_not_passed_again_is_that_of_the_session(tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("a\nb\nc", encoding="utf-8")
    folder = tmp_path / "texts.txt.session"
    LabelingSession(texts).close()
    settings = folder / "session.json"
    content = json.loads(settings.read_text(encoding="utf-8"))
    settings.write_text(json.dumps({**content, "model": "no/such/model"}), encoding="utf-8")
    with LabelingSession(texts) as session:
        assert session.has_model
        with pytest.raises((OSError, ImportError)):
            session.wait()
    assert json.loads(settings.read_text(encoding="utf-8"))["model"] == "no/such/model"


@pytest.mark.parametrize("is_command", [False, True])
def test_the_folder_of_the_samples_is_not_that_of_the_session(is_command, tmp_path, capsys):
    pytest.importorskip("uvicorn")
    image = pytest.importorskip("PIL.Image").new("RGB", (8, 8))
    photos = tmp_path / "photos"
    photos.mkdir()
    image.save(photos / "1.png")
    message = r"has the samples, and cannot be the folder of the session"
    if is_command:
        assert main(["label", str(photos), "--session", str(photos), "--no-browser"]) == 2
        assert message in capsys.readouterr().err
    else:
        with pytest.raises(ValueError, match=message):
            LabelingSession(photos, photos)
    assert [path.name for path in photos.iterdir()] == ["1.png"]
    # The other way round, the samples of the session are named.
    LabelingSession(photos).close()
    session = tmp_path / "photos.session"
    if is_command:
        assert main(["label", str(session), "--no-browser"]) == 2
        assert f"is the folder of a session. Hint: pass its samples, {photos}" in (
            capsys.readouterr().err
        )
    else:
        with pytest.raises(ValueError, match="is the folder of a session"):
            LabelingSession(session)
