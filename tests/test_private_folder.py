"""Models are kept in a folder into which no other user can write."""

import os
import sys
from pathlib import Path

import pytest

from skactive._io import private_folder
from skactive._io.private_folder import check_owner, make_private, user_cache_folder
from skactive.embedding import _fetching

REMEDY = "choose another."

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no owners here")


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_a_new_folder_is_private(tmp_path, umask):
    os.umask(umask)
    made = make_private(tmp_path / "a" / "b", REMEDY)
    assert made.stat().st_mode & 0o777 == 0o700
    assert make_private(made, REMEDY) == made


@pytest.mark.parametrize(
    ("mode", "is_refused"),
    [(0o700, False), (0o755, False), (0o775, False), (0o757, True), (0o777, True), (0o1777, True)],
)
def test_a_folder_that_others_can_write_is_refused(tmp_path, mode, is_refused):
    folder = tmp_path / "models"
    folder.mkdir()
    folder.chmod(mode)
    if is_refused:
        with pytest.raises(PermissionError) as raised:
            make_private(folder, REMEDY)
        assert str(raised.value) == (
            f"{folder} can be written by other users, and a model can execute code when it is "
            "loaded. Hint: choose another."
        )
    else:
        assert make_private(folder, REMEDY) == folder


@pytest.mark.parametrize("link", [False, True])
def test_a_folder_of_another_user_is_refused(tmp_path, monkeypatch, link):
    folder = tmp_path / "models"
    folder.mkdir()
    if link:
        (tmp_path / "link").symlink_to(folder)
        folder = tmp_path / "link"
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner == 0:
        check_owner(folder, REMEDY)  # root can write anywhere
        os.chown(folder, 12345, -1)
    with pytest.raises(PermissionError, match=r"models|link") as raised:
        check_owner(folder, REMEDY)
    assert "belongs to another user" in str(raised.value)


def test_a_folder_that_another_group_can_write_is_refused(tmp_path, monkeypatch):
    tmp_path.chmod(0o770)
    monkeypatch.setattr(os, "getgid", lambda: tmp_path.stat().st_gid + 1)
    with pytest.raises(PermissionError, match="can be written by other users"):
        check_owner(tmp_path, REMEDY)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"file/models cannot be created: .+\. Hint: choose another"):
        make_private(tmp_path / "file" / "models", REMEDY)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache"),
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache"),
        ("linux", {"XDG_CACHE_HOME": ""}, "home/.cache"),
        ("darwin", {"XDG_CACHE_HOME": "/caches"}, "home/Library/Caches"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local"),
        ("win32", {}, "home/AppData/Local"),
    ],
)
def test_caches_are_where_the_platform_keeps_them(
    tmp_path, monkeypatch, platform, variables, expected
):
    for name in ["XDG_CACHE_HOME", "LOCALAPPDATA"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(private_folder, "sys", type("system", (), {"platform": platform}))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert user_cache_folder() == tmp_path / expected
    assert sys.platform  # that of the tests is left alone


def archive_of(folder):
    import tarfile

    model = folder / "model"
    model.mkdir()
    (model / "saved_model.pb").write_bytes(b"model")
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(model, "model")
    return folder / "model.tar.gz"


def test_an_archive_is_unpacked_into_the_users_own_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("TFHUB_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(private_folder, "sys", type("system", (), {"platform": "linux"}))
    unpacked = _fetching.model_folder(archive_of(tmp_path))
    models = tmp_path / "caches" / "skactive" / "models"
    assert models in Path(unpacked).parents
    assert models.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("planted", [False, True])
def test_a_shared_folder_named_by_the_user_is_refused(tmp_path, monkeypatch, planted):
    archive = archive_of(tmp_path)
    shared = tmp_path / "shared"
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(shared))
    unpacked = Path(_fetching.model_folder(archive))
    (unpacked.parent if planted else shared).chmod(0o777)
    with pytest.raises(PermissionError, match="Hint: name a folder of your own in the environment"):
        _fetching.model_folder(archive)
    if not planted:
        with pytest.raises(PermissionError, match="can be written by other users"):
            _fetching.model_folder("https://example.com/model")
