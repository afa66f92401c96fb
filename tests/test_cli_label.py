"""`skactive label`: its options, its errors, and the address of the page."""

import json
import os
import re
import socket
import stat
import subprocess
import sys

import pytest

from skactive.cli import main
from skactive.labeling import LabelingSession

pytest.importorskip("starlette")
uvicorn = pytest.importorskip("uvicorn")

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - nothing is served


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "texts.txt").write_text("one text\nanother text\nand a third\n")
    return tmp_path


@pytest.fixture
def served(monkeypatch):
    """Listening addresses of servers, which end at once as by Ctrl-C."""
    addresses = []

    def run(server, sockets):
        addresses.append(sockets[0].getsockname()[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    return addresses


def label(*arguments):
    return main(["label", *arguments, "--no-browser"])


def error_of(capsys, *arguments):
    """Return the error of a command: one sentence, without a traceback."""
    assert label(*arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    [line] = output.err.splitlines()
    return line.removeprefix("skactive: error: ")


def address_of(capsys):
    [address] = re.findall(r"http://\S+", capsys.readouterr().out)
    return address


def page_file(folder):
    return folder / "texts.txt.session" / "page.json"


def test_a_session_has_the_same_address_at_each_start(served, capsys, folder):
    assert label("texts.txt") == 0
    address = address_of(capsys)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{40,}", address)
    assert label("texts.txt") == 0
    assert address_of(capsys) == address
    assert [f"http://{host}:{port}/" for host, port in served] == [address.partition("#")[0]] * 2
    if os.name == "posix":
        path = page_file(folder)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"port": "x"}',
        '{"port": 8123, "token": 5}',
        '{"port": 8123, "token": ""}',
        '{"port": 8123, "token": "a"}',
        json.dumps({"port": 8123, "token": "x" * 42}),
        json.dumps({"port": 8123, "token": "x" * 42 + "\n"}),
        json.dumps({"port": 8123, "token": "x" * 43 + "\n"}),
        json.dumps({"port": 8123, "token": "ü" * 43}),
    ],
)
def test_a_damaged_address_is_replaced(content, served, capsys, folder):
    assert label("texts.txt") == 0
    first = address_of(capsys)
    path = page_file(folder)
    path.chmod(0o600)
    path.write_text(content)
    assert label("texts.txt") == 0
    second = address_of(capsys).partition("#")[2]
    assert second != first.partition("#")[2]
    assert re.fullmatch(r"[\w-]{43}", second)


def made_a_pipe(path, monkeypatch):
    path.unlink()
    os.mkfifo(path)


def made_a_link(path, monkeypatch):
    path.rename(path.with_name("other.json"))
    path.symlink_to("other.json")


def made_a_folder(path, monkeypatch):
    path.unlink()
    path.mkdir()


def made_readable(path, monkeypatch):
    path.chmod(0o640)


def made_writable(path, monkeypatch):
    path.chmod(0o602)


def made_of_another_user(path, monkeypatch):
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)


@pytest.mark.skipif(os.name != "posix", reason="modes and owners of files are those of POSIX")
@pytest.mark.parametrize(
    "change",
    [
        made_a_pipe,
        made_a_link,
        made_a_folder,
        made_readable,
        made_writable,
        made_of_another_user,
    ],
)
def test_an_address_that_others_may_know_is_replaced(change, served, capsys, folder, monkeypatch):
    assert label("texts.txt") == 0
    first = address_of(capsys)
    path = page_file(folder)
    change(path, monkeypatch)
    assert label("texts.txt") == 0
    second = address_of(capsys)
    assert second.partition("#")[2] != first.partition("#")[2]
    monkeypatch.undo()
    if change is not made_a_folder:
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600
        assert json.loads(path.read_text())["token"] == second.partition("#")[2]


