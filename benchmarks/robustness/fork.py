"""Fork while another thread predicts, and predict in every child: none may hang.

`python -m edge_cifar.benchmarks.robustness.fork --forks 10000` exits 1 when one did.
"""

import io
import os
import threading
import time
from typing import Annotated

import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.inference.classifier import Classifier
from ...edge.model.shipped_models import SHIPPED_DEFAULT

PATIENCE = 20.0  # seconds until a child counts as hanging; it needs a few hundredths
PHOTOS = (("JPEG", 64), ("PNG", 64), ("WEBP", 64), ("TIFF", 64), ("JPEG", 64), ("PNG", 520))
"""Format and side in pixels; the last is large enough to take part in the memory budget."""


def fork(forks: Annotated[int, typer.Option(help="How many.", min=1)] = 10_000) -> None:
    """Fork and report."""
    hung = try_forks(forks)
    typer.echo(f"{forks} forks while a thread predicts, {hung} children hung")
    if hung:
        raise typer.Exit(1)


def try_forks(forks: int) -> int:
    """Return how many of so many children hung; a thread reads and classifies all the while."""
    classifier, photos = Classifier(SHIPPED_DEFAULT, threads=1), _photos()
    stop = threading.Event()

    def serve() -> None:
        while not stop.is_set():
            for photo in photos:
                classifier.predict(photo)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        return sum(_hangs(classifier, photos[i % len(photos)]) for i in range(forks))
    finally:
        stop.set()
        thread.join()


def _hangs(classifier: Classifier, photo: bytes) -> bool:
    """Return whether a child that classifies `photo` has to be ended. Raises RuntimeError if it fails."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            classifier.predict(photo)
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if status:
                raise RuntimeError(f"a child ended with {os.waitstatus_to_exitcode(status)}")
            return False
        time.sleep(0.001)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return True


def _photos() -> list[bytes]:
    photos = []
    for kind, side in PHOTOS:
        buffer = io.BytesIO()
        Image.new("RGB", (side, side), "red").save(buffer, kind)
        photos.append(buffer.getvalue())
    return photos


if __name__ == "__main__":
    typer.run(reporting("fork")(fork))
