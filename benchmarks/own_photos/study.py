"""`python -m edge_cifar.benchmarks.own_photos.study --data PHOTOS --work DIR`: from own photos to an int8 file.

Runs the commands that a user would, `train`, `export --quantize` and `evaluate`, for each way to train and each seed,
and goes on where it was stopped. PHOTOS holds a folder for each class, files numbered as they were taken: the last
fifth of each class is the test split, so that no photo of one thing is on both sides. The int8 files are asked on
emulated CPUs, too; fetch these with `python -m edge_cifar.benchmarks.portability.conformance --prepare`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import check_replaceable, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ..measure.finished_command import done
from ..portability.conformance import measure
from ..portability.conformance_photos import images_of
from ..portability.conformance_report import kind_of
from ..portability.emulated import ALL_CPUS, CpusOption, choose_cpus, say
from ..portability.emulators import CPUS, check_host, check_prepared
from ..portability.emulators_setup import NEWEST
from .block_split import split_by_blocks
from .report import Row, markdown

SCHEMA = 1  # of the JSON
RESULTS = Path("benchmarks/results/own_photos.json")
SHOWN = 4  # photos for each emulated CPU
LITE0 = ("--net", "efficientnet-lite0", "--init", "imagenet")
WAYS: Mapping[str, tuple[str, ...]] = {
    "EfficientNet-Lite0 at 224 px, the head alone": (*LITE0, "--freeze", "1"),
    "EfficientNet-Lite0 at 224 px, half of it fine-tuned": (*LITE0, "--freeze", "0.5"),
    "EfficientNet-Lite0 at 96 px, fine-tuned": (*LITE0, "--size", "96"),
    "`small` at 64 px, from scratch": ("--net", "small", "--size", "64"),
    "`batchnorm` at 32 px, from the net in the package": (
        *("--init", "shipped", "--epochs", "15", "--batch-size", "16", "--lr", "0.03"),
    ),
}
"""How to train, in the options that a user would type beside --data."""


def study(
    data: Annotated[Path, typer.Option(help="Folder of photos, a folder for each class.")],
    work: Annotated[Path, typer.Option(help="Folder for the split and the runs.")],
    seeds: Annotated[int, typer.Option(help="Trainings each way.", min=1)] = 3,
    way: Annotated[list[int] | None, typer.Option(help="Only this way, counted from 0; may be repeated.")] = None,
    cpus: CpusOption = ALL_CPUS,
    out: Annotated[Path, typer.Option(help="JSON file to write, and the table beside it as .md.")] = RESULTS,
) -> None:
    """Train on own photos in each way, export, quantize, and judge what came out."""
    check_replaceable(out, out.with_suffix(".md"))
    check_host()
    names = choose_cpus(cpus)
    check_prepared([CPUS[name] for name in names], [NEWEST])
    photos = split_by_blocks(data, work / "photos")
    rows = earlier_rows(out)
    for number in way or range(len(WAYS)):
        name = list(WAYS)[number]
        for seed in range(seeds):
            if (name, seed) not in rows:
                say(f"{name}, seed {seed}")
                rows[name, seed] = judge(name, seed, photos, work / f"{number}-{seed}", names)
                write_results(out, rows, photos)
    typer.echo(out.with_suffix(".md").read_text(), nl=False)


def judge(name: str, seed: int, photos: Path, folder: Path, cpus: Sequence[str]) -> Row:
    """Train into `folder`, export, and return what came out. Raises EdgeCifarError when a command fails.

    Training begins with nothing in the cache: no photo decoded, no features made.
    """
    with TemporaryDirectory(dir=folder.parent) as made:
        cache = Path(made)
        trained = done(
            "train", "--data", str(photos), *WAYS[name], "--seed", str(seed), "--out", str(folder), cache=cache
        )
        exported = done("export", str(folder), "--quantize", cache=cache)
    result, export = (json.loads((folder / f"{file}.json").read_text()) for file in ("result", "export"))
    fp32, int8 = folder / "model.fp32.onnx", folder / "model.int8.onnx"
    card = Model(int8).card
    before, after = (evaluated(file, photos) for file in (fp32, int8))
    asked, failures = measure(cpus, [NEWEST], {int8: kind_of(card)}, images_of(str(photos))[:SHOWN])
    return Row(
        way=name,
        seed=seed,
        options=" ".join(WAYS[name]),
        images=before["n"],
        val_top1=result["val_accuracy"],
        top1=before["accuracy"],
        macro_recall=macro_recall(before),
        int8_top1=after["accuracy"],
        int8_macro_recall=macro_recall(after),
        parameters=result["parameters"],
        int8_bytes=int8.stat().st_size,
        to_float=export["worth"]["ratio"]["median"],
        portability=card.portability,
        cpus=len(asked) + len(failures),
        same_bits=sum(row.comparison.identical for row in asked),
        train_seconds=trained.seconds,
        export_seconds=exported.seconds,
        peak_mb=max(trained.peak_mb, exported.peak_mb),
    )


def evaluated(model: Path, photos: Path) -> dict[str, Any]:
    """Return what `edge-cifar evaluate` says of a model on the test split."""
    result: dict[str, Any] = json.loads(done("evaluate", str(model), "--data", str(photos), "--json").output)
    return result


def macro_recall(evaluation: Mapping[str, Any]) -> float:
    """Return the mean of the classes' recalls, 0 to 1."""
    recalls = [row["recall"] for row in evaluation["per_class"].values()]
    return float(sum(recalls) / len(recalls))


def earlier_rows(path: Path) -> dict[tuple[str, int], Row]:
    """Return the rows of the results at `path` by way and seed, none where there are none."""
    if not path.exists():
        return {}
    rows = [Row(**values) for values in json.loads(path.read_text())["rows"]]
    return {(row.way, row.seed): row for row in rows}


def write_results(path: Path, rows: Mapping[tuple[str, int], Row], photos: Path) -> None:
    """Write the rows as JSON to `path`, in the order of the ways, and the table beside it."""
    ordered = sorted(rows.values(), key=lambda row: (list(WAYS).index(row.way), row.seed))
    machine = this_machine()
    counts = {split: len(list((photos / split).glob("*/*"))) for split in ("train", "test")}
    write_json(
        path, {"schema": SCHEMA, "machine": asdict(machine), "photos": counts, "rows": [asdict(row) for row in ordered]}
    )
    write_text(path.with_suffix(".md"), markdown(machine.describe(), counts, ordered))


if __name__ == "__main__":
    typer.run(reporting("study")(study))
