"""A store of embeddings equals a dict, also after damage to its file and crashes of processes."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from skactive.embedding import _sqlite_file, _sqlite_store
from skactive.embedding._cached_embeddings import cached_embeddings
from skactive.embedding._sqlite_file import PAGE_SIZE
from skactive.embedding._sqlite_store import SQLiteStore

N_VECTORS = 300
N_FEATURES = 96


def key_of(number):
    return b"key %16d" % number


def vector_of(number, n_features=N_FEATURES):
    return np.random.default_rng(number).standard_normal(n_features).astype(np.float32)


NUMBERS = range(N_VECTORS)
KEYS = [key_of(number) for number in NUMBERS]
VECTORS = np.stack([vector_of(number) for number in NUMBERS])


def filled(location, numbers=NUMBERS, step=100):
    """Write vectors in several transactions; return the file."""
    with SQLiteStore(location) as store:
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            assert store.put([key_of(n) for n in some], np.stack([vector_of(n) for n in some]))
    return Path(location) / "vectors-1.sqlite3"


def found(location, numbers=NUMBERS):
    """Return the numbers whose vectors are stored, all of which must be correct."""
    with SQLiteStore(location) as store:
        vectors = store.get([key_of(number) for number in numbers])
    present = [number for number in numbers if key_of(number) in vectors]
    for number in present:
        np.testing.assert_array_equal(vectors[key_of(number)], vector_of(number), strict=True)
    return present


PREAMBLE = "import signal, time\nfrom test_embedding_store import *"


def python(code, *arguments, **options):
    program = f"{PREAMBLE}\n{textwrap.dedent(code)}"
    path = os.pathsep.join(map(str, [Path(__file__).parent, Path(__file__).parents[1]]))
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def finished(process):
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors


def forked(work, *arguments):
    """Start a process that calls a function; return its id."""
    if (child := os.fork()) > 0:
        return child
    status = 1
    try:
        work(*arguments)
        status = 0
    except Exception:
        traceback.print_exc()
        raise
    finally:
        os._exit(status)


def at_once(work, arguments):
    """Call a function in a process for each argument, at the same time."""
    for child in [forked(work, argument) for argument in arguments]:
        assert os.waitpid(child, 0)[1] == 0


posix = pytest.mark.skipif(os.name != "posix", reason="rights, limits and signals of POSIX")


class StoreAsDict(RuleBasedStateMachine):
    """A store, reopened at any time, compared with a dict."""

    @initialize()
    def begin(self):
        self.location = Path(os.environ["PYTEST_STORE"])
        shutil.rmtree(self.location, ignore_errors=True)
        self.store = SQLiteStore(self.location)
        self.known = {}

    keys = st.integers(0, 12).map(key_of)
    dtypes = st.sampled_from(["<f2", "<f4", "<f8", ">f4", "|i1", "<i8", "|b1", "<u4"])

    @rule(chosen=st.lists(keys, unique=True, max_size=6), dtype=dtypes, data=st.data())
    def write(self, chosen, dtype, data):
        shape = (len(chosen), data.draw(st.integers(1, 5)))
        vectors = data.draw(hnp.arrays(dtype, shape))
        assert self.store.put(chosen, vectors)
        self.known.update(zip(chosen, vectors, strict=True))

    @rule(chosen=st.lists(keys))
    def read(self, chosen):
        vectors = self.store.get(chosen)
        assert set(vectors) == set(chosen) & set(self.known)
        for key, vector in vectors.items():
            assert vector.dtype == self.known[key].dtype
            assert vector.tobytes() == self.known[key].tobytes()

    @rule()
    def reopen(self):
        self.store.close()
        self.store = SQLiteStore(self.location)

    @rule(key=keys, vector=hnp.arrays(np.float32, 3))
    def write_from_elsewhere(self, key, vector):
        with SQLiteStore(self.location) as other:
            other.put([key], vector[np.newaxis])
        self.known[key] = vector

    @invariant()
    def one_file(self):
        if hasattr(self, "location"):
            assert not (self.location / "vectors-2.sqlite3").exists()

    def teardown(self):
        if hasattr(self, "store"):
            self.store.close()


def test_a_store_equals_a_dict(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_STORE", str(tmp_path / "store"))
    case = StoreAsDict.TestCase
    case.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
    case().runTest()


def test_more_keys_than_one_statement_takes_are_read(tmp_path):
    numbers = range(3 * _sqlite_file.KEYS_AT_ONCE + 1)
    filled(tmp_path, numbers, step=10_000)
    assert found(tmp_path, numbers) == list(numbers)


def test_long_vectors_are_kept_over_many_pages(tmp_path):
    vectors = np.random.default_rng(0).standard_normal((3, 50_000))
    with SQLiteStore(tmp_path) as store:
        store.put(KEYS[:3], vectors)
        np.testing.assert_array_equal(list(store.get(KEYS[:3]).values()), vectors)


def test_the_newest_vector_of_a_key_is_the_one(tmp_path):
    with SQLiteStore(tmp_path) as store:
        store.put(KEYS[:1], np.zeros((1, 4)))
        store.put(KEYS[:1], np.ones((1, 2), dtype=np.float16))
        assert store.get(KEYS[:1])[KEYS[0]].tolist() == [1, 1]


@pytest.mark.parametrize("vectors", [np.zeros(3), np.zeros((1, 2, 2)), np.array([["a"]])])
def test_an_array_that_is_not_of_vectors_raises(tmp_path, vectors):
    with (
        SQLiteStore(tmp_path) as store,
        pytest.raises(TypeError, match=r"2-dimensional array of real numbers\. Got an array of"),
    ):
        store.put(KEYS[:1], vectors)


def test_a_write_of_which_a_part_fails_leaves_nothing(tmp_path):
    with SQLiteStore(tmp_path) as store:
        with pytest.raises(ValueError, match="zip"):
            store.put(KEYS[:3], VECTORS[:2])
        assert store.get(KEYS) == {}
        assert store.put(KEYS[:2], VECTORS[:2])
    assert found(tmp_path) == [0, 1]


# Places ---------------------------------------------------------------------------------------


def test_a_folder_is_made_with_all_above_it(tmp_path):
    filled(tmp_path / "a" / "b c?#%é")
    assert found(tmp_path / "a" / "b c?#%é") == list(NUMBERS)


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_place_of_a_folder_is_an_error_before_anything_is_embedded(tmp_path, place):
    (tmp_path / "file").write_text("text")
    with pytest.raises(
        NotADirectoryError, match=r"stored in a folder, but .*file.* Hint: choose an"
    ):
        cached_embeddings(tmp_path / place, 1, key_of, pytest.fail, label="", progress=False)


AS_NOBODY = """
    if os.getuid() == 0:
        os.setuid(65534)
    location = Path(sys.argv[1])
