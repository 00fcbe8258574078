import csv
import errno
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import termios
import time
from array import array
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from edge_cifar.edge.cli.output import ended, open_output
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.inference.prediction import Prediction, Ranked, Result
from edge_cifar.edge.results.line_file import LockedFile, append_lines
from edge_cifar.edge.results.resume_index import Found
from written import CAT, ORIGIN, RESULTS, write

ODD = [
    "a\u202fb.png",  # as in the names of screenshots
    "\u3000.png",
    "\U0001f469\u200d\U0001f467.png",
    "two\nlines.png",
    "re\rturn.png",
    'quoted "a", b.png',
    "a\\n.png",
    " blanks ",
    "=1+2.png",
    "@a.png",
    "-a.png",
    "\t.png",
    "'.png",
    "file:a.png",
]
"""Names that are easily lost."""


def paths_in(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pytest.importorskip("pyarrow.parquet").read_table(path)["path"].to_pylist())
    with path.open(encoding="utf-8", newline="") as file:
        return [row["path"] for row in (csv.DictReader(file) if path.suffix == ".csv" else map(json.loads, file))]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet", "OUT.JSONL", "link.csv"])
def test_an_existing_file_is_neither_replaced_nor_continued_unasked(tmp_path: Path, name: str) -> None:
    if name == "link.csv":
        (tmp_path / name).symlink_to("nowhere.csv")
    else:
        (tmp_path / name).write_text("precious")
    advice = "Parquet can't be continued; name" if name == "out.parquet" else "--resume goes on with it, or name"
    with pytest.raises(EdgeCifarError, match=f"{name}: exists already; {advice} another file"):
        open_output(tmp_path / name, resume=False, as_json=False)
    assert name == "link.csv" or (tmp_path / name).read_text() == "precious"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_an_unknown_kind_of_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"out\.xls: unknown kind of file; expected \.jsonl, \.csv or \.parquet"):
        open_output(tmp_path / "out.xls", resume=False, as_json=False)


def test_json_lines_hold_everything(tmp_path: Path) -> None:
    write(tmp_path / "out.JSONL", RESULTS)
    rows = [json.loads(line) for line in (tmp_path / "out.JSONL").read_text("ascii").splitlines()]
    assert [row["path"] for row in rows] == ["a.png", "two\nlines, b.png", Path("caf\udce9.png").absolute().as_uri()]
    assert rows[0]["top"] == [{"label": "cat", "probability": 0.75}, {"label": "dog", "probability": 0.25}]
    assert rows[1]["error"] == "damaged"
    for row in rows:
        assert (row["model"], row["model_sha256"]) == ("small.onnx", "0123456789abcdef")
        assert (row["threshold"], row["tta"]) == (0.5, False)


def test_csv_is_a_record_a_photo_below_a_header(tmp_path: Path) -> None:
    write(tmp_path / "out.csv", [*RESULTS, Result("=1.png", Prediction("=x", 0.75, (Ranked("=x", 0.75),), "=x"))])
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    origin = ["small.onnx", "0123456789abcdef", "0.5", "false"]
    assert rows == [
        ["path", "label", "confidence", "guess", "error", "abstained", "label_2", "probability_2", *ORIGIN.row()],
        ["a.png", "cat", "0.75", "cat", "", "false", "dog", "0.25", *origin],
        ["two\nlines, b.png", "", "", "", "damaged", "", "", "", *origin],
        [Path("caf\udce9.png").absolute().as_uri(), "cat", "0.75", "cat", "", "false", "dog", "0.25", *origin],
        ["./=1.png", "'=x", "0.75", "'=x", "", "false", "", "", *origin],
    ]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet"])
def test_paths_in_results_open_the_photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    for odd in ODD:
        Path(odd).touch()
    Path("caf\udce9.png").touch()
    write(Path(name), [Result(odd, CAT) for odd in [*ODD, "caf\udce9.png"]])
    *found, no_utf8 = paths_in(Path(name))
    assert all(os.path.samefile(path, odd) for path, odd in zip(found, ODD, strict=True))  # noqa: PTH121
    assert no_utf8.isascii()
    assert os.fsdecode(unquote_to_bytes(urlsplit(no_utf8).path)) == str(tmp_path / "caf\udce9.png")


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_what_is_continued_is_as_if_written_at_once(tmp_path: Path, name: str) -> None:
    results = [*RESULTS, *(Result(odd, CAT) for odd in ODD)]
    write(tmp_path / f"whole-{name}", results)
    for half in (results[:5], results[5:]):
        output = open_output(tmp_path / name, resume=True, as_json=False, origin=ORIGIN)
        assert [result.source in output for result in results] == [
            half[0] is not results[0] and i < 5 for i in range(len(results))
        ]
        with ended(output):
            output.write(half)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
