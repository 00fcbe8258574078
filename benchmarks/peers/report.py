"""What the comparison with other runtimes found: the rows, and their tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...edge.errors import EdgeCifarError
from ...edge.model.contract import Logits
from ...edge.stats.paired_timing import Latency, Ratio
from .catalogue import LITERT_INT8, OURS

NEEDED = {"fp32": 0.995, "int8": 0.7}
"""The share of answers that a peer must have in common with our fp32 file to count as the same net.

int8 as it comes loses up to a fifth where a net with 1,000 classes is unsure; another net has next to none in common.
"""


@dataclass(frozen=True)
class Agreement:
    """Answers against those of our fp32 file: of `n` images, how many have the same top-1."""

    n: int
    same: int
    largest_difference: float  # of two logits


@dataclass(frozen=True)
class Row:
    """A net in a runtime on so many threads; `rounds` are medians of each round in milliseconds.

    `to_ours` is the ratio to onnxruntime with our file of the same net and precision, below 1 where the peer is faster.
    """

    name: str
    net: str
    precision: str
    version: str
    takes: str
    made: str
    threads: int
    agreement: Agreement
    ms: Latency
    rounds: list[float]
    to_ours: Ratio


@dataclass(frozen=True)
class PhotoRow:
    """A way from a photo's file to its label, on one thread; `same` of `n` photos get the label that ours gives."""

    name: str
    does: str
    version: str
    photos: str
    n: int
    same: int
    ms: Latency
    rounds: list[float]
    to_ours: Ratio


@dataclass(frozen=True)
class Failure:
    """A peer that has no row, and why."""

    name: str
    message: str


def agreement(logits: Logits, reference: Logits, precision: str) -> Agreement:
    """Compare logits (N, classes). Raises EdgeCifarError when they are not those of the same net."""
    if logits.shape != reference.shape:
        raise EdgeCifarError(f"logits of shape {logits.shape}, not {reference.shape}")
    same = int((logits.argmax(1) == reference.argmax(1)).sum())
    if same < NEEDED[precision] * len(reference):
        raise EdgeCifarError(f"computes something else: the same answer for {same} of {len(reference)} images")
    return Agreement(len(reference), same, float(np.abs(logits - reference).max()))


def markdown(
    facts: Mapping[str, str], rows: Sequence[Row], photos: Sequence[PhotoRow], failures: Sequence[Failure]
) -> str:
    """Return a page: what it was measured on, a table for each net, one for photos, and who is faster than ours."""
    lines = ["# The same net in other runtimes", "", *(f"- {topic}: {words}" for topic, words in facts.items())]
    for net in dict.fromkeys(row.net for row in rows):
        lines += ["", f"## {net}, one image", "", *net_table([row for row in rows if row.net == net])]
    if units := in_units_of_litert(rows):
        lines += ["", "## onnxruntime int8 in units of LiteRT int8", "", *units]
    if photos:
        lines += ["", "## From a photo's file to its label, one thread", "", *photo_table(photos)]
    lines += ["", "## Faster than ours", "", *(faster(rows, photos) or ["- none"])]
    if failures:
        lines += ["", "## No figure", "", *(f"- {failure.name}: {failure.message}" for failure in failures)]
    return "\n".join(lines) + "\n"


def net_table(rows: Sequence[Row]) -> list[str]:
    """Return a Markdown table of one net: a line for each runtime and precision, columns by threads."""
    threads = sorted({row.threads for row in rows})
    heads = [f"{in_words(count)}, ms | to ours (quartiles)" for count in threads]
    n = rows[0].agreement.n
    head = ["runtime", "version", "file", "takes", f"same top-1 of {n:,}", "logits differ by", *heads]
    lines = [f"| {' | '.join(head)} |", "|---|---|---|---|" + "---:|" * (2 + 2 * len(threads))]
    for name in dict.fromkeys(row.name for row in rows):
        mine = {row.threads: row for row in rows if row.name == name}
        first = next(iter(mine.values()))
        same = [f"{first.agreement.same:,}", f"{first.agreement.largest_difference:.2g}"]
        times = [_times(mine[count].ms, mine[count].to_ours) if count in mine else " | " for count in threads]
        lines.append(f"| {' | '.join([name, first.version, first.made, first.takes, *same, *times])} |")
    return lines


def photo_table(rows: Sequence[PhotoRow]) -> list[str]:
    """Return a Markdown table of the ways from a photo to its label."""
    lines = [
        "| photos | with | version | decoded | same label | ms | to ours (quartiles) |",
        "|---|---|---|---|---:|---:|---:|",
    ]
    for row in rows:
        cells = [row.photos, row.name, row.version, row.does, f"{row.same} of {row.n}", _times(row.ms, row.to_ours)]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def faster(rows: Iterable[Row], photos: Iterable[PhotoRow]) -> list[str]:
    """Return a line for each row that took less time than ours in three of four rounds."""
    named = [(f"{row.net}, {in_words(row.threads)}: {row.name}", row.to_ours) for row in rows]
    named += [(f"{row.photos}: {row.name}", row.to_ours) for row in photos]
    return [f"- **{name}** takes {ratio.median:.2f} of ours" for name, ratio in named if ratio.high < 1]


def in_units_of_litert(rows: Sequence[Row]) -> list[str]:
    """Return a line for our int8 file of each net against LiteRT's of each net: the median ratio of the rounds."""
    lines = []
    for ours in (row for row in rows if row.name == OURS["int8"]):
        for base in (row for row in rows if row.name == LITERT_INT8 and row.threads == ours.threads):
            ratios = np.array(ours.rounds) / np.array(base.rounds)
            low, median, high = np.percentile(ratios, [25, 50, 75])
            names = f"{ours.net}, {in_words(ours.threads)}, in units of {base.net}"
            lines.append(f"- {names}: {median:.3f} (quartiles {low:.3f} - {high:.3f})")
    return lines


def in_words(threads: int) -> str:
    """Return a number of threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def _times(ms: Latency, to_ours: Ratio) -> str:
    ratio = f"{to_ours.median:.2f} ({to_ours.low:.2f} - {to_ours.high:.2f})"
    return f"{ms.p50:.3f} | " + (f"**{ratio}**, faster" if to_ours.high < 1 else ratio)