"""


@pytest.fixture
def readable_by_all():
    """A folder that the user `nobody` can read: `tmp_path` is readable by its owner only."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@posix
def test_a_read_only_store_is_read_and_warns_once_that_nothing_is_stored(readable_by_all):
    location = readable_by_all / "store"
    filled(location, range(10))
    for path in location.iterdir():
        path.chmod(0o444)
    location.chmod(0o555)
    code = """
    assert found(location) == list(range(10))
    def compute(positions):
        return np.stack([vector_of(position) for position in positions])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = cached_embeddings(
            location, 40, key_of, compute, label="", progress=False, block_size=10
        )
    assert (vectors == VECTORS[:40]).all()
    [warning] = caught
    assert warning.category is RuntimeWarning
    assert "cannot be written: it is read-only. Embeddings that" in str(warning.message)
    assert found(location) == list(range(10))
    """
    finished(python(AS_NOBODY + code, location))


@posix
def test_a_folder_that_cannot_be_created_or_written_raises_at_once(readable_by_all):
    location = readable_by_all / "store"
    location.mkdir()
    location.chmod(0o555)
    code = """
    import pytest
    with pytest.raises(PermissionError, match="folder .*store, in which .* is read-only. Hint: "):
        SQLiteStore(location)
    with pytest.raises(PermissionError, match="below, in which .* cannot be created: Permission"):
        SQLiteStore(location / "below")
    """
    finished(python(AS_NOBODY + code, location))


