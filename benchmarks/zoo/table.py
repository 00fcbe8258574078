"""`python -m edge_cifar.benchmarks.zoo.table --data PHOTOS`: what `export --quantize` makes of somebody else's nets.

Torchvision's nets by both of torch's exporters, a file like Keras's, one like Ultralytics's, and the pretrained net,
each through the same command. Photos lie in a folder for each class. Those that judge a file did not calibrate it. Rows
of an earlier run stay until their net is exported again.
Needs what `benchmarks.portability` needs; fetch it with `python -m edge_cifar.benchmarks.portability.conformance
--prepare`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...edge.photos.contract import read_photo
from ...edge.stats.paired_timing import Task, calls_within, ratio, time_in_turns
from ...export.proof.int8_share import int8_share
from ..measure.finished_command import Finished, edge_cifar
from ..portability.conformance import measure
from ..portability.conformance_photos import images_of
from ..portability.conformance_report import kind_of
from ..portability.emulated import ALL_CPUS, CpusOption, choose_cpus, say
from ..portability.emulators import CPUS, check_host, check_prepared
from ..portability.emulators_setup import NEWEST
from .files import NETS, ZooFile, zoo_files
from .report import Row, markdown

SCHEMA = 1  # of the JSON
RESULTS = Path("benchmarks/results/zoo.json")
SETTLING, JUDGED, SHOWN = 24, 200, 4  # photos: for random nets, for agreement, and for each CPU
ROUNDS, SECONDS, MOST_CALLS = 10, 0.5, 30  # of timing; seconds a turn


def table(
    data: Annotated[Path, typer.Option(help="Folder of photos, a folder for each class.")],
    work: Annotated[Path, typer.Option(help="Folder for the nets, which are made once, and their exports.")],
    nets: Annotated[str, typer.Option(help="Names, with commas between.")] = ",".join(NETS),
    calibration: Annotated[int, typer.Option(help="Photos to calibrate on.", min=1)] = 128,
    cpus: CpusOption = ALL_CPUS,
    out: Annotated[Path, typer.Option(help="JSON file to write, and the table beside it as .md.")] = RESULTS,
) -> None:
    """Export somebody else's nets, and judge what came out."""
    check_replaceable(out, out.with_suffix(".md"))
    if unknown := set(nets.split(",")) - set(NETS):
        raise EdgeCifarError(f"--nets: {min(unknown)!r} is none of {', '.join(NETS)}")
    check_host()
    names = choose_cpus(cpus)
    check_prepared([CPUS[name] for name in names], [NEWEST])
    photos = images_of(str(data))
    judging, calibrating = photos[:JUDGED], link_photos(photos[JUDGED:], work / "calibration")
    rows = earlier_rows(out)
    for file in zoo_files(nets.split(","), photos[JUDGED : JUDGED + SETTLING], work):
        say(f"{file.net}, {file.exporter}")
        folder = work / f"{file.net}.{file.exporter.split()[-1]}"
        row = judge(file, export(file, calibrating, calibration, folder), folder, judging, names)
        say(row.problem or row.portability)
        rows[row.net, row.exporter] = row
        write_results(out, rows, f"{len(judging)} of {data.name} that calibrated nothing")
    typer.echo(out.with_suffix(".md").read_text(), nl=False)


def earlier_rows(path: Path) -> dict[tuple[str, str], Row]:
    """Return the rows of the results at `path` by net and exporter, none where there are none."""
    if not path.exists():
        return {}
    rows = [Row.of(values) for values in json.loads(path.read_text())["rows"]]
    return {(row.net, row.exporter): row for row in rows}


def write_results(path: Path, rows: Mapping[tuple[str, str], Row], photos: str) -> None:
    """Write the rows as JSON to `path`, in the order of the zoo, and the table beside it."""
    ordered = sorted(rows.values(), key=lambda row: NETS.index(row.net))
    machine = this_machine()
    write_json(path, {"schema": SCHEMA, "machine": asdict(machine), "rows": [asdict(row) for row in ordered]})
    write_text(path.with_suffix(".md"), markdown(machine.describe() | {"photos": photos}, ordered))


def link_photos(photos: Sequence[Path], folder: Path) -> Path:
    """Make `folder` one of links to `photos`, by the names of their folders, and return it."""
    for photo in photos:
        link = folder / photo.parent.name / photo.name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(photo.resolve())
    return folder


def export(file: ZooFile, data: Path, calibration: int, folder: Path) -> Finished:
    """Export `file` into `folder`, calibrated on `calibration` photos of `data`."""
    options = ["--unlabelled", "--quantize", "--calibration-size", str(calibration), "--out", str(folder)]
    return edge_cifar("export", file.source, *file.told, "--data", str(data), *options)


def judge(file: ZooFile, exported: Finished, folder: Path, photos: Sequence[Path], cpus: Sequence[str]) -> Row:
    """Return what an export into `folder` is worth, by `photos` here and the first of them on each of `cpus`."""
    if exported.problem:
        return Row(file.net, file.exporter, exported.seconds, exported.peak_mb, problem=exported.problem)
    int8_file = folder / "model.int8.onnx"
    fp32, int8 = Model(folder / "model.fp32.onnx"), Model(int8_file)
    pixels = np.stack([read_photo(photo, int8.card.preprocessing) for photo in photos])
    answers = [np.array([model.logits(image[None])[0].argmax() for image in pixels]) for model in (fp32, int8)]
    tasks: list[Task] = [
        lambda call, model=model: model.logits(pixels[call % len(pixels)][None])  # type: ignore[misc]
        for model in (fp32, int8)
    ]
    before, after = time_in_turns(tasks, ROUNDS, calls_within(tasks, SECONDS, MOST_CALLS))
    asked, failures = measure(cpus, [NEWEST], {int8_file: kind_of(int8.card)}, photos[:SHOWN])
    return Row(
        file.net,
        file.exporter,
        exported.seconds,
        exported.peak_mb,
        sha256=file_sha256(int8_file),
        int8_share=int8_share(onnx.load(int8_file)),
        portability=int8.card.portability,
        cpus=len(asked) + len(failures),
        same_bits=sum(row.comparison.identical for row in asked),
        largest_difference=max(row.comparison.largest_difference for row in asked),
        judged=len(photos),
        same_answers=int((answers[0] == answers[1]).sum()),
        classes_seen=len(set(answers[0].tolist())),
        to_float=ratio(after, before),
    )


if __name__ == "__main__":
    typer.run(reporting("table")(table))
