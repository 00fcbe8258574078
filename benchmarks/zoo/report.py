"""What came of the zoo's nets, as rows and a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from ...edge.stats.paired_timing import Ratio

COLUMNS = (
    *("net", "written by", "int8, of MACs", "on other CPUs, by its card", "same bits, of CPUs", "as float answers"),
    *("of float's time", "export, s", "MB"),
)
NOTES = """\
Weights are random but for the pretrained net's: trained for a few steps, so that answers lie close together and differ
more easily than a trained net's, and no budget is set. How many different answers float gives stands in brackets. Of
float's time: one photo, one thread, both files in turns, and the quartiles of the rounds."""


@dataclass(frozen=True)
class Row:
    """A net's file by one exporter, exported: seconds and most MB that took, and what is left is the int8 file's.

    `same_answers` of `judged` photos have the same top-1 as by float, `classes_seen` is how many different ones float
    gives; `same_bits` of `cpus` give the same logits to the bit, others differ by up to `largest_difference`;
    `to_float` is its time in terms of float's. Where there is no int8 file, `problem` says why. The memory of some
    exports is not known: None.
    """

    net: str
    exporter: str
    seconds: float
    peak_mb: float | None
    sha256: str = ""
    int8_share: float = 0.0
    portability: str = ""
    cpus: int = 0
    same_bits: int = 0
    largest_difference: float = 0.0
    judged: int = 0
    same_answers: int = 0
    classes_seen: int = 0
    to_float: Ratio | None = None
    problem: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the row that was written as JSON."""
        return cls(**{**values, "to_float": Ratio(**values["to_float"]) if values["to_float"] else None})


def markdown(facts: Mapping[str, str], rows: Sequence[Row]) -> str:
    """Return a page: what it was measured on, and the table."""
    lines = [
        "# Somebody else's nets, through one command",
        "",
        *(f"- {topic}: {words}" for topic, words in facts.items()),
    ]
    lines += ["", f"| {' | '.join(COLUMNS)} |", "|---|---|---:|---|" + "---:|" * 5, *map(_line, rows), "", NOTES]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    cells = [row.net, row.exporter]
    if row.to_float is None:
        cells += ["", f"**{row.problem}**", "", "", ""]
    else:
        bits = f"{row.same_bits} of {row.cpus}"
        differing = f", by {row.largest_difference:.2g}" if row.same_bits < row.cpus else ""
        share = f"{row.same_answers / row.judged:.1%} of {row.judged} ({row.classes_seen})"
        time = f"{row.to_float.median:.2f} ({row.to_float.low:.2f} - {row.to_float.high:.2f})"
        cells += [f"{row.int8_share:.1%}", row.portability, bits + differing, share, time]
    memory = "" if row.peak_mb is None else f"{row.peak_mb:.0f}"
    return f"| {' | '.join([*cells, f'{row.seconds:.0f}', memory])} |"
