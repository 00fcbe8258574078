"""Every chart is well-formed, tells in words what it shows, and draws values where they belong."""

from collections.abc import Callable
from itertools import combinations, pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from edge_cifar.edge.report.charts.distributions import Spread, distributions
from edge_cifar.edge.report.charts.dots import dots
from edge_cifar.edge.report.charts.heatmap import changes, confusion
from edge_cifar.edge.report.charts.lines import Line, lines
from edge_cifar.edge.report.charts.reliability import reliability
from edge_cifar.edge.report.charts.scatter import Point, pareto, scatter
from edge_cifar.edge.report.charts.stacked import stacked
from edge_cifar.edge.report.charts.svg import LETTER, WIDTH, apart
from edge_cifar.edge.stats.confidence import CalibrationBin

HOSTILE = "<b>&\"'"
BINS = [CalibrationBin(0.5, 0.4, 10), CalibrationBin(0.9, 0.95, 90)]


def point(name: str, latency: float, accuracy: float) -> Point:
    return Point(name, latency, (0.9 * latency, 1.1 * latency), accuracy, (accuracy - 0.01, accuracy + 0.01))


def spread(name: str, ms: float) -> Spread:
    return Spread(name, ms, 1.2 * ms, 1.5 * ms, [0.9 * ms, ms, 1.5 * ms], [70, 30])


CHARTS: dict[str, Callable[[str], str]] = {
    "scatter": lambda name: scatter(name, [point(name, 1, 0.9), point("b", 0.3, 0.8)]),
    "distributions": lambda name: distributions(name, [spread(name, 1), spread("b", 30)]),
    "stacked": lambda name: stacked(name, "ms", [(name, {name: 1, "net": 2}), ("b", {name: 1, "net": 0})]),
    "lines": lambda name: lines(name, [Line(name, 0, [(1, 3), (2, 5)]), Line("b", 1, [(1, 2)])], "minute", "ms"),
    "dots": lambda name: dots(name, {name: [0.9, 0.8], "b": [0.5, 0.5]}, [name, "b"]),
    "confusion": lambda name: confusion(name, [name, "b"], [[3, 1], [0, 4]]),
    "changes": lambda name: changes(name, [name, "b"], [[3, 1], [0, 4]], [[4, 0], [1, 3]]),
    "reliability": lambda name: reliability(name, [(name, BINS), ("b", BINS)]),
}


def parsed(svg: str) -> Element:
    return ElementTree.fromstring(svg)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter("text")]


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_a_chart_is_well_formed_whatever_names_say_and_tells_what_it_shows(draw: Callable[[str], str]) -> None:
    svg = parsed(draw(HOSTILE))
    assert (svg.tag, svg.get("role"), svg.get("aria-label")) == ("svg", "img", HOSTILE)
    assert svg.findtext("title") == HOSTILE
    assert svg.findtext("desc")
    assert [element.tag for element in svg.iter()] == [element.tag for element in parsed(draw("plain")).iter()]


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_all_that_is_drawn_lies_within_the_chart(draw: Callable[[str], str]) -> None:
    svg = parsed(draw("a model of usual name"))
    height = float((svg.get("viewBox") or "").split()[3])
    for element in svg.iter():
        for key in ("x", "x1", "x2", "cx"):
            assert 0 <= float(element.get(key, 0)) <= WIDTH
        for key in ("y", "y1", "y2", "cy"):
            assert -1 <= float(element.get(key, 0)) <= height


def test_the_line_goes_through_the_models_that_none_beats_in_both() -> None:
    slow, fast, beaten, even = (
        point("slow", 3, 0.9),
        point("fast", 1, 0.7),
        point("beaten", 2, 0.6),
        point("even", 2.5, 0.7),
    )
    assert pareto([slow, fast, beaten, even]) == [fast, slow]


def test_names_of_crowded_models_do_not_overlap() -> None:
    crowd = [point(f"experiment-{i}/model", 1 + 0.01 * i, 0.9 + 0.001 * i) for i in range(8)]
    boxes = []
    for element in parsed(scatter("crowd", crowd)).iter("text"):
        if "halo" in (element.get("class") or ""):
            left, base = float(element.get("x", 0)), float(element.get("y", 0))
            boxes.append((left, base, left + len(element.text or "") * LETTER))
    assert len(boxes) == 8
    for (left, base, right), (other_left, other_base, other_right) in combinations(boxes, 2):
        assert abs(base - other_base) > 10 or right < other_left or other_right < left


def test_models_of_very_different_speed_are_drawn_by_logarithms() -> None:
    assert "ms, logarithmic" in texts(scatter("s", [point("a", 0.1, 0.9), point("b", 10, 0.8)]))
    assert "ms" in texts(scatter("s", [point("a", 1, 0.9), point("b", 2, 0.8)]))
    assert "ms, logarithmic" in texts(distributions("d", [spread("a", 0.1), spread("b", 10)]))


def test_a_long_tail_does_not_press_the_rest_together() -> None:
    tail = Spread("a", 1, 1.1, 50, [0.9, 1.1, 50], [90, 10])
    [median, *_] = [line for line in parsed(distributions("d", [tail])).iter("line") if line.get("class") == "own"]
    assert float(median.get("x1", 0)) > WIDTH / 4
    assert "50.0" in texts(distributions("d", [tail]))


def test_the_parts_of_a_bar_are_as_long_as_their_shares() -> None:
    svg = parsed(stacked("s", "ms", [("a", {"decode": 3.0, "net": 1.0})]))
    decode, net = (float(rect.get("width", 0)) for rect in svg.iter("rect") if rect.get("height") == "15")
    assert (decode + 1) / (net + 1) == pytest.approx(3)
    assert "4.00" in texts(stacked("s", "ms", [("a", {"decode": 3.0, "net": 1.0})]))


def test_names_at_the_ends_of_lines_keep_apart_and_within() -> None:
    places = apart([100, 101, 102, 180], 13, 181)
    assert all(after - before >= 12.9 for before, after in pairwise(places))
    assert places[-1] <= 181
    assert apart([10, 50], 13, 100) == [10, 50]
    alike = parsed(lines("l", [Line(name, i, [(1, 5), (2, 5)]) for i, name in enumerate("abc")], "minute", "ms"))
    heights = sorted(float(text.get("y", 0)) for text in alike.iter("text") if text.get("class") == "own")
    assert [round(after - before) for before, after in pairwise(heights)] == [13, 13]


def test_changes_for_the_better_and_the_worse_differ_in_colour() -> None:
    svg = parsed(changes("c", ["cat", "dog"], [[5, 5], [5, 5]], [[6, 4], [7, 3]]))
    colours = {hint.text: group.get("class") for group in svg.iter("g") for hint in group.iter("title")}
    assert colours == {
        "cat answered as cat: +1": "s1",
        "cat answered as dog: -1": "s1",
        "dog answered as cat: +2": "s2",
        "dog answered as dog: -2": "s2",
    }


def test_one_point_one_model_and_values_all_alike_can_be_drawn() -> None:
    for svg in (
        scatter("s", [Point("a", 1, (1, 1), 1.0, (1.0, 1.0))]),
        lines("l", [Line("a", 0, [(1, 0)])], "minute", "ms"),
        dots("d", {"a": [1.0]}, ["m"]),
        stacked("s", "ms", [("a", {"net": 0.0})]),
        changes("c", ["a"], [[1]], [[1]]),
        confusion("c", ["a"], [[0]]),
    ):
        assert parsed(svg).tag == "svg"
        assert "nan" not in svg
