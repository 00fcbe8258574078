"""The terminal's view of a benchmark: tables of at most 100 columns."""

import textwrap
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from ...edge.errors import printable
from ...edge.machine.description import Machine
from ...edge.text_table import text_table

WIDTH = 100  # columns
NAME_WIDTH, NET_WIDTH = 32, 16
SCORES = ("top-1", "95 % interval", "drop", "broken", "fixed", "p", "same", "ECE")

Cells: TypeAlias = tuple[str, ...]
Model: TypeAlias = Mapping[str, Any]


def describe(report: Mapping[str, Any]) -> str:
    """Return what is printed of a benchmark's JSON: the machine, a table for each thing measured, the verdict on it."""
    models, settings = report["models"], report["settings"]
    width, height = settings["photo"]
    timings = {
        "net_ms": f"net alone, threads {settings['threads']}",
        "decode_ms": f"JPEG of {width} x {height} to pixels",
        "photo_ms": f"JPEG of {width} x {height} to label",
    }
    blocks = [
        [wrapped(f"{topic:9} {words}", 10) for topic, words in Machine(**report["machine"]).describe().items()],
        _files(models),
        *(_timings(name, words, models if name != "net_ms" else timed_nets(report)) for name, words in timings.items()),
        _starts(models),
        _throughput(models),
        _accuracy(models),
        _minutes(report["minutes"], models),
        _validity(report["validity"]),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def timed_nets(report: Mapping[str, Any]) -> list[Model]:
    """Return the models, and the file that their nets were timed against, if any."""
    return [*report["models"], *([report["original"]] if report.get("original") else [])]


def short(path: str, width: int = NAME_WIDTH) -> str:
    """Return a path as one line, of a long one the end."""
    path = printable(path)
    return path if len(path) <= width else f"...{path[3 - width :]}"


def wrapped(words: str, indent: int) -> str:
    """Return words as lines that fit, those after the first one indented."""
    return textwrap.fill(printable(words), WIDTH, subsequent_indent=" " * indent)


def _files(models: Sequence[Model]) -> list[str]:
    return text_table(
        ("file", "net", "bytes", "parameters", "MACs", "SHA-256"),
        [
            (
                short(model["model"]),
                short(model["net"], NET_WIDTH),
                f"{model['bytes']:,}",
                f"{model['parameters']:,}",
                "-" if model["macs"] is None else f"{model['macs']:,}",
                model["digest"][:12],
            )
            for model in models
        ],
    )


def _timings(name: str, words: str, models: Sequence[Model]) -> list[str]:
    ratios = name.replace("_ms", "_ratio")
    header = (words, "p50, ms", "p90", "p99", *(["ratio (95 % interval)"] if ratios in models[0] else []))
    rows = []
    for model in models:
        percentiles = [f"{model[name][key]:.3f}" for key in ("p50", "p90", "p99")]
        rows.append((short(model["model"]), *percentiles, *([_ratio(model[ratios])] if ratios in model else [])))
    return text_table(header, rows)


def _ratio(ratio: Mapping[str, float]) -> str:
    return f"{ratio['median']:.3f} ({ratio['low']:.3f}-{ratio['high']:.3f})"


def _starts(models: Sequence[Model]) -> list[str]:
    parts = list(models[0]["start"]["parts"])
    return text_table(
        ("first answer of a fresh process", "ms", *parts, "peak, MB"),
        [
            (
                short(model["model"]),
                f"{1000 * model['start']['seconds']:.0f}",
                *(f"{1000 * model['start']['parts'][part]:.0f}" for part in parts),
                f"{model['start']['peak_bytes'] / 1e6:.1f}",
            )
            for model in models
        ],
    )


def _throughput(models: Sequence[Model]) -> list[str]:
    batches = dict.fromkeys(rate["batch"] for rate in models[0]["throughput"])
    rows = [
        (short(model["model"]), str(threads), *(f"{rate['images_per_second']:,.0f}" for rate in rates))
        for model in models
        for threads, rates in groupby(model["throughput"], key=itemgetter("threads"))
    ]
    return text_table(("images a second", "threads", *(f"batch {batch}" for batch in batches)), rows)


def _accuracy(models: Sequence[Model]) -> list[str]:
    scores = [model["accuracy"] for model in models]
    if None in scores:  # no labelled data
        return []
    return text_table(
        (f"accuracy on {scores[0]['n']:,} images", *SCORES),
        [(short(model["model"]), *_score(score)) for model, score in zip(models, scores, strict=True)],
    )


def _score(accuracy: Mapping[str, Any]) -> Cells:
    low, high = accuracy["interval"]
    return (
        f"{accuracy['top1']:.2%}",
        f"{100 * low:.2f}-{100 * high:.2f}",
        f"{accuracy['drop_points']:.2f}",
        f"{accuracy['broken']:,}",
        f"{accuracy['fixed']:,}",
        f"{accuracy['p']:.2g}",
        f"{accuracy['same_answers']:.1%}",
        f"{accuracy['ece']:.3f}",
    )


def _minutes(minutes: Sequence[Mapping[str, Any]], models: Sequence[Model]) -> list[str]:
    if not minutes:
        return []
    rows = [
        (
            str(minute["minute"]),
            "-" if minute["celsius"] is None else f"{minute['celsius']:.1f}",
            "-" if minute["mhz"] is None else f"{minute['mhz']:,.0f}",
            *(f"{median:.3f}" for median in minute["net_ms"]),
        )
        for minute in minutes
    ]
    width = (WIDTH - 40) // len(models)
    names = [Path(model["model"]).name[-width:] for model in models]
    return text_table(("minute, medians in ms", "degrees", "MHz", *names), rows)


def _validity(validity: Mapping[str, Any]) -> list[str]:
    if validity["valid"]:
        return ["valid: nothing was seen to disturb this run"]
    return [wrapped(f"INVALID: {reason}", 9) for reason in validity["reasons"]]
