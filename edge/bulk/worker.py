"""What a worker does, on whatever machine: open the model once, then classify part after part and write each."""

import os
import tempfile
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DataError, EdgeCifarError, PhotoError
from ..inference.classifier import BATCH, Classifier
from ..inference.prediction import UNKNOWN, Result
from ..photos.contract import Photo
from ..photos.limits import MAX_FILE_BYTES
from ..photos.source import Piped
from ..results.rows import row
from .bulk_run import BulkRun, PartDone
from .listing import Listed
from .part_file import encoded
from .store import is_url, naming_errors, open_store

AHEAD = 8  # photos that are on their way from a store while one is decoded
PIECE = 1 << 20  # bytes that are read at once of a file whose size nobody says
SEVERAL = 10  # photos: so many that can't be had, and not one that can, are the store's fault


@dataclass(frozen=True)
class Job:
    """All that a worker must know. The model goes along, since its file need not be on the worker's machine."""

    model: bytes
    threshold: float | None
    run: BulkRun
    folder: str  # the working folder, which relative paths start from


class PartWorker:
    """A worker: one model, one thread."""

    def __init__(self, job: Job):
        """Open the model. Raises EdgeCifarError."""
        self._run, self._origin = job.run, job.run.asked.origin
        if Path(job.folder).is_dir():  # else only URLs and whole paths are the same photos on this machine
            os.chdir(job.folder)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "model.onnx")
            path.write_bytes(job.model)
            self._classifier = Classifier(path, threads=1, threshold=job.threshold, tta=self._origin.tta)
        self._stores: dict[str, Any] = {}

    def __call__(self, part: int) -> PartDone:
        """Classify and write a part; return what it holds. Raises EdgeCifarError."""
        labels: Counter[str] = Counter()
        errors = total = 0
        rows = []
        for result, size in self._classified(self._run.listed(part)):
            rows.append(row(result, self._origin) | ({} if size is None else {"bytes": size}))
            total += size or 0
            if result.prediction is None:
                errors += 1
            else:
                labels[result.prediction.label or UNKNOWN] += 1
        done = PartDone(part, errors, total, dict(labels))
        self._run.write(done, encoded(rows, self._run.asked.form))
        return done

    def _classified(self, listed: Sequence[Listed]) -> Iterator[tuple[Result, int | None]]:
        """Yield a result for each, and its size in bytes if it could be opened."""
        opened: list[tuple[str, int | None, PhotoError | None]] = []

        def readable() -> Iterator[Photo]:
            for each, photo in self._photos(listed):
                if isinstance(photo, PhotoError):
                    opened.append((each.path, None, photo))
                    continue
                opened.append((each.path, len(photo) if isinstance(photo, Piped) else _file_size(photo), None))
                yield photo

        results = iter(list(self._classifier.predict_many(readable(), top=self._origin.top, batch=BATCH)))
        lost = [error for (_, _, error), each in zip(opened, listed, strict=True) if error and is_url(each.path)]
        if len(lost) == len(listed) >= SEVERAL:
            raise DataError(f"not one of {len(listed)} photos could be read; the first: {lost[0]}")
        for path, size, error in opened:
            if error:
                yield Result(path, error=error), None
            else:
                result = next(results)
                yield Result(path, result.prediction, result.error), size

    def _photos(self, listed: Sequence[Listed]) -> Iterator[tuple[Listed, str | Piped | PhotoError]]:
        """Yield each with its photo; of those in stores some are on their way while one is decoded."""
        coming: deque[tuple[Listed, Future[Piped | PhotoError] | str | PhotoError]] = deque()
        with ThreadPoolExecutor(AHEAD) as pool:
            for each in listed:
                here = PhotoError(each.error) if each.error else each.path
                coming.append((each, pool.submit(self._fetch, each) if here == each.path and is_url(here) else here))
                if len(coming) > AHEAD:
                    yield _arrived(*coming.popleft())
            while coming:
                yield _arrived(*coming.popleft())

    def _fetch(self, each: Listed) -> Piped | PhotoError:
        try:
            with naming_errors(each.path):
                scheme = each.path.partition("://")[0]
                if scheme not in self._stores:
                    self._stores[scheme], _ = open_store(each.path)
                store = self._stores[scheme]
                size = store.info(each.path).get("size") if each.size is None else each.size
                if (size or 0) <= MAX_FILE_BYTES:
                    content = _beginning(store, each.path) if size is None else store.cat_file(each.path)
                    size = len(content)
                if size > MAX_FILE_BYTES:
                    words = f"more than the limit of {MAX_FILE_BYTES}; shrink the photo first"
                    return PhotoError(f"{each.path}: {size} bytes, {words}")
                return Piped(content, each.path)
        except EdgeCifarError as error:
            return PhotoError(str(error))


def _beginning(store: Any, url: str) -> bytes:
    """Return the bytes of a file whose size nobody says, up to the first piece beyond the limit."""
    content = bytearray()
    with store.open(url, "rb") as file:
        while len(content) <= MAX_FILE_BYTES and (piece := file.read(PIECE)):
            content += piece
    return bytes(content)


def _arrived(
    each: Listed, photo: Future[Piped | PhotoError] | str | PhotoError
) -> tuple[Listed, str | Piped | PhotoError]:
    return each, photo.result() if isinstance(photo, Future) else photo


def _file_size(path: str) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116
    except (OSError, ValueError):  # what is wrong with it is said when it is read
        return None