@pytest.mark.parametrize("lost", [1, 2, 20])
def test_a_torn_record_is_written_again_and_a_whole_one_kept(tmp_path: Path, name: str, lost: int) -> None:
    out = tmp_path / name
    write(out, RESULTS)
    data = out.read_bytes()
    os.truncate(out, len(data) - lost)
    output = open_output(out, resume=True, as_json=False, origin=ORIGIN)
    assert [result.source in output for result in RESULTS] == [True, True, lost == 1]
    with ended(output):
        output.write(RESULTS[3 if lost == 1 else 2 :])
    assert out.read_bytes() == data


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"model_sha256": "f" * 16},
            "made with model small.onnx 0123456789abcdef, now it is small.onnx ffffffffffffffff",
        ),
        ({"threshold": 0.75}, "made with threshold 0.5, now it is 0.75"),
        ({"tta": True}, "made with tta False, now it is True"),
        ({"top": 3}, "made with top 2, now it is 3"),
    ],
)
def test_results_of_another_model_or_other_options_are_not_mixed(
    tmp_path: Path, name: str, change: dict[str, Any], words: str
) -> None:
    write(tmp_path / name, RESULTS)
    before = (tmp_path / name).read_bytes()
    with pytest.raises(EdgeCifarError, match=f"{name}: {words}; go on with the same, or name another file"):
        write(tmp_path / name, RESULTS, resume=True, origin=replace(ORIGIN, **change))
    assert (tmp_path / name).read_bytes() == before
    write(tmp_path / name, (), resume=True, origin=replace(ORIGIN, model="renamed.onnx"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("out.csv", "path,label,confidence,guess,error\na.png,cat,0.75,cat,\nb.png,cat,0.5,cat,"),
        ("out.jsonl", '{"path": "a.png", "label": "cat", "confidence": 0.75, "guess": "cat"}\n'),
    ],
    ids=["csv", "jsonl"],
)
def test_results_of_earlier_versions_are_left_alone(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(EdgeCifarError, match=f"{name}: made by an earlier version, which named no model; go on"):
        write(tmp_path / name, RESULTS, resume=True)
    assert (tmp_path / name).read_text() == text


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_errors_are_tried_again_when_asked(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, RESULTS)
    assert RESULTS[1].source in write(tmp_path / name, (), resume=True)
    output = write(tmp_path / name, [Result(RESULTS[1].source, CAT)], resume=True, retry=True)
    assert [result.source in output for result in RESULTS] == [True, False, True]
    assert len(paths_in(tmp_path / name)) == 3
    again = write(tmp_path / name, (), resume=True, retry=True)
    assert all(result.source in again for result in RESULTS)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_a_file_that_is_open_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("edge_cifar.edge.results.line_file.PATIENCE", 0.0)
    first = open_output(tmp_path / name, resume=True, as_json=False, origin=ORIGIN)
    with ended(first):
        with pytest.raises(EdgeCifarError, match=f"{name}: another process writes to it; wait for its end, or name"):
            write(tmp_path / name, RESULTS, resume=True)
        first.write(RESULTS)
        with pytest.raises(EdgeCifarError, match="another process writes to it"):
            write(tmp_path / name, RESULTS, resume=True, retry=True)
    assert all(result.source in write(tmp_path / name, (), resume=True) for result in RESULTS)


def test_lines_that_come_from_elsewhere_are_not_cut(tmp_path: Path) -> None:
    append_lines(tmp_path / "out", ["first"])
    with closing(LockedFile(tmp_path / "out")) as file:
        with (tmp_path / "out").open("a") as other:  # which asks for no lock
            other.write("second\n")
        with pytest.raises(EdgeCifarError, match="out: grows; stop the other process"):
            file.repair(Found(array("Q"), 0, 6, is_ended=False))
    assert (tmp_path / "out").read_text() == "first\nsecond\n"


def test_a_file_system_without_locks_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    write(tmp_path / "out.jsonl", RESULTS)
    assert capsys.readouterr().err.endswith("out.jsonl: its file system knows no locks; let nothing else write to it\n")


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
from edge_cifar.edge.cli.output import write_lines
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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_results_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "out.jsonl")
    with pytest.raises(EdgeCifarError, match=r"out\.jsonl: a pipe, which"):
        open_output(tmp_path / "out.jsonl", resume=True, as_json=False)
