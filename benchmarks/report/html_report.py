"""The benchmark's page: which model to ship, and all that was measured, in one HTML file that needs nothing else."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...edge.errors import RunError
from ...edge.machine.description import Machine
from ...edge.report.answers import Answers, answer_sections
from ...edge.report.charts.curves import curves
from ...edge.report.document import document, facts, paragraph, section, warning
from ...edge.report.model_names import short_names
from ...edge.report.run_history import read_history
from ...edge.stats.accuracy import Flip
from ...edge.stats.classification import read_confusion
from ...edge.stats.confidence import CalibrationBin
from .figures_table import figures_table
from .speed_charts import accuracy_against_latency, latency_distributions, minute_by_minute, throughput, where_time_goes
from .verdict import verdict

Report = Mapping[str, Any]
"""What `edge-cifar benchmark --json` prints."""


def benchmark_page(report: Report) -> str:
    """Return the page of a benchmark."""
    names = model_names(report)
    return document("edge-cifar benchmark", lead(report, names), *measured_sections(report, names))


def model_names(report: Report) -> list[str]:
    """Return the models' names in a report: short, and no two alike."""
    return short_names([model["model"] for model in report["models"]])


def lead(report: Report, names: Sequence[str]) -> str:
    """Return the verdict, and before it what speaks against believing it."""
    validity = report["validity"]
    banner = (
        ""
        if validity["valid"]
        else warning("Don't rely on this run. Measure again on a quiet machine:", validity["reasons"])
    )
    return banner + paragraph(verdict(report["models"], names), "verdict") + paragraph(_where(report), "note")


def _where(report: Report) -> str:
    """Say in a line where, when and on what it was measured."""
    machine, settings, accuracy = report["machine"], report["settings"], report["models"][0]["accuracy"]
    told = [machine["cpu"], machine["date"][:10]]
    if accuracy:
        told.append(f"{accuracy['n']:,} {settings['split']} images of {settings['data']}")
    return ", ".join(told) + "."


def measured_sections(report: Report, names: Sequence[str]) -> list[str]:
    """Return all that was measured, a section each; what was not is left out."""
    models = report["models"]
    answers = [_answers(model, name) for model, name in zip(models, names, strict=True) if model["accuracy"]]
    return [
        section("Accuracy against latency", *accuracy_against_latency(models, names)),
        section("All figures", figures_table(models, names)),
        section("How durations are spread", latency_distributions(models, names)),
        section("Where the time goes", where_time_goes(models, names)),
        section("Throughput", throughput(models, names)),
        section("Minute by minute", minute_by_minute(report.get("minutes") or [], names)),
        *(answer_sections(answers) if answers else []),
        *_training(models),
        section("How it was measured", *map(paragraph, _method(report))),
        section("The machine", facts(Machine(**report["machine"]).describe()), facts(_digests(models, names))),
    ]


def _answers(model: Mapping[str, Any], name: str) -> Answers:
    accuracy = model["accuracy"]
    return Answers(
        name=name,
        labels=accuracy["labels"],
        counts=read_confusion(accuracy["confusion"], len(accuracy["labels"])),
        bins=[CalibrationBin(**each) for each in accuracy["reliability"]],
        calibration_error=accuracy["ece"],
        flips=[Flip(flip["path"], flip["truth"], flip["first"], flip["this"]) for flip in accuracy["flips"]],
    )


def _training(models: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return how models were trained whose run is beside them, a section each run."""
    sections = []
    for folder in dict.fromkeys(Path(model["model"]).parent for model in models):
        with suppress(OSError, RunError, ValueError, KeyError, TypeError):  # no run, or none of this version
            sections.append(section(f"How it was trained: {folder}", curves(read_history(folder))))
    return sections


def _method(report: Report) -> list[str]:
    """Say how the figures came about."""
    settings, rounds = report["settings"], len(report["models"][0]["net_ms"]["rounds"])
    width, height = settings["photo"]
    threads = f"{settings['threads']} thread{'s' * (settings['threads'] > 1)}"
    on = f"the {settings['split']} images of {settings['data']}" if settings["data"] else "rendered images"
    return [
        f"The models took turns, {rounds} rounds after one for warming up, on {threads}, so that a busy "
        "moment or a lower clock met all of them alike. The net alone was timed on single images of "
        f"{on}, the way from file to label on rendered JPEG photos of {width} x {height} pixels. Intervals of "
        "durations and ratios are 95 % bootstrap intervals over the rounds; a ratio is that of a round's medians.",
        "Cold starts are those of fresh processes, medians of several. Intervals of accuracy are Wilson's, p is "
        "McNemar's exact test on the images where just one of two models is right.",
    ]


def _digests(models: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, str]:
    return {name: f"SHA-256 {model['digest']}" for model, name in zip(models, names, strict=True)}
