"""The library in somebody else's process: forks, pools, threads, event loops, and what it leaves alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SETUP = """
import asyncio, io, logging, multiprocessing, os, signal, sys, threading, warnings
from concurrent.futures import ProcessPoolExecutor
from PIL import Image
from edge_cifar import Classifier

def jpeg(level):
    data = io.BytesIO()
    Image.new("RGB", (64, 64), (level, 0, 0)).save(data, "JPEG")
    return data.getvalue()

photos = [jpeg(level) for level in range(0, 250, 25)]
"""

FORK_UNDER_LOAD = """
classifier = Classifier(sys.argv[1])
expected = classifier.predict(photos[0])
stop = threading.Event()
def serve():
    while not stop.is_set():
        classifier.predict(photos[0])
thread = threading.Thread(target=serve)  # one: what two share, one of them often holds for both
thread.start()
for _ in range(100):
    if (child := os.fork()) == 0:
        signal.alarm(20)  # ends what hangs
        os._exit(classifier.predict(photos[0]) != expected)
    if os.waitpid(child, 0)[1]:
        os._exit(1)
stop.set()
thread.join()
"""

SPAWN = """
def work(classifier, photo):
    return classifier.predict(photo)

if __name__ == "__main__":
    classifier = Classifier(sys.argv[1], threshold=0.5)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(work, [classifier] * len(photos), photos))
    assert answers == [classifier.predict(photo) for photo in photos]
"""

ASYNCIO = """
classifier = Classifier(sys.argv[1])
async def serve():
    return await asyncio.gather(*(asyncio.to_thread(classifier.predict, photo) for photo in photos * 10))
assert asyncio.run(serve()) == [classifier.predict(photo) for photo in photos] * 10
"""

PRE_FORK = """
classifier = Classifier(sys.argv[1])  # in the master, which has answered before it forks its workers
expected = [classifier.predict(photo) for photo in photos]
workers = []
for _ in range(3):
    if (child := os.fork()) == 0:
        signal.alarm(30)
        answers = [None] * len(photos)
        def serve(i):
            answers[i] = classifier.predict(photos[i])
        threads = [threading.Thread(target=serve, args=(i,)) for i in range(len(photos))]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        assert answers == expected
        sys.exit(0)  # in order, as a worker that is retired
    workers.append(child)
assert [os.waitpid(child, 0)[1] for child in workers] == [0] * 3
"""

LEFT_ALONE = """
def state():
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    return handlers, logging.root.handlers[:], logging.getLogger("PIL").handlers[:], threading.active_count()

import numpy, onnxruntime, PIL.JpegImagePlugin, PIL.PngImagePlugin  # have filters of their own
before, filters = state(), warnings.filters[:]
classifier = Classifier(sys.argv[1])
list(classifier.predict_many([*photos, b"no photo"]))
assert state() == before
assert warnings.filters == filters
"""


@pytest.mark.parametrize(
    "program",
    [
        pytest.param(
            FORK_UNDER_LOAD, id="fork under load", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
        ),
        pytest.param(PRE_FORK, id="pre-fork", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")),
        pytest.param(SPAWN, id="spawn"),
        pytest.param(ASYNCIO, id="asyncio"),
        pytest.param(LEFT_ALONE, id="left alone"),
    ],
)
def test_a_guest_works_and_changes_nothing(program: str, tmp_path: Path, tiny_int8_model: Path) -> None:
    (tmp_path / "program.py").write_text(SETUP + program)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", tmp_path / "program.py", tiny_int8_model]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems limit address space otherwise")
def test_predict_needs_little_address_space_and_says_what_is_wrong_with_less(
    tmp_path: Path, command: list[str], tiny_int8_model: Path
) -> None:
    Image.effect_noise((640, 480), 40).convert("RGB").save(tmp_path / "cat.jpg")
    limited = ["prlimit", "--as=400000000", *command, "predict", "--model", tiny_int8_model, tmp_path / "cat.jpg"]
    done = subprocess.run(limited, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes")
@pytest.mark.parametrize("jobs", ["1", "2", "4"])
def test_a_list_that_is_still_being_written_is_answered_entry_by_entry(
    command: list[str], small_model: Path, photo: Path, jobs: str
) -> None:
    predict = [*command, "predict", "--model", small_model, "--jobs", jobs, "--files-from", "-"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(predict, **pipes, text=True, bufsize=1) as process:  # type: ignore[call-overload]
        for _ in range(5):
            process.stdin.write(f"{photo}\n")
            process.stdin.flush()
            assert process.stdout.readline().startswith(str(photo))  # waits for ever if it isn't answered
        process.stdin.close()
        assert process.stdout.read() == ""
    assert process.returncode == 0
