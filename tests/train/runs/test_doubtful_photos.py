from dataclasses import replace
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError, RunError
from edge_cifar.edge.report.doubtful_photos import DOUBTS
from edge_cifar.edge.stats.label_errors import LEARNED, Doubt
from edge_cifar.train.runs.doubtful_photos import read_doubts, write_doubts

DOUBT = Doubt("train", "a/\udcff\n.jpg", "photos/a/\udcff\n.jpg", "a", "ä", 0.01, 0.9, LEARNED)


def test_what_is_written_is_read_and_may_be_replaced(tmp_path: Path) -> None:
    assert read_doubts(tmp_path) is None
    for doubts in ([DOUBT, replace(DOUBT, own=0.04)], [], [DOUBT]):
        write_doubts(tmp_path, doubts)
        assert read_doubts(tmp_path) == doubts


@pytest.mark.parametrize("content", ["notes", "[1]\n", '{"split": "train"}\n', "\xff"])
def test_a_list_of_something_else_is_neither_read_nor_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / DOUBTS).write_bytes(content.encode("latin-1"))
    with pytest.raises(RunError, match="not a list of doubtful photos"):
        read_doubts(tmp_path)
    with pytest.raises(EdgeCifarError):
        write_doubts(tmp_path, [DOUBT])
    assert (tmp_path / DOUBTS).read_bytes() == content.encode("latin-1")


def test_numbers_in_the_place_of_text_are_refused(tmp_path: Path) -> None:
    write_doubts(tmp_path, [DOUBT])
    path = tmp_path / DOUBTS
    path.write_text(path.read_text().replace("0.01", '"x"'))
    with pytest.raises(RunError, match="each other's places"):
        read_doubts(tmp_path)