def test_a_port_in_use_leaves_no_new_folder_and_an_old_one_as_it_was(served, capsys, folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert "already in use" in error_of(capsys, "texts.txt", "--port", port)
        assert [path.name for path in folder.iterdir()] == ["texts.txt"]
        assert label("texts.txt") == 0
        capsys.readouterr()
        kept = page_file(folder).parent
        before = {path.name: path.read_bytes() for path in kept.iterdir() if path.is_file()}
        assert "already in use" in error_of(capsys, "texts.txt", "--port", port)
        assert {path.name: path.read_bytes() for path in kept.iterdir() if path.is_file()} == before


def test_another_port_is_taken_unless_one_was_asked_for(served, capsys, folder):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"port {port}: Address already in use" in error_of(
            capsys, "texts.txt", "--port", str(port)
        )
        saved = {"port": port, "token": "x" * 43}
        page_file(folder).parent.mkdir()
        page_file(folder).write_text(json.dumps(saved))
        page_file(folder).chmod(0o600)
        assert label("texts.txt") == 0
        [(_, chosen)] = served
        assert chosen != port
        assert address_of(capsys).endswith(f":{chosen}/#{saved['token']}")


def test_other_machines_reach_the_page_only_if_that_is_allowed(served, capsys):
    sentence = error_of(capsys, "texts.txt", "--host", EVERY_ADDRESS)
    assert "the connection is not encrypted" in sentence
    assert "--allow-network" in sentence
    assert label("texts.txt", "--host", EVERY_ADDRESS, "--allow-network") == 0
    output = capsys.readouterr()
    assert "warning: Other machines can reach a page on" in output.err
    assert served[0][0] == EVERY_ADDRESS
    assert label("texts.txt", "--allow-network") == 0
    assert capsys.readouterr().err == ""
    assert served[1][0] == "127.0.0.1"


def test_the_browser_gets_an_address_for_once(served, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    assert main(["label", "texts.txt"]) == 0
    address = address_of(capsys)
    [once] = opened
    assert once.partition("#")[0] == address.partition("#")[0]
    assert once != address


def test_the_demo_needs_nothing_and_keeps_nothing_unless_asked(served, capsys, folder):
    assert label("--demo") == 0
    assert "the answers of the demonstration are not kept" in capsys.readouterr().out
    assert label("--demo", "--session", "digits") == 0
    assert "No label was given" in capsys.readouterr().out
    with LabelingSession.open("digits") as session:
        session.answer(session.next()[0].id, "7")
    assert label("--demo", "--session", "digits") == 0
    assert "1 label in " in capsys.readouterr().out
    with LabelingSession.open("digits") as session:
        assert len(session) == 1797
        assert session.classes == list("0123456789")
        assert session.picture(session.samples()[0].id).shape == (8, 8)


ROWS = [f"where is {n}?,photos/{n}.png,{'place' if n % 2 else 'person'}" for n in range(8)]


@pytest.mark.parametrize(
    ("columns", "rows", "options", "sentence"),
    [
        (
            "question,file,label",
            [*ROWS[:4], "who?,a.png,", "when?,b.png,"],
            [],
            "Texts: column 'question'; labels: column 'label', 4 of 6 rows.",
        ),
        (
            "question,file,kind",
            ROWS,
            [],
            (
                "Texts: column 'question'; no labels. Hint: column 'kind' has 2 different values; "
                "if these are labels, name it with --label-column 'kind'."
            ),
        ),
        (
            "question,file,kind",
            ROWS,
            ["--text-column", "file", "--label-column", "kind"],
            "Images: column 'file'; labels: column 'kind', 8 of 8 rows.",
        ),
        # Neither names nor a single value are classes, nor is what is used.
        ("a,text", ["x,one", "x,two", "x,two", "x,two"], [], "Texts: column 'text'; no labels."),
        (
            "kind,file,name",
            ROWS,
            ["--text-column", "kind", "--id-column", "file"],
            "Texts: column 'kind'; no labels. Hint: column 'name' has 2",
        ),
    ],
)
def test_the_columns_of_a_table_are_named(columns, rows, options, sentence, served, capsys, folder):
    (folder / "table.csv").write_text("\n".join([columns, *rows]))
    assert label("table.csv", *options) == 0
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith(sentence)
    assert first == sentence or "Hint" in first
    assert others[0] == "Label table.csv in the browser:"
    assert label("texts.txt") == 0
    assert capsys.readouterr().out.startswith("Label texts.txt in the browser:")


def test_options_of_the_session(served, capsys, folder):
    (folder / "table.csv").write_text("name,question,kind\na,who?,person\nb,where?,\n")
    columns = ["--text-column", "question", "--label-column", "kind", "--id-column", "name"]
    assert label("table.csv", *columns, "--classes", "place, person", "--session", "s") == 0
    with LabelingSession.open("s") as session:
        assert session.classes == ["place", "person"]
        assert [(one.id, one.value, one.label) for one in session.samples()] == [
            ("a", "who?", "person"),
            ("b", "where?", None),
        ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "There is no SOURCE."),
        (["texts.txt", "--demo"], "--demo has its own samples."),
        (["nothing"], "nothing does not exist."),
        (["empty"], "empty contains no image"),
        (["texts.txt", "--text-column", "x"], "--text-column 'x' names a column of a table"),
        (["table.csv", "--text-column", "x"], "table.csv has no column 'x'."),
        (["texts.txt", "--classes", "a,,b"], "The name of a class is not blank."),
        (["texts.txt", "--port", "x"], "Argument --port: must be a whole number"),
        (["texts.txt", "--port", "70000"], "The page cannot listen on 127.0.0.1, port 70000"),
        (["texts.txt", "--host", "nowhere.invalid", "--allow-network"], "The page cannot listen"),
        (["texts.txt", "--host", EVERY_ADDRESS], "Other machines can reach a page on"),
        (["texts.txt", "--model", "nowhere"], "The model nowhere does not exist."),
        (["texts.txt", "--model", "file:///nowhere"], "The model /nowhere does not exist."),
        (["texts.txt", "--session", "table.csv"], "is a file, but the session is a folder."),
        (["texts.txt", "--session", "table.csv/x"], "table.csv/x cannot be used: Not a directory."),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_one_sentence_and_leave_no_folder(arguments, sentence, capsys, folder):
    (folder / "empty").mkdir()
    (folder / "table.csv").write_text("text\nx\n")
    before = set(folder.iterdir())
    assert sentence in error_of(capsys, *arguments)
    assert set(folder.iterdir()) == before


WRONG = [
    ["label"],
    ["label", "nowhere"],
    ["label", "page.json"],
    ["label", "texts.txt", "--demo"],
    ["label", "texts.txt", "--port", "x"],
    ["label", "texts.txt", "--port", "70000"],
    ["label", "texts.txt", "--host", EVERY_ADDRESS],
    ["label", "texts.txt", "--model", "nowhere"],
    ["label-studio", "http://localhost:1", "--project", "1", "--model", "nowhere"],
    ["status", "nowhere"],
    ["status", "."],
    ["status", "texts.txt"],
    ["export", "."],
    ["export", "session", "-o", "labels.xls"],
    ["export", "session", "-o", "nowhere/labels.csv"],
    ["export", "session", "-o", "folder.csv"],
    ["export", "session", "-o", "session"],
    ["predict", "session", "nowhere", "-o", "a.csv"],
    ["predict", "session", "page.json", "-o", "a.csv"],
    ["predict", "session", "texts.txt", "-o", "a.joblib"],
]


def test_wrong_arguments_are_found_before_anything_slow_is_loaded(folder):
    LabelingSession("texts.txt", "session").close()
    (folder / "page.json").touch()
    (folder / "folder.csv").mkdir()
    code = (
        "import json, sys\nfrom skactive.cli import main\n"
        "codes = [main(one) for one in json.loads(sys.argv[1])]\n"
        "print(codes, [name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, json.dumps(WRONG)], capture_output=True, text=True, check=True
    )
    assert found.stderr.count("skactive: error: ") == found.stderr.count("\n") == len(WRONG)
    assert found.stdout == f"{[2] * len(WRONG)} []\n"


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in which nobody can write: Linux")
@pytest.mark.parametrize("name", ["/sys/skactive.session", "/proc/skactive.session"])
def test_a_session_in_a_folder_that_cannot_be_written_is_one_sentence(name, capsys, folder):
    assert f"{name} cannot be used: " in error_of(capsys, "texts.txt", "--session", name)


def test_a_session_in_use_is_named_with_its_process(capsys):
    code = (
        "import sys\nfrom skactive.labeling import LabelingSession\n"
        "with LabelingSession('texts.txt'): print('open', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout.readline() == b"open\n"
    try:
        assert "texts.txt.session" in error_of(capsys, "texts.txt")
    finally:
        other.communicate()


@pytest.mark.parametrize("module", ["tensorflow", "tensorflow_hub"])
def test_without_tensorflow_a_model_is_refused_before_anything_is_created(
    module, monkeypatch, capsys, folder
):
    monkeypatch.setitem(sys.modules, module, None)
    sentence = error_of(capsys, "texts.txt", "--model", "https://example.com/model")
    assert "pip install 'skactive[hub]'" in sentence
    assert [path.name for path in folder.iterdir()] == ["texts.txt"]


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert label("texts.txt") == 2
    assert "pip install 'skactive[label]'" in capsys.readouterr().err
