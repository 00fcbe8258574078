"""`python -m edge_cifar.benchmarks.publish.notebooks`: the nets of public notebooks, trained here, exported, quantized.

Runs the commands that a user would, `train` and `export --quantize`, for one net after the other, and goes on where
it was stopped. Ends in a table of what the notebooks reached and what the same nets reach here.
"""

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, write_json, write_text

PUBLISHED: dict[str, float | None] = {
    "plain": None,
    "plain-dropout": 60.1,
    "wide-kernel": 66.8,
    "single": 60.0,
    "augmented": 63.9,
    "deep": 69.9,
    "deep-augmented": 71.4,
    "plain-128": None,
    "batchnorm-elu": 84.6,
}
"""Top-1 in per cent that the notebooks report (on test images; batchnorm-elu on validation images)."""

RESULTS = Path("benchmarks/results/notebooks.json")


@dataclass(frozen=True)
class Row:
    """One net: accuracies in per cent on the test images, `ratio` the latency of int8 to that of fp32."""

    net: str
    parameters: int
    macs: int
    published: float | None
    epochs: int
    seed: int
    seconds: float
    top1: float
    top1_low: float
    top1_high: float
    int8_top1: float | None
    ratio: float | None
    default: str
    versions: dict[str, str]


def notebooks(
    data: Annotated[str, typer.Option(help="CIFAR-10: cifar10, or a folder with train/ and test/.")] = "cifar10",
    epochs: Annotated[int, typer.Option(min=1)] = 24,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    net: Annotated[list[str] | None, typer.Option(help="Only this net; may be repeated.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of the runs.")] = Path("runs/notebooks"),
    out: Annotated[Path, typer.Option(help="JSON of the results, a table beside it.")] = RESULTS,
) -> None:
    """Train, export and quantize the notebooks' nets."""
    check_replaceable(out, out.with_suffix(".md"))
    for name in net or PUBLISHED:
        folder = runs / name
        if (folder / "config.json").exists():
            _edge_cifar("train", "--resume", str(folder))
        else:
            options = ("--net", name, "--epochs", str(epochs), "--seed", str(seed), "--out", str(folder))
            _edge_cifar("train", "--data", data, *options)
        if not (folder / "export.json").exists():
            _edge_cifar(
                "export", str(folder), "--quantize", may_fail=True
            )  # nothing within the budget is an answer, too
    rows = [_row(name, runs / name) for name in PUBLISHED if (runs / name / "export.json").exists()]
    write_json(out, {"rows": [asdict(row) for row in rows]})
    write_text(out.with_suffix(".md"), "\n".join(table(rows)) + "\n")
    typer.echo("\n".join(table(rows)))


def table(rows: list[Row]) -> list[str]:
    """Return the rows as lines of a Markdown table."""
    head = "| net | parameters | MACs | notebook | here (95 % interval) | int8 | int8/fp32 latency | epochs | seconds |"
    return [head, "|---|" + "---:|" * 8, *(_line(row) for row in rows)]


def _line(row: Row) -> str:
    published = "" if row.published is None else f"{row.published:.1f} %"
    int8 = "none in budget" if row.int8_top1 is None else f"{row.int8_top1:.2f} %"
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return (
        f"| `{row.net}` | {row.parameters:,} | {row.macs / 1e6:.2f} M | {published} | **{row.top1:.2f} %** "
        f"({row.top1_low:.1f} - {row.top1_high:.1f}) | {int8} | {ratio} | {row.epochs} | {row.seconds:,.0f} |"
    )


def _row(name: str, folder: Path) -> Row:
    from ...train.nets.catalogue import NETS
    from ...train.nets.layers import count_macs

    config, result, export = (_read(folder / f"{part}.json") for part in ("config", "result", "export"))
    files = {file["file"]: file for file in export["files"]}
    int8 = files.get("model.int8.onnx")
    return Row(
        net=name,
        parameters=result["parameters"],
        macs=count_macs(NETS[name]),
        published=PUBLISHED[name],
        epochs=result["epochs"],
        seed=config["recipe"]["seed"],
        seconds=result["seconds"],
        top1=100 * result["test_accuracy"],
        top1_low=100 * result["test_interval"][0],
        top1_high=100 * result["test_interval"][1],
        int8_top1=100 * int8["test"]["top1"] if int8 else None,
        ratio=export["worth"]["ratio"]["median"] if int8 else None,
        default=export["default"],
        versions=config["versions"],
    )


def _edge_cifar(*arguments: str, may_fail: bool = False) -> None:
    done = subprocess.run([sys.executable, "-m", "edge_cifar.edge", *arguments], stdout=sys.stderr, check=False)
    if done.returncode and not (may_fail and done.returncode == 1):
        raise EdgeCifarError(f"edge-cifar {' '.join(arguments)}: exit status {done.returncode}")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


if __name__ == "__main__":
    typer.run(reporting("notebooks")(notebooks))
