import numpy as np
import pytest
from edge_cifar.edge.report.answers import Answers
from edge_cifar.edge.report.class_table import MOST, class_section, macro_recall
from elements import Elements

COUNTS = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])


def answers(name: str, counts: np.ndarray, labels: list[str] | None = None) -> Answers:
    return Answers(name, labels or ["cat", "<dog>", "empty"], counts, (), 0.0)


def cells(page: str) -> list[list[str]]:
    """Return the cells of each row of the table."""
    return [row.replace("<th>", "<td>").split("<td>")[1:] for row in page.split("</table>")[0].split("<tr>")[1:]]


def test_classes_have_precision_recall_and_what_the_other_file_changes() -> None:
    other = answers("int8", np.array([[7, 3, 0], [0, 10, 0], [0, 0, 0]]))
    page = class_section([answers("fp32", COUNTS), other])
    assert cells(page) == [
        ["class", "images", "precision", "recall", "int8 precision", "int8 recall"],
        ["cat", "10", "88.9%", "80.0%", "+11.1", "-10.0"],
        ["&lt;dog&gt;", "10", "81.8%", "90.0%", "-4.9", "+10.0"],
        ["mean of the classes", "20", "85.4%", "85.0%", "+3.1", "0"],
    ]
    assert "dog" not in Elements(page).tags


def test_the_mean_is_of_classes_that_have_images() -> None:
    assert macro_recall(answers("fp32", COUNTS)) == pytest.approx(0.85)


def test_of_many_classes_the_worst_and_the_most_changed_are_shown() -> None:
    count = 3 * MOST
    good = 10 * np.eye(count, dtype=np.int64)
    first = good.copy()
    first[7, 7], first[7, 8] = 1, 9
    changed = first.copy()
    changed[90, 90], changed[90, 91] = 4, 6
    labels = [f"class {i}" for i in range(count)]
    page = class_section([answers("fp32", first, labels), answers("int8", changed, labels)])
    shown = [row[0] for row in cells(page)[1:-1]]
    assert {"class 7", "class 90"} <= set(shown)
    assert len(shown) <= MOST
    assert f"Of {count} classes" in page
