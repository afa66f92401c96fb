"""The images of a folder, and the classes that its subfolders are."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import numpy as np

IMAGE_SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")


def list_images(
    folder: str | os.PathLike[str], *, labels: bool = True
) -> tuple[np.ndarray, np.ndarray | None]:
    """List the images of a folder, with their classes where it has a subfolder for each.

    What `skactive.embedding.HubEmbedder` takes, and the sibling of
    `sklearn.datasets.load_files` for images. No image is opened.

    Parameters
    ----------
    folder : str or path-like
        The folder. Images are files whose names end in .bmp, .gif, .jpeg, .jpg, .png, .tif,
        .tiff or .webp, in letters of either case.
    labels : bool, default=True
        Whether subfolders are classes. False lists images wherever they lie.

    Returns
    -------
    paths : ndarray of shape (n_samples,)
        The paths, as strings that begin with `folder`, sorted.
    y : ndarray of shape (n_samples,) or None
        For each image the name of the subfolder of `folder` that it is in, however deep. None
        where no image is in a subfolder, or `labels` is False.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    NotADirectoryError
        If `folder` is a file.
    ValueError
        If there is no image, or if there are some in subfolders and some beside these.

    See Also
    --------
    load_vectors : Vectors and labels from a file.
    sklearn.datasets.load_files : Texts in a folder per class.

    Notes
    -----
    Files and folders whose names begin with a dot are left out. Links are followed, but no
    folder is entered twice: by a link only where it is not in `folder` itself.

    The cost is one listing of each folder, and sorting: a second for 100,000 images.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skactive.datasets import list_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ["orange/2.png", "apple/1.JPG", "apple/notes.txt"]:
    ...         path = Path(folder, name)
    ...         path.parent.mkdir(exist_ok=True)
    ...         path.touch()
    ...     paths, y = list_images(folder)
    >>> [Path(path).name for path in paths]
    ['1.JPG', '2.png']
    >>> y
    array(['apple', 'orange'], dtype='<U6')
    """
    root = _existing_folder(folder)
    names = sorted(_image_names(root))
    if not names:
        *others, last = IMAGE_SUFFIXES
        raise ValueError(
            f"{root} has no image: no file in it or its subfolders ends in {', '.join(others)} or "
            f"{last}. Hint: check the path."
        )
    paths = np.array([os.path.join(folder, *name) for name in names])  # noqa: PTH118 - ten times as fast
    return paths, _classes(root, names) if labels else None


def _existing_folder(folder: str | os.PathLike[str]) -> Path:
    root = Path(folder)
    if root.is_dir():
        return root
    if root.exists():
        raise NotADirectoryError(
            f"{root} is a file, not a folder. Hint: name the folder that has the images in it."
        )
    raise FileNotFoundError(
        f"{root} does not exist. Hint: check the path; a relative one starts at the current folder."
    )


def _image_names(root: Path) -> Iterator[tuple[str, ...]]:
    """Yield the path of each image below a folder, as names from the first subfolder on."""
    folders: deque[tuple[str, ...]] = deque([()])
    links: deque[tuple[str, ...]] = deque()
    entered: set[tuple[int, int]] = set()
    # Links wait until all folders have been entered by their own names, so that an image has
    # the class of the folder where it really is. They are sorted for the same result on each
    # file system, which lists them in an order of its own.
    while folders or links:
        parents = folders.popleft() if folders else links.popleft()
        path = root.joinpath(*parents)
        stat = path.stat()
        if (stat.st_dev, stat.st_ino) in entered:
            continue
        entered.add((stat.st_dev, stat.st_ino))
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.startswith("."):
                    continue
                if _is_folder(entry):
                    (links if entry.is_symlink() else folders).append((*parents, entry.name))
                # A link that leads nowhere is listed: what cannot be read, an embedder names.
                elif entry.name.lower().endswith(IMAGE_SUFFIXES):
                    yield (*parents, entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself leads nowhere
            return False
        raise


def _classes(root: Path, names: list[tuple[str, ...]]) -> np.ndarray | None:
    beside = [name[0] for name in names if len(name) == 1]
    if not beside:
        return np.array([name[0] for name in names])
    if len(beside) == len(names):
        return None
    raise ValueError(
        f"{root} has {len(names) - len(beside):,} images in subfolders and {len(beside):,} beside "
        f"them, the first being {beside[0]}. Hint: move these into the folder of a class, or pass "
        "labels=False where the subfolders are no classes."
    )
