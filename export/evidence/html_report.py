"""The export's page: what the files are worth, which one to ship, and how it was quantized."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...edge.data.labelled_images import LabelledImages
from ...edge.machine.description import this_machine
from ...edge.model.contract import Logits
from ...edge.photos.contract import Photo
from ...edge.report.answers import Answers, agreement_sections, answer_sections
from ...edge.report.charts.curves import curves
from ...edge.report.class_table import class_section
from ...edge.report.confused_photos import confused_section
from ...edge.report.document import document, facts, paragraph, section, table
from ...edge.report.doubtful_photos import doubts_section
from ...edge.report.phrases import accuracy_lost, times_as_fast
from ...edge.stats.label_errors import Doubt
from ...edge.stats.softmax import softmax
from ..proof.portability import Portability
from ..quantization.accuracy_ladder import Budget, Rung
from .int8_speedup import Worth
from .measured_accuracy import Evidence
from .photo_time import PhotoTime
from .text_tables import (
    AGREEMENT,
    CAVEATS,
    confidence_line,
    drop_note,
    few_images,
    parity_line,
    portability_line,
    worth_line,
)


@dataclass(frozen=True)
class Exported:
    """An export: the first of `files` is the fp32 file, the second the int8 file if there is one, whose `worth` it is.

    `rungs` are the ways to quantize that were tried, none if it was not asked for, and `chosen` is that of the int8
    file. `title` names what was exported, `history` has the rows of its training, none where it was trained elsewhere,
    and `doubts` the photos whose labels that doubts, None where it judged none. `logits` (N, classes) are the fp32
    file's on `test`; `photo_of` gives the photo of a split and id. `photo_time` is None where photos have no files.
    """

    title: str
    history: Sequence[Mapping[str, Any]]
    test: LabelledImages
    files: Sequence[Evidence]
    budget: Budget
    rungs: Sequence[Rung]
    chosen: Rung | None
    worth: Worth | None
    logits: Logits
    photo_of: Callable[[str, str], Photo]
    photo_time: PhotoTime | None = None
    doubts: Sequence[Doubt] | None = None


def export_page(exported: Exported) -> str:
    """Return the page of an export."""
    files, worth = exported.files, exported.worth
    return document(
        f"edge-cifar export {exported.title}",
        paragraph(verdict(exported), "verdict"),
        section("Files", _files(files), *_caveats(files[1:]), *_notes(files)),
        section("How long a photo takes here", *_photo_time(exported.photo_time, files)),
        section("Ways to quantize", *_rungs(exported), paragraph(worth_line(worth)) if worth else ""),
        *_sections(exported),
        "" if exported.doubts is None else doubts_section(exported.doubts, exported.photo_of),
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
    told, test = [_answers(file, exported.photo_of) for file in exported.files], exported.test
    if not exported.files[0].labelled:
        return agreement_sections(told[0].name, told[1:])
    probabilities = softmax(exported.logits, exported.files[0].temperature)
    confused = confused_section(test.labels, test.ids, test.targets, probabilities, told[0].photo_of)
    return [class_section(told), *answer_sections(told), confused]


def _photo_time(found: PhotoTime | None, files: Sequence[Evidence]) -> list[str]:
    """Return a table of what a photo takes by each file, and what of it is not the net's; nothing of no photos."""
    if found is None:
        return []
    decode = found.decode.p50
    rows = [
        ["decoded and shrunk, ms", *(f"{decode:.2f}" for _ in files)],
        ["answered, ms", *(f"{net.p50:.2f}" for net in found.nets)],
        ["from file to label, ms", *(f"{decode + net.p50:.2f}" for net in found.nets)],
        ["photos a second", *(f"{1000 / (decode + net.p50):.0f}" for net in found.nets)],
    ]
    of = f"Medians of {found.photos} photos of {found.megapixels:.2g} megapixels, on one thread of this machine."
    note = f"{of} On another, `edge-cifar benchmark` tells."
    return [table(["", *map(_name, files)], *rows), paragraph(note, "note")]


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
    n = exported.files[0].val.n
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
            f"{rung.method}, kept" if rung is exported.chosen else rung.method,
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
        paragraph(drop_note(n, labelled), "note"),
        *(paragraph(note, "note") for note in few_images(exported.budget, n)),
    ]


def _answers(file: Evidence, photo_of: Callable[[str, str], Photo]) -> Answers:
    return Answers(
        name=_name(file),
        labels=file.labels,
        counts=np.array(file.confusion),
        bins=file.reliability,
        calibration_error=file.calibration_error[1],
        flips=file.test.flips,
        photo_of=lambda name: photo_of("test", name),
    )
