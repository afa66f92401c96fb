"""The page after failures: ended servers, closed browsers, several tabs and processes."""

import json
import socket

import numpy as np
import pytest

pytest.importorskip("playwright")
pytest.importorskip("uvicorn")

from label_page import (
    N_STORED,
    answer,
    labels,
    page_of,
    quiet,
    read,
    sample,
    saved,
    shown,
    until,
    visit,
)
from page_server import Server, serving
from PIL import Image
from playwright.sync_api import expect

from skactive.labeling import LabelingSession

COLORS = {"red": (200, 60, 60), "green": (60, 180, 60), "blue": (60, 60, 220)}
CLASSES = ",".join(COLORS)


def write_photos(folder, n, seed):
    """Write noisy photos of three colours, which their names contain."""
    folder.mkdir()
    generator = np.random.default_rng(seed)
    for number, name in enumerate(generator.choice([*COLORS], size=n)):
        noise = generator.integers(-40, 40, size=(32, 32, 3))
        pixels = np.clip(np.array(COLORS[name]) + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03} {name}.png")
    return folder


def color_of(name):
    return name.split()[1].removesuffix(".png")


def key_of(name):
    return str([*COLORS].index(color_of(name)) + 1)


def label_with_failures(browser, server):
    """Label forty photos; return their labels, and the state of the browser."""
    generator = np.random.default_rng(1)
    pressed, state = {}, None
    plan = [(4, "kill"), (7, "close"), (9, "kill"), (10, "both"), (5, "kill"), (5, "both")]
    for n, failure in plan:
        with page_of(browser, server, storage_state=state) as page:
            for _ in range(n):
                sample(page)
                # The next photos are there before the server ends.
                quiet(page)
                name = answer(page, key_of(shown(page)))
                pressed[name] = color_of(name)
            # Some milliseconds after a key, its answer may be on its way, on disk, or neither.
            page.wait_for_timeout(generator.uniform(0, 15))
            if failure != "close":
                server.kill()
            if failure == "kill":
                server.start()
                saved(page)
            state = page.context.storage_state()
        if failure == "both":
            server.start()
    return pressed, state


def test_forty_photos_with_the_server_killed_and_the_browser_closed_in_between(browser, tmp_path):
    photos = write_photos(tmp_path / "photos", 60, seed=0)
    with serving(photos, "--classes", CLASSES) as server:
        pressed, state = label_with_failures(browser, server)
        with page_of(browser, server, storage_state=state) as page:
            saved(page)
            expect(page.locator(".status")).to_contain_text("40 labels")
            # An answer of the day before is undone and given again.
            last = [*pressed][-1]
            page.keyboard.press("u")
            expect(page.locator(".stage img")).to_have_attribute("alt", last)
            answer(page, key_of(last))
            # Answers of the test set are not taught.
            page.keyboard.press("t")
            expect(page.locator(".chip")).to_be_visible()
            tested = {}
            for _ in range(4):
                name = answer(page, key_of(sample(page)))
                tested[name] = color_of(name)
            saved(page)
            expect(page.locator(".status")).to_contain_text("test accuracy")
            with page.expect_download() as download:
                page.keyboard.press("p")
                page.get_by_role("button", name="JSON lines").click()
            download.value.save_as(tmp_path / "labels.jsonl")
        assert "44 labels" in server.stop()
    with LabelingSession.open(photos) as session:
        answers = session.history()
    assert {one.id: one.label for one in answers if not one.is_test} == pressed
    assert {one.id: one.label for one in answers if one.is_test} == tested
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    exported = {row["id"]: row["label"] for row in rows if row.get("label")}
    assert {name: exported.get(name) for name in pressed} == pressed
    others = write_photos(tmp_path / "others", 40, seed=2)
    with LabelingSession.open(photos) as session:
        session.wait()
        assert session.write_predictions(others, tmp_path / "predictions.jsonl") == 40
    lines = (tmp_path / "predictions.jsonl").read_text().splitlines()
    found = {row["id"]: row["predicted"] for row in map(json.loads, lines)}
    assert sum(color_of(name) == label for name, label in found.items()) > 35


