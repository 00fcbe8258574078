"""Ray at work: two machines, a store, workers and whole runs that are killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from edge_cifar.edge.bulk.store import open_store
from processes import readers, wait_for

PREDICT = [sys.executable, "-m", "edge_cifar.edge", "predict", "--engine", "ray", "--top", "2"]
PATIENCE = 240.0  # seconds for a worker to come up where much else is at work

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(small_model: Path) -> Iterator[Start]:
    """Start `edge-cifar predict --engine ray` with more arguments."""
    started = []

    def start(*arguments: str | Path) -> "subprocess.Popen[str]":
        command = [*PREDICT, "--model", str(small_model), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def rows(table: object) -> dict[str, tuple[object, ...]]:
    """Label, confidence and the rest of each row by the end of its path, errors without their words."""
    found = [{**each, "error": each["error"] is not None} for each in table.to_pylist()]  # type: ignore[attr-defined]
    return {each.pop("path").partition("photos/")[2]: tuple(map(str, each.values())) for each in found}


def local_table(small_model: Path, photos: Path, out: Path) -> object:
    command = [sys.executable, "-m", "edge_cifar.edge", "predict", photos, "--recursive", "--top", "2", "--out", out]
    subprocess.run([*map(str, command), "--model", str(small_model)], capture_output=True, check=False)
    return pq.read_table(out)


def test_two_machines_write_to_a_store_what_the_local_stream_writes(
    start: Start, cluster: str, archive: str, photos: Path, small_model: Path, tmp_path: Path
) -> None:
    out = archive.replace("photos/", "labels")
    run = start(archive, "--recursive", "--out", out, "--address", cluster)
    stdout, stderr = run.communicate(timeout=2 * PATIENCE)
    assert (run.returncode, stdout) == (1, ""), stderr
    assert stderr.count("\n") == 2, stderr
    plan, summary = stderr.splitlines()
    assert plan.startswith("2 parts of 100 photos, 2 workers of a core each (Ray on 2 machines, 2 cores)")
    assert summary.startswith("121 photos, ")
    assert summary.endswith(", errors 3")
    store, path = open_store(out)
    table = pq.read_table(path, filesystem=store)
    assert table.num_rows == 121
    expected = local_table(small_model, photos, tmp_path / "local.parquet")
    assert rows(table.drop_columns("bytes")) == rows(expected)
    again = start(archive, "--recursive", "--out", out, "--resume")  # which finds nothing to do, and starts no Ray
    _, stderr = again.communicate(timeout=PATIENCE)
    assert stderr == f"{out}: all 2 parts are finished\n"


@pytest.mark.slow
def test_killed_workers_and_runs_lose_and_double_nothing(
    start: Start, cluster: str, photos: Path, small_model: Path, tmp_path: Path
) -> None:
    """The last photo is a pipe: who reads it is in the midst of a part, for as long as we like."""
    pipe = photos / "zzz.png"
    os.mkfifo(pipe)
    writer = os.open(pipe, os.O_RDWR)
    arguments = (photos, "--recursive", "--out", tmp_path / "out")
    alone = start(*arguments)
    wait_for(lambda: readers(pipe) != set(), PATIENCE)
    os.kill(alone.pid, signal.SIGKILL)
    wait_for(lambda: readers(pipe) == set(), PATIENCE)  # its workers end with it
    run = start(*arguments, "--address", cluster, "--resume")
    wait_for(lambda: readers(pipe) != set(), PATIENCE)
    (worker,) = readers(pipe)
    os.kill(worker, signal.SIGKILL)
    wait_for(lambda: readers(pipe) - {worker} != set(), PATIENCE)  # another has begun the part anew
    os.write(writer, (photos / "001.png").read_bytes())
    os.close(writer)
    _, stderr = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1, stderr
    table = pq.read_table(tmp_path / "out")
    assert table.num_rows == 122
    pipe.unlink()
    found = rows(table.drop_columns("bytes"))
    assert found.pop("zzz.png") == found["001.png"]
    assert found == rows(local_table(small_model, photos, tmp_path / "local.parquet"))
