import pytest
from edge_cifar.train.recipe.schedule import (
    PATIENCE,
    PLATEAU_FACTOR,
    SCHEDULES,
    learning_rate,
    plateau_factor,
    should_stop,
)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_rate_rises_from_nothing_to_its_peak_and_never_again(schedule: str) -> None:
    rates = [learning_rate(schedule, i / 100, warmup=0.2) for i in range(101)]
    assert rates[0] == 0
    assert rates[10] == pytest.approx(0.5)
    assert rates[20] == 1
    assert rates[20:] == sorted(rates[20:], reverse=True)


def test_schedules_end_where_they_should() -> None:
    ends = {schedule: learning_rate(schedule, 1, warmup=0) for schedule in SCHEDULES}
    assert ends == pytest.approx({"onecycle": 0, "cosine": 0, "exponential": 0.01, "plateau": 1, "constant": 1})


def test_a_plateau_lowers_the_rate_each_time_that_patience_ends() -> None:
    stuck = [1.0] * PATIENCE
    assert plateau_factor([]) == 1
    assert plateau_factor([1.0, *stuck[1:]]) == 1
    assert plateau_factor([1.0, *stuck]) == PLATEAU_FACTOR
    assert plateau_factor([1.0, *stuck, 0.5, *stuck]) == pytest.approx(PLATEAU_FACTOR**2)


def test_training_stops_early_when_the_best_epoch_is_long_ago() -> None:
    assert should_stop([0.1, 0.5, 0.5, 0.4], patience=2)
    assert not should_stop([0.1, 0.5, 0.4, 0.6], patience=2)
    assert not should_stop([0.5, 0.4], patience=2)
    assert not should_stop([0.5] * 100, patience=0)
