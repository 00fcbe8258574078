from itertools import product

import numpy as np
import pytest
from edge_cifar.benchmarks.methods.temperature import WAYS, Row, images, log_loss, simulate, table
from edge_cifar.edge.stats.confidence import calibration_error


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, int], Row]:
    return {(row.way, row.n): row for row in simulate(trials=4, sizes=(10, 100), classes=(2, 5))}


def test_the_made_up_nets_are_calibrated() -> None:
    logits, targets = images(np.random.RandomState(0), 20_000, 5, 3.0)
    assert calibration_error(logits, targets, 1.0) < 0.01
    assert min(log_loss(logits / t, targets) for t in (0.8, 1.0, 1.25)) == log_loss(logits, targets)


def test_a_prior_beats_none_and_no_temperature_at_all(rows: dict[tuple[str, int], Row]) -> None:
    for n in (10, 100):
        assert rows["prior 0.5", n].loss < min(rows["likeliest", n].loss, rows["always 1", n].loss)
    assert rows["prior 0.5", 100].loss < rows["prior 0.5", 10].loss


def test_what_is_exported_is_the_way_that_was_chosen(rows: dict[tuple[str, int], Row]) -> None:
    for n in (10, 100):
        assert rows["as exported", n].loss == pytest.approx(rows["prior 0.5", n].loss, rel=0.2, abs=2)
        assert rows["as exported", n].far == pytest.approx(rows["prior 0.5", n].far, abs=0.05)


def test_the_table_has_all_of_it(rows: dict[tuple[str, int], Row]) -> None:
    lines = table(list(rows.values())).splitlines()
    assert "| 10 images | 100 images |" in lines[0]
    for line, way in zip(lines[2:], WAYS, strict=True):
        first, second = rows[way, 10], rows[way, 100]
        assert line.startswith(f"| {way} | {first.loss:.1f} ({first.worst:.1f}); {first.far:.0%} | {second.loss:.1f} ")
    assert set(rows) == set(product(WAYS, (10, 100)))
