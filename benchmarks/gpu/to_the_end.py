"""Whole ways that end on this device: a run exported, a backbone fine-tuned."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...edge.data.datasets import list_splits, stratified_sample
from ...edge.files.atomic_write import write_bytes
from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import Pixels
from ...edge.report.run_history import read_history
from ...export.pipeline.export_files import Order
from ...export.pipeline.export_run import export_run
from ...export.quantization.accuracy_ladder import Budget
from ...train.data.run_data import load_run_data
from ...train.loop.distributed import World
from ...train.loop.train_run import Session
from ...train.nets.catalogue import NETS
from ...train.recipe.recipe import make_recipe
from ...train.runs.run_folder import Run, open_run
from .findings import Finding, Job, judged

COMPARED = 500  # test images
SAME_LOGITS, SAME_ANSWERS = 1e-3, 0.998  # largest difference, as a share of the logits' range; share of the images
BACKBONE, SIZE = "efficientnet-lite0", 224
PHOTOS = 1_000  # of the folder, for the fine-tuning


def exports(job: Job) -> Iterator[Finding]:
    """Train for an epoch on the device, export, and compare the file's logits on the CPU with those of the device.

    GPUs may shorten the factors of convolutions to 10 bits (TF32); judged are the logits without that.
    """
    changes = {"data": job.data, "epochs": 1} | ({"net": "nano", "batch_size": 16} if job.miniature else {})
    run = _trained_run(job, changes)
    exported = export_run(run, Order(Budget()), job.folder)
    pixels = load_run_data(run).test.images[:COMPARED]
    net = run.load_net().to(job.device)
    expected = Model(job.folder / exported.summary["default"]).logits(pixels)
    figures: dict[str, Any] = {"images": len(pixels)}
    for kind, precision in (("as it is", nullcontext()), ("without TF32", _without_tf32())):
        with precision:
            logits = _logits(net, pixels, job.device)
        difference = float(np.abs(logits - expected).max() / np.ptp(expected))
        same = float((logits.argmax(1) == expected.argmax(1)).mean())
        figures[kind] = {"largest difference": difference, "same answers": same}
    well = difference <= SAME_LOGITS and same >= SAME_ANSWERS
    yield judged(well, figures, "the exported file gives other logits than the device")


@contextmanager
def _without_tf32() -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _trained_run(job: Job, changes: dict[str, Any]) -> Run:
    folder = job.folder / "run"
    Session(job.device, World(), tensorboard=False).train(make_recipe("quick", changes), folder)
    return open_run(folder)


def _logits(net: torch.nn.Module, pixels: Pixels, device: torch.device) -> Logits:
    with torch.inference_mode():
        logits: Logits = net(torch.from_numpy(pixels).to(device)).cpu().numpy()
    return logits


def fine_tunes(job: Job) -> Iterator[Finding]:
    """Fine-tune a backbone at 224 pixels by the command that users type, on some photos of the folder."""
    if BACKBONE not in NETS:
        yield Finding(None, why=f"skipped: this version has no net {BACKBONE}")
        return
    size, photos = (96, 60) if job.miniature else (SIZE, PHOTOS)
    options = ["--net", BACKBONE, "--init", "imagenet", "--size", str(size)]
    yield fine_tuned(job, [*options, "--epochs", "1"] if job.miniature else options, photos)


def fine_tuned(job: Job, options: Sequence[str], photos: int) -> Finding:
    """Return what `edge-cifar train` with `options` comes to on so many photos of the data, within the time left."""
    data = photo_table(job.data, job.folder, photos) if Path(job.data).exists() else job.data
    folder = job.folder / "run"
    command = [sys.executable, "-m", "edge_cifar.train", "--data", str(data), *options, "--out", str(folder), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=max(job.left, 1.0), check=False)
    except subprocess.TimeoutExpired as error:
        epochs = read_history(folder) if folder.exists() else []
        return Finding(None, {"epochs": epochs}, cut=f"after {error.timeout:.0f} s, {len(epochs)} epochs")
    said = done.stderr.strip().splitlines()
    if done.returncode:
        return Finding(False, why=said[-1] if said else f"exit status {done.returncode}")
    result = json.loads(done.stdout)
    figures = {"result": result, "epochs": read_history(folder), "said": said}
    chance = 1 / len(open_run(folder).labels)
    return judged(result["test_interval"][0] > chance, figures, "no better than chance on the test photos")


def photo_table(data: str, folder: Path, photos: int) -> Path:
    """Write a table of so many photos of `data`, a share of each class and split, into `folder`; return its path."""
    splits = list_splits(data, val_fraction=0.1, val_seed=0)
    total = sum(map(len, splits.values()))
    rows = [("path", "label", "split")]
    for name, split in splits.items():
        count = min(len(split), max(len(split.labels), photos * len(split) // total))
        chosen = split.take(stratified_sample(split.targets, count, 0))
        places = [str((chosen.folder / photo).resolve()) for photo in chosen.ids]
        rows += [(place, chosen.labels[target], name) for place, target in zip(places, chosen.targets, strict=True)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_bytes(folder / "photos.csv", text.getvalue().encode())
    return folder / "photos.csv"
