"""The export's page: what the files are worth, which one to ship, and how it was quantized."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...edge.data.labelled_images import LabelledImages
from ...edge.machine.description import this_machine
from ...edge.report.answers import Answers, agreement_sections, answer_sections
from ...edge.report.charts.curves import curves
from ...edge.report.document import document, facts, paragraph, section, table
from ...edge.report.phrases import accuracy_lost, times_as_fast
from ..proof.portability import Portability
from ..quantization.accuracy_ladder import Budget, Rung
from .int8_speedup import Worth
from .measured_accuracy import Evidence
from .text_tables import (
    AGREEMENT,
    CAVEATS,
    confidence_line,
    drop_note,
    parity_line,
    portability_line,
    worth_line,
)

REPORT = "report.html"


@dataclass(frozen=True)
class Exported:
    """An export: the first of `files` is the fp32 file, the second the int8 file if there is one, whose `worth` it is.

    `rungs` are the ways to quantize that were tried, none if it was not asked for. `title` names what was exported,
    `history` has the rows of its training, none where it was trained elsewhere.
    """

    title: str
    history: Sequence[Mapping[str, Any]]
    test: LabelledImages
    files: Sequence[Evidence]
    budget: Budget
    rungs: Sequence[Rung]
    worth: Worth | None


def export_page(exported: Exported) -> str:
    """Return the page of an export."""
    files, worth = exported.files, exported.worth
    return document(
        f"edge-cifar export {exported.title}",
        paragraph(verdict(exported), "verdict"),
        section("Files", _files(files), *_caveats(files[1:]), *_notes(files)),
        section("Ways to quantize", *_rungs(exported), paragraph(worth_line(worth)) if worth else ""),
        *_sections(exported),
        section("How it was trained", curves(exported.history)),
        section("The machine", facts(this_machine().describe())),
    )


def verdict(exported: Exported) -> str:
    """Return which file to ship, and why, in a sentence or two."""
    fp32, worth = exported.files[0], exported.worth
    name = _name(fp32)
    if not fp32.labelled:
        return _verdict_without_labels(exported)
    if worth is None:
        right = f"{name} is right on {fp32.test.top1:.2%} of {fp32.test.n:,} test images."
        if not exported.rungs:
            return right
        least = min(rung.drop for rung in exported.rungs)
        return (
            f"Ship {name}: no int8 file loses {exported.budget.max_drop} points or less, the best {least:.2f}. {right}"
        )
    int8 = exported.files[1]
    points, p = 100 * (fp32.test.top1 - int8.test.top1), int8.test.paired.p
    lost = accuracy_lost(points, p, int8.test.n)
    speed, size = times_as_fast(worth.ratio.median), f"{fp32.bytes / int8.bytes:.1f} times smaller"
    if worth.int8_pays:
        return f"Ship {_name(int8)}: {speed} as {name} on this machine, and {size}; {lost}."
    return f"Ship {name}: {_name(int8)} is {size}, but {speed} on this machine; {lost}."


def _verdict_without_labels(exported: Exported) -> str:
    fp32, worth, n = exported.files[0], exported.worth, exported.files[0].test.n
    name = _name(fp32)
    if worth is None:
        if not exported.rungs:
            return f"{name} answers as {fp32.origin} does."
        least = min(rung.drop for rung in exported.rungs)
        told = f"no int8 file answers {exported.budget.max_drop} points of the images or less otherwise"
        return f"Ship {name}: {told}, the best {least:.2f}."
    int8 = exported.files[1]
    same = f"it gives the same answers as {name} to {int8.test.same_answers:.2%} of {n:,} test images without labels"
    speed, size = times_as_fast(worth.ratio.median), f"{fp32.bytes / int8.bytes:.1f} times smaller"
    if worth.int8_pays:
        return f"Ship {_name(int8)}: {speed} as {name} on this machine, and {size}; {same}."
    return f"Ship {name}: {_name(int8)} is {size}, but {speed} on this machine; {same}."


def _sections(exported: Exported) -> list[str]:
    told = [_answers(file, exported.test) for file in exported.files]
    if exported.files[0].labelled:
        return answer_sections(told)
    return agreement_sections(told[0].name, told[1:])


def _name(file: Evidence) -> str:
    return file.file.removesuffix(".onnx")


def _caveats(files: Sequence[Evidence]) -> list[str]:
    return [paragraph(portability_line(file), "note") for file in files if Portability(file.portability) in CAVEATS]


def _notes(files: Sequence[Evidence]) -> list[str]:
    told = [*map(confidence_line, files)] if files[0].labelled else [f"{AGREEMENT[0].upper()}{AGREEMENT[1:]}."]
    return [paragraph(line, "note") for line in (parity_line(files[0]), *told)]


def _files(files: Sequence[Evidence]) -> str:
    header, fp32 = ["", *(_name(file) for file in files)], files[0]
    rows = [["bytes", *(f"{file.bytes:,}" for file in files)]]
    if not fp32.labelled:
        return table(header, *rows, *_agreement(files), _elsewhere(files))
    rows += [
        ["right on validation", *(f"{file.val.top1:.2%}" for file in files)],
        ["right on test", *(f"{file.test.top1:.2%}" for file in files)],
        ["95 % interval", *("{:.2%} - {:.2%}".format(*file.test.interval) for file in files)],
        ["points lost against fp32", *(f"{100 * (fp32.test.top1 - file.test.top1):.2f}" for file in files)],
        ["broken, fixed", *(f"{file.test.paired.broken}, {file.test.paired.fixed}" for file in files)],
        ["p of the difference (McNemar)", *(f"{file.test.paired.p:.2g}" for file in files)],
        ["same answers as fp32", *(f"{file.test.same_answers:.2%}" for file in files)],
        ["worst class", *(f"{file.test.worst_class} {file.test.recalls[file.test.worst_class]:.1%}" for file in files)],
        ["temperature", *(f"{file.temperature:.2f}" for file in files)],
        ["calibration error without, points", *(f"{100 * file.calibration_error[0]:.1f}" for file in files)],
        ["calibration error with it, points", *(f"{100 * file.calibration_error[1]:.1f}" for file in files)],
        ["unknown of the test images", *(f"{file.coverage.unknown / file.coverage.n:.1%}" for file in files)],
        ["right among the others", *(_share(file.coverage.accuracy) for file in files)],
    ]
    return table(header, *rows, _elsewhere(files))


def _agreement(files: Sequence[Evidence]) -> list[list[str]]:
    """Return what of the table needs no labels."""
    least = [(file.test.worst_class, file.test.recalls[file.test.worst_class]) for file in files[1:]]
    return [
        ["same answers as fp32 on validation", "", *(f"{file.val.same_answers:.2%}" for file in files[1:])],
        ["same answers as fp32 on test", "", *(f"{file.test.same_answers:.2%}" for file in files[1:])],
        ["95 % interval", "", *("{:.2%} - {:.2%}".format(*file.test.interval) for file in files[1:])],
        ["least alike class", "", *(f"{label} {share:.1%}" for label, share in least)],
    ]


def _elsewhere(files: Sequence[Evidence]) -> list[str]:
    return ["answers on other CPUs", *(file.portability for file in files)]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}"


def _rungs(exported: Exported) -> list[str]:
    if not exported.rungs:
        return []
    labelled = exported.files[0].labelled
    of = "validation accuracy against fp32" if labelled else "fp32's own answers on validation"
    allowed = f"{exported.budget.max_drop} points of {of}"
    told = f"Tried one after the other, the cheapest first, until one lost no more than {allowed}."
    if exported.budget.every_rung:
        told = f"All were tried, and the one kept that loses least, if it is no more than {allowed}."
    if exported.budget.best_effort:
        told = f"{told[:-1]}, or else, the one that loses least is kept."
    # Both ways end with the one that loses least, the first of several alike.
    kept = min(exported.rungs, key=lambda rung: rung.drop) if exported.worth else None
    header = [
        "",
        "points lost" if labelled else "points answered otherwise",
        "95 % interval",
        "same answers",
        "one image, µs",
        "bytes",
        "on other CPUs",
    ]
    rows = [
        [
            f"{rung.method}, kept" if rung is kept else rung.method,
            f"{rung.drop:.2f}",
            "{:.2f} to {:.2f}".format(*rung.interval),
            f"{rung.same_answers:.2%}",
            f"{rung.latency:.0f}",
            f"{rung.bytes:,}",
            rung.portability,
        ]
        for rung in exported.rungs
    ]
    return [
        paragraph(told, "note"),
        table(header, *rows),
        paragraph(drop_note(exported.files[0].val.n, labelled), "note"),
    ]


def _answers(file: Evidence, test: LabelledImages) -> Answers:
    places = {name: place for place, name in enumerate(test.ids)}
    return Answers(
        name=_name(file),
        labels=file.labels,
        counts=np.array(file.confusion),
        bins=file.reliability,
        calibration_error=file.calibration_error[1],
        flips=file.test.flips,
        photo_of=lambda name: test.images[places[name]],
    )
