import os
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.files.being_written import is_being_written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has leases")


def test_a_file_is_being_written_while_it_is_open_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    with path.open("wb") as file:
        file.write(b"half")
        assert is_being_written(str(path))
    assert not is_being_written(str(path))
    with path.open("rb"):
        assert not is_being_written(str(path))


def test_what_can_not_be_told_is_taken_for_complete(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "missing.jpg", tmp_path, tmp_path / "pipe.jpg"):
        assert not is_being_written(str(path))
