"""Training killed at any moment: nothing is ever unreadable, at most one epoch is lost, the end is the same."""

import importlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.files.atomic_write import remove_temporaries
from edge_cifar.train.loop.epochs import fit
from edge_cifar.train.loop.stop_signals import StopSignals
from edge_cifar.train.loop.training import Training
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.checkpoint import read_checkpoint
from edge_cifar.train.runs.run_folder import Run, open_run

KILLS = 30
RECIPE = Recipe(data="synthetic", net="single", size=8, epochs=150, batch_size=20, ema=0.9, augment="flip")


def _images() -> LabelledImages:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 8, 8, 4)).astype(np.uint8)
    return LabelledImages(pixels, np.arange(40) % 2, ("a", "b"), tuple(map(str, range(40))))


def _new_run(folder: Path) -> Run:
    run = Run(folder, RECIPE, {"name": "synthetic", "labels": ["a", "b"], "splits": {}}, {})
    run.create()
    return run


def _go_on(folder: Path) -> None:
    """What a process does that is started with --resume."""
    remove_temporaries(folder)
    run, data = open_run(folder), _images()
    training = Training(run.recipe, data, torch.device("cpu"))
    training.restore(run)
    run.forget_after(training.epoch - 1)
    fit(training, run, data, StopSignals(), lambda _step: None, lambda _row: None)


def _kill_again_and_again(folder: Path) -> None:
    """Fork, train, kill; print what was found each time. In a process of its own, which has no threads yet."""
    torch.set_num_threads(1)
    importlib.import_module("torch._dynamo")  # which the first step would import in every child
    moments = random.Random(0)
    for _ in range(KILLS):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            _tell_of_saves(writer)
            _go_on(folder)
            os._exit(0)
        os.close(writer)
        heard = os.read(reader, 1)
        for _ in range(moments.randrange(24)):
            heard += os.read(reader, 1)
        time.sleep(moments.uniform(0, 0.01))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reader, "rb") as told:
            heard += told.read()
        saved = read_checkpoint(folder)  # raises if it is damaged
        run = open_run(folder)
        rows = [row["epoch"] for row in run.history()]
        if (folder / "weights.safetensors").exists():
            run.load_net()
        found = {"in_save": heard[-1:] == b"(", "epoch": saved[1]["epoch"] if saved else 1, "rows": rows}
        sys.stdout.write(json.dumps(found) + "\n")
    torch.set_num_threads(1)
    _go_on(folder)


def _tell_of_saves(writer: int) -> None:
    """Write "(" and ")" about each flush to the disk, which is made to take longer."""
    flush = os.fsync

    def slow_fsync(descriptor: int) -> None:
        os.write(writer, b"(")
        flush(descriptor)
        time.sleep(0.005)
        os.write(writer, b")")

    os.fsync = slow_fsync


@pytest.mark.slow
def test_nothing_is_lost_by_kills(tmp_path: Path) -> None:
    killed, whole = _new_run(tmp_path / "killed"), _new_run(tmp_path / "whole")
    done = subprocess.run(
        [sys.executable, __file__, str(killed.folder), str(whole.folder)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == KILLS
    assert sum(row["in_save"] for row in found) >= 5
    reached = [row["epoch"] for row in found]
    assert reached == sorted(reached)
    assert reached[-1] > 10  # training went on between the kills
    for row in found:
        assert row["rows"] == list(range(1, len(row["rows"]) + 1))
        assert row["epoch"] - 1 <= len(row["rows"]) <= row["epoch"]  # a row more than the checkpoint knows: one lost
    assert {path.name for path in killed.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}
    assert (killed.folder / "weights.safetensors").read_bytes() == (whole.folder / "weights.safetensors").read_bytes()
    assert [row["val_loss"] for row in killed.history()] == [row["val_loss"] for row in whole.history()]


if __name__ == "__main__":
    _kill_again_and_again(Path(sys.argv[1]))
    _go_on(Path(sys.argv[2]))
