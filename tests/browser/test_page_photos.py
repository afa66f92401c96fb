"""Photos of any name and kind on the page."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import HTML, answer, labels, page_of, quiet, read, sample, saved, until
from page_server import serving
from PIL import Image
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

NAMES = [
    "plain.png",
    "two  spaces .png",
    "\"quotes\" and 'others'.png",
    "a#b.png",
    "50%.png",
    "50%25.png",
    "what?size=small.png",
    "new\nline.png",
    "-dash.png",
    "--classes=x.png",
    f"{'x' * 200}.png",
    "😀👩‍🔬.png",
    "日本語.png",
    "é e\u0301.png",
    "שלום עולם.png",
    "\u202egnp.png",
    "back\\slash.png",
    "&lt;b&gt;&amp;.png",
    f"{HTML.replace('/', '')}.png",
    "a;b,c|d`e$HOME~*.png",
    "1/2/../x.png".replace("/", "∕"),
]
# Halves of characters, of file names that are no text.
if sys.platform == "linux":
    NAMES.append(os.fsdecode(b"\xff\xfe caf\xe9.png"))
CLASSES = [HTML, "שלום", "\"'`${x}&amp;"]


def test_names_of_any_kind_are_shown_labelled_and_exported(browser, tmp_path):
    folder = tmp_path / "a #1 %2F?photos"
    folder.mkdir()
    # The width of a picture is the number of its name.
    for number, name in enumerate(NAMES, 10):
        Image.new("RGB", (number, 8), (number * 9, 80, 90)).save(folder / name)
    widths = {}
    with (
        serving(folder, "--classes", ",".join(CLASSES)) as server,
        page_of(browser, server) as page,
    ):
        for place, _ in enumerate(NAMES):
            sample(page)
            image = page.locator(".stage img")
            image.evaluate("one => one.decode()")
            # As JSON, since halves of characters are not sent as they are.
            name, width = image.evaluate("one => [JSON.stringify(one.alt), one.naturalWidth]")
            widths[name] = width
            answer(page, str(place % 3 + 1))
        saved(page)
        page.keyboard.press("h")
        expect(page.locator(".tile")).to_have_count(len(NAMES))
        page.keyboard.press("c")
        assert page.title() == f"{folder.name} – skactive"
        assert page.locator("img[src='x'], script:not([src]), b").count() == 0
        server.stop()
    assert sorted(widths.values()) == list(range(10, 10 + len(NAMES)))
    found = labels(folder)
    assert found.keys() == set(NAMES)
    assert set(found.values()) == set(CLASSES)
    with LabelingSession.open(folder) as session:
        session.wait()
        session.export(tmp_path / "labels.csv")
        session.export(tmp_path / "classes")
        assert len((tmp_path / "labels.csv").read_bytes()) > 1000
        copies = [path for path in Path(tmp_path / "classes").rglob("*") if path.is_file()]
        assert len(copies) == len(NAMES)


def write_photos(folder):
    """Write photos of several kinds, of which some cannot be read."""
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(256, size=(40, 60, 3))
    noise = Image.fromarray(pixels.astype(np.uint8))
    noise.save(folder / "photo.jpg", quality=95)
    turned = Image.Exif()
    turned[0x0112] = 6  # turned by a quarter
    noise.save(folder / "turned.jpg", exif=turned)
    noise.convert("RGBA").save(folder / "opaque.png")
    Image.new("RGBA", (60, 40), (255, 0, 0, 60)).save(folder / "transparent.png")
    frames = [Image.new("RGB", (60, 40), (shade, 0, 0)) for shade in (0, 90, 180, 250)]
    frames[0].save(folder / "animated.gif", save_all=True, append_images=frames[1:], duration=50)
    noise.convert("CMYK").save(folder / "print.jpg")
    noise.save(folder / "scan.tif")
    Image.new("L", (4000, 20)).save(folder / "wide.png")
    whole = (folder / "photo.jpg").read_bytes()
    (folder / "broken cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "broken end.jpg").write_bytes(whole[:-2] + bytes(200))
    (folder / "broken text.jpg").write_text("no image", encoding="utf-8")
    (folder / "broken empty.png").touch()
    (folder / "broken folder.png").symlink_to("missing.png")


REASONS = {
    "broken cut.jpg": "image file is truncated (no mark of its end)",
    "broken end.jpg": "image file is truncated (no mark of its end)",
    "broken text.jpg": "not an image of a known format",
    "broken empty.png": "an empty file",
    "broken folder.png": "no such file",
}


def test_photos_are_shown_as_they_are_and_unreadable_ones_named_and_not_asked(browser, tmp_path):
    folder = tmp_path / "photos"
    write_photos(folder)
    broken = {path.name for path in folder.iterdir() if path.name.startswith("broken")}
    whole = {path.name for path in folder.iterdir()} - broken
    sizes = {}
    with serving(folder, "--classes", "one") as server, page_of(browser, server) as page:
        read(page)
        # The samples that were asked before all were read are forgotten.
        page.reload()
        for _ in whole:
            name = sample(page)
            image = page.locator(".stage img")
            image.evaluate("one => one.decode()")
            sizes[name] = image.evaluate("one => [one.naturalWidth, one.naturalHeight]")
            answer(page, "1")
        expect(page.locator(".stage .empty")).to_contain_text("No sample is left")
        saved(page)
        page.keyboard.press("h")
        expect(page.locator(".tile")).to_have_count(len(whole))
        tiles = page.locator(".tile img")
        shapes = {}
        for tile in tiles.all():
            tile.evaluate("one => one.decode()")
            shape = tile.evaluate("one => [one.alt, one.naturalWidth, one.naturalHeight]")
            shapes[shape[0]] = shape[1:]
        page.locator("#kind").select_option("unreadable")
        expect(page.locator(".tile")).to_have_count(len(broken))
        alts = page.locator(".tile img").evaluate_all("all => all.map(one => one.alt)")
        assert set(alts) == broken
        captions = page.locator(".tile .caption").all_text_contents()
        assert dict(caption.split(": ", 1) for caption in captions) == REASONS
        page.keyboard.press("Escape")
        page.keyboard.press("p")
        expect(page.locator(".numbers")).to_contain_text(f"Unreadable{len(broken)}")
        page.get_by_role("button", name="Show the reasons").click()
        expect(page.locator(".tile")).to_have_count(len(broken))
        expect(page.locator("#kind option:checked")).to_have_text(f"Unreadable ({len(broken)})")
        quiet(page)
        kinds = page.evaluate(
            """async ids => {
              const key = localStorage.getItem("page-key");
              const headers = {"X-Skactive": key, "Content-Type": "application/json"};
              const options = {method: "POST", headers, body: JSON.stringify({ids})};
              const {samples} = await (await fetch("/api/samples", options)).json();
              const get = async key => {
                const reply = await fetch(`/picture/${key}?size=large`);
                const bytes = await reply.arrayBuffer();
                return [reply.headers.get("content-type"), bytes.byteLength, reply.status];
              };
              const all = [];
              for (const one of samples) all.push(await get(one.picture));
              return all;
            }""",
            sorted(whole | broken),
        )
        server.stop()
    shape_of = {name: [60, 40] for name in whole}
    assert sizes == {**shape_of, "turned.jpg": [40, 60], "wide.png": [4000, 20]}
    # A thumbnail may be smaller.
    assert shapes.pop("wide.png")[0] >= 320
    del shape_of["wide.png"]
    assert shapes == {**shape_of, "turned.jpg": [40, 60]}
    places = {name: place for place, name in enumerate(sorted(whole | broken))}
    animation = (folder / "animated.gif").read_bytes()
    assert kinds[places["animated.gif"]] == ["image/gif", len(animation), 200]
    assert kinds[places["transparent.png"]][0] == "image/png"
    assert kinds[places["scan.tif"]][0] == "image/jpeg"
    assert labels(folder) == dict.fromkeys(whole, "one")


def test_a_photo_that_vanishes_is_named_and_can_be_skipped(browser, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
    with serving(folder, "--classes", "one") as server, page_of(browser, server) as page:
        sample(page)
        quiet(page)
        for path in folder.iterdir():
            path.unlink()
        for _ in range(4):
            answer(page, "1")
        expect(page.locator(".stage .broken")).to_contain_text("cannot be read: no such file")
        page.keyboard.press("s")
        saved(page)


def test_a_photo_that_is_not_shown_yet_takes_no_label(browser, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        Image.new("RGB", (8, 8)).save(folder / f"{number}.png")
    held = []
    with serving(folder, "--classes", "one") as server, page_of(browser, server) as page:
        sample(page)
        quiet(page)
        page.route("**/picture/**", lambda route: held.append(route))  # noqa: PLW0108
        for _ in range(4):
            answer(page, "1")
        expect(page.locator(".stage .is-coming")).to_be_attached()
        page.keyboard.press("1")
        expect(page.locator(".fault")).to_contain_text("not shown yet")
        page.keyboard.press("n")
        page.keyboard.type("two")
        page.keyboard.press("Enter")
        expect(page.locator(".find input")).to_have_value("two")
        page.keyboard.press("Escape")
        # Neither is it skipped or zoomed, nor are others labelled in the gallery.
        page.keyboard.press("s")
        page.keyboard.press("z")
        page.keyboard.press("g")
        page.locator(".tile").first.click()
        page.keyboard.press("1")
        expect(page.locator(".fault")).to_contain_text("Some of these pictures are not shown yet")
        page.keyboard.press("Escape")
        page.keyboard.press("g")
        until(page, lambda: held, "No photo is fetched.")
        # What is held goes on.
        page.unroute("**/picture/**")
        sample(page)
        assert page.locator(".stage img").bounding_box()["width"] > 100
        answer(page, "1")
        saved(page)
    with LabelingSession.open(tmp_path / "photos.session") as session:
        assert (len(session.history()), session.progress().n_skipped) == (5, 0)
