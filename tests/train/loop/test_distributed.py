"""Two processes on the CPU against one: the same batches, the same losses, one run folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from dark_and_light import dark_and_light

# A low rate, since training magnifies the last bits in which sums of two halves differ from sums of the whole.
OPTIONS = ("--data", "photos", "--net", "plain", "--size", "32", "--epochs", "2", "--batch-size", "10", "--lr", "0.01")
PLAIN = ("--no-amp", "--device", "cpu", "--json")


def _losses(folder: Path) -> list[float]:
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [row[name] for row in rows for name in ("train_loss", "val_loss")]


@pytest.mark.slow
def test_two_processes_come_to_the_losses_of_one(tmp_path: Path) -> None:
    dark_and_light(tmp_path / "photos")
    one = [sys.executable, "-m", "edge_cifar.train"]
    two = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "edge_cifar.train"]
    answers = []
    for name, command in (("one", one), ("two", two)):
        done = subprocess.run(
            [*command, *OPTIONS, *PLAIN, "--out", name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(json.loads(done.stdout))  # one object: only the first process speaks
    assert _losses(tmp_path / "two") == pytest.approx(_losses(tmp_path / "one"), rel=1e-4)
    assert answers[1]["test_accuracy"] == pytest.approx(answers[0]["test_accuracy"], abs=0.01)
    assert json.loads((tmp_path / "two/config.json").read_text())["versions"]["processes"] == "2"
