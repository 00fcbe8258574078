"""Many photos, classified as they are found: read and put through the net in parallel, the results in order."""

import os
import stat
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TypeAlias

from ..errors import PhotoError
from ..inference.classifier import BATCH, Classifier
from ..inference.prediction import Prediction, Result
from ..photos.contract import Photo, read_pipe
from ..photos.limits import MAX_FILE_BYTES
from ..photos.source import Piped
from .find_photos import Entry
from .ordered_threads import Work, in_parallel

STDIN = "-"
PIECE = 1 << 20  # bytes of stdin read at a time: asking for all that is allowed would take the memory for it

Draw: TypeAlias = Callable[[str, Photo, Prediction], object]
"""What is done besides with a photo that was classified; the text is its path. May raise PhotoError."""


def classify_many(
    classifier: Classifier, entries: Iterable[Entry | None], top: int, jobs: int, draws: Sequence[Draw] = ()
) -> Generator[list[Result], None, None]:
    """Yield a result for each entry, its path the source, some at a time; `jobs` photos are in work at once.

    None among the entries says that the next may be long in coming: those before it are answered meanwhile.
    A photo that can't be drawn by one of `draws` is an error, like one that can't be read. To be closed if it is left
    before its end: its threads have to end before Python does.
    """
    with closing(in_parallel(_work(classifier, top, draws), entries, jobs)) as classified:
        for pairs in classified:
            yield [result for _, result in pairs]


def _work(classifier: Classifier, top: int, draws: Sequence[Draw]) -> Work[Entry, Result]:
    """Return what a thread does with some entries."""

    def classify(entries: Iterable[Entry]) -> list[Result]:
        opened: list[tuple[str, Photo | PhotoError]] = []

        def readable() -> Iterator[Photo]:
            for path, error in entries:
                photo: Photo = path
                try:
                    if error is None and (path == STDIN or (draws and _is_pipe(path))):  # to draw it, it is read again
                        photo = _read_stdin() if path == STDIN else read_pipe(path)
                except PhotoError as why:
                    error = why
                opened.append((path, error or photo))
                if error is None:
                    yield photo

        results = iter(list(classifier.predict_many(readable(), top=top, batch=BATCH)))
        return [
            Result(path, error=photo) if isinstance(photo, PhotoError) else _drawn(draws, path, photo, next(results))
            for path, photo in opened
        ]

    return classify


def _drawn(draws: Sequence[Draw], path: str, photo: Photo, result: Result) -> Result:
    """Draw a photo that was classified; return the result of `path`, with the error that this brought if it did."""
    if result.prediction is None:
        return Result(path, error=result.error)
    try:
        for draw in draws:
            draw(path, photo, result.prediction)
    except PhotoError as error:
        return Result(path, error=error)
    return Result(path, result.prediction)


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):  # what is wrong with it is said when it is read
        return False


def _read_stdin() -> Piped:
    data = bytearray()
    try:
        with open(0, "rb", closefd=False) as file:
            while piece := file.read(min(PIECE, MAX_FILE_BYTES + 1 - len(data))):  # one more is refused as too large
                data += piece
    except OSError as error:  # closed, or a folder
        raise PhotoError(f"stdin: {error.strerror or error}") from error
    return Piped(data, "<Stdin>")
