import numpy as np
import pytest
from edge_cifar.edge.stats.softmax import softmax


def test_softmax_of_known_logits() -> None:
    logits = np.array([[0, np.log(3)], [0, 0]], np.float32)
    assert softmax(logits) == pytest.approx(np.array([[0.25, 0.75], [0.5, 0.5]]))
    assert softmax(logits).dtype == np.float64


def test_softmax_of_huge_logits_does_not_overflow() -> None:
    assert softmax(np.array([1e30, 0, -1e30], np.float32)).tolist() == [1, 0, 0]


def test_softmax_divides_the_largest_logits_without_overflow() -> None:
    largest = np.finfo(np.float32).max
    assert softmax(np.array([largest, 0, -largest], np.float32), 0.01).tolist() == [1, 0, 0]
    assert softmax(np.array([0, 2], np.float32), 2.0) == pytest.approx(softmax(np.array([0, 1], np.float32)))


def test_softmax_is_of_each_row_alone() -> None:
    assert softmax(np.array([[2000.0, 0.0], [0.0, 0.0]])).tolist() == [[1, 0], [0.5, 0.5]]
