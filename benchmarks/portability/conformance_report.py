"""Answers of several CPUs to the same photos: how they differ, whether that is as it must be, and a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...edge.model.card import ModelCard
from ...edge.model.contract import Logits
from .conformance_photos import Photos
from .emulators import CPUS

HEADER = """\
| CPU | that is | onnxruntime | numpy | Pillow | same pixels | same top-1 | same bits | largest difference |
|---|---|---|---|---|---|---|---|---|"""

WEBASSEMBLY = "webassembly"  # as rows call it; others are the CPUs of `emulators.CPUS`
CONTROL_KIND = "control"  # an int8 file that must be caught; others are told by `kind_of`
SAME_BITS = "same bits on every CPU"  # as `export.proof` has it, which a device need not have


@dataclass(frozen=True)
class Shown:
    """What every CPU was shown: the photos, and the SHA-256 of each model file by name."""

    photos: Photos
    models: Mapping[str, str]

    def facts(self) -> dict[str, str]:
        """Return it in words, by topic."""
        photos = f"{self.photos.n}: {self.photos.chosen} (SHA-256 {self.photos.sha256})"
        return {"photos": photos, **{name: f"SHA-256 {digest}" for name, digest in self.models.items()}}


@dataclass(frozen=True)
class Answer:
    """What a model said on a CPU: float32 logits (N, classes), and the SHA-256 of the pixels that it was shown."""

    logits: Logits
    pixels_sha256: str


@dataclass(frozen=True)
class Comparison:
    """An answer against the reference: of how many photos, how many have the same top-1, and the same logits."""

    photos: int
    same_pixels: bool
    same_answers: int
    identical_logits: int
    largest_difference: float  # of two logits

    @property
    def identical(self) -> bool:
        """Whether pixels and logits are the same to the bit."""
        return self.same_pixels and self.identical_logits == self.photos


@dataclass(frozen=True)
class Row:
    """One file on one CPU with one set of packages, `stack` as asked for, `versions` as found."""

    cpu: str
    stack: str
    versions: Mapping[str, str]
    model: str
    kind: str
    comparison: Comparison


@dataclass(frozen=True)
class Failure:
    """A CPU that gave no answer, and its last words."""

    cpu: str
    stack: str
    message: str


def kind_of(card: ModelCard) -> str:
    """Return a file's precision, and what its card promises of other CPUs if that is less than usual."""
    less = card.precision == "int8" and card.portability not in ("", SAME_BITS)  # the oldest cards don't say
    return f"int8, {card.portability}" if less else card.precision


def compare(answer: Answer, reference: Answer) -> Comparison:
    """Compare two answers to the same photos."""
    bits, expected = answer.logits.view(np.uint32), reference.logits.view(np.uint32)
    return Comparison(
        photos=len(bits),
        same_pixels=answer.pixels_sha256 == reference.pixels_sha256,
        same_answers=int((answer.logits.argmax(1) == reference.logits.argmax(1)).sum()),
        identical_logits=int((bits == expected).all(axis=1).sum()),
        largest_difference=float(np.abs(answer.logits - reference.logits).max()),
    )


def problems(rows: Sequence[Row], failures: Sequence[Failure]) -> list[str]:
    """Return a line for everything that is not as it must be, none when all is well.

    int8 must be identical everywhere, unless its card promises less, and the control, if there is one, must differ
    somewhere; fp32 is free.
    """
    lines = [f"{failure.cpu}, {failure.stack}: {failure.message}" for failure in failures]
    lines += [
        f"{row.model} on {row.cpu}, {row.stack}: not identical to the bit"
        for row in rows
        if row.kind == "int8" and not row.comparison.identical
    ]
    control = [row.comparison for row in rows if row.kind == CONTROL_KIND]
    if control and all(comparison.identical for comparison in control):
        lines.append("the control gave the same bits everywhere: this run would not have noticed a difference")
    return lines


def markdown(facts: Mapping[str, str], found: Sequence[str], rows: Sequence[Row]) -> str:
    """Return a page: what it was measured on, what is not as it must be, and the tables."""
    lines = ["# One model, many CPUs", "", *(f"- {topic}: {words}" for topic, words in facts.items())]
    lines += [f"- **problem**: {line}" for line in found] or ["- problems: none"]
    return "\n".join(lines) + "\n\n" + tables(rows)


def tables(rows: Sequence[Row]) -> str:
    """Return a Markdown table for each model; each row is compared with the model's first, counts are photos."""
    blocks = []
    for model in dict.fromkeys(row.model for row in rows):
        mine = [row for row in rows if row.model == model]
        title = f"## {model} ({mine[0].kind}), {mine[0].comparison.photos} photos"
        blocks.append("\n".join([title, "", HEADER, *map(_line, mine)]))
    return "\n\n".join(blocks) + "\n"


def _line(row: Row) -> str:
    versions, comparison = row.versions, row.comparison
    cells = [
        row.cpu,
        "what browsers run, in Node.js" if row.cpu == WEBASSEMBLY else CPUS[row.cpu].description,
        *(versions[name] for name in ("onnxruntime", "numpy", "pillow")),
        "yes" if comparison.same_pixels else "**no**",
        str(comparison.same_answers),
        str(comparison.identical_logits),
        f"{comparison.largest_difference:.2g}",
    ]
    return f"| {' | '.join(cells)} |"
