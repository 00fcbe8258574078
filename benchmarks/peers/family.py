"""`python -m edge_cifar.benchmarks.peers.family`: the nets of the package by accuracy, latency and size.

The unit of latency is MLPerf Tiny's reference: ResNet-8 in int8 on LiteRT, one image, one thread, in the same run. Each
net runs in a process of its own, pinned to the same core; all answer the whole test set and then take turns. Needs the
extra [peers]; what LiteRT loads is made once, with `--prepare`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.datasets import DATA_HELP
from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.inference.on_dataset import load_for
from ...edge.machine.description import this_machine
from ...edge.model.contract import Logits, Model
from ...edge.model.shipped_models import FAMILY, model_file
from ...edge.report.charts.scatter import Point
from ...edge.stats.paired_timing import Latency, Ratio, latency, ratio
from ...edge.stats.significance import wilson_interval
from ..measure.bootstrap import Interval, median_interval
from ..measure.conditions import Watch
from ..measure.validity import judge
from .catalogue import LITERT_INT8, PEERS, Net, convert, resnet8
from .options import Cores, Out, Prepare, Rounds, choose_cores
from .process import Finished, race
from .side_by_side import CALIBRATION
from .take_turns import CALLS, say, spread

SCHEMA = 1  # of the JSON
UNIT = "ResNet-8 on LiteRT"


@dataclass(frozen=True)
class Row:
    """A net's int8 file: top-1 (0 to 1, 95 % interval) on `n` test images, and what one of them takes.

    `ms_interval` is the median's 95 % interval, `rounds` are medians of each round in milliseconds, `to_unit` the ratio
    to ResNet-8 on LiteRT. What is not known of a file is None.
    """

    name: str
    parameters: int | None
    macs: int | None
    bytes: int
    sha256: str
    n: int
    top1: float
    interval: tuple[float, float]
    ms: Latency
    ms_interval: Interval
    rounds: list[float]
    to_unit: Ratio


def family(
    resnet8_at: Annotated[Path, typer.Option("--resnet8", help="Exported run of a ResNet-8, or its fp32 file.")],
    data: Annotated[str, typer.Option(help=DATA_HELP)] = "cifar10",
    prepare: Prepare = False,
    rounds: Rounds = 30,
    cores: Cores = None,
    out: Out = Path("benchmarks/results/family.json"),
) -> None:
    """Measure the nets of the package against MLPerf Tiny's reference."""
    check_replaceable(out, out.with_suffix(".md"))
    core, machine, watch, unit = choose_cores(cores)[0], this_machine(), Watch(), resnet8(resnet8_at)
    if prepare:
        convert(unit, [PEERS[LITERT_INT8]], spread(_images(unit, data, "train"), CALIBRATION).images[:], say)
    files = {"ResNet-8": unit.int8, **{name: model_file(name) for name in FAMILY}}
    test = _images(unit, data, "test")
    with TemporaryDirectory() as work, watch.phase("nets in turns", waits=True):
        inputs = Path(work) / "images.npy"
        np.save(inputs, test.images[:])
        shared = {"inputs": str(inputs), "cores": [core], "threads": 1}
        requests: dict[str, dict[str, Any]] = {
            name: {"runtime": "onnxruntime", "file": str(path.resolve()), **shared} for name, path in files.items()
        }
        reference = PEERS[LITERT_INT8].path(unit)
        requests[UNIT] = {"runtime": "litert", "file": str(reference.resolve()), **shared}
        finished, failures = race(requests, lambda *_: None, rounds, CALLS)
    if UNIT not in finished:
        raise EdgeCifarError(f"{UNIT} failed ({failures[UNIT]}), and nothing can be compared with it")
    rows = [
        measure_row(name, path, finished, test) for name, path in {UNIT: reference, **files}.items() if name in finished
    ]
    unit_ms = np.array(rows[0].rounds)
    intervals = {f"{row.name}: ratio to the unit": median_interval(np.array(row.rounds) / unit_ms) for row in rows}
    validity = judge(watch, os.cpu_count() or 1, intervals)
    facts = machine.describe() | {
        "method": f"medians of {rounds} rounds of {CALLS} calls in turns, a process each, pinned to the same core",
        "valid": "yes" if validity.valid else f"**no**: {'; '.join(validity.reasons)}",
    }
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "machine": asdict(machine),
        "validity": asdict(validity),
        "rounds": rounds,
        "rows": [asdict(row) for row in rows],
        "failures": failures,
    }
    write_json(out, report)
    page = "\n".join(["# The family", "", *(f"- {topic}: {words}" for topic, words in facts.items()), ""])
    page += "\n" + "\n".join(family_table(report["rows"])) + "\n"
    write_text(out.with_suffix(".md"), page)
    typer.echo(page, nl=False)
    for name, message in failures.items():
        say(f"{name}: {message}")
    if failures:
        raise typer.Exit(1)


def family_table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the rows of the JSON as a Markdown table."""
    head = "| net | parameters | million MACs | int8 top-1 (95 % interval) | latency | to ResNet-8 on LiteRT | bytes |"
    return [head, "|---|---:|---:|---:|---:|---:|---:|", *map(_line, rows)]


def family_points(report: Mapping[str, Any]) -> list[Point]:
    """Return the nets of the JSON, the unit first, as what `scatter` draws."""
    return [
        Point(
            name=row["name"],
            latency=row["ms"]["p50"],
            latency_interval=(row["ms_interval"]["low"], row["ms_interval"]["high"]),
            accuracy=row["top1"],
            accuracy_interval=(row["interval"][0], row["interval"][1]),
        )
        for row in report["rows"]
    ]


def _line(row: Mapping[str, Any]) -> str:
    low, high = (100 * share for share in row["interval"])
    known = ("-", "-") if row["macs"] is None else (f"{row['parameters']:,}", f"{row['macs'] / 1e6:.1f}")
    cells = [
        *(f"`{row['name']}`" if row["name"] in FAMILY else row["name"], *known),
        *(f"{100 * row['top1']:.2f} % ({low:.2f} - {high:.2f})", f"{row['ms']['p50']:.3f} ms"),
        "{median:.2f} ({low:.2f} - {high:.2f})".format(**row["to_unit"]),
        f"{row['bytes']:,}",
    ]
    return f"| {' | '.join(cells)} |"


def _images(unit: Net, data: str, split: str) -> LabelledImages:
    return load_for(Model(unit.fp32).card, data, split)


def measure_row(name: str, path: Path, finished: Mapping[str, Finished], test: LabelledImages) -> Row:
    """Return the row of the file at `path`: what `finished` has under `name` of all `test` images."""
    own = finished[name]
    logits: Logits = own.answers
    right = int((logits.argmax(1) == test.targets).sum())
    medians = 1000 * np.median(own.seconds, axis=1)
    card = Model(path).card if path.suffix == ".onnx" else None
    return Row(
        name=name,
        parameters=card.parameters if card else None,
        macs=card.macs if card else None,
        bytes=path.stat().st_size,
        sha256=file_sha256(path),
        n=len(test),
        top1=right / len(test),
        interval=wilson_interval(right, len(test)),
        ms=latency(own.seconds),
        ms_interval=median_interval(medians),
        rounds=medians.tolist(),
        to_unit=ratio(own.seconds, finished[UNIT].seconds),
    )


if __name__ == "__main__":
    typer.run(reporting("family")(family))
