"""The bridge on a small Label Studio: answers, order, restarts, new tasks, images and failures."""

import contextlib
import io
import json
import os
import socket
import stat
import threading
import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from fake_label_studio import (
    IMAGES,
    PERSONAL,
    TEXTS,
    TOKEN,
    FakeLabelStudio,
    choice,
    hang_up,
    page,
    slow,
    status,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, TransformerMixin

from skactive.integrations.label_studio import LabelStudioBridge, LabelStudioError
from skactive.integrations.label_studio._queue import QUEUE, TIME, ascending, below_others
from skactive.labeling import LabelingSession

pytest.importorskip("pandas")


class Lengths(TransformerMixin, BaseEstimator):
    """Vectors of texts without any fitting: letters a and b, and the length."""

    def fit(self, X, y=None):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def transform(self, X):
        return np.array([[1 + text.count("a"), 1 + text.count("b"), len(text)] for text in X])


def text_of(number):
    return {"text": ("a" if number % 2 else "b") * (1 + number // 2) + f" {number}"}


def truth(studio, task):
    return "A" if "a" in studio.tasks[task]["data"]["text"] else "B"


@pytest.fixture
def studio():
    with FakeLabelStudio(data=map(text_of, range(24))) as studio:
        yield studio


def bridge_of(studio, folder, **changes):
    given = {"folder": folder, "token": TOKEN, "embedder": Lengths(), "timeout": 5}
    return LabelStudioBridge(studio.url, 3, **{**given, **changes})


def statuses(session):
    return {one.id: (one.label, one.status) for one in session.samples()}


def labels_of(session):
    return {one.id: one.label for one in session.samples() if one.label is not None}


def test_annotators_are_asked_in_the_order_of_a_plain_session(studio, tmp_path):
    texts = {str(number): one["data"]["text"] for number, one in studio.tasks.items()}
    table = tmp_path / "plain.jsonl"
    table.write_text("".join(json.dumps({"id": k, "text": t}) + "\n" for k, t in texts.items()))
    with (
        bridge_of(studio, tmp_path / "s") as bridge,
        LabelingSession(table, embedder=Lengths(), classes=["A", "B"], id_column="id") as plain,
    ):
        plain.wait()
        for _ in range(20):
            bridge.sync(wait=True)
            task = studio.next()
            assert str(task) == plain.next()[0].id
            assert studio.queue()[1:8] == [int(one.id) for one in plain.next(8)[1:]]
            plain.answer(str(task), truth(studio, task))
            studio.annotate(task, truth(studio, task))
        bridge.sync()
        assert labels_of(bridge.session) == labels_of(plain)


def test_an_annotator_who_does_not_wait_gets_the_order_of_the_answers_before(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        task = studio.next()
        for _ in range(15):
            queue = studio.queue()[:8]
            assert queue == [int(one.id) for one in bridge.session.next(8)]
            studio.annotate(task, truth(studio, task))
            # The page asks for the next task at once.
            following = studio.next()
            assert following == next(one for one in queue if one != task)
            bridge.sync()
            assert studio.next() == following
            task = following


@pytest.mark.parametrize("show", [False, True])
def test_a_task_keeps_its_prediction_while_an_annotator_may_have_it_open(show, studio, tmp_path):
    # Label Studio refuses an annotation if a prediction is gone that its task was opened with, from
    # the data manager also one that is not shown.
    seen = {}
    with bridge_of(studio, tmp_path / "s", show_guesses=show) as bridge:
        for _ in range(len(studio.tasks)):
            bridge.sync(wait=True)
            assert studio.shows_predictions == show
            queue = [int(one.id) for one in bridge.session.next(8)]
            assert studio.queue()[: len(queue)] == queue
            for one in studio.predictions:
                assert seen.setdefault(one["task"], one["id"]) == one["id"]
            # None is added or removed.
            assert {one["task"] for one in studio.predictions} == set(seen)
            assert set(queue) <= set(seen)
            studio.annotate(studio.next(), "A")
        bridge.sync()
    assert studio.predictions == []


@given(
    st.permutations(range(12)).flatmap(
        lambda order: st.tuples(st.just(order), st.integers(0, 12), st.integers(0, 4))
    )
)
def test_scores_ascend_and_as_many_as_possible_stay(given_):
    order, n_known, n_new = given_
    old = ascending([None] * 12)
    assert old == sorted(old)
    assert 0 < old[0] < old[-1] < 1
    present = [old[one] if one < n_known else None for one in order] + [None] * n_new
    found = ascending(present)
    assert found == sorted(set(found))
    assert found[0] > 0
    assert found[-1] < 1
    n_kept = sum(one == other for one, other in zip(found, present, strict=True))
    # By definition: of each place, the longest ascending subsequence that ends there.
    longest = []
    for place, score in enumerate(present):
        best = [
            longest[b] for b in range(place) if present[b] is not None and present[b] < (score or 0)
        ]
        longest.append(0 if score is None else 1 + max(best, default=0))
    assert n_kept == max(longest)


def test_scores_are_numbered_anew_before_they_become_equal():
    scores = ascending([None, None])
    for _ in range(200):
        scores = ascending([None, scores[0]])
        assert 0 < scores[0] < scores[1] < 1
        assert scores[1] - scores[0] >= 1e-12


SCORES = st.lists(st.integers(1, 30).map(lambda n: 1 - n * 1e-6), unique=True, max_size=12)


@given(SCORES, st.integers(0, 12), st.integers(0, 3), st.randoms(use_true_random=False))
def test_tasks_that_leave_stay_behind_the_queue_if_that_needs_fewer_changes(
    scores, n_left, n_new, random
):
    left, present = scores[:n_left], [*scores[n_left:], *[None] * n_new]
    random.shuffle(present)
    found, lowest = below_others(present, left)
    assert found == sorted(set(found))
    assert all(0 < score < lowest for score in found)
    n_changes = sum(a != b for a, b in zip(present, found, strict=True))
    n_changes += sum(score < lowest for score in left)
    # All others are taken out, or all tasks get scores below those of the others.
    alone = ascending(present)
    assert n_changes <= len(left) + sum(a != b for a, b in zip(present, alone, strict=True))
    assert n_changes <= len(present)


def test_few_predictions_change_with_an_answer(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        studio.annotate(studio.next(), "A")
        old = studio.queue()[:8]
        studio.requests.clear()
        bridge.sync()
        changed = [path for method, path in studio.requests if method in {"PATCH", "POST"}]
        new = studio.queue()[:8]
        assert new == [int(one.id) for one in bridge.session.next(8)]
        # One is new; of the others, those that have changed places. One is always written.
        assert len(changed) <= 2 + sum(a != b for a, b in zip(old[1:], new, strict=False))


def test_annotators_have_their_turn_between_two_predictions(studio, tmp_path):
    rests, seconds = [], 0.03
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge._client._sleep = rests.append
        studio.faults = [slow(seconds)] * 40
        bridge.sync(wait=True)
    # A pause after each prediction, longer than the request took.
    assert len(rests) == len(studio.predictions) == 8
    assert min(rests) >= 2 * seconds


def test_two_people_are_asked_tasks_of_the_queue_only(studio, tmp_path):
    # Label Studio draws among all predictions of the version.
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        for place in range(10):
            user = 1 + place % 2 if place > 5 else 1
            task = studio.next(user)
            studio.annotate(task, truth(studio, task), user=user)
            bridge.sync()
        for _ in range(6):
            queue = [task for task, _ in bridge._queue.content]
            assert sorted(studio.queue()) == sorted(queue)
            for user in (1, 2):
                task = studio.next(user)
                assert task in queue
                studio.annotate(task, truth(studio, task), user=user)
            bridge.sync()


def test_predictions_that_someone_deletes_are_written_again(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        # By the data manager; Label Studio keeps the version of the project.
        studio.predictions = studio.predictions[4:]
        studio.annotate(studio.next(), "A")
        bridge.sync()
        assert studio.queue()[:8] == [int(one.id) for one in bridge.session.next(8)]
        studio.predictions, studio.model_version = [], None
        assert bridge.sync()
        assert studio.queue()[:8] == [int(one.id) for one in bridge.session.next(8)]


def test_a_task_that_is_deleted_during_a_round_is_left_out(studio, tmp_path):
    def delete_first(handler):
        studio.delete_task(int(gone))
        return True

    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge._folder.renew(bridge._project.tasks(), bridge._read_interface(bridge._read_state()))
        gone = bridge.session.wait().next()[0].id
        # Before the first prediction is written: state, tasks, members and versions come first.
        studio.faults = [lambda _: True] * 4 + [delete_first]
        bridge.sync(wait=True)
        assert int(gone) not in studio.queue()
        assert len(studio.queue()) == 7


def test_versions_of_earlier_processes_are_deleted_after_a_day(studio, tmp_path, monkeypatch):
    moment = datetime.now(UTC) - timedelta(days=1)
    names = [f"{QUEUE}{moment + timedelta(minutes=m):{TIME}}" for m in (-3, -2, -1, 1)]
    for name in ("theirs", *names, *(f"{name}-left" for name in names)):
        studio.predictions.append({"task": 1, "score": 0.5, "result": [], "model_version": name})
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
    # The third was in use until the fourth came.
    kept = [name + end for name in names[2:] for end in ("", "-left")]
    versions = {one["model_version"] for one in studio.predictions}
    assert versions == {"theirs", *kept, studio.model_version}
    assert studio.sampling == "Uncertainty sampling"


def test_nothing_is_written_while_nothing_changes(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        studio.requests.clear()
        assert not bridge.sync()
        assert [method for method, _ in studio.requests] == ["GET", "GET"]
        # Someone chose another order in the settings.
        studio.sampling = "Sequential sampling"
        assert bridge.sync()
        assert studio.sampling == "Uncertainty sampling"
        # Someone wants to see predictions.
        studio.shows_predictions = True
        assert bridge.sync()
        assert not studio.shows_predictions
        # A connected model takes the order over by its title.
        studio.predictions.append({"task": 1, "score": 0.5, "result": [], "model_version": "m"})
        studio.model_version = "m"
        assert bridge.sync()
        assert studio.queue()[:8] == [int(one.id) for one in bridge.session.next(8)]


def test_guesses_are_hidden_unless_they_are_wanted(studio, tmp_path):
    for number in list(studio.tasks)[:12]:
        studio.annotate(number, truth(studio, number))
    for show in (False, True):
        with bridge_of(studio, tmp_path / "s", show_guesses=show) as bridge:
            bridge.sync(wait=True)
            predicted = bridge.session.predictions()
        found = {
            one["task"]: one["result"]
            for one in studio.predictions
            if one["model_version"] == studio.model_version
        }
        assert len(found) == 8
        wanted = {task: choice(predicted[str(task)][0]) if show else [] for task in found}
        assert found == wanted


def test_two_people_who_answer_differently(studio, tmp_path):
    studio.maximum_annotations = 2
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        task = studio.next(user=1)
        first = studio.annotate(task, "A", user=1)
        bridge.sync()
        assert labels_of(bridge.session) == {str(task): "A"}
        # Its second annotator is still wanted.
        assert studio.next(user=2) == task
        studio.annotate(task, "B", user=2)
        bridge.sync()
        assert labels_of(bridge.session) == {str(task): "B"}  # the latest
        studio.annotate(task, "A", user=3)
        bridge.sync()
        assert labels_of(bridge.session) == {str(task): "A"}  # the majority
        studio.delete(first)
        bridge.sync()
        assert labels_of(bridge.session) == {str(task): "A"}


def test_no_task_is_served_twice_beyond_the_overlap(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        while (task := studio.next(user=1)) is not None:
            others = [studio.next(user=user) for user in range(2, 5)]
            opened = [one for one in (task, *others) if one is not None]
            assert len(set(opened)) == len(opened)
            for user, one in enumerate((task, *others), 1):
                if one is not None:
                    studio.annotate(one, truth(studio, one), user=user)
            bridge.sync()
        assert all(len(studio.of_task(number)) == 1 for number in studio.tasks)
        assert len(labels_of(bridge.session)) == len(studio.tasks)
        assert studio.queue() == []


def test_each_active_member_finds_a_task(studio, tmp_path):
    moment = datetime.now(UTC)
    studio.members = {user: moment - timedelta(hours=user) for user in range(30)}
    with bridge_of(studio, tmp_path / "s", ahead=5) as bridge:
        bridge.sync(wait=True)
        # The tasks that members open are theirs for a day.
        opened = [studio.next(user) for user in range(24)]
        assert len(set(opened)) == len(studio.tasks)
    with FakeLabelStudio(data=map(text_of, range(40))) as large:
        large.members = studio.members
        with bridge_of(large, tmp_path / "t", ahead=5) as bridge:
            bridge.sync(wait=True)
            assert len(large.queue()) == 24 + 5


def test_the_queue_grows_with_the_number_of_answers_of_a_round(studio, tmp_path, monkeypatch):
    monkeypatch.setattr("skactive.integrations.label_studio._bridge.MEMBERS", -1.0)
    with bridge_of(studio, tmp_path / "s", ahead=5) as bridge:
        bridge.sync(wait=True)
        for user in (1, 2, 1, 2):
            studio.annotate(studio.next(user), "A", user=user)
        bridge.sync()
        # Twice the answers, and the task that each of the two has open.
        assert len(bridge._queue.content) == 10
        for size in (7, 7, 7):  # two answers of each round, but at least five tasks
            studio.annotate(studio.next(1), "B", user=1)
            bridge.sync()
            assert len(bridge._queue.content) == size


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(
            st.just("annotate"), st.integers(0, 5), st.sampled_from(["A", "B", "new class", None]),
            st.integers(1, 3), st.booleans(),
        ),
        st.tuples(st.just("update"), st.integers(0, 9), st.sampled_from("AB")),
        st.tuples(st.just("delete"), st.integers(0, 9)),
        st.tuples(st.just("delete together"), st.integers(0, 9)),
        st.tuples(st.just("add task"), st.integers(0, 20)),
        st.tuples(st.just("edit task"), st.integers(0, 5), st.integers(30, 40)),
        st.tuples(st.just("delete task"), st.integers(0, 5)),
        st.tuples(st.just("sync")),
        st.tuples(st.just("restart")),
        st.tuples(st.just("fault"), st.integers(0, 3)),
    ),
    max_size=25,
)  # fmt: skip


def operate(studio, kind, *values):
    """Do what a person does; nothing if there is no such task or annotation."""
    tasks, annotations = list(studio.tasks), list(studio.annotations)
    if kind == "add task":
        studio.add_task(text_of(values[0]))
    elif kind in {"annotate", "edit task", "delete task"} and tasks:
        task = tasks[values[0] % len(tasks)]
        if kind == "annotate":
            studio.annotate(task, values[1], values[2], skip=values[3])
        elif kind == "edit task":
            studio.edit_task(task, text_of(values[1]))
        else:
            studio.delete_task(task)
    elif kind in {"update", "delete", "delete together"} and annotations:
        number = annotations[values[0] % len(annotations)]
        if kind == "update":
            studio.update(number, values[1])
        elif kind == "delete":
            studio.delete(number)
        else:
            studio.delete_together([number])


def expected(studio):
    """Return the status of each task, from the annotations as a plain list."""
    found = {}
    for number in studio.tasks:
        own = studio.of_task(number)
        votes = [
            (one["updated_at"], one["result"][0]["value"]["choices"][0])
            for one in own
            if one["result"] and not one["was_cancelled"]
        ]
        names = [label for _, label in votes]
        most = max(map(names.count, names), default=0)
        latest = max((vote for vote in votes if names.count(vote[1]) == most), default=None)
        if latest is not None:
            found[str(number)] = (latest[1], "labeled")
        else:
            found[str(number)] = (None, "skipped" if own else "open")
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(operations=OPERATIONS)
def test_after_any_history_the_session_has_the_answers_of_label_studio(
    operations, tmp_path_factory
):
    folder = tmp_path_factory.mktemp("bridge") / "s"
    with FakeLabelStudio(data=map(text_of, range(6))) as studio:
        bridge = bridge_of(studio, folder)
        for kind, *values in operations:
            if kind == "sync":
                with contextlib.suppress(LabelStudioError):
                    bridge.sync()
            elif kind == "restart":
                bridge.close()
                bridge = bridge_of(studio, folder)
            elif kind == "fault":
                # Of any request: the round breaks off there.
                studio.faults = [lambda _: True] * values[0] + [status(400)]
            else:
                operate(studio, kind, *values)
        studio.faults = []
        bridge.sync()
        with bridge:
            if not studio.tasks:
                with pytest.raises(LabelStudioError, match="has no samples yet"):
                    bridge.session  # noqa: B018
                return
            session = bridge.session
            assert {one.id: (one.label, one.status) for one in session.samples()} == expected(
                studio
            )
            texts = {one.id: one.value for one in session.samples()}
            assert texts == {str(k): one["data"]["text"] for k, one in studio.tasks.items()}
            bridge.sync(wait=True)
            left = [one for one in expected(studio).values() if one[1] == "open"]
            assert min(len(left), 8) <= len(studio.queue()) <= len(left)
            assert not [n for n in studio.queue() if expected(studio)[str(n)][1] != "open"]
        # Without Label Studio.
        with LabelingSession.open(folder, embedder=Lengths()) as session:
            assert {one.id: (one.label, one.status) for one in session.samples()} == expected(
                studio
            )


def test_new_tasks_are_asked_and_the_answers_of_deleted_ones_go(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        first, second = list(studio.tasks)[:2]
        studio.annotate(first, "A")
        studio.annotate(second, "B")
        bridge.sync()
        studio.delete_task(first)
        added = studio.add_task({"text": "abab"})
        bridge.sync(wait=True)
        assert labels_of(bridge.session) == {str(second): "B"}
        assert str(added) in {one.id for one in bridge.session.samples()}
        studio.delete_task(second)
    # Also while the bridge is down, and if these are all answers.
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        assert labels_of(bridge.session) == {}
        assert len(bridge.session) == 23


def test_a_project_may_be_empty_at_first(tmp_path):
    notes = []
    with (
        FakeLabelStudio() as studio,
        bridge_of(studio, tmp_path / "s", announce=notes.append) as bridge,
    ):
        assert not bridge.sync()
        assert not bridge.sync()
        assert notes == ["Project 3 (a project) has no tasks."]
        studio.add_task({"text": "ab"})
        assert bridge.sync(wait=True)
        assert studio.queue() == [1]


def test_tasks_without_a_sample_are_named_and_the_others_asked(studio, tmp_path):
    studio.add_task({"text": "  "})
    studio.add_task({"other": "x"})
    number = studio.add_task({"text": 12})
    notes = []
    with bridge_of(studio, tmp_path / "s", announce=notes.append) as bridge:
        bridge.sync(wait=True)
        assert notes[0] == (
            "2 tasks cannot be asked, such as 25: its field 'text' is empty or no text."
        )
        assert bridge.session.sample(str(number)).value == "12"
        assert len(bridge.session) == 25


def photo(color):
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(file, "PNG")
    return file.getvalue()


def test_images_are_downloaded_once_and_removed_with_their_tasks(tmp_path):
    pytest.importorskip("PIL")
    with FakeLabelStudio(IMAGES) as studio:
        for number, color in enumerate(["red", "red", "green", "green", "blue", "blue"]):
            path = f"/data/upload/3/{number}.PNG"
            studio.files[path] = photo(color)
            studio.add_task({"image": path})
        studio.add_task({"image": "/data/upload/3/missing.png"})
        notes = []
        for _ in range(2):
            with bridge_of(studio, tmp_path / "s", embedder=None, announce=notes.append) as bridge:
                bridge.sync(wait=True)
                assert [one.value for one in bridge.session.samples("open")] == [
                    str(path) for path in sorted((tmp_path / "s" / "images").iterdir())
                ]
                assert bridge.session.unreadable == []
        assert {studio.requests.count(("GET", path)) for path in studio.files} == {1}
        assert notes[0].startswith("1 task cannot be asked, such as 7: http://127.0.0.1:")
        studio.files["/data/upload/3/new.png"] = photo("white")
        studio.edit_task(1, {"image": "/data/upload/3/new.png"})
        studio.delete_task(2)
        with bridge_of(studio, tmp_path / "s", embedder=None) as bridge:
            bridge.sync(wait=True)
            images = sorted((tmp_path / "s" / "images").iterdir())
            assert len(images) == 5
            assert images[0].read_bytes() == photo("white")


def test_images_of_hosts_that_do_not_answer_are_tried_again_later(tmp_path, monkeypatch):
    pytest.importorskip("PIL")
    with socket.socket() as closed, FakeLabelStudio(IMAGES) as studio, FakeLabelStudio() as other:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for number in range(30):
            studio.add_task({"image": f"{dead}/{number}.png"})
        for number, color in enumerate(["red", "green"]):
            studio.files[f"/data/upload/3/{number}.png"] = photo(color)
            studio.add_task({"image": f"/data/upload/3/{number}.png"})
        login = "/data/upload/3/login.png"
        studio.files[login] = b"<!doctype html>"
        studio.add_task({"image": login})
        studio.add_task({"image": f"{other.url}/late.png"})
        fetched, notes = [], []
        with bridge_of(studio, tmp_path / "s", embedder=None, announce=notes.append) as bridge:
            once = bridge._client._once

            def counted(method, address, body, **options):
                fetched.append(address)
                return once(method, address, body, **options)

            bridge._client._once = counted
            bridge.sync(wait=True)
            assert len(bridge.session) == 2
            # Four downloads run at the same time.
            assert 4 <= sum(one.startswith(dead) for one in fetched) <= 8
            assert sum(one.startswith(other.url) for one in fetched) == 1
            assert notes[0].startswith("32 tasks cannot be asked, such as 1: ")
            reasons = bridge._folder._samples.faults
            assert "with a page instead of a file" in reasons[33]
            fetched.clear()
            studio.annotate(31, "A")
            assert bridge.sync()
            assert not [one for one in fetched if "/api/" not in one]
            assert sum("cannot be asked" in one for one in notes) == 1
            monkeypatch.setattr("skactive.integrations.label_studio._samples.monotonic", later)
            other.faults = [lambda handler: handler.reply(200, photo("blue"))]
            bridge.sync(wait=True)
            assert len(bridge.session) == 3
            assert labels_of(bridge.session) == {"31": "A"}


def later():
    return time.monotonic() + 601


def test_texts_that_end_like_names_of_images_are_texts(tmp_path):
    with (
        FakeLabelStudio(data=[{"text": f"what is {n}.png"} for n in range(6)]) as studio,
        bridge_of(studio, tmp_path / "s", embedder=None) as bridge,
    ):
        bridge.sync(wait=True)
        assert bridge.session.kind == "text"
        assert len(studio.queue()) == 6


def test_multiple_choice_is_labelled_in_a_session_of_several_labels(tmp_path):
    letters = {"A": "a", "B": "b"}
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice(list("abc"), 4)) + f" {n}" for n in range(60)]
    config = TEXTS.replace('choice="single"', 'choice="multiple"')
    with (
        FakeLabelStudio(config, data=[{"text": text} for text in texts]) as studio,
        bridge_of(studio, tmp_path / "s", show_guesses=True) as bridge,
    ):
        bridge.sync(wait=True)
        labels = {}
        for _ in range(40):
            task = studio.next()
            names = [
                name for name, one in letters.items() if one in studio.tasks[task]["data"]["text"]
            ]
            studio.annotate(task, names)
            labels[str(task)] = tuple(names)
            bridge.sync()
        assert labels_of(bridge.session) == labels
        assert () in labels.values()
        assert ("A", "B") in labels.values()
        predicted = bridge.session.predictions()
        shown = {
            one["task"]: one["result"]
            for one in studio.predictions
            if one["model_version"] == studio.model_version
        }
        for task in studio.queue():
            names = predicted[str(task)][0]
            assert shown[task] == (choice(names) if names else [])
        assert bridge.push_predictions() == 20
        [first, *_] = labels
        studio.update(studio.of_task(int(first))[0]["id"], ["B"])
        bridge.sync()
        assert bridge.session.sample(first).label == ("B",)


def test_a_class_is_described_by_the_text_of_its_choice(studio, tmp_path):
    studio.config = TEXTS.replace('"A"', '"a fruit" alias="A"')
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync()
        assert bridge.session.classes == ["A", "B"]
        assert bridge.session.descriptions == {"A": "a fruit"}


def test_the_interface_may_change(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        studio.config = TEXTS.replace("</Choices>", '<Choice value="C"/></Choices>')
        studio.annotate(1, "C")
        bridge.sync()
        assert labels_of(bridge.session) == {"1": "C"}
        studio.config = TEXTS.replace('choice="single"', 'choice="rating"')
        with pytest.raises(LabelStudioError, match="has choice='rating'"):
            bridge.sync()


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"project": 3', '"project": 4', "has the answers of project 4 of 'http://127"),
        ("127.0.0.1", "example.org", "has the answers of project 3 of 'http://example"),
    ],
)
def test_a_folder_belongs_to_one_project(old, new, sentence, studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync()
    path = tmp_path / "s" / "label_studio.json"
    path.write_text(path.read_text().replace(old, new))
    kept = (tmp_path / "s" / "tasks.jsonl").read_bytes()
    with (
        bridge_of(studio, tmp_path / "s") as bridge,
        pytest.raises(LabelStudioError, match=sentence),
    ):
        bridge.sync()
    assert (tmp_path / "s" / "tasks.jsonl").read_bytes() == kept


def test_a_file_in_place_of_the_folder_is_named(studio, tmp_path):
    (tmp_path / "s").write_text("mine")
    with (
        bridge_of(studio, tmp_path / "s") as bridge,
        pytest.raises(LabelStudioError, match="is a file, but the session is a folder"),
    ):
        bridge.sync()
    assert (tmp_path / "s").read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_only_the_user_can_read_the_copies_of_samples(studio, tmp_path):
    with bridge_of(studio, tmp_path / "new" / "s") as bridge:
        bridge.sync()
    assert stat.S_IMODE((tmp_path / "new" / "s").stat().st_mode) == 0o700
    # As its owner has chosen.
    (tmp_path / "shared").mkdir(mode=0o755)
    with bridge_of(studio, tmp_path / "shared") as bridge:
        bridge.sync()
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o755


def test_an_unknown_project_is_named(studio, tmp_path):
    with (
        LabelStudioBridge(studio.url, 9, folder=tmp_path / "s", token=TOKEN) as bridge,
        pytest.raises(LabelStudioError, match="has no project 9, or the token gives no access"),
    ):
        bridge.sync()


@pytest.mark.parametrize("fault", [status(500), hang_up, slow(0.4)])
def test_failures_are_said_once_and_survived(fault, studio, tmp_path, monkeypatch):
    monkeypatch.setattr("skactive.integrations.label_studio._client.PAUSE", 0.0)
    notes, stop, wake = [], threading.Event(), threading.Event()
    studio.faults = [fault] * 9  # two rounds, and a part of the third

    def announce(text):
        notes.append(text)
        if "Next tasks" in text:
            stop.set()
            wake.set()

    with bridge_of(studio, tmp_path / "s", timeout=0.2, announce=announce) as bridge:
        bridge.run(poll=0.01, wake=wake, stop=stop)
    assert len(notes) == 3
    assert notes[0].startswith(studio.url)
    assert notes[0].endswith("It is tried again until it succeeds.")
    assert len(studio.predictions) == 8


REFUSALS = {
    "page": (page, "and no JSON"),
    "token": (status(401), "refuses the token"),
    "permission": (status(403), "does not permit"),
    "project": (status(404), "has no project 3"),
    "request": (status(400), "refuses GET"),
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_ends_a_bridge_at_its_start_only(fault, studio, tmp_path):
    answer, sentence = REFUSALS[fault]
    studio.faults = [answer]
    with (
        bridge_of(studio, tmp_path / "s") as bridge,
        pytest.raises(LabelStudioError, match=sentence),
    ):
        bridge.run()
    assert studio.model_version is None
    notes, stop, wake = [], threading.Event(), threading.Event()

    def announce(text):
        notes.append(text)
        if len(notes) == 1:
            studio.faults = [answer] * 3
        elif "It is tried again" not in text:
            stop.set()
            wake.set()

    with bridge_of(studio, tmp_path / "s", announce=announce) as bridge:
        bridge.run(poll=0.01, wake=wake, stop=stop)
    assert len(notes) == 4
    assert sentence in notes[1]
    assert notes[1].endswith("It is tried again until it succeeds.")
    # The end of the failure is announced, too.
    assert notes[2].startswith("0 labels of 24 tasks")
    assert "by sequential sampling again" in notes[3]


def test_an_interface_that_is_not_supported_any_more_is_waited_for(studio, tmp_path):
    notes, stop, wake = [], threading.Event(), threading.Event()
    good = studio.config

    def announce(text):
        notes.append(text)
        if len(notes) == 1:
            studio.config = TEXTS.replace('choice="single"', 'choice="rating"')
        elif len(notes) == 2:
            studio.config = good
        else:
            stop.set()
            wake.set()

    with bridge_of(studio, tmp_path / "s", announce=announce) as bridge:
        bridge.run(poll=0.01, wake=wake, stop=stop)
    assert "has choice='rating'" in notes[1]
    assert "0 labels of 24 tasks" in notes[2]


OTHERS = [
    (TEXTS, TEXTS.replace("single", "multiple"), "for texts with several labels each now, but"),
    (TEXTS.replace("single", "multiple"), TEXTS, "for texts with one class each now, but"),
    (TEXTS, TEXTS.replace("<Text name", "<Image name"), "for images with one class each now, but"),
]


@pytest.mark.parametrize(("before", "after", "sentence"), OTHERS)
def test_an_interface_for_other_samples_or_labels_is_waited_for(
    before, after, sentence, studio, tmp_path
):
    studio.config = before
    studio.annotate(1, "A")
    with bridge_of(studio, tmp_path / "s", embedder=None) as bridge:
        bridge.sync(wait=True)
        studio.config = after
        studio.annotate(2, "B")
        for _ in range(2):
            with pytest.raises(LabelStudioError, match=sentence):
                bridge.sync()
        studio.config = before
        bridge.sync()
        assert set(labels_of(bridge.session)) == {"1", "2"}


@pytest.mark.parametrize(("before", "after"), [one[:2] for one in OTHERS[:2]])
def test_after_a_restart_an_interface_for_other_labels_is_refused(before, after, studio, tmp_path):
    studio.config = before
    studio.annotate(1, "A")
    for config in (before, after, before):
        studio.config = config
        with bridge_of(studio, tmp_path / "s") as bridge:
            if config == after:
                with pytest.raises(LabelStudioError, match="Hint: choose another session folder"):
                    bridge.sync()
            else:
                bridge.sync()
                assert set(labels_of(bridge.session)) == {"1"}


def test_a_class_that_the_session_refuses_is_named_and_waited_for(studio, tmp_path):
    studio.config = TEXTS.replace("single", "multiple")
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        # From before the choice had another name.
        number = studio.annotate(1, ["A|B"])
        with pytest.raises(LabelStudioError, match=r"'A\|B' has the character \|"):
            bridge.sync()
        studio.update(number, ["A"])
        bridge.sync()
        assert labels_of(bridge.session) == {"1": ("A",)}


@pytest.mark.parametrize("version", ["theirs", "", None, "gone"])
@pytest.mark.parametrize("sampling", ["Sequential sampling", "Uniform sampling"])
@pytest.mark.parametrize("before", [[], ["killed"], ["once", "killed"], ["ended"]])
def test_at_the_end_the_project_has_its_own_settings_again(
    before, sampling, version, studio, tmp_path
):
    studio.predictions.append({"task": 1, "score": 0.5, "result": [], "model_version": "theirs"})
    studio.model_version, studio.sampling, studio.shows_predictions = version, sampling, True
    own = (version if version == "theirs" else "", sampling, True)
    for end in [*before, "ended"]:
        stop, wake = threading.Event(), threading.Event()

        def announce(text, stop=stop, wake=wake):
            assert studio.sampling == "Uncertainty sampling" or "again" in text
            stop.set()
            wake.set()

        with bridge_of(studio, tmp_path / "s", announce=announce) as bridge:
            if end == "ended":
                bridge.run(wake=wake, stop=stop)
                found = studio.model_version, studio.sampling, studio.shows_predictions
                assert found == own
            else:
                bridge.sync(wait=True)
                assert studio.sampling == "Uncertainty sampling"


def test_after_the_end_an_annotator_finds_all_tasks(studio, tmp_path):
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        # One person has a task of the queue open, another answers all the others.
        studio.next(user=1)
        bridge._release()
    while (task := studio.next(user=2)) is not None:
        studio.annotate(task, "A", user=2)
    assert len(studio.annotations) == len(studio.tasks) - 1


def test_two_bridges_do_not_take_the_order_from_each_other(studio, tmp_path):
    with bridge_of(studio, tmp_path / "a") as first, bridge_of(studio, tmp_path / "b") as second:
        first.sync(wait=True)
        said = []
        second._announce = said.append
        for _ in range(2):
            second.sync(wait=True)
        assert sum("the order of a bridge with another session folder" in one for one in said) == 1
        version = studio.model_version
        studio.annotate(studio.next(), "A")
        with pytest.raises(LabelStudioError, match="Another bridge orders the tasks of project 3"):
            first.sync()
        first._release()
        assert (studio.model_version, studio.sampling) == (version, "Uncertainty sampling")
        assert second.sync()
        assert studio.queue()[:8] == [int(one.id) for one in second.session.next(8)]


@pytest.mark.parametrize("serve", [None, 0])
@pytest.mark.parametrize("name", ["session.json", "photo.jpg"])
def test_a_folder_with_other_files_is_refused_unchanged(name, serve, studio, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / name).write_text("other")
    with (
        bridge_of(studio, tmp_path / "s") as bridge,
        pytest.raises(LabelStudioError, match="has other files than those of a project"),
    ):
        bridge.run(serve=serve)
    assert [path.name for path in (tmp_path / "s").iterdir()] == [name]
    assert studio.predictions == []


def test_a_project_with_a_new_address_keeps_its_folder(studio, tmp_path):
    studio.annotate(min(studio.tasks), "A")
    with bridge_of(studio, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
    (tmp_path / "s" / "label_studio.json").unlink()
    with bridge_of(studio, tmp_path / "s") as bridge:
        assert not bridge.sync() or labels_of(bridge.session)
        assert labels_of(bridge.session) == {str(min(studio.tasks)): "A"}


def test_predictions_of_unanswered_tasks_are_pushed_and_replaced(studio, tmp_path):
    for number in list(studio.tasks)[:10]:
        studio.annotate(number, truth(studio, number))
    with bridge_of(studio, tmp_path / "s") as bridge:
        for _ in range(2):
            assert bridge.push_predictions() == 14
            predicted = bridge.session.predictions()
            pushed = [
                one
                for one in studio.predictions
                if one["model_version"].startswith("skactive-predictions-")
            ]
            assert {one["task"]: one["result"] for one in pushed} == {
                number: choice(predicted[str(number)][0]) for number in list(studio.tasks)[10:]
            }
        # They do not change the order.
        assert studio.queue()[:8] == [int(one.id) for one in bridge.session.next(8)]


@pytest.mark.parametrize("secret", [TOKEN, PERSONAL])
def test_the_token_is_in_no_file_and_no_note(secret, studio, tmp_path, capfd):
    notes = []
    with bridge_of(studio, tmp_path / "s", token=secret, announce=notes.append) as bridge:
        bridge.sync(wait=True)
        studio.annotate(studio.next(), "A")
        studio.faults = [status(500)] * 4
        with pytest.raises(LabelStudioError, match="status 500"):
            bridge.sync()
        bridge.sync()
        texts = [f"{vars(bridge)}", f"{vars(bridge._client)}", *notes, *capfd.readouterr()]
    files = [path for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert not [path for path in files if secret.encode() in path.read_bytes()]
    assert not [text for text in texts if secret in text]


def test_arguments_are_checked(tmp_path):
    for changes, sentence in [
        ({"project": 0}, "'project' parameter .* at least 1"),
        ({"ahead": 4}, "'ahead' parameter .* at least 5"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            LabelStudioBridge("http://localhost", **{"project": 1, "token": TOKEN, **changes})
