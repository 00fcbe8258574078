"""Photos of many requests, decoded in parallel and put through the net together, without waiting for one another.

Each worker is a thread that takes its share of the photos that wait, decodes them and runs them as one batch. A photo
that meets an idle worker is taken at once, alone. So batches grow with the load: where photos wait, there are
more of them than workers, and each worker has its own net run beside those of the others.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ..errors import PhotoError
from ..inference.prediction import Prediction
from .served_models import ServedModel

MOST_TOGETHER = 8
"""Photos of a batch: more would make the first wait for the last, and save little, since decoding takes most of the
time."""

BYTES_TOGETHER = 1_000_000
"""And their files' bytes, so that no small photo waits for several large ones."""


class Upload(NamedTuple):
    """A photo that was sent, and what messages call it."""

    name: str
    content: bytes


class QueueFullError(Exception):
    """As many photos wait as may."""


@dataclass(eq=False)
class _Waiting:
    model: ServedModel
    photo: Upload
    top: int
    answer: "asyncio.Future[Answer]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


Answer = Prediction | PhotoError


class Workers:
    """Threads that answer photos, and the photos that wait for them."""

    def __init__(self, count: int, most_waiting: int):
        """Start `count` threads; no more than `most_waiting` photos wait for them."""
        self._most_waiting = most_waiting
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self.batches = 0  # answered so far
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """The number of photos that no worker has taken yet."""
        return len(self._waiting)

    def check_room(self, photos: int = 1) -> None:
        """Raise QueueFullError where there is no room for so many more photos."""
        if len(self._waiting) + photos > self._most_waiting or self._ended:
            raise QueueFullError

    async def classify(self, model: ServedModel, photos: Sequence[Upload], top: int) -> list[Answer]:
        """Return the prediction of each photo, or its error, to the bit what `Classifier.predict` gives.

        Raises QueueFullError, and what the net raises when it can't be computed. Cancelled, its photos are dropped.
        """
        added = [_Waiting(model, photo, top) for photo in photos]
        with self._changed:
            self.check_room(len(added))
            self._waiting.extend(added)
            self._changed.notify(len(added))
        try:
            return [await each.answer for each in added]
        finally:
            self._drop([each for each in added if not each.answer.done() or each.answer.cancelled()])

    def close(self) -> None:
        """Answer what waits, then end the threads."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _drop(self, left: list[_Waiting]) -> None:
        if left:
            for each in left:
                each.answer.cancel()
            with self._changed:
                self._waiting = deque(each for each in self._waiting if each not in left)

    def _work(self) -> None:
        while some := self._take():
            loop = some[0].answer.get_loop()
            try:
                answers: Sequence[Answer | Exception] = self._answers(some)
            except Exception as error:  # of the net: it is all of theirs
                answers = [error] * len(some)
            with suppress(RuntimeError):  # the loop was closed on those who wait
                loop.call_soon_threadsafe(self._deliver, some, answers)

    def _take(self) -> list[_Waiting]:
        """Return this worker's share of what waits, of one model; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            share = min(MOST_TOGETHER, -(-len(self._waiting) // len(self._threads)))
            some: list[_Waiting] = []
            size = 0
            while self._waiting and len(some) < share:
                following = self._waiting[0]
                size += len(following.photo.content)
                if some and (following.model is not some[0].model or size > BYTES_TOGETHER):
                    break
                some.append(self._waiting.popleft())
            return some

    def _answers(self, some: Sequence[_Waiting]) -> list[Answer]:
        model = some[0].model
        batch = len(some) if model.exact else 1
        most = max(each.top for each in some)
        results = model.classifier.predict_many([each.photo.content for each in some], top=most, batch=batch)
        return [
            _cut(result.prediction, each.top) if result.prediction else _named(result.error, each.photo.name)
            for each, result in zip(some, results, strict=True)
        ]

    def _deliver(self, some: Sequence[_Waiting], answers: Sequence[Answer | Exception]) -> None:
        """Hand over answers, in the event loop's thread; nobody waits any more for those that were cancelled."""
        self.batches += 1
        for each, answer in zip(some, answers, strict=True):
            if each.answer.done():
                continue
            if isinstance(answer, Exception) and not isinstance(answer, PhotoError):
                each.answer.set_exception(answer)
            else:
                each.answer.set_result(answer)


def _named(error: PhotoError | None, name: str) -> PhotoError:
    """Return an error that calls its photo by its name, not by what it was handed over as."""
    return PhotoError(f"{name}: {str(error).removeprefix('<bytes>: ')}")


def _cut(prediction: Prediction, top: int) -> Prediction:
    return prediction if len(prediction.top) <= top else replace(prediction, top=prediction.top[:top])