def test_tabs_of_a_session_follow_each_other(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        other = page.context.new_page()
        other.set_default_timeout(90_000)
        other.goto(server.origin)
        # Both show the same sample until one of them has its answer.
        first = sample(page)
        until(other, lambda: shown(other) == first, "The tabs begin with other samples.")
        expected = {answer(page, "1"): "low"}
        until(other, lambda: shown(other) != first, "A tab asks what the other has answered.")
        for number in range(6):
            tab, last = (page, other) if number % 2 else (other, page)
            key = number % 2
            answered = answer(tab, str(key + 1))
            assert answered not in expected
            expected[answered] = ["low", "high"][key]
            saved(tab)
            until(last, lambda last=last: shown(last) not in expected, "A tab is behind.")
        expect(page.locator(".class .n").nth(0)).to_have_text("4")
        # A tab undoes the answer of the other, which sees it.
        [*_, last] = expected
        other.keyboard.press("h")
        expect(other.locator(".tile")).to_have_count(7)
        page.keyboard.press("u")
        until(page, lambda: shown(page) == last, "The answer is not undone.")
        expect(other.locator(".tile")).to_have_count(6)
        expect(other.locator(".class .n").nth(1)).to_have_text("2")
        del expected[last]
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == expected


def selected(page):
    return page.evaluate(
        "[...document.querySelectorAll('.tile[aria-pressed=true] img')].map(one => one.alt)"
    )


def test_an_answer_in_another_tab_leaves_alone_what_is_typed_and_selected(browser, points):
    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        read(page)
        # Both tabs begin with the same sample.
        page.reload()
        sample(page)
        other = page.context.new_page()
        other.set_default_timeout(90_000)
        other.goto(server.origin)
        sample(other)
        quiet(page)
        typed_for = shown(other)
        other.keyboard.press("n")
        other.keyboard.type("my new cla")
        assert answer(page, "1") == typed_for
        expect(other.locator(".status")).to_contain_text("1 label")
        # An entry that is none of the page's, such as that of another program.
        page.evaluate("localStorage.setItem('other', '1')")
        other.keyboard.type("ss")
        expect(other.locator(".find input")).to_have_value("my new class")
        # The name is for the sample that is shown, which the other tab has answered.
        other.keyboard.press("Enter")
        expect(other.locator(".fault")).to_contain_text("has the label 'low' already")
        until(other, lambda: shown(other) != typed_for, "The answered sample stays.")
        saved(other)
        other.keyboard.press("n")
        other.keyboard.press("Escape")
        # The samples of a group are selected. Some belong to another.
        for tab in [page, other]:
            tab.keyboard.press("g")
            expect(tab.locator(".tile[aria-pressed=true]")).to_have_count(36)
        for place in range(5):
            other.locator(".tile").nth(place).click()
        chosen = selected(other)
        assert len(chosen) == 31
        for found in [chosen[-1], chosen[-2]]:
            page.get_by_role("button", name="Select none").click()
            page.locator(f".tile:has(img[alt='{found}'])").click()
            page.keyboard.press("1")
            expect(other.locator(f".tile img[alt='{found}']")).to_have_count(0)
            chosen.remove(found)
            assert selected(other) == chosen
        # Nor is a selection of the history lost.
        other.keyboard.press("h")
        other.locator(".tile").last.click()
        [kept] = selected(other)
        page.get_by_role("button", name="Select none").click()
        page.locator(".tile").last.click()
        page.keyboard.press("2")
        expect(other.locator(".tile")).to_have_count(4)
        assert selected(other) == [kept]
        saved(page)
        server.stop()


def test_samples_that_are_selected_during_a_refresh_stay_selected(browser, points):
    held = {"progress": [], "cluster": [], "next": []}

    def hold(page, name):
        def handle(route):
            if name in held:
                held[name].append(route)
            else:
                route.continue_()

        page.route(f"**/api/{name}", handle)

    def release(name):
        for route in held.pop(name):
            route.continue_()

    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        read(page)
        quiet(page)
        hold(page, "progress")
        for key in ["1", "2"]:
            answer(page, key)
        until(page, lambda: held["progress"], "The page does not look at the progress.")
        # The groups are not known yet when the progress arrives, so that they are looked for again.
        hold(page, "cluster")
        page.keyboard.press("g")
        tiles = page.locator(".tile")
        expect(tiles).to_have_count(36)
        hold(page, "next")
        release("progress")
        until(page, lambda: held["next"], "The tiles are not fetched again.")
        tiles.nth(0).click()
        tiles.nth(1).click()
        chosen = selected(page)
        assert len(chosen) == 2
        release("next")
        release("cluster")
        quiet(page)
        expect(page.locator("#group option")).not_to_have_count(3)
        assert selected(page) == chosen
        page.keyboard.press("1")
        expect(page.locator(".live")).to_contain_text("2 samples labelled low")
        saved(page)
        server.stop()


def test_browsers_that_answer_differently_are_told_and_the_first_answer_stays(browser, texts):
    with (
        serving(texts, "--classes", "low,high") as server,
        page_of(browser, server) as page,
        page_of(browser, server) as other,
    ):
        first = sample(page)
        assert sample(other) == first
        answer(page, "1")
        saved(page)
        other.keyboard.press("2")
        expect(other.locator(".fault")).to_contain_text("has the label 'low' already")
        saved(other)
        server.stop()
    assert list(labels(texts).values()) == ["low"]


def test_requests_that_another_tab_sends_are_answered_in_their_own(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        other = page.context.new_page()
        other.goto(server.origin)
        sample(other)
        first = sample(page)
        quiet(page)
        server.kill()
        lost = [answer(page, "1"), answer(page, "2")]
        expect(page.locator(".banner")).to_contain_text("2 answers are kept")
        other.keyboard.press("s")
        expect(other.locator(".banner")).to_contain_text("answers are kept")
        server.start()
        for tab in [page, other]:
            expect(tab.locator(".banner")).to_be_hidden()
        saved(page)
        # The later request about the same sample is refused.
        expect(other.locator(".live, .class .n").first).to_be_visible()
        page.keyboard.press("u")
        until(page, lambda: shown(page) == lost[1], "The answer is not undone.")
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == {first: "low"}
        assert session.progress().n_skipped == 0


def test_another_secret_is_explained_and_no_answer_is_lost(browser, texts):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [texts, "--classes", "low,high", "--port", port]
    with serving(*arguments) as server, page_of(browser, server) as page:
        expected = {answer(page, "1"): "low"}
        saved(page)
        quiet(page)
        server.kill()
        texts.with_name("texts.txt.session").joinpath("page.json").unlink()
        expected |= {answer(page, "2"): "high"} | {answer(page, "1"): "low"}
        server.start()
        expect(page.locator(".banner")).to_contain_text("open the address in the terminal")
        expect(page.locator(".banner")).to_contain_text("2 answers are kept and sent later")
        visit(page, server.address)
        sample(page)
        saved(page)
        expect(page.locator(".banner")).to_be_hidden()
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == expected


@pytest.mark.parametrize("same_names", [False, True])
def test_answers_stay_with_their_session_if_another_one_has_its_port(same_names, browser, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sources = [tmp_path / "first.txt", tmp_path / "second.txt"]
    for source in sources:
        word = "text" if same_names else source.stem
        source.write_text("\n".join(f"{word} {n}" for n in range(30)), encoding="utf-8")
    options = ["--classes", "low,high", "--port", port]
    with serving(sources[0], *options) as server, page_of(browser, server) as page:
        sample(page)
        quiet(page)
        server.kill()
        expected = {answer(page, "1"): "low", answer(page, "2"): "high"}
        with serving(sources[1], *options) as second:
            other = page.context.new_page()
            other.goto(second.address)
            sample(other)
            expect(page.locator(".banner")).to_contain_text("Another session has this address now")
            expect(page.locator(".banner")).to_contain_text("2 answers are kept and sent later")
            second.stop()
        other.close()
        server.start()
        visit(page, server.address)
        sample(page)
        saved(page)
        server.stop()
    with LabelingSession.open(sources[0]) as session:
        assert {one.value: one.label for one in session.history()} == expected
    with LabelingSession.open(sources[1]) as session:
        assert session.history() == []


def name_of_session(page):
    return page.evaluate(
        """async () => {
          const { HttpTransport } = await import("/static/transport.js");
          return (await new HttpTransport().call("state")).session;
        }"""
    )


def test_content_that_is_no_request_keeps_no_answer_back(browser, texts):
    request = "000000000000001-aa"
    contents = [
        *["no JSON", "null", "5", '"x"', "[]", "{}"],
        json.dumps({"kind": "skip", "request": "other", "ids": ["0"]}),
        json.dumps({"kind": 5, "request": request}),
        json.dumps({"kind": "skip", "request": request, "ids": 5}),
        json.dumps({"kind": "skip", "request": request, "ids": [5]}),
        json.dumps({"kind": "answer", "request": request, "ids": ["0"], "label": [5]}),
    ]
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        sample(page)
        prefix = f"skactive-{name_of_session(page)}-"
        for content in contents:
            kept = {prefix + request: content, f"{prefix}~": content, prefix: content}
            page.evaluate("kept => Object.assign(localStorage, kept)", kept)
            # The page finds it when it begins, too.
            page.reload()
            answer(page, "2")
            until(page, lambda: page.evaluate(N_STORED) == 3, f"{content} holds answers up.")
            expect(page.locator(".banner")).to_be_hidden()
        server.stop()
    assert list(labels(texts).values()) == ["high"] * len(contents)


NO_STORAGE = """Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("denied", "SecurityError"); },
})"""


def test_without_storage_the_browser_asks_before_answers_are_lost(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        page.add_init_script(NO_STORAGE)
        # The key of the page is not kept: the address is opened again.
        visit(page, server.address)
        sample(page)
        page.reload()
        expect(page.locator("main")).to_contain_text("open the address in the terminal")
        visit(page, server.address)
        answer(page, "1")
        quiet(page)
        server.kill()
        answer(page, "2")
        expect(page.locator(".banner")).to_contain_text(
            "1 answer is sent later if this page stays open."
        )
        with page.expect_event("dialog") as dialog:
            page.close(run_before_unload=True)
        assert dialog.value.type == "beforeunload"
        dialog.value.dismiss()
        server.start()
        expect(page.locator(".banner")).to_be_hidden()
        # Nothing is asked if nothing is lost.
        with page.expect_event("close"):
            page.close(run_before_unload=True)
        server.stop()
    assert list(labels(texts).values()) == ["high", "low"]


def test_requests_keep_their_order_when_the_clock_is_set_back(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        first = answer(page, "1")
        saved(page)
        quiet(page)
        server.kill()
        answer(page, "2")
        page.evaluate("const now = Date.now(); Date.now = () => now - 3_600_000")
        page.keyboard.press("u")
        until(page, lambda: page.evaluate(N_STORED) == 2, "The undo is not stored.")
        server.start()
        saved(page)
        server.stop()
    with LabelingSession.open(texts) as session:
        assert {one.value: one.label for one in session.history()} == {first: "low"}


def test_a_second_process_is_told_the_first(browser, texts):
    with serving(texts, "--classes", "low,high") as server, page_of(browser, server) as page:
        answer(page, "1")
        with pytest.raises(AssertionError, match=rf"process \({server.pid}\)"):
            Server(texts)
        answer(page, "2")
        saved(page)
        server.stop()
    assert len(labels(texts)) == 2


def test_samples_that_cannot_be_read_are_explained_and_answered(browser, tmp_path):
    photos = write_photos(tmp_path / "photos", 12, seed=0)
    (tmp_path / "photos.session").mkdir()
    # The vectors have no folder.
    (tmp_path / "photos.session" / "vectors").touch()
    with serving(photos, "--classes", CLASSES) as server, page_of(browser, server) as page:
        banner = page.get_by_role("alert")
        expect(banner).to_contain_text("Reading the samples failed: Embeddings are stored in a")
        expect(banner).to_contain_text("Answers are saved all the same.")
        for _ in range(5):
            answer(page, "1")
        saved(page)
        expect(banner).to_contain_text("Reading the samples failed")
    assert list(labels(photos).values()) == ["red"] * 5


def test_pictures_come_as_soon_as_the_server_is_back(browser, tmp_path):
    photos = write_photos(tmp_path / "photos", 8, seed=3)
    with serving(photos, "--classes", CLASSES) as server, page_of(browser, server) as page:
        sample(page)
        quiet(page)
        page.route("**/picture/**", lambda route: route.abort())
        # Those that were fetched before.
        for _ in range(4):
            answer(page, "1")
        page.wait_for_event("requestfailed", lambda request: "/picture/" in request.url)
        page.unroute("**/picture/**")
        until(
            page,
            lambda: page.evaluate("document.querySelector('.stage img')?.naturalWidth") == 32,
            "The picture is not fetched again.",
        )
        saved(page)


def test_a_guess_appears_as_soon_as_its_sample_is_read(browser, points):
    n_read = {"n": 0}

    def progress(route):
        reply = route.fetch()
        found = reply.json()
        route.fulfill(response=reply, json={**found, "n_embedded": n_read["n"]})

    def explain(route):
        if n_read["n"]:
            route.continue_()
        else:
            route.fulfill(json={"sentences": ["not read yet"], "classes": [], "nearest": []})

    with serving(points, "--classes", "low,high") as server, page_of(browser, server) as page:
        read(page)
        for key in "121":
            answer(page, key)
        saved(page)
        page.route("**/api/progress", progress)
        page.route("**/api/explain", explain)
        # The progress is followed after an answer, and until all samples are read.
        answer(page, "2")
        page.keyboard.press("w")
        expect(page.locator(".why")).to_contain_text("not read yet")
        n_read["n"] = 120
        expect(page.locator(".chances dt").first).to_be_visible()
        page.unroute_all()
