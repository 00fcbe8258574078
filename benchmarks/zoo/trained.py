"""`python -m edge_cifar.benchmarks.zoo.trained --data PHOTOS --work DIR`: what int8 costs nets that learned the photos.

Torchvision's nets begin with random weights, learn the training photos by a plain recipe, and are exported as somebody
else's file with these photos: `export` calibrates on some of those they learned from, decides on its validation photos,
and reads the test photos once. Photos lie in a folder for each class, and are dealt out as `export` does.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from statistics import mean
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer
from torch import nn

from ...edge.cli.exit_status import reporting
from ...edge.data.datasets import load_splits
from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, write_bytes, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.photos.preprocessing import Preprocessing
from ...export.pipeline.foreign_data import VALIDATION
from ..measure.finished_command import done
from ..portability.emulated import say
from .files import MEAN, STD, export_torch
from .nets import build

SCHEMA = 1  # of the JSON
RESULTS = Path("benchmarks/results/zoo-trained.json")
PUBLISHED = {"mobilenet_v2": 0.44, "mobilenet_v3_large": 0.54, "resnet18": 0.15, "efficientnet_b0": 0.78}
"""Points of top-1 on ImageNet that the best published quantization after training loses: a mark to compare with."""
BATCH = 32
RATE, DECAY, SMOOTHING = 3e-3, 0.05, 0.1  # AdamW, on one cycle
MOVED = 8  # pixels, at most
COLUMNS = (
    "net",
    "on other CPUs, by its card",
    "seeds",
    "float top-1",
    "points that int8 loses",
    "published",
    "same answers",
)
NOTES = """\
Means of the seeds, with the least and the most. Test photos were read once, by the finished files. `published`: the
points of top-1 on ImageNet that the best published quantization after training loses, of nets trained there."""


@dataclass(frozen=True)
class Row:
    """A net of one seed: top-1 of float and int8 on `images` test photos, 0 to 1, and `same_answers` of both."""

    net: str
    seed: int
    images: int
    fp32_top1: float
    int8_top1: float
    same_answers: float
    portability: str
    train_seconds: float
    export_seconds: float


def trained(
    data: Annotated[str, typer.Option(help="Folder of photos, a folder for each class.")],
    work: Annotated[Path, typer.Option(help="Folder for the nets, which are made once, and their exports.")],
    nets: Annotated[str, typer.Option(help="Names, with commas between.")] = ",".join(PUBLISHED),
    seeds: Annotated[str, typer.Option(help="Seeds of a net each, with commas between.")] = "0,1,2",
    epochs: Annotated[int, typer.Option(help="Epochs to train each.", min=1)] = 40,
    size: Annotated[int, typer.Option(help="Pixels of a side.", min=32)] = 96,
    out: Annotated[Path, typer.Option(help="JSON file to write, and the table beside it as .md.")] = RESULTS,
) -> None:
    """Train nets on the photos, export them as somebody else's, and tell what int8 loses."""
    check_replaceable(out, out.with_suffix(".md"))
    if unknown := set(nets.split(",")) - set(PUBLISHED):
        raise EdgeCifarError(f"--nets: {min(unknown)!r} is none of {', '.join(PUBLISHED)}")
    to = Preprocessing(size, "crop", "bilinear", 0.875)
    splits = load_splits(data, to, val_fraction=VALIDATION["fraction"], val_seed=VALIDATION["seed"])
    rows: list[Row] = []
    for net in nets.split(","):
        for seed in map(int, seeds.split(",")):
            rows.append(judge(net, seed, splits["train"], epochs, data, work))
            say(f"{net}, seed {seed}: {rows[-1].fp32_top1:.1%} float, {rows[-1].int8_top1:.1%} int8")
            machine = this_machine()
            facts = {"epochs": epochs, "size": size, "photos": {split: len(part) for split, part in splits.items()}}
            write_json(out, {"schema": SCHEMA, "machine": asdict(machine)} | facts | {"rows": [*map(asdict, rows)]})
            told = {topic: str(fact) for topic, fact in facts.items()}
            write_text(out.with_suffix(".md"), markdown(machine.describe() | told, rows))
    typer.echo(out.with_suffix(".md").read_text(), nl=False)


