"""Several annotators of one project, with accounts of their own, and a personal access token."""

import itertools
import math
import time
from collections import Counter
from threading import Event, Lock, Thread

import pytest
from label_studio_projects import (
    bridge_of,
    create_text_project,
    labels_of,
    wait_for,
)
from label_studio_server import result

N_ANNOTATORS, N_EACH = 3, 12
# Five tasks for each who begins at the same time, and the seconds that a quick person looks at one.
AHEAD, LOOK = 5 * N_ANNOTATORS, 1.0
NUMBERS = itertools.count()


def members(studio, n=N_ANNOTATORS):
    """Return the tokens of new members."""
    return [studio.sign_up(next_email()) for _ in range(n)]


def next_email():
    return f"member{next(NUMBERS)}@example.org"


def follow(bridge, answer_all):
    """Run the bridge while a function answers tasks, and until it has learnt all answers."""
    stop, wake = Event(), Event()
    thread = Thread(target=bridge.run, kwargs={"poll": 0.5, "wake": wake, "stop": stop})
    thread.start()
    try:
        expected = answer_all()
        wait_for(lambda: labels_of(bridge.session) == expected)
    finally:
        stop.set()
        wake.set()
        thread.join()


def answer_together(studio, project, tokens, label_of):
    """Let annotators ask and answer, each in a thread; return what each was asked, in order."""
    asked = {token: [] for token in tokens}
    # With SQLite, Label Studio does not lock a task between its choice and its lock.
    is_asking = Lock()

    def label(token):
        for _ in range(N_EACH):
            with is_asking:
                task = studio.next(project, token)["id"]
            asked[token].append(task)
            time.sleep(LOOK)
            studio.annotate(task, label_of(task, token), token=token)

    threads = [Thread(target=label, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked


def latest_labels(studio, project):
    """Return the class of the latest annotation of each annotated task, as Label Studio exports."""
    found = {}
    for task in studio.call("GET", f"/api/projects/{project}/export?exportType=JSON"):
        latest = max(task["annotations"], key=lambda one: (one["updated_at"], one["id"]))
        [found[str(task["id"])]] = latest["result"][0]["value"]["choices"]
    return found


def test_annotators_at_once_are_never_asked_the_same_task(studio, text_project, tmp_path):
    project, truth = text_project
    tokens = members(studio)
    with bridge_of(studio, project, tmp_path / "s", ahead=AHEAD) as bridge:
        bridge.sync(wait=True)
        asked = {}

        def answer_all():
            asked.update(answer_together(studio, project, tokens, lambda task, _: truth[task]))
            return {str(task): truth[task] for task in itertools.chain(*asked.values())}

        follow(bridge, answer_all)
        assert len(set(itertools.chain(*asked.values()))) == N_ANNOTATORS * N_EACH


def test_with_an_overlap_of_two_both_are_asked_and_all_answers_are_learnt(studio, tmp_path):
    project, truth = create_text_project(studio, maximum_annotations=2)
    tokens = members(studio)
    classes = sorted(set(truth.values()))
    with bridge_of(studio, project, tmp_path / "s", ahead=AHEAD) as bridge:
        bridge.sync(wait=True)
        asked = {}

        def answer_all():
            # No two annotators agree.
            label = {token: classes[place] for place, token in enumerate(tokens)}
            asked.update(answer_together(studio, project, tokens, lambda _, token: label[token]))
            return latest_labels(studio, project)

        follow(bridge, answer_all)
        counts = Counter(itertools.chain(*asked.values()))
        assert sum(counts.values()) == N_ANNOTATORS * N_EACH
        assert max(counts.values()) == 2
        assert labels_of(bridge.session).keys() == {str(task) for task in counts}


def test_of_two_answers_the_latest_counts_and_of_three_the_majority(studio, tmp_path):
    project, truth = create_text_project(studio, maximum_annotations=2)
    first, second, third = members(studio)
    one, other = sorted(set(truth.values()))[:2]
    with bridge_of(studio, project, tmp_path / "s") as bridge:

        def label_of(task):
            bridge.sync()
            return bridge.session.sample(str(task)).label

        bridge.sync(wait=True)
        task = studio.next(project, first)["id"]
        annotation = studio.annotate(task, one, token=first)
        assert label_of(task) == one
        # The begun task first.
        assert studio.next(project, second)["id"] == task
        studio.annotate(task, other, token=second)
        assert label_of(task) == other
        assert studio.next(project, third)["id"] != task
        studio.update(annotation, one)
        assert label_of(task) == one
        # By hand, beyond the overlap.
        studio.annotate(task, other, token=third)
        assert label_of(task) == other


def test_members_who_open_a_task_and_leave_take_none_from_others(studio, text_project, tmp_path):
    project, truth = text_project
    tokens = members(studio, 10)
    [worker] = members(studio, 1)

    def work(n, after=lambda: None):
        for _ in range(n):
            task = studio.next(project, worker)["id"]
            studio.annotate(task, truth[task], token=worker)
            after()

    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        opened = [studio.next(project, token)["id"] for token in tokens]
        assert len(set(opened)) == len(tokens)
        work(12, bridge.sync)
        bridge._release()
        # Without the bridge.
        work(30)
    assert [studio.next(project, token)["id"] for token in tokens] == opened


@pytest.mark.parametrize("show", [False, True])
def test_a_task_is_submitted_with_the_prediction_of_an_earlier_queue(
    show, studio, text_project, tmp_path
):
    project, truth = text_project
    with bridge_of(studio, project, tmp_path / "s", show_guesses=show) as bridge:
        bridge.sync(wait=True)
        first = studio.next(project)["id"]
        # As the data manager does, which opens a task with its predictions.
        [prediction] = studio.call("GET", f"/api/predictions/?task={first}")
        for task in list(truth)[:6]:
            if task != first:
                studio.annotate(task, truth[task])
                bridge.sync()
        body = {"result": result(truth[first], "sample"), "parent_prediction": prediction["id"]}
        studio.call("POST", f"/api/tasks/{first}/annotations/", body)
        bridge.sync()
        assert bridge.session.sample(str(first)).label == truth[first]


def test_a_personal_access_token_is_exchanged_and_in_no_file(studio, text_project, tmp_path):
    project, truth = text_project
    personal = studio.call("POST", "/api/token/", {}, token=studio.sign_up(next_email()))["token"]
    with bridge_of(studio, project, tmp_path / "s", token=personal) as bridge:
        bridge.sync(wait=True)
        task = studio.next(project)["id"]
        studio.annotate(task, truth[task])
        # Access has ended, as it does after five minutes.
        refused = bridge._client._access[0][:-4] + "AAAA"
        bridge._client._access = (refused, math.inf)
        bridge.sync()
        assert labels_of(bridge.session) == {str(task): truth[task]}
        assert bridge._client._access[0] != refused
    secrets = [personal.encode(), refused[:-4].encode()]
    files = [path for path in (tmp_path / "s").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files for one in secrets if one in path.read_bytes()]