@posix
def test_a_full_disk_costs_a_warning_and_nothing_that_was_stored(tmp_path):
    filled(tmp_path, range(50))
    code = """
    import resource
    location = Path(sys.argv[1])
    size = (location / "vectors-1.sqlite3").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8_192, -1))
    requested = []
    def compute(positions):
        requested.extend(positions.tolist())
        return np.stack([vector_of(position) for position in positions])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = cached_embeddings(
            location, 600, lambda n: key_of(n % 300), lambda p: compute(p % 300), label="",
            progress=False, block_size=100,
        )
    assert (vectors == VECTORS[np.arange(600) % 300]).all()
    assert sorted(requested) == list(range(50, 300)), "each once, although nothing could be stored"
    [warning] = caught
    assert "cannot be written: " in str(warning.message), warning
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    assert set(found(location)) >= set(range(50))
    """
    finished(python(code, tmp_path))
    assert set(found(tmp_path)) >= set(range(50))
    filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)


@posix
def test_a_disk_too_full_for_the_first_vector_costs_a_warning(tmp_path):
    code = """
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, -1))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        vectors = cached_embeddings(
            sys.argv[1], 300, key_of, VECTORS.__getitem__, label="", progress=False
        )
    assert (vectors == VECTORS).all()
    assert len(caught) == 1, caught
    """
    finished(python(code, tmp_path))
    filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)


def test_a_folder_removed_in_the_middle_costs_a_warning(tmp_path):
    location = tmp_path / "store"

    def compute(positions):
        shutil.rmtree(location, ignore_errors=True)
        return VECTORS[positions]

    with pytest.warns(RuntimeWarning, match="cannot be written: "):
        vectors = cached_embeddings(
            location, N_VECTORS, key_of, compute, label="", progress=False, block_size=100
        )
    np.testing.assert_array_equal(vectors, VECTORS)


# Damage ---------------------------------------------------------------------------------------


def with_warnings(call, *arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*arguments)
    assert all(warning.category is RuntimeWarning for warning in caught)
    return result, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bytes_anywhere_give_no_wrong_vector_and_no_error(tmp_path, seed):
    rng = np.random.default_rng(seed)
    file = filled(tmp_path)
    content = np.fromfile(file, dtype=np.uint8)
    # Headers and the schema are few bytes of many: half of the flips are aimed at them.
    few = np.concatenate(
        [np.arange(start, start + 120) for start in range(0, len(content), PAGE_SIZE)]
        + [np.arange(PAGE_SIZE - 400, PAGE_SIZE)]
    )
    aimed = rng.choice(few, seed % 4)
    chosen = np.concatenate([aimed, rng.integers(len(content), size=1 + seed % 7)])
    content[chosen] ^= rng.integers(1, 256, size=len(chosen), dtype=np.uint8)
    content.tofile(file)
    _, messages = with_warnings(found, tmp_path)
    _, more = with_warnings(filled, tmp_path)
    assert len(messages + more) <= 1
    assert found(tmp_path) == list(NUMBERS)


@pytest.mark.parametrize("place", [0, 16, 17, 18, 19, 20, 24, 28, 33, 44, 52, 56, 60, 63, 92, 96])
@pytest.mark.parametrize("bits", [1, 255])
def test_a_damaged_header_gives_no_wrong_vector_and_no_error(tmp_path, place, bits):
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[place] ^= bits
    file.write_bytes(content)
    with_warnings(found, tmp_path)
    with_warnings(filled, tmp_path, range(N_VECTORS + 20))
    assert with_warnings(found, tmp_path, range(N_VECTORS + 20))[0] == list(range(N_VECTORS + 20))


def test_a_damaged_file_is_set_aside_unchanged_and_one_warning_names_it(tmp_path):
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[4 * PAGE_SIZE : 5 * PAGE_SIZE] = bytes(PAGE_SIZE)
    file.write_bytes(content)
    with pytest.warns(RuntimeWarning) as caught:
        assert found(tmp_path) == []
    [message] = [str(warning.message) for warning in caught]
    assert message == (
        f"{file} is damaged: it is set aside, and its embeddings are computed again and stored in "
        "vectors-2.sqlite3. Hint: the damaged file can be deleted."
    )
    assert caught[0].filename == __file__
    assert file.read_bytes() == bytes(content)
    filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)
    assert file.read_bytes() == bytes(content)
    file.unlink()
    assert found(tmp_path) == list(NUMBERS)


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file_costs_one_warning(tmp_path, share):
    file = filled(tmp_path)
    os.truncate(file, int(file.stat().st_size * share))
    _, messages = with_warnings(found, tmp_path)
    _, more = with_warnings(filled, tmp_path)
    assert len(messages + more) <= 1
    assert found(tmp_path) == list(NUMBERS)


