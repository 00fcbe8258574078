"""Wrong labels are found by the probability that a net gives them."""

import numpy as np
from edge_cifar.edge.stats.label_errors import doubted
from edge_cifar.edge.stats.softmax import softmax

CLASSES, IMAGES = 6, 2000


def test_of_labels_swapped_on_purpose_the_worst_are_all_found_first() -> None:
    random = np.random.RandomState(0)
    truth = random.randint(0, CLASSES, IMAGES)
    probabilities = softmax(4 * np.eye(CLASSES)[truth] + random.randn(IMAGES, CLASSES))  # right on 97 %
    targets = truth.copy()
    swapped = random.choice(IMAGES, IMAGES // 20, replace=False)
    targets[swapped] = (truth[swapped] + random.randint(1, CLASSES, len(swapped))) % CLASSES
    found = doubted(targets, probabilities)
    wrong = np.isin(found, swapped)
    assert wrong[:50].mean() >= 0.96
    assert wrong.sum() > 0.8 * len(swapped)


def test_a_net_that_is_unsure_or_half_agrees_doubts_nothing() -> None:
    unsure = [0.01, 0.45, 0.44, 0.1]  # its own class is unlikely, but none is likely
    half = [0.06, 0.92, 0.01, 0.01]
    sure = [0.04, 0.9, 0.03, 0.03]
    surer = [0.01, 0.97, 0.01, 0.01]
    found = doubted(np.zeros(4, dtype=np.int64), np.array([unsure, half, sure, surer]))
    assert found.tolist() == [3, 2]
    assert doubted(np.ones(4, dtype=np.int64), np.array([unsure, half, sure, surer])).tolist() == []
