"""The page's table: every figure of every model."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from ...edge.report.document import table

Model: TypeAlias = Mapping[str, Any]
Rows: TypeAlias = Mapping[str, Callable[[Any], str]]
"""What stands in a model's column, by the row's name."""


def figures_table(models: Sequence[Model], names: Sequence[str]) -> str:
    """Return a row for each figure, a column for each model."""
    groups: list[tuple[str, Rows]] = [
        ("File", FILE),
        ("One image in memory, the net alone", _times("net")),
        ("JPEG file to label", _times("photo")),
        ("Start of a fresh process, to its first answer", START),
    ]
    if any(model["accuracy"] for model in models):
        groups.append(("Accuracy", ACCURACY))
    rows: list[list[str]] = []
    for title, group in groups:
        cells = [[name, *(cell(model) for model in models)] for name, cell in group.items()]
        rows += [[title], *(row for row in cells if any(row[1:]))]  # what is known of no model is left out
    return table(["", *names], *rows)


def _times(kind: str) -> Rows:
    def percentile(key: str) -> Callable[[Any], str]:
        return lambda model: f"{model[f'{kind}_ms'][key]:.3f}"

    return {
        "p50, ms": percentile("p50"),
        "95 % interval": lambda model: "{low:.3f} - {high:.3f}".format(**model[f"{kind}_ms"]),
        "p90, ms": percentile("p90"),
        "p99, ms": percentile("p99"),
        "against the first": lambda model: _ratio(model[f"{kind}_ratio"]),
    }


def _ratio(ratio: Mapping[str, float]) -> str:
    alike = ratio["low"] == ratio["high"] == 1
    return "1" if alike else "{median:.2f} ({low:.2f} - {high:.2f})".format(**ratio)


def _of_accuracy(form: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda model: form(model["accuracy"]) if model["accuracy"] else ""


FILE: Rows = {
    "bytes": lambda model: f"{model['bytes']:,}",
    "parameters": lambda model: f"{model['parameters']:,}",
    "multiply-adds, millions": lambda model: f"{model['macs'] / 1e6:,.1f}" if model["macs"] else "",
}
START: Rows = {
    "duration, ms": lambda model: f"{1000 * model['start']['seconds']:.0f}",
    "peak memory, MB": lambda model: f"{model['start']['peak_bytes'] / 1e6:.0f}",
}
ACCURACY: Rows = {
    "images": _of_accuracy(lambda accuracy: f"{accuracy['n']:,}"),
    "right": _of_accuracy(lambda accuracy: f"{accuracy['top1']:.2%}"),
    "95 % interval of the share": _of_accuracy(lambda accuracy: "{:.2%} - {:.2%}".format(*accuracy["interval"])),
    "points lost against the first": _of_accuracy(lambda accuracy: f"{accuracy['drop_points']:.2f}"),
    "p of the difference (McNemar)": _of_accuracy(lambda accuracy: f"{accuracy['p']:.2g}"),
    "same answers as the first": _of_accuracy(lambda accuracy: f"{accuracy['same_answers']:.2%}"),
    "calibration error, points": _of_accuracy(lambda accuracy: f"{100 * accuracy['ece']:.1f}"),
}