@pytest.mark.parametrize("garbage", [b"no database", b"\0" * 100_000, b"SQLite format 3\0" * 9_999])
def test_a_file_of_something_else_is_left_unchanged(tmp_path, garbage):
    file = tmp_path / "vectors-1.sqlite3"
    file.write_bytes(garbage)
    with pytest.warns(RuntimeWarning, match="is damaged: it is set aside"):
        assert found(tmp_path) == []
    assert file.read_bytes() == garbage
    filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)


def test_a_file_that_cannot_be_read_is_closed(tmp_path, monkeypatch):
    connections = []

    def connect(*arguments, **options):
        connections.append(sqlite3.Connection(*arguments, **options))
        return connections[-1]

    file = tmp_path / "vectors-1.sqlite3"
    file.write_bytes(b"x" * PAGE_SIZE)
    monkeypatch.setattr(_sqlite_file.sqlite3, "connect", connect)
    with pytest.raises(sqlite3.DatabaseError):
        _sqlite_file.SQLiteFile(file, read_only=True)
    for connection in connections:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")
    assert connections


def test_a_database_of_something_else_is_left_unchanged(tmp_path):
    file = tmp_path / "vectors-1.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE vectors (key, value)")
    connection.close()
    content = file.read_bytes()
    with pytest.warns(RuntimeWarning, match="is damaged: it is set aside"):
        filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)
    assert file.read_bytes() == content


def test_a_log_left_by_another_file_gives_no_wrong_vector(tmp_path):
    """A backup is restored beside the log of a later version of the file."""
    location = tmp_path / "store"
    filled(location, range(100))
    shutil.copy(location / "vectors-1.sqlite3", tmp_path / "backup")
    with SQLiteStore(location) as store:
        store.put(KEYS[100:], VECTORS[100:])
        shutil.copy(location / "vectors-1.sqlite3-wal", tmp_path / "log")
    shutil.rmtree(location)
    other = tmp_path / "other"
    filled(other, range(200, 260), step=7)
    location.mkdir()
    for file in [tmp_path / "backup", other / "vectors-1.sqlite3"]:
        shutil.copy(file, location / "vectors-1.sqlite3")
        shutil.copy(tmp_path / "log", location / "vectors-1.sqlite3-wal")
        with_warnings(found, location)
        with_warnings(filled, location)
        assert with_warnings(found, location)[0] == list(NUMBERS)
        shutil.rmtree(location)
        location.mkdir()


def test_a_damaged_log_gives_no_wrong_vector(tmp_path):
    with SQLiteStore(tmp_path / "store") as store:
        store.put(KEYS, VECTORS)
        for path in (tmp_path / "store").iterdir():
            shutil.copy(path, tmp_path)
    log = tmp_path / "vectors-1.sqlite3-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 1
    log.write_bytes(content)
    (tmp_path / "vectors-1.sqlite3-shm").unlink()
    with_warnings(found, tmp_path)
    with_warnings(filled, tmp_path)
    assert with_warnings(found, tmp_path)[0] == list(NUMBERS)


def test_damage_to_a_record_alone_makes_a_miss_and_no_warning(tmp_path):
    file = filled(tmp_path)
    content = file.read_bytes()
    assert content.count(VECTORS[7].tobytes()) == 1
    file.write_bytes(content.replace(VECTORS[7].tobytes(), VECTORS[8].tobytes()))
    assert found(tmp_path) == [number for number in NUMBERS if number != 7]
    filled(tmp_path, [7])
    assert found(tmp_path) == list(NUMBERS)


