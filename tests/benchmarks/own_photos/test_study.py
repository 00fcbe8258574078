from dataclasses import asdict, replace
from pathlib import Path

import pytest
from edge_cifar.benchmarks.own_photos.report import Row, markdown, summary
from edge_cifar.benchmarks.own_photos.study import WAYS, done, earlier_rows, macro_recall, write_results
from edge_cifar.edge.errors import EdgeCifarError

FIRST, *_, LAST = WAYS
ROW = Row(
    *(FIRST, 0, "--net small", 400, 0.9, 0.88, 0.86, 0.875, 0.85, 1000, 5_000_000),
    *(0.4, "same bits on every CPU", 9, 9, 60, 30, 900),
)


def test_a_line_is_the_mean_of_the_seeds_with_least_and_most() -> None:
    page = markdown({"cpu": "this one"}, {"train": 1600, "test": 400}, [ROW, replace(ROW, seed=1, top1=0.9)])

    assert "- cpu: this one\n- photos: 1,600 to train and 400 to test\n" in page
    assert f"| {FIRST} | **89.0%** (88.0% - 90.0%, 2 seeds) | 86.0% (86.0% - 86.0%) |" in page
    assert "| 1.50 (0.50 - 2.50) | 0.40 (0.40 - 0.40) | 9 of 9 | 5,000,000 | 60 (60 - 60) |" in page
    assert f"- {FIRST}: `edge-cifar train --data PHOTOS --net small`\n" in page


def test_the_summary_has_a_line_for_each_way() -> None:
    rows = [asdict(row) for row in (ROW, replace(ROW, seed=1, top1=0.9), replace(ROW, way=LAST, train_seconds=30))]
    assert summary({"rows": rows})[2:] == [
        f"| {FIRST} | **89.0%** (88.0% - 90.0%, 2 seeds) | 86.0% | 1.50 points | 5,000,000 | 1.5 min |",
        f"| {LAST} | **88.0%** (one seed) | 86.0% | 0.50 points | 5,000,000 | 1.0 min |",
    ]


def test_earlier_rows_stay_in_the_order_of_the_ways(tmp_path: Path) -> None:
    path = tmp_path / "own_photos.json"
    assert earlier_rows(path) == {}
    write_results(path, {(LAST, 0): replace(ROW, way=LAST)}, tmp_path)
    write_results(path, earlier_rows(path) | {(FIRST, 1): ROW}, tmp_path)
    assert [row.way for row in earlier_rows(path).values()] == [FIRST, LAST]
    assert path.with_suffix(".md").read_text().count("one seed") == 2


def test_classes_count_alike_however_many_photos_they_have() -> None:
    assert (
        macro_recall({"per_class": {"a": {"recall": 1.0, "support": 99}, "b": {"recall": 0.5, "support": 1}}}) == 0.75
    )


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"edge-cifar export .*none: edge-cifar export: .*none"):
        done("export", str(tmp_path / "none"))
