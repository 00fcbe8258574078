import pytest
from edge_cifar.edge.report.charts.scale import MOST_TICKS, Scale, measured, number, percent, rounded_out
from hypothesis import given
from hypothesis import strategies as st


def test_ends_of_a_scale_are_where_they_should_be() -> None:
    assert [Scale(0, 10, 50, 350)(value) for value in (0, 5, 10)] == [50, 200, 350]
    assert Scale(1, 100, 0, 200, log=True)(10) == pytest.approx(100)


@given(st.floats(0, 1e6), st.floats(1e-6, 1e6))
def test_ticks_are_few_and_within(low: float, span: float) -> None:
    scale = Scale(low, low + span, 0, 1)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= MOST_TICKS + 1
    assert all(low - span / 1e3 <= tick <= low + span * 1.001 for tick in ticks)


@given(st.floats(1e-4, 1e4), st.floats(2, 1e5))
def test_logarithmic_ticks_are_few_and_within(low: float, times: float) -> None:
    ticks = Scale(low, low * times, 0, 1, log=True).ticks()
    assert len(ticks) <= 10
    assert all(low * 0.99 <= tick <= low * times * 1.01 for tick in ticks)


@given(st.floats(0, 100), st.floats(1e-3, 100))
def test_rounding_out_loses_nothing(low: float, span: float) -> None:
    start, end = rounded_out(low, low + span)
    assert start <= low + 1e-6
    assert end >= low + span - 1e-6
    assert end - start <= 2 * span


def test_numbers_have_the_digits_that_count() -> None:
    assert [number(value) for value in (0, 0.25, 1200.0)] == ["0", "0.25", "1,200"]
    assert [measured(value) for value in (0.0577, 0.27, 1.2, 99.96, 1234.5)] == [
        "0.058",
        "0.270",
        "1.20",
        "100",
        "1,234",
    ]
    assert percent(0.925) == "92.5%"
