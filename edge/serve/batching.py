"""Photos of many requests, decoded in parallel and put through the net together, without waiting for one another.

Each worker is a thread that takes its share of the photos that wait, decodes them and runs them as one batch. A photo
that meets an idle worker is taken at once, alone. So batches grow with the load: where photos wait, there are
more of them than workers, and each worker has its own net run beside those of the others.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from time import perf_counter
from typing import NamedTuple

from ..errors import PhotoError
from ..inference.classifier import BATCH
from ..inference.prediction import Prediction
from .served_models import ServedModel

MOST_TOGETHER = BATCH
"""Photos of a batch. With fewer, the event loop is woken more often for each, on caches that a net has left."""

BYTES_TOGETHER = 1_000_000
"""And their files' bytes, so that no small photo waits for several large ones, and the first not long for the last."""


class Upload(NamedTuple):
    """A photo that was sent, and what messages call it."""

    name: str
    content: bytes


class QueueFullError(Exception):
    """As many photos wait as may."""


class Timing(NamedTuple):
    """What a photo's answer took, in seconds."""

    queue: float  # for a worker, and while the other photos of its batch were decoded
    decode: float
    net: float  # with all of its batch


NO_TIME = Timing(0.0, 0.0, 0.0)

Answer = Prediction | PhotoError


@dataclass(eq=False)
class _Waiting:
    model: ServedModel
    photo: Upload
    top: int
    answer: asyncio.Future[Answer]
    since: float
    timing: Timing = NO_TIME


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

    async def classify(self, model: ServedModel, photos: Sequence[Upload], top: int) -> tuple[list[Answer], Timing]:
        """Return the prediction of each photo, or its error, to the bit what `Classifier.predict` gives.

        And what the photo took that took longest. Raises QueueFullError, and what the net raises when it can't be
        computed. Cancelled, its photos are dropped.
        """
        new_future, now = asyncio.get_running_loop().create_future, perf_counter()
        added = [_Waiting(model, photo, top, new_future(), now) for photo in photos]
        with self._changed:
            self.check_room(len(added))
            self._waiting.extend(added)
            self._changed.notify(len(added))
        try:
            answers = [await each.answer for each in added]
        except BaseException:
            self._drop([each for each in added if not each.answer.done() or each.answer.cancelled()])
            raise
        return answers, max((each.timing for each in added), key=sum)

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
        if some[0].model.exact:
            return _classified(some)
        return [answer for each in some for answer in _classified([each])]

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


def _classified(batch: Sequence[_Waiting]) -> list[Answer]:
    """Return the answers to photos of one model, which go through its net together; set what each of them took."""
    moments: list[float] = []
    results = list(
        batch[0].model.classifier.predict_many(
            _noting((each.photo.content for each in batch), moments),
            top=max(each.top for each in batch),
            batch=len(batch) + 1,  # so that it asks for one more, which tells that the last is decoded
        )
    )
    end = perf_counter()
    net = end - moments[-1]
    for each, (before, after) in zip(batch, pairwise(moments), strict=True):
        decode = after - before
        each.timing = Timing(end - each.since - decode - net, decode, net)
    return [
        _cut(result.prediction, each.top) if result.prediction else _named(result.error, each.photo.name)
        for each, result in zip(batch, results, strict=True)
    ]


def _noting(contents: Iterable[bytes], moments: list[float]) -> Iterator[bytes]:
    """Yield each of `contents`, and note when it is asked for, and when there are no more."""
    for content in contents:
        moments.append(perf_counter())
        yield content
    moments.append(perf_counter())


def _named(error: PhotoError | None, name: str) -> PhotoError:
    """Return an error that calls its photo by its name, not by what it was handed over as."""
    return PhotoError(f"{name}: {str(error).removeprefix('<bytes>: ')}")


def _cut(prediction: Prediction, top: int) -> Prediction:
    return prediction if len(prediction.top) <= top else replace(prediction, top=prediction.top[:top])
