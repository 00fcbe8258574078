"""`python -m edge_cifar.benchmarks.figures` (`make figures`): the README's pictures and tables from the results.

A table stands in the README between `<!-- NAME: by `make figures` -->` and `<!-- end of NAME -->`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ..edge.errors import EdgeCifarError
from ..edge.files import write_text
from ..edge.page.picture import picture
from ..edge.page.scatter import scatter
from ..edge.page.stacked import stacked
from ..edge.page.style import DARK, LIGHT
from ..edge.reporting import reporting
from .page import model_names
from .page_speed import photo_parts, points
from .result_file import read_result

Result: TypeAlias = Mapping[str, Any]

RESULTS = Path("benchmarks/results")
BENCHMARK, NOTEBOOKS, PEERS = "benchmark.json", "notebooks.json", "peers.json"
START, END = "<!-- {}: by `make figures` -->", "<!-- end of {} -->"


def figures(
    readme: Annotated[Path, typer.Option(help="File whose tables are replaced.")] = Path("README.md"),
    results: Annotated[Path, typer.Option(help="Folder of the results, and of the pictures.")] = RESULTS,
) -> None:
    """Write pictures and tables anew."""
    for path, drawn in pictures(results).items():
        write_text(path, drawn)
        typer.echo(path)
    write_text(readme, with_tables(readme.read_text(), results))
    typer.echo(readme)


def pictures(results: Path) -> dict[Path, str]:
    """Return the pictures, SVG by path."""
    report = read_result(results / BENCHMARK)
    models, names = report["models"], model_names(report)
    charts = {
        "accuracy_latency": scatter("Accuracy against latency of one image", points(models, names, "net")),
        "photo_time": stacked("From a JPEG file to its label", "ms", photo_parts(models, names)),
    }
    return {
        results / f"{name}-{scheme}.svg": picture(chart, palette)
        for name, chart in charts.items()
        for scheme, palette in (("light", LIGHT), ("dark", DARK))
    }


def with_tables(text: str, results: Path) -> str:
    """Return the README's `text` with all tables by the results. Raises EdgeCifarError if one has no place in it."""
    for name, lines in tables(results).items():
        start, end = START.format(name), END.format(name)
        found = re.search(f"{re.escape(start)}.*?{re.escape(end)}", text, re.DOTALL)
        if found is None:
            raise EdgeCifarError(f"no place for a table: put a line {start} and, below it, {end}")
        text = "\n".join([text[: found.start()] + start, *lines, end + text[found.end() :]])
    return text


def tables(results: Path) -> dict[str, list[str]]:
    """Return the README's tables as lines of Markdown, by name."""
    benchmark = read_result(results / BENCHMARK)
    notebooks, peers = (json.loads((results / name).read_text()) for name in (NOTEBOOKS, PEERS))
    return {
        "shipped": _shipped(benchmark),
        "measured": _measured(benchmark),
        "peers": _peers(peers),
        "notebooks": _notebooks(notebooks["rows"]),
    }


def _shipped(report: Result) -> list[str]:
    """Return size, accuracy and latency of the models."""
    width, height = report["settings"]["photo"]
    head = f"| file | bytes | top-1 (95 % interval) | one image | {width} x {height} JPEG to label |"
    return [head, "|---|---:|---:|---:|---:|", *map(_model, report["models"])]


def _model(model: Result) -> str:
    accuracy = model["accuracy"]
    low, high = (100 * share for share in accuracy["interval"])
    return (
        f"| `{Path(model['model']).name}` | {model['bytes']:,} "
        f"| {100 * accuracy['top1']:.2f} % ({low:.2f} - {high:.2f}) "
        f"| {model['net_ms']['p50']:.3f} ms | {model['photo_ms']['p50']:.2f} ms |"
    )


def _measured(report: Result) -> list[str]:
    """Return what int8, the second model, costs and brings against the first."""
    first, int8 = report["models"][:2]
    accuracy, start, rounds = int8["accuracy"], int8["start"], len(int8["net_ms"]["rounds"])
    net, photo = ("{median:.2f} ({low:.2f} - {high:.2f})".format(**int8[f"{kind}_ratio"]) for kind in ("net", "photo"))
    return [
        "| what | result |",
        "|---|---|",
        f"| float top-1; points that int8 loses | {100 * first['accuracy']['top1']:.2f} %; "
        f"{accuracy['drop_points']:.2f} ({accuracy['broken']} images broken, {accuracy['fixed']} fixed; "
        f"McNemar p = {accuracy['p']:.2g}) |",
        f"| time of int8 against float, one image, one thread | {net}, 95 % interval over {rounds} rounds |",
        f"| the same from JPEG file to label | {photo} |",
        f"| first answer of a fresh process; its peak memory | {1000 * start['seconds']:.0f} ms; "
        f"{start['peak_bytes'] / 1e6:.0f} MB |",
    ]


def _notebooks(rows: Sequence[Result]) -> list[str]:
    """Return what public notebooks report of their nets, and what the same nets reach here."""
    head = "| net of a public notebook | parameters | its top-1 | here (95 % interval) | int8 |"
    lines = [
        f"| `{row['net']}` | {row['parameters']:,} | {row['published']:.1f} % | **{row['top1']:.2f} %** "
        f"({row['top1_low']:.1f} - {row['top1_high']:.1f}) | {_percent(row['int8_top1'])} |"
        for row in rows
        if row["published"] is not None
    ]
    return [head, "|---|---:|---:|---:|---:|", *lines]


def _peers(report: Result) -> list[str]:
    """Return how long the same weights take in each runtime, the fastest first, and on what machine."""
    rows = [row for row in report["rows"] if row["net"] == "batchnorm" and row["threads"] == 1]
    machine = report["machine"]
    return [
        "| the same weights in | computing in | one image, one thread | times ours |",
        "|---|---|---:|---:|",
        *(
            f"| {row['name']} {row['version']} | {row['precision']} | {row['ms']['p50']:.3f} ms "
            f"| {row['to_ours']['median']:.2f} ({row['to_ours']['low']:.2f} - {row['to_ours']['high']:.2f}) |"
            for row in sorted(rows, key=lambda row: row["ms"]["p50"])
        ),
        "",
        f"{machine['cpu']} ({', '.join(machine['int8_instructions'])}), {machine['date'][:10]}; ours is onnxruntime "
        f"with the file of that precision; quartiles of {report['rounds']} rounds in turns.",
    ]


def _percent(value: float | None) -> str:
    return "none in budget" if value is None else f"{value:.2f} %"


if __name__ == "__main__":
    typer.run(reporting("figures")(figures))
