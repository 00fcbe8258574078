"""How alike CPUs answer with a model: proven of its graph, so that a file claims no more than that.

Proven twice: as the graph is written, by rules that hold for every kind of CPU, and as onnxruntime rewrites it on this
machine before it runs. What it makes of a file elsewhere, `benchmarks.portability` reads back from emulated CPUs.
"""

from enum import StrEnum

import onnx

from ..graph.run_graph import optimized
from .prove_graph import findings
from .rules import Verdict


class Portability(StrEnum):
    """What is promised of a model's logits on other CPUs; its card says it in these words."""

    PROVEN = "same bits on every CPU"
    ROUNDING = "within rounding (float layers)"
    UNPROVEN = "NOT PORTABLE (16-bit sums may overflow)"


PROMISES = {Verdict.SAME_BITS: Portability.PROVEN, Verdict.ROUNDING: Portability.ROUNDING}


def portability(model: onnx.ModelProto) -> Portability:
    """Return what holds for a model, quantized or not."""
    return PROMISES.get(max(verdicts(model), default=Verdict.SAME_BITS), Portability.UNPROVEN)


def is_integer(model: onnx.ModelProto) -> bool:
    """Return whether all adding is done in integers, with scales that are fixed; they may yet leave 16 bits."""
    return all(verdict.in_integers for verdict in verdicts(model))


def verdicts(model: onnx.ModelProto) -> set[Verdict]:
    """Return the verdicts for the nodes of a model, as written and as it runs here."""
    return {found.verdict for _, found in (*findings(model), *findings(optimized(model)))}


def doubts(model: onnx.ModelProto) -> list[str]:
    """Return a line for each reason why a model is not proven, the gravest first; none when it is."""
    found = sorted((*findings(model), *findings(optimized(model))), key=lambda each: -each[1].verdict)
    return list(dict.fromkeys(f"{name}: {finding.reason}" for name, finding in found if finding.verdict))
