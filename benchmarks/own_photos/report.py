"""What came of own photos, as rows and a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean
from typing import Any

COLUMNS = (
    *("trained as", "test top-1", "macro recall", "validation said", "points that int8 loses", "int8, of float's time"),
    *("same bits, of CPUs", "int8 bytes", "train, s", "export, s", "MB"),
)
NOTES = """\
Means of the seeds, with the least and the most. The test photos are the last fifth of each class by number, read once
each. Seconds are of the whole commands, begun with an empty cache; MB are the most of both."""


@dataclass(frozen=True)
class Row:
    """One training and its export. Accuracies and recalls are 0 to 1, of `images` test photos but for `val_top1`.

    `to_float` is the time of int8 in terms of float's, `same_bits` of `cpus` give the same logits to the bit.
    """

    way: str
    seed: int
    options: str
    images: int
    val_top1: float
    top1: float
    macro_recall: float
    int8_top1: float
    int8_macro_recall: float
    parameters: int
    int8_bytes: int
    to_float: float
    portability: str
    cpus: int
    same_bits: int
    train_seconds: float
    export_seconds: float
    peak_mb: float


def markdown(facts: Mapping[str, str], photos: Mapping[str, int], rows: Sequence[Row]) -> str:
    """Return a page: what it was measured on, and a line for each way; `rows` are in the order of the ways."""
    counts = " and ".join(f"{count:,} to {split}" for split, count in photos.items())
    return "\n".join(
        [
            "# From own photos to an int8 file",
            "",
            *(f"- {topic}: {words}" for topic, words in facts.items()),
            f"- photos: {counts}",
            "",
            f"| {' | '.join(COLUMNS)} |",
            "|---|" + "---:|" * (len(COLUMNS) - 1),
            *(_line(list(own)) for _, own in groupby(rows, key=lambda row: row.way)),
            "",
            NOTES,
            "",
            *(f"- {way}: `edge-cifar train --data PHOTOS {options}`" for way, options in _options(rows).items()),
            "",
        ]
    )


def summary(result: Mapping[str, Any]) -> list[str]:
    """Return what the JSON of a study says, as lines of Markdown for who wants to know which way to go."""
    rows = [Row(**values) for values in result["rows"]]
    head = (
        "trained as",
        "test top-1 (least - most)",
        "macro recall",
        "int8 loses",
        "int8 bytes",
        "photos to int8 file",
    )
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for _, group in groupby(rows, key=lambda row: row.way):
        own = list(group)
        minutes = sorted({f"{(row.train_seconds + row.export_seconds) / 60:.1f}" for row in own}, key=float)
        cells = (
            own[0].way,
            _top1(own),
            f"{mean(row.macro_recall for row in own):.1%}",
            f"{mean(100 * (row.top1 - row.int8_top1) for row in own):.2f} points",
            f"{max(row.int8_bytes for row in own):,}",
            f"{' - '.join(dict.fromkeys((minutes[0], minutes[-1])))} min",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _top1(rows: Sequence[Row]) -> str:
    """Return the mean of the seeds, the least and the most, and how many."""
    values = [row.top1 for row in rows]
    spread = f" ({min(values):.1%} - {max(values):.1%}, {len(rows)} seeds)" if len(rows) > 1 else " (one seed)"
    return f"**{mean(values):.1%}**{spread}"


def _options(rows: Sequence[Row]) -> dict[str, str]:
    return {row.way: row.options for row in rows}


def _line(rows: Sequence[Row]) -> str:
    def spread(value: Callable[[Row], float], form: str) -> str:
        values = [value(row) for row in rows]
        return f"{mean(values):{form}} ({min(values):{form}} - {max(values):{form}})"

    cells = [
        rows[0].way,
        _top1(rows),
        spread(lambda row: row.macro_recall, ".1%"),
        spread(lambda row: row.val_top1, ".1%"),
        spread(lambda row: 100 * (row.top1 - row.int8_top1), ".2f"),
        spread(lambda row: row.to_float, ".2f"),
        f"{min(row.same_bits for row in rows)} of {rows[0].cpus}",
        f"{max(row.int8_bytes for row in rows):,}",
        spread(lambda row: row.train_seconds, ".0f"),
        spread(lambda row: row.export_seconds, ".0f"),
        f"{max(row.peak_mb for row in rows):,.0f}",
    ]
    return f"| {' | '.join(cells)} |"
