"""`torchrun` with a rendezvous, one of its workers killed: it starts both anew, and they go on from the checkpoint."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from dark_and_light import dark_and_light

PATIENCE = 240  # seconds, where much else is at work
EPOCHS = 40
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--max-restarts", "1"]
RENDEZVOUS = ["--rdzv-backend", "c10d", "--rdzv-endpoint", "127.0.0.1:0", "--rdzv-id", "killed"]


@pytest.mark.slow
def test_two_processes_of_which_one_is_killed_come_to_the_end(tmp_path: Path) -> None:
    dark_and_light(tmp_path / "photos")
    command = ["-m", "edge_cifar.train", "--data", "photos", "--net", "single", "--size", "8", "--augment", "none"]
    options = ["--epochs", str(EPOCHS), "--batch-size", "4", "--no-amp", "--device", "cpu", "--json", "--out", "run"]
    process = subprocess.Popen(
        [*TORCHRUN, *RENDEZVOUS, *command, *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Else the addresses of the first attempt may be found by the second: README, "Several GPUs or machines".
        env={**os.environ, "OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"},
    )
    rows = tmp_path / "run" / "metrics.jsonl"
    deadline = time.monotonic() + PATIENCE
    while not rows.exists() or rows.read_bytes().count(b"\n") < 3:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    first = rows.read_bytes().splitlines()[0]
    os.kill(_worker(process.pid, rank=1), signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["run"] == "run"
    lines = rows.read_bytes().splitlines()
    assert lines[0] == first  # with the seconds that it took then
    assert [json.loads(line)["epoch"] for line in lines] == list(range(1, EPOCHS + 1))


def _worker(torchrun: int, rank: int) -> int:
    """The child that has this rank."""
    children = [pid for each in Path(f"/proc/{torchrun}/task").glob("*/children") for pid in each.read_text().split()]
    for child in children:
        if f"RANK={rank}".encode() in Path(f"/proc/{child}/environ").read_bytes().split(b"\0"):
            return int(child)
    raise AssertionError(children)
