"""The browser, and samples for the page."""

import numpy as np
import pytest
from page_server import opened_browser


@pytest.fixture(scope="session")
def browser():
    # Another name of this machine, as of another site or after DNS rebinding.
    with opened_browser("--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture
def points(tmp_path):
    """Vectors of three groups, with pictures whose brightness is that of the group."""
    generator = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], 40)
    X = generator.normal(size=(120, 3)) + 12 * np.eye(3)[groups]
    images = np.repeat(groups * 100, 16).reshape(-1, 4, 4).astype(np.uint8)
    np.savez(tmp_path / "points.npz", X=X.astype(np.float32), images=images)
    return tmp_path / "points.npz"


@pytest.fixture
def texts(tmp_path):
    """Texts, without any that is harmful."""
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(f"text number {n}" for n in range(30)), encoding="utf-8")
    return path
