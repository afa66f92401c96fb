"""Images are read while the model runs, at most a few batches ahead."""

import threading
import tracemalloc
import weakref
from collections.abc import Sequence

import numpy as np
import pytest
from saved_models import write_image_model

from skactive.embedding import HubEmbedder, UnreadableSampleError

pytest.importorskip("tensorflow", reason="TensorFlow is not installed")

from skactive.embedding._hub_model import HubModel
from skactive.embedding._images import N_BATCHES_AHEAD

PATIENCE = 20  # seconds


class Pictures(Sequence):
    """Pictures that are created on access, and counted while they exist."""

    def __init__(self, n, side=8):
        self.n = n
        self.side = side
        self.requested = []
        self.threads = set()
        self.most_alive = 0
        self._alive = 0
        self._lock = threading.Lock()
        self._changed = threading.Condition()

    def __len__(self):
        return self.n

    def __getitem__(self, position):
        picture = np.full((self.side, self.side, 3), position % 256, np.uint8)
        with self._lock:
            self._alive += 1
            self.most_alive = max(self.most_alive, self._alive)
            self.threads.add(threading.current_thread())
        weakref.finalize(picture, self._gone)
        with self._changed:
            self.requested.append(position)
            self._changed.notify_all()
        return picture

    def _gone(self):
        with self._lock:
            self._alive -= 1

    def wait_until_asked(self, n):
        with self._changed:
            return self._changed.wait_for(lambda: len(self.requested) >= n, PATIENCE)


@pytest.fixture
def on_call(monkeypatch):
    """Call a function of the test whenever the model is called."""
    watchers = []
    call = HubModel.__call__

    def watched(model, batch):
        for watcher in watchers:
            watcher(batch)
        return call(model, batch)

    monkeypatch.setattr(HubModel, "__call__", watched)
    return watchers.append


def test_the_next_batches_are_read_while_the_model_works(image_model, on_call):
    pictures = Pictures(40)
    seen = []

    def look(batch):
        # The model waits here, while pictures of the next batches are read.
        n_before = sum(seen)
        seen.append(len(batch))
        ahead = min(40, n_before + (1 + N_BATCHES_AHEAD) * 4)
        assert pictures.wait_until_asked(ahead)
        assert len(pictures.requested) == ahead

    on_call(look)
    HubEmbedder(image_model, batch_size=4, n_jobs=2).transform(pictures)
    assert seen == [4] * 10
    assert threading.main_thread() not in pictures.threads


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_n_jobs_threads_read(image_model, monkeypatch, n_jobs):
    together = threading.Barrier(n_jobs)

    class Meeting(Pictures):
        def __getitem__(self, position):
            together.wait(PATIENCE)
            return super().__getitem__(position)

    pictures = Meeting(12 * n_jobs)
    HubEmbedder(image_model, batch_size=6, n_jobs=n_jobs).transform(pictures)
    assert len(pictures.threads) == n_jobs


@pytest.mark.parametrize("side", [8, 11])
def test_memory_is_bounded_by_the_batch(image_model, side):
    pictures = Pictures(20_000, side)
    vectors = HubEmbedder(image_model, batch_size=16).transform(pictures)
    assert vectors.shape == (20_000, 6)
    assert sorted(pictures.requested) == list(range(20_000))
    assert pictures.most_alive <= (N_BATCHES_AHEAD + 2) * 16


def test_pixels_made_of_pictures_are_freed_with_their_batch(image_model, monkeypatch):
    from skactive.embedding import _images

    alive, counts = [0], []
    read = _images.read_pixels

    def counted(sample, form):
        pixels = read(sample, form)
        alive[0] += 1
        weakref.finalize(pixels, lambda: alive.__setitem__(0, alive[0] - 1))
        counts.append(alive[0])
        return pixels

    monkeypatch.setattr(_images, "read_pixels", counted)
    HubEmbedder(image_model, batch_size=16, n_jobs=1).transform(Pictures(2000, 11))
    assert len(counts) == 2000
    assert max(counts) <= (N_BATCHES_AHEAD + 2) * 16


def test_of_an_array_on_disk_a_few_batches_are_in_memory(written, tmp_path):
    embedder = HubEmbedder(written(write_image_model, size=(64, 64)), batch_size=5)
    pixels = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=(1000, 64, 64, 3))
    embedder.transform(pixels[:5])
    tracemalloc.start()
    try:
        embedder.transform(pixels)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < pixels.nbytes / 10


def readers():
    return [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]


def test_a_fault_stops_reading_and_leaves_no_thread_behind(image_model):
    class Faulty(Pictures):
        def __getitem__(self, position):
            return None if position == 5 else super().__getitem__(position)

    before = len(readers())
    pictures = Faulty(5000)
    with pytest.raises(UnreadableSampleError) as raised:
        HubEmbedder(image_model, batch_size=4).transform(pictures)
    # The error is kept, with all variables of its frames.
    assert raised.value.position == 5
    assert len(readers()) == before
    assert len(pictures.requested) <= (N_BATCHES_AHEAD + 2) * 4


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interruption_of_the_model_leaves_no_thread_behind(image_model, on_call, error):
    def interrupt(batch):
        raise error

    on_call(interrupt)
    before = len(readers())
    with pytest.raises(error):
        HubEmbedder(image_model, batch_size=4).transform(Pictures(5000))
    assert len(readers()) == before


def test_an_error_of_the_sequence_itself_is_the_users(image_model):
    class Broken(Pictures):
        def __getitem__(self, position):
            raise LookupError("no such row")

    before = len(readers())
    with pytest.raises(LookupError, match="no such row"):
        HubEmbedder(image_model).transform(Broken(100))
    assert len(readers()) == before


@pytest.mark.parametrize("cached", [False, True])
def test_long_work_shows_its_progress_on_request(text_model, image_model, tmp_path, capsys, cached):
    cache = tmp_path / "vectors" if cached else None
    for model, X in [(text_model, ["one", "two", "three"]), (image_model, Pictures(3))]:
        HubEmbedder(model, cache=cache, verbose=False).transform(X)
        output = capsys.readouterr()
        assert (output.out, output.err) == ("", "")
        HubEmbedder(model, cache=cache, verbose=True, batch_size=2).transform(X)
        output = capsys.readouterr()
        assert output.out == ""
        assert "embedding: 100%" in output.err
        assert "3/3" in output.err
