import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with 20 photos that `small_model` calls dogs."""
    (tmp_path / "photos").mkdir()
    for i in range(20):
        Image.fromarray(np.full((2, 2), 255, np.uint8)).save(tmp_path / "photos" / f"{i:02}.png")
    return tmp_path / "photos"


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("folder")
def test_a_folder_gives_a_line_a_photo_and_a_summary(run: Run, small_model: Path) -> None:
    done = run("predict", "--model", small_model, "photos", "--json")
    assert done.returncode == 0
    assert [row["path"] for row in rows(done.stdout)] == [f"photos/{i:02}.png" for i in range(20)]
    assert done.stderr.startswith("20 photos, ")
    assert done.stderr.endswith(" photos/s: dog 20\n")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names or files")
def test_everything_that_can_lie_in_a_folder_is_reported_once(run: Run, small_model: Path, folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    (folder / "folder.png").mkdir()
    (folder / "broken.png").symlink_to("nowhere")
    (folder / "self.png").symlink_to("self.png")
    (folder / "up").symlink_to(folder)
    (folder / "zero.png").symlink_to("/dev/zero")
    (folder / "empty.png").touch()
    for name in (b"two\nlines.png", b"caf\xe9.png"):
        shutil.copy(folder / "00.png", folder / os.fsdecode(name))
    here = Path.cwd()
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)
        server.bind("socket.png")
        os.chdir(here)
        done = run("predict", "--model", small_model, "photos", "--json", "--recursive")
        text = run("predict", "--model", small_model, "photos", "--recursive")
        drawn = run("predict", "--model", small_model, "photos", "--json", "--recursive", "--annotate", "drawn")
    assert done.returncode == 1
    found = rows(done.stdout)
    names = sorted(path.name for path in folder.iterdir() if path.name not in ("up", "folder.png"))
    uris = {path.as_uri(): path.name for path in folder.iterdir()}
    assert [uris.get(str(row["path"]), str(row["path"]).removeprefix("photos/")) for row in found] == names
    bad = [row["path"] for row in found if "error" in row]
    assert bad == [f"photos/{name}.png" for name in ("broken", "empty", "pipe", "self", "socket", "zero")]
    assert text.stdout.count("\n") == 22
    assert text.stderr.count("\n") == 8
    assert text.stderr.endswith("left out: 1 link to a folder\n")
    assert text.stdout.isascii()
    assert drawn.stdout == done.stdout


@pytest.mark.usefixtures("folder")
def test_a_list_names_photos_and_folders(run: Run, small_model: Path, tmp_path: Path) -> None:
    (tmp_path / "list").write_text("photos/03.png\nmissing.png\nphotos\n")
    done = run("predict", "--model", small_model, "--json", "--files-from", "list", "photos/01.png")
    paths = [str(row["path"]) for row in rows(done.stdout)]
    assert paths == ["photos/01.png", "photos/03.png", "missing.png", *(f"photos/{i:02}.png" for i in range(20))]
    assert "dog 22, errors 1" in done.stderr


def test_stdin_is_a_photo_or_a_list(command: list[str], small_model: Path, folder: Path) -> None:
    predict = [*command, "predict", "--model", str(small_model)]
    photo = (folder / "00.png").read_bytes()
    done = subprocess.run([*predict, "-"], input=photo, capture_output=True, check=True)
    assert done.stdout == b"-: dog 100.0%  (cat 0.0%)\n"
    names = "".join(f"{path}\0" for path in sorted(folder.iterdir())).encode()
    done = subprocess.run([*predict, "--files-from", "-"], input=names, capture_output=True, check=True)
    assert done.stdout.count(b"\n") == 20
    done = subprocess.run([*predict, "-"], input=b"no photo", capture_output=True, check=False)
    assert (done.returncode, done.stderr[:30]) == (1, b"edge-cifar predict: <Stdin>: n")


def test_results_in_a_file_leave_stdout_empty(run: Run, small_model: Path, tmp_path: Path, folder: Path) -> None:
    (folder / "00.png").write_text("no photo")
    done = run("predict", "--model", small_model, "photos", "--out", "out.jsonl")
    assert (done.returncode, done.stdout) == (1, "")
    assert "dog 19, errors 1" in done.stderr
    assert len(rows((tmp_path / "out.jsonl").read_text())) == 20


def test_a_finished_file_is_continued_with_what_is_new(
    run: Run, small_model: Path, tmp_path: Path, folder: Path
) -> None:
    arguments = ("predict", "--model", small_model, "photos", "--out", "out.jsonl")
    run(*arguments)
    assert run(*arguments).stderr == (
        "edge-cifar predict: out.jsonl: exists already; --resume goes on with it, or name another file\n"
    )
    shutil.copy(folder / "00.png", folder / "new.png")
    done = run(*arguments, "--resume")
    assert done.returncode == 0
    assert done.stderr.startswith("1 photo, ")
    assert [row["path"] for row in rows((tmp_path / "out.jsonl").read_text())][-1] == "photos/new.png"


@pytest.mark.parametrize("arguments", [["--resume", "a.png"], ["--jobs", "0", "a.png"], ["--out", "x.jsonl"]])
def test_wrong_usage_is_exit_2(run: Run, arguments: list[str]) -> None:
    done = run("predict", *arguments)
    assert done.returncode == 2
    assert "Usage: edge-cifar predict" in done.stderr


@pytest.fixture
def large(folder: Path) -> Path:
    """`folder` with 2,000 photos, all of them the same file."""
    for i in range(20, 2000):
        (folder / f"{i}.png").hardlink_to(folder / "00.png")
    return folder


def start(command: list[str], small_model: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*command, "predict", "--model", str(small_model), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv"])
def test_killed_at_any_moment_and_resumed_each_file_is_there_once(
    command: list[str], small_model: Path, tmp_path: Path, large: Path, name: str
) -> None:
    moments = random.Random(0)
    out = tmp_path / name
    out.touch()
    for _ in range(4):
        before = out.stat().st_size
        with start(command, small_model, large, "--out", out, "--resume") as process:
            while process.poll() is None and out.stat().st_size <= before:
                time.sleep(0.002)  # until it writes
            time.sleep(moments.random() * 0.1)
            process.kill()
        os.truncate(out, out.stat().st_size - moments.randint(0, 30))  # as if killed in the midst of a line
    with start(command, small_model, large, "--out", out, "--resume") as process:
        process.communicate()
    assert process.returncode == 0
    lines = out.read_text().splitlines()
    paths = [json.loads(line)["path"] if name == "out.jsonl" else line.split(",")[0] for line in lines]
    counts = Counter(paths if name == "out.jsonl" else paths[1:])
    assert counts == Counter(str(path) for path in large.iterdir())


def test_a_second_process_is_told_in_one_line(
    run: Run, command: list[str], small_model: Path, tmp_path: Path, large: Path
) -> None:
    out = tmp_path / "out.jsonl"
    reading, writing = os.pipe()
    held = [*command, "predict", "--model", str(small_model), "--files-from", "-", "--out", str(out)]
    with subprocess.Popen(held, stdin=reading, stderr=subprocess.DEVNULL) as first:
        os.close(reading)
        while not out.exists():
            time.sleep(0.005)
        done = run("predict", "--model", small_model, large, "--out", out, "--resume")
        watched = run("watch", large, "--model", small_model, "--out", out)
        os.write(writing, b"photos/00.png\n")
        os.close(writing)
    assert first.returncode == 1  # it runs elsewhere, where the photo is missing
    for ended, name in ((done, "predict"), (watched, "watch")):
        assert (ended.returncode, ended.stdout) == (1, "")
        assert ended.stderr == (
            f"edge-cifar {name}: {out}: another process writes to it; wait for its end, or name another file\n"
        )
    assert len(rows(out.read_text())) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_a_stopped_table_is_there_as_partial(
    stopped_command: list[str], small_model: Path, tmp_path: Path, large: Path, name: str
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out, partial, drawn = tmp_path / "out.parquet", tmp_path / "out.parquet.partial", tmp_path / "drawn"
    words = ["--model", small_model, "--files-from", "-", "--out", out, "--annotate", drawn, "--jobs", "1"]
    number = signal.Signals[name]
    answer = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    before = signal.signal(number, answer)  # also where tests run in the background, or by nohup
    try:
        with subprocess.Popen(
            [*stopped_command, "predict", *map(str, words)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin
            assert process.stderr
            process.stdin.write("".join(f"{path}\n" for path in large.iterdir()))
            process.stdin.flush()  # and not closed: without a signal it would never end
            while sum(1 for _ in drawn.rglob("*.png")) < 100:
                time.sleep(0.005)
            process.send_signal(number)
            said = process.stderr.read()
    finally:
        signal.signal(number, before)
    assert process.returncode == 128 + number
    assert not out.exists()
    assert f"{out} is not written; {partial} holds the " in said
    assert "Traceback" not in said
    assert 0 < parquet.read_metadata(partial).num_rows <= 2000


def test_errors_are_tried_again_by_an_option(run: Run, small_model: Path, tmp_path: Path, folder: Path) -> None:
    arguments = ("predict", "--model", small_model, "photos", "--out", "out.jsonl")
    (folder / "00.png").rename(tmp_path / "away.png")
    (folder / "00.png").write_text("half a photo")
    assert run(*arguments).returncode == 1
    (tmp_path / "away.png").replace(folder / "00.png")
    assert run(*arguments, "--resume").stderr.startswith("0 photos")
    done = run(*arguments, "--resume", "--retry-errors")
    assert (done.returncode, done.stderr.startswith("1 photo, ")) == (0, True)
    found = rows((tmp_path / "out.jsonl").read_text())
    assert len(found) == 20
    assert not [row for row in found if "error" in row]
    done = run(*arguments, "--resume", "--model", "nano")
    assert done.returncode == 1
    assert "out.jsonl: made with model model.onnx " in done.stderr
    assert run(*arguments, "--retry-errors").returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_whole_lines_and_a_summary(
    stopped_command: list[str], small_model: Path, large: Path, number: signal.Signals, status: int
) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
    try:
        with start(stopped_command, small_model, large, "--json") as process:
            assert process.stdout
            assert process.stderr
            first = process.stdout.readline()
            process.send_signal(number)
            rest, words = process.stdout.read(), process.stderr.read()
    finally:
        signal.signal(signal.SIGINT, before)
    assert process.returncode == status
    found = rows(first + rest)
    assert [row["path"] for row in found] == [str(path) for path in sorted(large.iterdir())[: len(found)]]
    assert " photos/s" in words
    assert "Traceback" not in words


def test_a_reader_that_goes_away_ends_it_in_silence(command: list[str], small_model: Path, large: Path) -> None:
    with start(command, small_model, large) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline().endswith(": dog 100.0%  (cat 0.0%)\n")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.usefixtures("large")
def test_the_order_and_the_results_are_those_of_one_job(run: Run, small_model: Path) -> None:
    one, four = (run("predict", "--model", small_model, "photos", "--json", "--jobs", jobs) for jobs in "14")
    assert one.stdout == four.stdout
    assert one.stdout.count("\n") == 2000
