"""Parts that fail, on a real cluster: the others are done, and the run can be gone on with."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from edge_cifar import Classifier
from edge_cifar.edge.bulk.bulk_run import BulkRun, begin_run
from edge_cifar.edge.bulk.engine import FAILURES, classify_parts
from edge_cifar.edge.bulk.listing import Listed
from edge_cifar.edge.bulk.ray_cluster import joined
from edge_cifar.edge.bulk.worker import Job
from edge_cifar.edge.errors import EdgeCifarError
from processes import readers

Begin = Callable[..., BulkRun]


@contextmanager
def killing_readers(pipe: Path) -> Iterator[set[int]]:
    """Within it every process that reads from a pipe is killed; the set has those that were."""
    killed: set[int] = set()
    ended = Event()

    def kill() -> None:
        while not ended.wait(0.02):
            for process in readers(pipe) - killed:
                os.kill(process, signal.SIGKILL)
                killed.add(process)

    thread = Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        ended.set()
        thread.join()


def test_a_part_that_kills_its_worker_each_time_fails_alone(
    begin: Begin, cat_or_dog: Classifier, cluster: str, photos: Path
) -> None:
    pipe = photos / "zzz.png"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)  # whoever reads waits for it
    run = begin()
    job = Job(cat_or_dog.model.path.read_bytes(), None, run, str(photos))
    with joined(cluster):
        words = (
            r"^1 of 2 parts failed, all others are finished; .* part 1, .* to .*/zzz\.png: its worker died each time"
        )
        with killing_readers(pipe) as killed, pytest.raises(EdgeCifarError, match=words):
            list(classify_parts(job, run.parts, 2, retries=2))
        assert len(killed) == 3
        assert run.finished() == {0}
        os.close(writer)
        pipe.unlink()
        pipe.write_bytes((photos / "001.png").read_bytes())
        (done,) = classify_parts(job, [1], 2, retries=0)
        assert (done.part, done.photos) == (1, 22)
        assert run.finished() == {0, 1}


def test_what_fails_part_after_part_stops_the_run(begin: Begin, cat_or_dog: Classifier, cluster: str) -> None:
    first = begin()
    photos = [Listed(f"{i:04}.png") for i in range(100 * (FAILURES + 5))]
    run = begin_run(type(first.folder)(f"{first.folder.url}-many"), first.asked, lambda: photos)
    wrong: float = "high"  # type: ignore[assignment] # a fault of ours, for once
    job = Job(cat_or_dog.model.path.read_bytes(), wrong, run, "/")
    words = rf"^{FAILURES} of {FAILURES + 5} parts failed, so the run was stopped; .* to .*\.png: TypeError: threshold"
    with joined(cluster), pytest.raises(EdgeCifarError, match=words):
        list(classify_parts(job, run.parts, 2))
    assert run.finished() == set()


def test_what_a_worker_says_of_its_storage_stops_the_run(begin: Begin, cat_or_dog: Classifier, cluster: str) -> None:
    run = begin()
    run.folder.remove(run.lists)
    job = Job(cat_or_dog.model.path.read_bytes(), None, run, "/")
    with (
        joined(cluster),
        pytest.raises(EdgeCifarError, match=r"^stopped: .*out/_lists-.*: not found; .*: --resume goes on$"),
    ):
        list(classify_parts(job, run.parts, 2))
