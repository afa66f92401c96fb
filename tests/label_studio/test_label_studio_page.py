"""An annotator in a browser, on Label Studio's own page, with the bridge as a process beside it."""

import pytest
from label_studio_page import LabelStream, logged_in
from label_studio_projects import bridge_command, bridge_of, labels_of, plain_session
from page_server import opened_browser

N_KNOWN, N_SHOWN, AHEAD = 20, 6, 8


@pytest.fixture(scope="module")
def browser():
    pytest.importorskip("playwright.sync_api", reason="the page needs Playwright and Chromium")
    with opened_browser() as browser:
        yield browser


@pytest.mark.parametrize("options", [(), ("--show-guesses",)])
def test_the_page_shows_the_tasks_and_guesses_of_a_plain_session(
    options, studio, browser, photo_project, tmp_path
):
    project, truth = photo_project
    for task in list(truth)[:N_KNOWN]:
        studio.annotate(task, truth[task])
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        with plain_session(bridge, tmp_path / "plain") as plain:
            bridge.close()
            for task in list(truth)[:N_KNOWN]:
                plain.answer(str(task), truth[task])
            with (
                bridge_command(studio, project, tmp_path / "s", "--poll", "1", *options) as command,
                logged_in(browser, studio) as page,
            ):
                label_by_page(studio, project, page, command, plain, truth, bool(options))
            expected = labels_of(plain)
    with bridge_of(studio, project, tmp_path / "s") as bridge:
        bridge.sync(wait=True)
        assert labels_of(bridge.session) == expected
        assert len(expected) == N_KNOWN + N_SHOWN


def label_by_page(studio, project, page, command, plain, truth, has_guesses):
    """Label by clicks, and compare each task with the session that knew the answers before."""
    queue, guesses = learnt(command, plain)
    stream = LabelStream(page, studio, project)
    answered = None
    for _ in range(N_SHOWN):
        task = stream.task
        # The page asks for its next task at the moment of the answer, which is learnt after that.
        assert task == next(one for one in queue if one != answered)
        assert stream.chosen == ([guesses[task]] if has_guesses else [])
        if answered is not None:
            plain.answer(str(answered), truth[answered])
            queue, guesses = learnt(command, plain)
        if stream.chosen != [truth[task]]:
            stream.choose(truth[task])
        stream.submit()
        answered = task
    plain.answer(str(answered), truth[answered])


def learnt(command, plain):
    """Wait until the queue of the bridge is that of a session; return it, and the guesses."""
    queue = [int(one.id) for one in plain.next(AHEAD)]
    n = len(labels_of(plain))
    command.find(rf"{n} labels of .* Next tasks: {', '.join(map(str, queue[:3]))}, …")
    return queue, {int(name): label for name, (label, _) in plain.predictions().items()}
