import json

import numpy as np
import pytest
from edge_cifar.edge.stats.classification import (
    MATRIX,
    ClassMetrics,
    accuracy,
    confused_pairs,
    confusion_json,
    confusion_matrix,
    per_class,
    read_confusion,
)

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


def test_one_image_is_enough() -> None:
    one = np.array([[1, 0], [0, 0]])
    assert accuracy(one) == 1
    assert per_class(one, ("cat", "dog"))["cat"] == ClassMetrics(precision=1.0, recall=1.0, f1=1.0, support=1)


def test_the_pairs_that_are_confused_most_come_first() -> None:
    counts = np.array([[9, 2, 0], [5, 0, 2], [0, 1, 7]])
    assert confused_pairs(counts, 3) == [(1, 0, 5), (0, 1, 2), (1, 2, 2)]
    assert confused_pairs(np.diag([1, 2]), 3) == []


@pytest.mark.parametrize("classes", [2, MATRIX, MATRIX + 1])
def test_a_matrix_in_json_comes_back(classes: int) -> None:
    counts = np.random.RandomState(0).poisson(0.1, (classes, classes)).astype(np.int64)
    written = json.loads(json.dumps(confusion_json(counts)))
    assert isinstance(written, list) == (classes <= MATRIX)
    assert np.array_equal(read_confusion(written, classes), counts)
    assert read_confusion(written, classes).dtype == np.int64
