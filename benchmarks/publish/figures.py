"""`python -m edge_cifar.benchmarks.publish.figures` (`make figures`): the documents' pictures and tables.

A table stands in one of the `PAGES` between `<!-- NAME: by `make figures` -->` and `<!-- end of NAME -->`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_text
from ...edge.report.charts.scatter import scatter
from ...edge.report.charts.stacked import stacked
from ...edge.report.page_style import DARK, LIGHT
from ...edge.report.svg_file import picture
from ..own_photos.report import summary
from ..peers.family import family_points, family_table
from ..portability.conformance_report import CONTROL_KIND, WEBASSEMBLY
from ..portability.emulators import CPUS
from ..report.html_report import model_names
from ..report.result_file import read_result
from ..report.speed_charts import photo_parts

Result: TypeAlias = Mapping[str, Any]

RESULTS = Path("benchmarks/results")
PAGES = {
    "README.md": ["family", "own_photos"],
    "benchmarks/README.md": ["measured", "peers"],
    "export/SAME_BITS.md": ["conformance"],
    "train/README.md": ["notebooks"],
}
"""Names of tables, by the page that they stand in."""
BENCHMARK, CONFORMANCE, FAMILY = "benchmark.json", "conformance.json", "family.json"
NOTEBOOKS, PEERS, OWN_PHOTOS = "notebooks.json", "peers.json", "own_photos.json"
START, END = "<!-- {}: by `make figures` -->", "<!-- end of {} -->"


def figures(
    root: Annotated[Path, typer.Option(help="Folder of the pages, whose tables are replaced.")] = Path(),
    results: Annotated[Path, typer.Option(help="Folder of the results, and of the pictures.")] = RESULTS,
) -> None:
    """Write pictures and tables anew."""
    for path, drawn in pictures(results).items():
        write_text(path, drawn)
        typer.echo(path)
    for page, names in PAGES.items():
        written = with_tables((root / page).read_text(), results, names)
        write_text(root / page, written, replace_any=True)  # the rest of it is kept
        typer.echo(root / page)


def pictures(results: Path) -> dict[Path, str]:
    """Return the pictures, SVG by path."""
    report = read_result(results / BENCHMARK)
    models, names = report["models"], model_names(report)
    charts = {
        "accuracy_latency": scatter("Accuracy against latency of one image", family_points(_read(results / FAMILY))),
        "photo_time": stacked("From a JPEG file to its label", "ms", photo_parts(models, names)),
    }
    return {
        results / f"{name}-{scheme}.svg": picture(chart, palette)
        for name, chart in charts.items()
        for scheme, palette in (("light", LIGHT), ("dark", DARK))
    }


def with_tables(text: str, results: Path, names: Sequence[str]) -> str:
    """Return a page's `text` with the tables of these names by the results.

    Raises EdgeCifarError if one has no place in it.
    """
    made = tables(results)
    for name in names:
        lines, start, end = made[name], START.format(name), END.format(name)
        found = re.search(f"{re.escape(start)}.*?{re.escape(end)}", text, re.DOTALL)
        if found is None:
            raise EdgeCifarError(f"no place for a table: put a line {start} and, below it, {end}")
        text = "\n".join([text[: found.start()] + start, *lines, end + text[found.end() :]])
    return text


def tables(results: Path) -> dict[str, list[str]]:
    """Return all tables as lines of Markdown, by name."""
    benchmark = read_result(results / BENCHMARK)
    notebooks, peers, nets = (_read(results / name) for name in (NOTEBOOKS, PEERS, FAMILY))
    return {
        "family": [*family_table(nets["rows"]), "", _measured_on(nets)],
        "measured": _measured(benchmark),
        "conformance": _conformance(_read(results / CONFORMANCE)),
        "peers": _peers(peers),
        "notebooks": _notebooks(notebooks["rows"]),
        "own_photos": summary(_read(results / OWN_PHOTOS)),
    }


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
    return [
        "| the same weights in | computing in | one image, one thread | times ours |",
        "|---|---|---:|---:|",
        *(
            f"| {row['name']} {row['version']} | {row['precision']} | {row['ms']['p50']:.3f} ms "
            f"| {row['to_ours']['median']:.2f} ({row['to_ours']['low']:.2f} - {row['to_ours']['high']:.2f}) |"
            for row in sorted(rows, key=lambda row: row["ms"]["p50"])
        ),
        "",
        f"{_measured_on(report)} Ours is onnxruntime with the file of that precision.",
    ]


def _conformance(report: Result) -> list[str]:
    """Return how alike the int8 files answer on each CPU, and the file that must be caught."""
    rows, photos = report["rows"], report["photos"]["n"]
    return [
        "| CPU | int8 logits equal to the bit | the control: int8 over the full range |",
        "|---|---:|---:|",
        *(
            f"| {_cpu(name, report['machine'])} "
            f"| {_alike([row for row in rows if (row['cpu'], row['kind']) == (name, 'int8')], photos)} "
            f"| {_alike([row for row in rows if (row['cpu'], row['kind']) == (name, CONTROL_KIND)], photos)} |"
            for name in dict.fromkeys(row["cpu"] for row in rows)
        ),
    ]


def _cpu(name: str, machine: Result) -> str:
    if name == WEBASSEMBLY:
        return "WebAssembly, as in browsers"
    known = CPUS[name]
    if known.qemu is None:
        return f"{known.description}: {machine['cpu']} ({', '.join(machine['int8_instructions'])})"
    return f"{known.qemu}: {known.description}"


def _alike(rows: Sequence[Result], photos: int) -> str:
    """Return for how many photos the worst of several rows gives the same bits, and how far off it is."""
    worst = min((row["comparison"] for row in rows), key=lambda found: found["identical_logits"])
    if worst["identical_logits"] == photos:
        return f"{photos} of {photos}"
    off, other = worst["largest_difference"], photos - worst["same_answers"]
    return f"**{worst['identical_logits']}** of {photos}, off by up to {off:.1f}, {other} other answers"


def _measured_on(report: Result) -> str:
    machine = report["machine"]
    cpu, date = f"{machine['cpu']} ({', '.join(machine['int8_instructions'])})", machine["date"][:10]
    return f"{cpu}, {date}; medians, and quartiles of ratios, over {report['rounds']} rounds in turns."


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def _percent(value: float | None) -> str:
    return "none in budget" if value is None else f"{value:.2f} %"


if __name__ == "__main__":
    typer.run(reporting("figures")(figures))
