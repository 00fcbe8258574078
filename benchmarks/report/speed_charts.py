"""The page's charts of what takes how long."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ...edge.report.charts.distributions import Spread, distributions
from ...edge.report.charts.lines import Line, lines
from ...edge.report.charts.scatter import Point, scatter
from ...edge.report.charts.stacked import stacked
from ...edge.report.document import charts, figure, paragraph

Models: TypeAlias = Sequence[Mapping[str, Any]]
Names: TypeAlias = Sequence[str]

KINDS = {"net": "The net alone, one image in memory", "photo": "JPEG file to label"}


def accuracy_against_latency(models: Models, names: Names) -> list[str]:
    """Return a scatter of the net alone and one from photo to label; nothing where accuracy was not measured."""
    if not points(models, names, "net"):
        return []
    note = (
        "Lines across a dot are 95 % intervals; the dashed one borders what these models reach: up and left is better."
    )
    shown = [
        figure(title, "", scatter(f"{title}: accuracy against latency", points(models, names, kind)))
        for kind, title in KINDS.items()
    ]
    return [paragraph(note, "note"), charts(*shown)]


def points(models: Models, names: Names, kind: str) -> list[Point]:
    """Return the models whose accuracy was measured by latency, that of the "net" or from "photo" to label."""
    return [
        Point(
            name=name,
            latency=model[f"{kind}_ms"]["p50"],
            latency_interval=(model[f"{kind}_ms"]["low"], model[f"{kind}_ms"]["high"]),
            accuracy=model["accuracy"]["top1"],
            accuracy_interval=tuple(model["accuracy"]["interval"]),
        )
        for model, name in zip(models, names, strict=True)
        if model["accuracy"]
    ]


def latency_distributions(models: Models, names: Names) -> str:
    """Return how the durations of single calls are spread."""
    note = "The tall mark is the median, the short ones are p90 and p99, as far as the axis reaches."
    return paragraph(note, "note") + charts(
        *(
            figure(title, "", distributions(f"{title}: durations", _spreads(models, names, f"{kind}_ms")))
            for kind, title in KINDS.items()
        )
    )


def _spreads(models: Models, names: Names, key: str) -> list[Spread]:
    return [
        Spread(name, *(model[key][p] for p in ("p50", "p90", "p99")), **model[key]["density"])
        for model, name in zip(models, names, strict=True)
    ]


def where_time_goes(models: Models, names: Names) -> str:
    """Return what a photo's time and a cold start's consist of, in medians."""
    start = [
        (name, {part: 1000 * seconds for part, seconds in model["start"]["parts"].items()})
        for model, name in zip(models, names, strict=True)
    ]
    return charts(
        figure(
            "From a JPEG file to its label",
            "",
            stacked("What a photo's time consists of", "ms", photo_parts(models, names)),
        ),
        figure("From nothing to the first answer", "", stacked("What a cold start consists of", "ms", start)),
    )


def photo_parts(models: Models, names: Names) -> list[tuple[str, dict[str, float]]]:
    """Return for each model what the way from a JPEG file to its label consists of, medians in ms."""
    return [(name, _parts(model)) for model, name in zip(models, names, strict=True)]


def _parts(model: Mapping[str, Any]) -> dict[str, float]:
    decode, net, whole = (model[f"{kind}_ms"]["p50"] for kind in ("decode", "net", "photo"))
    return {"decode and resize": decode, "net": net, "the rest": max(0.0, whole - decode - net)}


def throughput(models: Models, names: Names) -> str:
    """Return images a second by batch, a chart for each number of threads, all to one scale."""
    measured = [row for model in models for row in model["throughput"]]
    most = max((row["images_per_second"] for row in measured), default=0)
    return charts(
        *(
            figure(
                f"{threads} thread{'s' * (threads > 1)}",
                "",
                lines(
                    f"Images a second by batch, {threads} threads",
                    _by_batch(models, names, threads),
                    "images in a batch",
                    "images a second",
                    reach=most,
                    by_doubling=True,
                ),
            )
            for threads in sorted({row["threads"] for row in measured})
        )
    )


def _by_batch(models: Models, names: Names, threads: int) -> list[Line]:
    found = [
        (
            name,
            i,
            sorted(
                (row["batch"], row["images_per_second"]) for row in model["throughput"] if row["threads"] == threads
            ),
        )
        for i, (model, name) in enumerate(zip(models, names, strict=True))
    ]
    return [Line(*each) for each in found if each[2]]


def minute_by_minute(minutes: Sequence[Mapping[str, Any]], names: Names) -> str:
    """Return the net's medians of each minute, with temperature and clock where the machine tells them."""
    if not minutes:
        return ""
    latency = [Line(name, i, [(row["minute"], row["net_ms"][i]) for row in minutes]) for i, name in enumerate(names)]
    shown = [figure("The net alone, medians", "", lines("Latency by minute", latency, "minute", "ms"))]
    for key, title, unit in (("celsius", "Temperature", "°C"), ("mhz", "Clock", "MHz")):
        points = [(row["minute"], row[key]) for row in minutes if row[key] is not None]
        if points:
            drawn = lines(f"{title} by minute", [Line("", 0, points)], "minute", unit, from_zero=False)
            shown.append(figure(title, "", drawn))
    return charts(*shown)
