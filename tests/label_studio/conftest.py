"""Label Studio, and projects in it."""

import os

import pytest
from label_studio_projects import create_photo_project, create_text_project
from label_studio_server import running


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    command = os.environ.get("LABEL_STUDIO")
    if command is None:
        pytest.skip("LABEL_STUDIO is not the path of Label Studio")
    with running(command, tmp_path_factory.mktemp("label-studio")) as studio:
        yield studio


@pytest.fixture
def text_project(studio):
    """A project of questions, and the class of each task."""
    return create_text_project(studio)


@pytest.fixture
def photo_project(studio):
    """A project of photos, and the class of each task."""
    return create_photo_project(studio)
