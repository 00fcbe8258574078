import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Watch = Callable[..., "AbstractContextManager[Path]"]
DEADLINE = 60  # seconds until a test gives up

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")


@pytest.fixture
def camera(tmp_path: Path) -> Path:
    (tmp_path / "camera").mkdir()
    return tmp_path / "camera"


@pytest.fixture
def cat(tmp_path: Path) -> Path:
    """A photo, outside of the folder, that `small_model` calls a cat."""
    Image.fromarray(np.full((2, 2), 9, np.uint8)).save(tmp_path / "cat.png")
    return tmp_path / "cat.png"


@pytest.fixture
def watching(command: list[str], small_model: Path, camera: Path, tmp_path: Path) -> Watch:
    """Watch the folder, writing to out.jsonl; ends by SIGTERM, in order, its stderr as given."""

    @contextmanager
    def watching(words: str = "") -> Iterator[Path]:
        options = ["--model", small_model, "--out", tmp_path / "out.jsonl", "--interval", "0.02", "--recursive"]
        with subprocess.Popen([*command, "watch", camera, *options], stderr=subprocess.PIPE, text=True) as process:
            wait_until((tmp_path / "out.jsonl").exists)
            yield tmp_path / "out.jsonl"
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=DEADLINE)[1] == words
        assert process.returncode == 0

    return watching


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def rows(out: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.read_text().splitlines()]


def lines(out: Path, count: int) -> Callable[[], bool]:
    return lambda: out.exists() and out.read_text().count("\n") >= count


def test_each_photo_is_classified_once_as_it_arrives(watching: Watch, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "before.png")
    with watching() as out:
        wait_until(lines(out, 1))
        for i in range(3):
            shutil.copy(cat, camera / f"{i}.png")
            wait_until(lines(out, i + 2))
        (camera / "deeper").mkdir()
        shutil.copy(cat, camera / "deeper" / "new.png")
        (camera / "notes.txt").write_text("no photo")
        wait_until(lines(out, 5))
        time.sleep(0.2)
    found = rows(out)
    names = [str(Path(str(row["path"])).relative_to(camera)) for row in found]
    assert names == ["before.png", "0.png", "1.png", "2.png", "deeper/new.png"]
    assert [row["guess"] for row in found] == ["cat"] * 5
    assert [row["size"] for row in found] == [cat.stat().st_size] * 5


def test_a_photo_is_read_when_it_is_whole(watching: Watch, camera: Path, cat: Path) -> None:
    data = cat.read_bytes()
    with watching() as out:
        (camera / ".upload").write_bytes(data)
        (camera / ".upload").rename(camera / "renamed.png")
        with (camera / "slow.png").open("wb", buffering=0) as file:
            for i in range(len(data)):
                file.write(data[i : i + 1])
                time.sleep(0.002)
        wait_until(lines(out, 2))
    assert sorted(Path(str(row["path"])).name for row in rows(out) if "error" not in row) == ["renamed.png", "slow.png"]
    assert len(rows(out)) == 2


def test_what_stays_unreadable_is_reported_once(watching: Watch, camera: Path) -> None:
    (camera / "text.png").write_text("no photo")
    with watching() as out:
        wait_until(lines(out, 1))
        time.sleep(0.2)
    [row] = rows(out)
    assert "not a photo" in str(row["error"])


def test_the_folder_may_vanish_and_come_back(watching: Watch, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "a.png")
    with watching(words=f"edge-cifar watch: {camera}: No such file or directory\n") as out:
        wait_until(lines(out, 1))
        camera.rename(camera.parent / "away")
        time.sleep(0.3)
        (camera.parent / "away").rename(camera)
        shutil.copy(cat, camera / "b.png")
        wait_until(lines(out, 2))
    assert [Path(str(row["path"])).name for row in rows(out)] == ["a.png", "b.png"]


def test_the_file_of_results_may_be_rotated(watching: Watch, camera: Path, cat: Path) -> None:
    with watching() as out:
        shutil.copy(cat, camera / "a.png")
        wait_until(lines(out, 1))
        out.rename(out.with_suffix(".1"))
        shutil.copy(cat, camera / "b.png")
        wait_until(lines(out, 1))
    assert [Path(str(row["path"])).name for row in rows(out.with_suffix(".1")) + rows(out)] == ["a.png", "b.png"]


def test_started_again_it_goes_on_after_a_torn_line(watching: Watch, camera: Path, cat: Path) -> None:
    for name in ("a.png", "b.png"):
        shutil.copy(cat, camera / name)
    with watching() as out:
        wait_until(lines(out, 2))
    whole = out.read_text()
    out.write_text(whole[:-30])
    shutil.copy(cat, camera / "c.png")
    with watching() as out:
        wait_until(lines(out, 3))
    assert sorted(Path(str(row["path"])).name for row in rows(out)) == ["a.png", "b.png", "c.png"]


def test_results_that_cannot_be_written_are_tried_again(watching: Watch, camera: Path, cat: Path) -> None:
    with watching(words=f"edge-cifar watch: cannot write {camera.parent / 'out.jsonl'}: Is a directory\n") as out:
        out.unlink()
        out.mkdir()
        shutil.copy(cat, camera / "a.png")
        time.sleep(0.5)
        out.rmdir()
        wait_until(lines(out, 1))
    assert len(rows(out)) == 1


def test_without_a_file_lines_come_on_stdout(command: list[str], small_model: Path, camera: Path, cat: Path) -> None:
    shutil.copy(cat, camera / "a.png")
    watch = [*command, "watch", camera, "--model", small_model, "--interval", "0.02"]
    with subprocess.Popen(watch, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert json.loads(process.stdout.readline())["path"] == str(camera / "a.png")
        process.stdout.close()  # a reader that goes away ends it with the next photo
        shutil.copy(cat, camera / "b.png")
        assert process.stderr
        assert process.stderr.read() == "edge-cifar watch: stdout: its reader went away\n"
    assert process.returncode == 1  # so that what restarts it on failure does


def test_a_folder_that_is_not_there_at_the_start_is_named(run: Run, small_model: Path) -> None:
    done = run("watch", "nowhere", "--model", small_model)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "edge-cifar watch: nowhere: no such folder; make it first\n"
