"""`edge-cifar compare-benchmarks`: read two results, compare, print."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from ...edge.cli.options import AsJson
from ...edge.errors import EdgeCifarError, printable
from ...edge.text_table import text_table
from ..report.compare_results import Comparison, Difference, Pair, compare
from ..report.result_file import read_result
from ..report.terminal import show
from ..report.text_tables import Cells, short, wrapped

FILE_WIDTH = 16  # columns


def compare_benchmarks(
    first: Annotated[Path, typer.Argument(metavar="A.json", help="What `edge-cifar benchmark --json` printed.")],
    second: Annotated[Path, typer.Argument(metavar="B.json", help="The same, of other models or another machine.")],
    as_json: AsJson = False,
) -> None:
    """Compare two benchmarks; see `edge-cifar compare-benchmarks --help`."""
    paths = (first, second)
    results = (read_result(path) for path in paths)
    try:
        comparison = compare(*results)
        text = describe(comparison, *(short(str(path), FILE_WIDTH) for path in paths))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise EdgeCifarError(f"{first}, {second}: damaged, or not both of this version ({error!r})") from error
    if as_json:
        typer.echo(json.dumps({"files": [str(path) for path in paths], **asdict(comparison)}))
    else:
        show(text)


def describe(comparison: Comparison, first: str, second: str) -> str:
    """Return the comparison as text; `first` and `second` name the runs."""
    names = (first, second)
    blocks = [
        _topics("machine", comparison.machine, names),
        _topics("settings", comparison.settings, names),
        *(_pair(pair, names) for pair in comparison.models),
        [
            f"only in {name}: {printable(model)}"
            for name, own in zip(names, comparison.alone, strict=True)
            for model in own
        ],
        [
            wrapped(f"{name} is INVALID: {reason}", 9)
            for name, reasons in zip(names, comparison.invalid, strict=True)
            for reason in reasons
        ],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _topics(kind: str, differing: Mapping[str, tuple[Any, Any]], names: tuple[str, str]) -> list[str]:
    if not differing:
        return [f"{kind}: the same"]
    width = max(map(len, names))
    lines = [f"{kind}:"]
    for topic, values in differing.items():
        for name, value in zip(names, values, strict=True):
            lines.append(wrapped(f"  {topic:17} {name:{width}}  {value}", 22 + width))
    return lines


def _pair(pair: Pair, names: tuple[str, str]) -> list[str]:
    title = f"{printable(pair.name)} ({'the same file' if pair.same_file else 'another file'})"
    rows = [_row(difference) for difference in pair.differences]
    return [title, *text_table(("", *names, "change (95 %)", "verdict"), rows)]


def _row(difference: Difference) -> Cells:
    first, second, ratio = difference.first, difference.second, difference.ratio
    change = f"{second - first:+.3g}"
    if ratio:
        change = f"x{ratio.median:.2f} ({ratio.low:.2f}-{ratio.high:.2f})"
    elif difference.p is not None:
        change += f", p = {difference.p:.2g}"
    return difference.what, f"{first:.4g}", f"{second:.4g}", change, difference.verdict
