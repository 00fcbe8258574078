import numpy as np
import pytest
from edge_cifar.edge.stats.accuracy import Flip, measure_accuracy
from edge_cifar.edge.stats.significance import PairedTest, wilson_interval


def test_answers_are_judged_against_the_truth_and_the_answers_before() -> None:
    targets, answers = np.array([0, 0, 1, 1, 1]), np.array([0, 1, 1, 0, 1])
    before = np.array(["cat", "cat", "owl", "dog", "dog"])
    found = measure_accuracy(targets, answers, ("cat", "dog", "fox"), before, ("a", "b", "c", "d", "e"))
    assert (found.n, found.top1, found.interval) == (5, 0.6, wilson_interval(3, 5))
    assert found.recalls == {"cat": 1 / 2, "dog": pytest.approx(2 / 3)}  # no image shows a fox
    assert found.worst_class == "cat"
    assert found.same_answers == pytest.approx(2 / 5)
    assert found.paired == PairedTest(broken=2, fixed=1, p=1)
    assert found.flips == (
        Flip("b", "cat", "cat", "dog"),
        Flip("c", "dog", "owl", "dog"),
        Flip("d", "dog", "dog", "cat"),
    )


def test_of_classes_alike_the_first_is_called_the_worst() -> None:
    found = measure_accuracy(np.array([1, 0]), np.array([1, 0]), ("b", "a"), np.array(["a", "b"]), ("x", "y"))
    assert (found.worst_class, found.flips) == ("b", ())