def judge(name: str, seed: int, photos: LabelledImages, epochs: int, data: str, work: Path) -> Row:
    """Train the net called `name` from `seed` on `photos`, export it with `data`, and return what came of it."""
    folder = folder_of(work, name, seed, photos, epochs)
    path, labels, took = (Path(f"{folder}{suffix}") for suffix in (".onnx", ".labels.txt", ".seconds.json"))
    if not took.exists():
        torch.manual_seed(seed)
        net = build(name, len(photos.labels))
        seconds = learn(net, photos, epochs)
        model = export_torch(net.eval(), as_torchvision(photos.images[:2]), dynamo=False)
        write_bytes(path, model.SerializeToString())
        write_bytes(labels, "".join(f"{label}\n" for label in photos.labels).encode())
        write_json(took, {"seconds": seconds})
    told = ("--like", "imagenet", "--labels", str(labels))
    exported = done("export", str(path), *told, "--data", data, "--quantize", "--out", str(folder))
    fp32, int8 = json.loads((folder / "export.json").read_text())["files"]
    return Row(
        net=name,
        seed=seed,
        images=fp32["test"]["n"],
        fp32_top1=fp32["test"]["top1"],
        int8_top1=int8["test"]["top1"],
        same_answers=int8["test"]["same_answers"],
        portability=int8["portability"],
        train_seconds=json.loads(took.read_text())["seconds"],
        export_seconds=exported.seconds,
    )


def folder_of(work: Path, name: str, seed: int, photos: LabelledImages, epochs: int) -> Path:
    """Return a net's folder in `work`, whose name has all that decides the net."""
    return work / f"{name}-{seed}-{epochs}-epochs-{photos.digest()[:8]}"


def learn(net: nn.Module, photos: LabelledImages, epochs: int) -> float:
    """Train `net` on `photos` for so many epochs; return the seconds that took.

    Each photo is mirrored or not, and moved by up to `MOVED` pixels, what is beyond its border being black.
    """
    inputs, targets = as_torchvision(photos.images[:]), torch.from_numpy(photos.targets)
    order = torch.Generator().manual_seed(0)
    steps = epochs * (len(targets) // BATCH)
    optimizer = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    net.train().to(memory_format=torch.channels_last)
    started = time.perf_counter()
    for _ in range(epochs):
        for batch in torch.split(torch.randperm(len(targets), generator=order), BATCH)[: len(targets) // BATCH]:
            logits = net(moved(inputs[batch], order).contiguous(memory_format=torch.channels_last))
            optimizer.zero_grad()
            nn.functional.cross_entropy(logits, targets[batch], label_smoothing=SMOOTHING).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return time.perf_counter() - started


def moved(images: torch.Tensor, order: torch.Generator) -> torch.Tensor:
    """Return images (N, 3, S, S), each mirrored or not and moved, as `order` draws."""
    size = images.shape[-1]
    wider = nn.functional.pad(images, (MOVED,) * 4)
    draws = zip(wider, torch.randint(2 * MOVED + 1, (len(images), 2), generator=order).tolist(), strict=True)
    cut = torch.stack([image[:, y : y + size, x : x + size] for image, (y, x) in draws])
    mirrored = torch.rand(len(images), 1, 1, 1, generator=order) < 0.5
    return torch.where(mirrored, cut.flip(-1), cut)


def as_torchvision(images: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Return RGBX uint8 (N, S, S, 4) as torchvision's nets take them: float (N, 3, S, S)."""
    pixels = torch.from_numpy(np.ascontiguousarray(images[..., :3])).permute(0, 3, 1, 2) / 255
    return (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


def markdown(facts: Mapping[str, str], rows: Sequence[Row]) -> str:
    """Return a page: what it was measured on, and a line for each net."""
    lines = ["# Nets that learned the photos, exported as somebody else's", ""]
    lines += [f"- {topic}: {words}" for topic, words in facts.items()]
    lines += ["", f"| {' | '.join(COLUMNS)} |", "|---|---|" + "---:|" * 5]
    for name, group in groupby(rows, key=lambda row: row.net):
        own = list(group)
        lost = [100 * (row.fp32_top1 - row.int8_top1) for row in own]
        cells = (
            name,
            own[0].portability,
            f"{len(own)}",
            f"{mean(row.fp32_top1 for row in own):.1%} of {own[0].images}",
            f"**{mean(lost):.2f}** ({min(lost):.2f} - {max(lost):.2f})",
            f"{PUBLISHED[name]:.2f}",
            f"{mean(row.same_answers for row in own):.1%}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", NOTES]) + "\n"


if __name__ == "__main__":
    typer.run(reporting("trained")(trained))