def test_a_store_follows_another_process_to_the_new_file(tmp_path):
    """A store that has not noticed the damage writes its next vectors to the new file as well."""
    file = filled(tmp_path, range(100))
    with SQLiteStore(tmp_path) as unaware:
        assert len(unaware.get(KEYS)) == 100
        (tmp_path / "vectors-2.sqlite3").touch()
        assert unaware.put(KEYS[100:], VECTORS[100:])
    file.unlink()
    assert found(tmp_path) == list(range(100, N_VECTORS))


def test_a_process_that_dies_when_it_has_set_a_file_aside_leaves_a_store(tmp_path, monkeypatch):
    file = filled(tmp_path)
    file.write_bytes(file.read_bytes()[: 6 * PAGE_SIZE])

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_sqlite_store, "warn_user", interrupted)
        with pytest.raises(KeyboardInterrupt):
            SQLiteStore(tmp_path)
    filled(tmp_path)
    assert found(tmp_path) == list(NUMBERS)


@posix
def test_several_processes_that_find_damage_at_once_lose_nothing_they_write(tmp_path):
    file = filled(tmp_path)
    content = bytearray(file.read_bytes())
    content[18] ^= 255
    file.write_bytes(content)
    code = """
    location = sys.argv[1]
    def write(number):
        some = range(1000 + 100 * number, 1100 + 100 * number)
        filled(location, some, step=10)
        assert found(location, some) == list(some)
    warnings.simplefilter("ignore")
    at_once(write, range(4))
    """
    finished(python(code, tmp_path))
    assert found(tmp_path, range(1000, 1400)) == list(range(1000, 1400))
    assert not (tmp_path / "vectors-3.sqlite3").exists()


def test_a_disk_that_damages_every_file_costs_two_warnings(tmp_path, monkeypatch):
    def damaged(*arguments):
        raise sqlite3.DatabaseError("database disk image is malformed")

    monkeypatch.setattr(_sqlite_file.SQLiteFile, "put", damaged)
    with pytest.warns(RuntimeWarning) as caught:
        vectors = cached_embeddings(
            tmp_path, N_VECTORS, key_of, VECTORS.__getitem__, label="", progress=False
        )
    np.testing.assert_array_equal(vectors, VECTORS)
    assert [str(warning.message).partition(": ")[0] for warning in caught] == [
        f"{tmp_path / 'vectors-1.sqlite3'} is damaged",
        f"The embeddings in {tmp_path} cannot be written",
    ]


# Processes and threads --------------------------------------------------------------------------


@posix
def test_processes_writing_at_once_lose_nothing(tmp_path):
    code = """
    def write(place):
        location, first = place
        filled(location, range(first, first + 200), step=10)
        assert found(location, range(first, first + 200)) == list(range(first, first + 200))
    for number in range(10):
        location = Path(sys.argv[1], str(number))
        if number % 2:
            filled(location, range(50))
        at_once(write, [(location, first) for first in (0, 100, 200)])
        assert found(location, range(400)) == list(range(400))
    """
    finished(python(code, tmp_path))


@posix
def test_a_process_killed_in_the_middle_of_writing_loses_nothing_it_has_acknowledged(tmp_path):
    code = """
    location = sys.argv[1]
    def write(number, pipe):
        with SQLiteStore(location) as store:
            while True:
                some = range(number, number + 5)
                assert store.put([key_of(n) for n in some], np.stack(list(map(vector_of, some))))
                number += 5
                os.write(pipe, b"%d " % number)
    done = 0
    for attempt in range(12):
        reading, writing = os.pipe()
        child = forked(write, done, writing)
        os.close(writing)
        acknowledged = os.read(reading, 8)
        time.sleep(0.0137 * attempt)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        acknowledged += os.read(reading, 1_000_000)
        os.close(reading)
        done = int(acknowledged.split()[-1])
        assert found(location, range(done)) == list(range(done))
    filled(location, range(done, done + 50))
    assert found(location, range(done + 50)) == list(range(done + 50))
    """
    finished(python(code, tmp_path))


def test_threads_writing_at_once_lose_nothing(tmp_path):
    parts = [range(start, start + 60) for start in range(0, 240, 60)]
    threads = [threading.Thread(target=filled, args=(tmp_path, part, 5)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found(tmp_path, range(240)) == list(range(240))
