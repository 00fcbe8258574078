import numpy as np
import pytest
from edge_cifar.edge.stats.classification import ClassMetrics, accuracy, confusion_matrix, per_class, softmax

# Two cats called cat, one cat called dog; one dog called dog; a bird called dog; nothing called bird.
TARGETS = np.array([0, 0, 0, 1, 2])
PREDICTED = np.array([0, 0, 1, 1, 1])
CONFUSION = np.array([[2, 1, 0], [0, 1, 0], [0, 1, 0]])


def test_rows_of_the_confusion_matrix_are_the_true_class() -> None:
    assert np.array_equal(confusion_matrix(TARGETS, PREDICTED, 3), CONFUSION)
    assert confusion_matrix(TARGETS, PREDICTED, 3).dtype == np.int64


def test_accuracy_is_the_share_on_the_diagonal() -> None:
    assert accuracy(CONFUSION) == 3 / 5


def test_accuracy_of_nothing_is_0() -> None:
    assert accuracy(np.zeros((3, 3), np.int64)) == 0


def test_precision_recall_and_f1_of_each_class() -> None:
    assert per_class(CONFUSION, ("cat", "dog", "bird")) == {
        "cat": ClassMetrics(precision=1.0, recall=2 / 3, f1=0.8, support=3),
        "dog": ClassMetrics(precision=1 / 3, recall=1.0, f1=0.5, support=1),
        "bird": ClassMetrics(precision=0.0, recall=0.0, f1=0.0, support=1),
    }


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


def test_one_image_is_enough() -> None:
    one = np.array([[1, 0], [0, 0]])
    assert accuracy(one) == 1
    assert per_class(one, ("cat", "dog"))["cat"] == ClassMetrics(precision=1.0, recall=1.0, f1=1.0, support=1)
