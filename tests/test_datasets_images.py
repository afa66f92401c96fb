"""Images are listed in the same order on every system, with their subfolders as classes."""

import os
from pathlib import Path

import numpy as np
import pytest

from skactive.datasets import list_images


@pytest.fixture
def folder(tmp_path):
    """Return a function that creates a folder with empty files of given names."""

    def write(*names):
        for name in names:
            path = tmp_path / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path / "photos"

    return write


def listed(folder, **parameters):
    """Return the paths below the folder, and the classes."""
    paths, y = list_images(folder, **parameters)
    assert isinstance(paths, np.ndarray)
    assert paths.dtype.kind == "U"
    names = [Path(path).relative_to(folder).as_posix() for path in paths.tolist()]
    return names, None if y is None else y.tolist()


def message_of(folder, exception=ValueError):
    """Return the one sentence that listing raises, from the name of the folder on."""
    with pytest.raises(exception) as caught:
        list_images(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(f"{folder.parent}/", "")


def test_the_first_level_is_the_class_however_deep_the_image(folder):
    photos = folder("b/2.png", "a/x/y/3.png", "a/1.png")
    assert listed(photos) == (["a/1.png", "a/x/y/3.png", "b/2.png"], ["a", "a", "b"])


def test_images_in_no_subfolder_have_no_classes(folder):
    assert listed(folder("2.png", "1.png", "notes/readme.txt")) == (["1.png", "2.png"], None)


def test_one_subfolder_is_one_class(folder):
    assert listed(folder("a/1.png", "a/2.png")) == (["a/1.png", "a/2.png"], ["a", "a"])


def test_without_labels_images_lie_anywhere(folder):
    photos = folder("a/2.png", "1.png", "b/c/3.png")
    assert listed(photos, labels=False) == (["1.png", "a/2.png", "b/c/3.png"], None)


def test_paths_begin_as_the_folder_was_given(folder, monkeypatch):
    monkeypatch.chdir(folder("a/1.png").parent)
    assert list_images("photos")[0].tolist() == [str(Path("photos", "a", "1.png"))]


@pytest.mark.parametrize(
    "suffix", ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "JPG", "Jpeg", "PNG"]
)
def test_every_suffix_in_either_case_is_an_image(folder, suffix):
    assert listed(folder(f"1.{suffix}"))[0] == [f"1.{suffix}"]


def test_other_files_and_hidden_ones_are_left_out(folder):
    photos = folder(
        "a/1.png", "a/1.png.txt", "a/png", "a/._1.png", ".thumbnails/1.png", "a/.hidden/1.png"
    )
    assert listed(photos)[0] == ["a/1.png"]


def test_a_folder_may_be_called_like_an_image(folder):
    assert listed(folder("a.png/1.png")) == (["a.png/1.png"], ["a.png"])


def test_the_order_is_that_of_the_names_and_not_of_the_file_system(folder, monkeypatch):
    photos = folder("a b/1.png", "a/2.png", "a/10.png", "a/B.png", "ä/1.png")
    expected = ["a/10.png", "a/2.png", "a/B.png", "a b/1.png", "ä/1.png"]
    assert listed(photos)[0] == expected

    class Reversed:
        def __init__(self, path):
            with scandir(path) as entries:
                self.entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self.entries)

        def __exit__(self, *_):
            return None

    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", Reversed)
    assert listed(photos)[0] == expected


def test_a_loop_of_links_ends(folder):
    photos = folder("a/1.png", "b/2.png")
    (photos / "a" / "up").symlink_to(photos)
    (photos / "a" / "b").symlink_to(photos / "b")
    (photos / "b" / "a").symlink_to(photos / "a")
    (photos / "self").symlink_to("self")
    assert listed(photos) == (["a/1.png", "b/2.png"], ["a", "b"])


def test_links_to_elsewhere_are_followed(folder, tmp_path):
    photos = folder("a/1.png")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "2.png").touch()
    (photos / "b").symlink_to(tmp_path / "other")
    (photos / "a" / "3.png").symlink_to(tmp_path / "other" / "2.png")
    assert listed(photos) == (["a/1.png", "a/3.png", "b/2.png"], ["a", "a", "b"])


def test_a_link_that_leads_nowhere_is_listed(folder):
    photos = folder("a/1.png")
    (photos / "a" / "2.png").symlink_to("nowhere")
    assert listed(photos)[0] == ["a/1.png", "a/2.png"]


def test_images_beside_subfolders_of_images_are_an_error(folder):
    assert message_of(folder("a/1.png", "a/2.png", "b/3.png", "5.png", "4.png")) == (
        "photos has 3 images in subfolders, and 2 images outside of them, the first being 4.png. "
        "Hint: move these into the folder of a class, or pass labels=False if the subfolders are "
        "not classes."
    )


def test_a_folder_without_images_raises_with_the_suffixes(folder):
    assert message_of(folder("a/notes.txt")) == (
        "photos contains no image: no file in it or its subfolders ends in .bmp, .gif, .jpeg, "
        ".jpg, .png, .tif, .tiff or .webp. Hint: check the path."
    )


def test_a_path_that_is_not_a_folder_raises(folder):
    photos = folder("a/1.png")
    assert message_of(photos / "c", FileNotFoundError).startswith("c does not exist. Hint: check")
    assert message_of(photos / "a" / "1.png", NotADirectoryError) == (
        "1.png is a file, not a folder. Hint: pass the folder that contains the images."
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_a_subfolder_that_may_not_be_read_is_not_passed_over(folder):
    photos = folder("a/1.png", "b/2.png")
    (photos / "b").chmod(0)
    with pytest.raises(PermissionError):
        list_images(photos)
