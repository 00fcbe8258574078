"""The demo's page: what was trained, exported and measured, and the photos with their answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...edge.report.charts.thumbnails import thumbnail, thumbnails
from ...edge.report.document import commands, document, paragraph, section
from .html_report import lead, measured_sections, model_names

UNKNOWN_MEANS = (
    'A photo is "unknown" where the net is less sure of its best guess, in brackets, than its file asks for. Less sure '
    "than that were hardly any of its right answers on validation images; --threshold asks for more or less."
)


@dataclass(frozen=True)
class Findings:
    """What a demo found: its commands with their seconds, and the JSON that they printed.

    `photos` holds for each photo the rows that `predict` printed of it, one a model.
    """

    commands: tuple[tuple[str, float], ...]
    train: Mapping[str, Any]
    verify: Mapping[str, Any]
    evaluate: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    photos: tuple[tuple[Mapping[str, Any], ...], ...]


def demo_page(findings: Findings) -> str:
    """Return the demo's report."""
    names = model_names(findings.benchmark)
    typed = [f"$ {command}  # {seconds:.1f} s" for command, seconds in findings.commands]
    return document(
        "edge-cifar demo",
        lead(findings.benchmark, names),
        paragraph(_trained(findings)),
        section("Photos", *_photos(findings.photos)),
        *measured_sections(findings.benchmark, names),
        section("Commands", commands(typed)),
    )


def _trained(findings: Findings) -> str:
    train, evaluate, verify = findings.train, findings.evaluate, findings.verify
    return (
        f"The net was trained for {train['seconds']:.0f} seconds. Its int8 file labels {evaluate['accuracy']:.1%} of "
        f"{evaluate['n']} test images correctly, and of the {verify['n']} golden images whose logits it carries this "
        f"machine computes {verify['identical']} to the bit."
    )


def _photos(photos: Sequence[Sequence[Mapping[str, Any]]]) -> list[str]:
    note = "Each photo shows the shape that it is named after; below it the fresh int8 file's answer"
    if len(photos[0]) > 1:
        note += ", then that of the shipped CIFAR-10 file, which never saw such shapes and names what it knows"
    notes = [f"{note}."]
    if any(answer["abstained"] for answers in photos for answer in answers):
        notes.append(UNKNOWN_MEANS)
    return [paragraph(" ".join(notes), "note"), thumbnails([_photo(answers) for answers in photos], "wide")]


def _photo(answers: Sequence[Mapping[str, Any]]) -> str:
    path = Path(answers[0]["path"])
    return thumbnail(path, path.stem, *map(_answer, answers))


def _answer(answer: Mapping[str, Any]) -> str:
    guess = f"{answer['guess']} {answer['confidence']:.1%}"
    return f"{answer['label']} ({guess}?)" if answer["abstained"] else guess
