"""Take the screenshots of Label Studio for the user guide.

Run ``LABEL_STUDIO=…/bin/label-studio python docs/label_studio_screenshots.py``. It starts Label
Studio, answers some tasks of a project of photos, and writes ``docs/images/label_studio*.png``. The
photos are those of the folder of the variable SKACTIVE_ASSETS.
"""

import os
import sys
import tempfile
from pathlib import Path

from PIL import Image
from screenshots import IMAGES

sys.path.append(str(Path(__file__).parents[1]))
sys.path.append(str(Path(__file__).parents[1] / "tests"))

import label_studio_page as pages
import label_studio_projects as projects
from label_studio_server import running
from page_server import opened_browser

SIZE = {"width": 1000, "height": 560}
# Photos need more colours than the page.
N_COLORS = 160
N_ANSWERS = 40
# The choices are beside the photo.
CONFIG = (
    '<View style="display: flex; gap: 1em"><View style="width: 50%">'
    '<Image name="sample" value="$image"/></View>'
    '<Choices name="label" toName="sample" choice="single">{}</Choices></View>'
)
# Columns of the data manager that show nothing here.
HIDDEN = [
    *("completed_at", "cancelled_annotations", "annotators", "inner_id", "annotations_ids"),
    *("annotations_results", "file_upload", "storage_filename", "created_at", "updated_at"),
    *("updated_by", "avg_lead_time", "draft_exists", "total_predictions", "reviewers"),
    *("predictions_results", "predictions_model_versions"),
]


def save(page, name):
    """Write a screenshot."""
    page.mouse.move(0, 0)
    page.wait_for_load_state("networkidle")
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    with Image.open(path) as image:
        image.convert("RGB").quantize(N_COLORS).save(path, optimize=True)


def label(studio, project, truth, bridge):
    """Answer tasks correctly, each with the order after the one before."""
    for _ in range(N_ANSWERS):
        bridge.sync(wait=True)
        task = studio.next(project)["id"]
        studio.annotate(task, truth[task])
    bridge.sync(wait=True)


def show_queue(studio, project):
    """Make the data manager show the tasks of the queue in their order."""
    hidden = [f"tasks:{name}" for name in HIDDEN]
    score = "tasks:predictions_score"
    queued = {"filter": f"filter:{score}", "operator": "greater_or_equal", "type": "Number"}
    number = {"operator": "equal", "type": "Number", "value": 0}
    open_ = {**number, "filter": "filter:tasks:total_annotations"}
    data = {
        "title": "Queue",
        "hiddenColumns": {"explore": hidden, "labeling": hidden},
        "filters": {"conjunction": "and", "items": [{**queued, "value": 0}, open_]},
        "ordering": [score],
    }
    studio.call("POST", "/api/dm/views/", {"project": project, "data": data})


def main() -> None:
    """Take all screenshots."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(os.environ["LABEL_STUDIO"], Path(folder)) as studio,
        opened_browser() as browser,
        pages.logged_in(browser, studio) as page,
    ):
        page.set_viewport_size(SIZE)
        project, truth = projects.create_photo_project(studio, title="Fruits")
        choices = "".join(f'<Choice value="{name}"/>' for name in sorted(set(truth.values())))
        settings = {"label_config": CONFIG.format(choices)}
        studio.call("PATCH", f"/api/projects/{project}/", settings)
        session = Path(folder, "session")
        with projects.bridge_of(studio, project, session) as bridge:
            label(studio, project, truth, bridge)
        show_queue(studio, project)
        page.goto(f"{studio.url}/projects/{project}/data")
        page.get_by_text("Submitted annotations").wait_for()
        save(page, "label_studio_tasks")
        with projects.bridge_of(studio, project, session, show_guesses=True) as bridge:
            bridge.sync(wait=True)
            pages.LabelStream(page, studio, project)
            save(page, "label_studio")


if __name__ == "__main__":
    main()
