"""The demo in a line a step: what came of it, from the JSON that the step printed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...edge.report.phrases import times_as_fast

Printed = Sequence[Mapping[str, Any]]
"""What a command prints with `--json`: one object, `predict` one a photo."""


def trained(printed: Printed) -> str:
    """Return how long `train` took, and how good the net is on images that it never saw."""
    [summary] = printed
    return (
        f"learned in {summary['seconds']:.0f} s; on {summary['test_images']:,} images that it never saw "
        f"{summary['test_accuracy']:.1%} of its answers are right"
    )


def exported(printed: Printed) -> str:
    """Return what `export` made of the net in int8: bytes, and accuracy lost on the test images."""
    [summary] = printed
    fp32, int8 = summary["files"][:2]
    lost = 100 * (fp32["test"]["top1"] - int8["test"]["top1"])
    before, after = (file["bytes"] / 1e6 for file in (fp32, int8))
    return f"int8 loses {lost:.2f} points of accuracy, in {after:.2f} MB instead of {before:.2f}"


def verified(printed: Printed) -> str:
    """Return what the file promises of other CPUs, and whether this one keeps it."""
    [result] = printed
    return (
        f"promised: {result['portability'] or 'nothing of other CPUs'}; "
        f"here {result['identical']} of {result['n']} golden logits are equal to the bit"
    )


def evaluated(printed: Printed) -> str:
    """Return the accuracy of the int8 file, and how often it does not answer."""
    [result] = printed
    unknown = f"{result['unknown']} `unknown`" if result["threshold"] else "none `unknown`"
    return f"{result['accuracy']:.1%} of {result['n']:,} test images are right in int8, {unknown}"


def benchmarked(printed: Printed) -> str:
    """Return how fast int8 is beside float, and whether this can be relied on."""
    [report] = printed
    fp32, int8 = report["models"][:2]
    told = (
        f"int8 is {times_as_fast(int8['net_ratio']['median'])} as float: {int8['net_ms']['p50']:.2f} ms an image on "
        f"one thread, float {fp32['net_ms']['p50']:.2f}"
    )
    return told if report["validity"]["valid"] else f"{told} (but the machine was busy: see the report)"


def named(rows: Printed) -> str:
    """Return how many photos `predict` calls what they are, as their file names say."""
    right = sum(Path(row["path"]).stem.startswith(f"{row['label']}-") for row in rows)
    return f"{right} of {len(rows)} new photos are called what they are{_unknown(rows)}"


def shown_strange_things(rows: Printed) -> str:
    """Return what a net answers that knows none of what is on the photos."""
    return f"the net in the package knows animals and vehicles only{_unknown(rows)}"


def _unknown(rows: Printed) -> str:
    count = sum(row["abstained"] for row in rows)
    return f"; `unknown`: {count}, whose best guess is too unsure to be the answer" if count else ""
