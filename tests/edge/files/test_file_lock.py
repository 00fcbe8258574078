import signal
import subprocess
import sys
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.file_lock import exclusive

HOLDER = """
import sys, time
from pathlib import Path
from edge_cifar.edge.files.file_lock import exclusive
with exclusive(Path(sys.argv[1]), "held"):
    print("holding", flush=True)
    time.sleep(600)
"""


def test_a_second_holder_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock", "one"):
        with pytest.raises(EdgeCifarError, match="two"), exclusive(tmp_path / "lock", "two"):
            pass
        with exclusive(tmp_path / "other", "another file"):
            pass
    with exclusive(tmp_path / "lock", "three"):
        pass


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        with pytest.raises(EdgeCifarError, match="in use"), exclusive(tmp_path / "lock", "in use"):
            pass
        holder.send_signal(signal.SIGKILL)
    with exclusive(tmp_path / "lock", "free again"):
        pass


def test_what_is_in_the_file_stays(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    with exclusive(tmp_path / "file", ""):
        assert (tmp_path / "file").read_text() == "content"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(EdgeCifarError, match=r"cannot write .*none/lock: No such file"),
        exclusive(tmp_path / "none/lock", ""),
    ):
        pass
