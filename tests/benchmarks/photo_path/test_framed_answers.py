import numpy as np
from edge_cifar.benchmarks.photo_path.framed_answers import compare_right, framed_table

FRAMES = {"square": "the image is the photo", "filled": "drawn out"}


def test_the_table_says_which_contender_differs_from_the_first_and_where() -> None:
    right = np.arange(100) < 80
    better, same = np.arange(100) < 90, np.arange(100) >= 20
    rows = compare_right("square", {"first": right, "better": better, "same": same})
    rows += compare_right("filled", {"first": right, "better": right, "same": right})
    lines = framed_table(rows, FRAMES, "model").splitlines()
    assert lines[2:] == [
        "| model | the image is the photo | drawn out |",
        "|---|---:|---:|",
        "| first | 80.00% | 80.00% |",
        "| better | 90.00% (**+10.00**) | 80.00% (+0.00) |",
        "| same | 80.00% (+0.00) | 80.00% (+0.00) |",
    ]


def test_a_row_counts_what_was_fixed_and_broken() -> None:
    rows = compare_right("square", {"first": np.array([True, True, False]), "other": np.array([True, False, True])})
    assert [(row.n, row.fixed, row.broken) for row in rows] == [(3, 0, 0), (3, 1, 1)]
