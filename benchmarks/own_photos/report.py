"""What came of own photos, as rows and a table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import mean

COLUMNS = (
    *("trained as", "test top-1", "macro recall", "validation said", "points that int8 loses", "int8, of float's time"),
    *("same bits, of CPUs", "int8 bytes", "train, s", "export, s", "MB"),
)
NOTES = """\
Means of the seeds, with the least and the most. The test photos are the last fifth of each class by number, read once
each. Seconds are of the whole commands, photos decoded once before the first; MB are the most of both commands."""


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


def _options(rows: Sequence[Row]) -> dict[str, str]:
    return {row.way: row.options for row in rows}


def _line(rows: Sequence[Row]) -> str:
    def spread(value: Callable[[Row], float], form: str) -> str:
        values = [value(row) for row in rows]
        return f"{mean(values):{form}} ({min(values):{form}} - {max(values):{form}})"

    cells = [
        f"{rows[0].way}, {len(rows)} seeds",
        f"**{mean(row.top1 for row in rows):.1%}** ({min(row.top1 for row in rows):.1%} - "
        f"{max(row.top1 for row in rows):.1%})",
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
