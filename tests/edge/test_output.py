import csv
import fcntl
import json
import resource
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from edge_cifar.edge.classifier import Prediction, Ranked
from edge_cifar.edge.errors import EdgeCifarError, PhotoError
from edge_cifar.edge.line_file import append_lines
from edge_cifar.edge.output import open_output
from edge_cifar.edge.results import Results

CAT = Prediction("cat", 0.75, (Ranked("cat", 0.75), Ranked("dog", 0.25)), "cat")
RESULTS: Results = [("a.png", CAT), ("two\nlines, b.png", PhotoError("damaged")), ("caf\udce9.png", CAT)]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_an_existing_file_is_neither_replaced_nor_continued_unasked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("precious")
    with pytest.raises(EdgeCifarError, match=f"{name}: exists already; --resume goes on with it"):
        open_output(tmp_path / name, resume=False, as_json=False)
    assert (tmp_path / name).read_text() == "precious"


def test_an_unknown_kind_of_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"out\.xls: unknown kind of file; expected \.jsonl, \.csv or \.parquet"):
        open_output(tmp_path / "out.xls", resume=False, as_json=False)


def test_json_lines_hold_everything(tmp_path: Path) -> None:
    open_output(tmp_path / "out.jsonl", resume=False, as_json=False).write(RESULTS)
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("ascii").splitlines()]
    assert [row["path"] for row in rows] == [path for path, _ in RESULTS]
    assert rows[0]["top"] == [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}]
    assert rows[1]["error"] == "damaged"


def test_csv_is_a_line_a_photo_below_a_header(tmp_path: Path) -> None:
    open_output(tmp_path / "out.csv", resume=False, as_json=False).write(RESULTS)
    text = (tmp_path / "out.csv").read_text("utf-8")
    assert text.count("\n") == 4
    assert list(csv.reader(text.splitlines())) == [
        ["path", "label", "confidence", "guess", "error"],
        ["a.png", "cat", "0.75", "cat", ""],
        [r"two\nlines, b.png", "", "", "", "damaged"],
        [r"caf\udce9.png", "cat", "0.75", "cat", ""],
    ]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_what_is_continued_is_as_if_written_at_once(tmp_path: Path, name: str) -> None:
    open_output(tmp_path / f"whole-{name}", resume=False, as_json=False).write(RESULTS)
    for results in (RESULTS[:2], RESULTS[2:]):
        output = open_output(tmp_path / name, resume=True, as_json=False)
        assert [path in output for path, _ in RESULTS] == [results is not RESULTS[:2] and i < 2 for i in range(3)] or (
            not (tmp_path / name).exists()
        )
        output.write(results)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


def test_parquet_is_a_table_that_is_there_when_it_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    from edge_cifar.edge import parquet as module

    monkeypatch.setattr(module, "GROUP", 2)
    output = open_output(tmp_path / "out.parquet", resume=False, as_json=False)
    output.write(RESULTS)
    output.write(RESULTS[:1])
    assert not (tmp_path / "out.parquet").exists()
    output.close()
    rows = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["path"] for row in rows] == ["a.png", r"two\nlines, b.png", r"caf\udce9.png", "a.png"]
    assert rows[0] == {"path": "a.png", "label": "cat", "confidence": 0.75, "guess": "cat", "error": None}
    assert rows[1]["error"] == "damaged"
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_parquet_cannot_be_continued(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(EdgeCifarError, match=r"a Parquet file can't be continued; write \.jsonl"):
        open_output(tmp_path / "out.parquet", resume=True, as_json=False)


def test_a_full_disk_takes_lines_whole_or_not_at_all(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    append_lines(tmp_path / "out", ["first"])
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(EdgeCifarError, match=r"cannot write .*out: File too large"):
            append_lines(tmp_path / "out", ["second " * 30])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert (tmp_path / "out").read_text() == "first\n"


def wait_until_full(pipe: int) -> None:
    """Wait until a pipe holds something that grows no more."""
    held, before = 0, -1
    while not held or held != before:
        time.sleep(0.3)
        before = held
        held = int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_blocked_pipe_holds_whole_lines_when_the_writer_is_stopped() -> None:
    code = """
import signal
from edge_cifar.edge.output import write_lines
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
while True:
    write_lines(["x" * (3 * i) for i in range(110)])
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        wait_until_full(process.stdout.fileno())
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)  # before anything is read, which would let it write on
        lines = process.stdout.read().split(b"\n")
    assert lines[-1] == b""
    assert set(map(len, lines)) == set(range(0, 330, 3))
