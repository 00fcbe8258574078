import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from edge_cifar import Classifier
from edge_cifar.edge.cli.watch import PATIENCE, Watching
from edge_cifar.edge.inference.prediction import Result
from edge_cifar.edge.results.line_file import LockedFile
from edge_cifar.edge.results.rows import origin_of
from edge_cifar.edge.stream.arrivals import Arrivals
from edge_cifar.edge.stream.classify_stream import classify_many
from edge_cifar.edge.stream.find_photos import Entry
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]
DEADLINE = 120  # seconds until a test that hangs gives up

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")


class Watcher:
    """Watches a folder by a clock that goes on only while it rests."""

    def __init__(self, folder: Path, model: Path, out: Path):
        self.now = 0.0
        self.out = out
        self._file = LockedFile(out)
        classifier = Classifier(model)
        self._watching = Watching(
            Arrivals(str(folder), True, None, (), own=[out], clock=lambda: self.now),
            partial(classify_many, classifier, top=2, jobs=1),
            self._file.append,
            origin_of(classifier, 2),
            interval=1.0,
            clock=lambda: self.now,
        )

    def look(self, times: int = 2) -> list[str]:
        """Look so many times, twice as it takes for a new file; return the names of the results so far."""
        for _ in range(times):
            self.now += self._watching.look()
        with suppress(IsADirectoryError):
            return [Path(str(row["path"])).name for row in rows(self.out)]
        return []

    def close(self) -> None:
        self._file.close()


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    (tmp_path / "camera").mkdir()
    return tmp_path / "camera"


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A photo, outside of the folder, that `small_model` calls a cat, at 95.3 %."""
    Image.fromarray(np.full((2, 2), 99, np.uint8)).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


@pytest.fixture
def watcher(small_model: Path, camera: Path, tmp_path: Path) -> Iterator[Watcher]:
    """Watches the folder, writing to out.jsonl."""
    with closing(Watcher(camera, small_model, tmp_path / "out.jsonl")) as watcher:
        yield watcher


@pytest.fixture
def start(stopped_command: list[str], small_model: Path, camera: Path) -> Iterator[Start]:
    """Start `edge-cifar watch` on the folder, its output to be read."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str | Path) -> "subprocess.Popen[str]":
        words = ["watch", camera, "--model", small_model, "--interval", "0.02", *options]
        command = [*stopped_command, *map(str, words)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate(timeout=DEADLINE)


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def stop(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """End a process by SIGTERM; return its status and what else it said on stderr."""
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=DEADLINE)[1]
    return process.returncode, said


def test_each_photo_is_classified_once_as_it_arrives(watcher: Watcher, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "before.png")
    assert watcher.look(1) == []
    assert watcher.look(1) == ["before.png"]
    for name in ("0.png", "1.png"):
        shutil.copy(cat, camera / name)
        watcher.look()
    (camera / "deeper").mkdir()
    shutil.copy(cat, camera / "deeper" / "new.png")
    (camera / "notes.txt").write_text("no photo")
    assert watcher.look(5) == ["before.png", "0.png", "1.png", "new.png"]
    assert {(row["guess"], row["size"], row["version"]) for row in rows(watcher.out)} == {
        ("cat", cat.stat().st_size, 1)
    }


def test_a_photo_is_read_when_it_is_whole(watcher: Watcher, camera: Path, cat: Path) -> None:
    data = cat.read_bytes()
    (camera / ".upload").write_bytes(data)
    (camera / ".upload").rename(camera / "renamed.png")
    with (camera / "slow.png").open("wb", buffering=0) as file:
        for i in range(len(data)):
            file.write(data[i : i + 1])
            assert "slow.png" not in watcher.look(1)
    assert watcher.look(PATIENCE + 2) == ["renamed.png", "slow.png"]
    assert not any("error" in row for row in rows(watcher.out))


def test_what_stays_unreadable_is_reported_once(watcher: Watcher, camera: Path) -> None:
    (camera / "text.png").write_text("no photo")
    assert watcher.look(PATIENCE) == []  # it may still grow
    assert watcher.look(PATIENCE) == ["text.png"]
    assert "not a photo" in str(rows(watcher.out)[0]["error"])


def test_the_folder_may_vanish_and_come_back(
    watcher: Watcher, camera: Path, cat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(cat, camera / "a.png")
    watcher.look()
    camera.rename(camera.parent / "away")
    watcher.look(3)
    assert capsys.readouterr().err == f"edge-cifar watch: {camera}: No such file or directory\n"
    (camera.parent / "away").rename(camera)
    shutil.copy(cat, camera / "b.png")
    assert watcher.look() == ["a.png", "b.png"]
    camera.rename(camera.parent / "away")
    watcher.look()
    assert capsys.readouterr().err == f"edge-cifar watch: {camera}: No such file or directory\n"


def test_the_file_of_results_may_be_rotated(watcher: Watcher, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "a.png")
    watcher.look()
    moved = watcher.out.rename(watcher.out.with_suffix(".1"))
    shutil.copy(cat, camera / "b.png")
    assert watcher.look() == ["b.png"]
    assert [Path(str(row["path"])).name for row in rows(moved)] == ["a.png"]


def test_results_that_cannot_be_written_are_tried_again(
    watcher: Watcher, camera: Path, cat: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher.out.unlink()
    watcher.out.mkdir()
    shutil.copy(cat, camera / "a.png")
    assert watcher.look(4) == []
    assert capsys.readouterr().err == f"edge-cifar watch: cannot write {watcher.out}: Is a directory\n"
    watcher.out.rmdir()
    assert watcher.look(1) == ["a.png"]


def test_started_again_it_goes_on_after_a_torn_line_and_names_another_model(
    start: Start, camera: Path, cat: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    for name in ("a.png", "b.png"):
        shutil.copy(cat, camera / name)
    options = ["--out", out, "--exec", "cat"]  # which says each line on stderr when it is in the file
    first = start(*options)
    assert first.stderr
    assert [json.loads(first.stderr.readline())["guess"] for _ in range(2)] == ["cat", "cat"]
    assert stop(first) == (0, "")
    out.write_text(out.read_text()[:-30])
    shutil.copy(cat, camera / "c.png")
    second = start(*options, "--top", "1")
    assert second.stderr
    said = second.stderr.readline()
    assert said == f"edge-cifar watch: {out}: goes on, though its last result was made with top 2, now it is 1\n"
    assert [len(json.loads(second.stderr.readline())["top"]) for _ in range(2)] == [1, 1]
    assert stop(second) == (0, "")
    assert sorted(Path(str(row["path"])).name for row in rows(out)) == ["a.png", "b.png", "c.png"]


def test_without_a_file_lines_come_on_stdout(start: Start, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "a.png")
    process = start()
    assert process.stdout
    assert json.loads(process.stdout.readline())["path"] == str(camera / "a.png")
    process.stdout.close()  # a reader that goes away ends it with the next photo
    (camera / "b.png").hardlink_to(cat)  # whole at once
    assert process.stderr
    assert process.stderr.read() == "edge-cifar watch: stdout: its reader went away\n"
    assert process.wait(DEADLINE) == 1  # so that what restarts it on failure does


def test_its_options_are_those_of_predict_and_a_command(start: Start, camera: Path, cat: Path, tmp_path: Path) -> None:
    shutil.copy(cat, camera / "a.png")
    drawn, copy = camera / "drawn", tmp_path / "copy.json"
    hook = shlex.join(["sh", "-c", 'cat > "$0"; exit 3', str(copy)])
    process = start("--jobs", "2", "--threshold", "1", "--annotate", drawn, "--recursive", "--exec", hook)
    assert process.stdout
    assert process.stderr
    line = process.stdout.readline()
    assert process.stderr.readline() == "edge-cifar watch: --exec sh: ended with 3\n"
    assert (json.loads(line)["label"], json.loads(line)["abstained"]) == ("unknown", True)
    assert copy.read_text() == line
    [picture] = (path for path in drawn.rglob("*") if path.is_file())
    assert (picture.name, os.path.commonpath([picture, drawn])) == ("a.png", str(drawn))
    (camera / "b.png").hardlink_to(cat)  # whole at once
    assert json.loads(process.stdout.readline())["path"] == str(camera / "b.png")  # and no picture of its own
    assert stop(process)[0] == 0


def test_a_lack_of_memory_is_said_and_what_it_hit_is_tried_again(
    watcher: Watcher, camera: Path, cat: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def starve(entries: Iterable[Entry]) -> Generator[list[Result], None, None]:
        yield from ()
        raise MemoryError(list(entries))

    shutil.copy(cat, camera)
    with monkeypatch.context() as starving:
        starving.setattr(watcher._watching, "classify", starve)
        assert watcher.look() == []
    assert capsys.readouterr().err == "edge-cifar watch: not enough memory\n"
    assert watcher.look() == ["cat.png"]


@pytest.mark.parametrize("interval", ["nan", "inf", "1e300", "0"])
def test_an_interval_that_no_clock_can_keep_is_wrong_usage(run: Run, camera: Path, interval: str) -> None:
    done = run("watch", camera, "--interval", interval)
    assert done.returncode == 2
    assert f"'--interval': {float(interval):g} is not in the range 0.01<=x<=86400." in " ".join(done.stderr.split())


def test_an_empty_name_is_no_folder(run: Run, small_model: Path) -> None:
    done = run("watch", "", "--model", small_model)
    assert (done.returncode, done.stderr) == (1, 'edge-cifar watch: "": no such folder; make it first\n')


def test_a_folder_that_is_not_there_at_the_start_is_named(run: Run, small_model: Path) -> None:
    done = run("watch", "nowhere", "--model", small_model)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "edge-cifar watch: nowhere: no such folder; make it first\n"
