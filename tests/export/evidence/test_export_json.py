import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.evidence.export_json import MOST_CELLS, MOST_FLIPS, confusion_columns, evidence_summary
from edge_cifar.export.evidence.measured_accuracy import References, SplitLogits, measure


def test_columns_are_the_matrix_without_its_zeros() -> None:
    matrix = [[5, 0, 1], [0, 0, 0], [2, 0, 7]]
    assert confusion_columns(matrix) == {
        "truth": [0, 0, 2, 2],
        "answer": [0, 2, 0, 2],
        "images": [5, 1, 2, 7],
        "left_out": 0,
    }


def test_of_many_cells_the_largest_are_kept_and_the_rest_is_counted() -> None:
    matrix = np.ones((80, 80), np.int64) + 9 * np.eye(80, dtype=np.int64)
    columns = confusion_columns(matrix)
    assert len(columns["images"]) == MOST_CELLS
    assert columns["images"].count(10) == 80
    assert sum(columns["images"]) + columns["left_out"] == matrix.sum()
    places = list(zip(columns["truth"], columns["answer"], strict=True))
    assert places == sorted(set(places))


def test_the_summary_of_a_thousand_classes_is_small(tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    labels = tuple(f"class number {i}" for i in range(1000))
    n = 4000
    images = replace(
        synthetic.take(np.zeros(n, np.int64)),
        targets=random.randint(1000, size=n),
        labels=labels,
        ids=tuple(f"class/{i}.jpg" for i in range(n)),
    )
    first, second = (random.normal(size=(n, 1000)).astype(np.float32) for _ in range(2))  # all wrong, all flipped
    logits, fp32 = SplitLogits(first, first), SplitLogits(second, second)
    evidence = measure(tiny_fp32_model, logits, images, images, References(first, fp32))
    summary = evidence_summary(evidence)
    assert len(json.dumps(summary, indent=2)) < 1_000_000
    assert sum(summary["confusion"]["images"]) == n
    assert summary["test"]["flips"] == len(evidence.test.flips) > MOST_FLIPS == len(summary["test"]["flipped"])


def test_everything_else_is_as_it_was_measured(tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    logits = np.random.RandomState(0).normal(size=(200, 10)).astype(np.float32)
    both, other = SplitLogits(logits, logits), SplitLogits(logits, -logits)
    evidence = measure(tiny_fp32_model, both, synthetic, synthetic, References(logits, other))
    summary = json.loads(json.dumps(evidence_summary(evidence)))
    test, flip = evidence.test, evidence.test.flips[0]
    assert summary["test"] == {
        "n": 200,
        "top1": test.top1,
        "interval": list(test.interval),
        "same_answers": test.same_answers,
        "worst_class": test.worst_class,
        "worst_class_recall": min(test.recalls.values()),
        "against_fp32": vars(test.paired),
        "flipped": summary["test"]["flipped"],
        "flips": 200,
    }
    assert summary["test"]["flipped"][0] == {
        "id": flip.id,
        "truth": flip.truth,
        "fp32": flip.before,
        "answer": flip.after,
    }
    assert summary["reliability"] == [vars(each) for each in evidence.reliability]
    assert summary["coverage"]["unknown"] == evidence.coverage.unknown
    rebuilt = np.zeros((10, 10), np.int64)
    columns = summary["confusion"]
    rebuilt[columns["truth"], columns["answer"]] = columns["images"]
    assert np.array_equal(rebuilt, evidence.confusion)
