import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest
from edge_cifar import Classifier, PhotoError, Prediction
from edge_cifar.edge.serve import batching
from edge_cifar.edge.serve.batching import (
    BYTES_TOGETHER,
    Answer,
    QueueFullError,
    Timing,
    Upload,
    Workers,
)
from edge_cifar.edge.serve.served_models import ServedModel


class Held(Classifier):
    """A classifier that begins when it is let, and remembers how many photos it was given at once."""

    def __init__(self) -> None:
        super().__init__("nano")
        self.let, self.begun = threading.Event(), threading.Event()
        self.given: list[int] = []

    def predict_many(self, photos, **options):  # type: ignore[no-untyped-def]
        self.begun.set()
        assert self.let.wait(60)
        self.given.append(options["batch"] - 1)
        return super().predict_many(photos, **options)


@pytest.fixture
def held() -> Held:
    return Held()


def run(workers: Workers, work: Callable[[], Awaitable[list[Answer]]]) -> list[Answer]:
    async def main() -> list[Answer]:
        return await work()

    try:
        return asyncio.run(main())
    finally:
        workers.close()


def sent(content: bytes) -> Upload:
    return Upload("a", content)


async def answers_of(workers: Workers, model: ServedModel, photos: list[bytes], top: int = 1) -> list[Answer]:
    answers, _ = await workers.classify(model, list(map(sent, photos)), top)
    return answers


def test_photos_that_wait_are_put_through_the_net_together(
    held: Held, photos: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "MOST_TOGETHER", 8)
    workers = Workers(1, 100)
    model = ServedModel("nano", held, exact=True)

    async def ask() -> list[Answer]:
        first = asyncio.create_task(answers_of(workers, model, [photos[0]], 3))
        await asyncio.to_thread(held.begun.wait)
        rest = [asyncio.create_task(answers_of(workers, model, [photo], 3)) for photo in photos[1:13]]
        while workers.waiting < 12:
            await asyncio.sleep(0)
        held.let.set()
        return [answer for task in (first, *rest) for answer in await task]

    expected = [Classifier("nano").predict(photo) for photo in photos[:13]]
    assert run(workers, ask) == expected
    assert held.given == [1, 8, 4]


def test_neither_large_photos_nor_those_of_two_models_wait_for_one_another(held: Held, photos: list[bytes]) -> None:
    workers = Workers(1, 100)
    one, other = ServedModel("one", held, exact=True), ServedModel("other", held, exact=True)
    large = photos[0] + bytes(BYTES_TOGETHER // 2)

    async def ask() -> list[Answer]:
        asked = [(one, photos[0]), (one, photos[1]), (other, photos[1]), (other, large), (other, large)]
        first = asyncio.create_task(answers_of(workers, one, [photos[0]]))
        await asyncio.to_thread(held.begun.wait)
        rest = [asyncio.create_task(answers_of(workers, model, [photo])) for model, photo in asked]
        while workers.waiting < len(asked):
            await asyncio.sleep(0)
        held.let.set()
        return [answer for task in (first, *rest) for answer in await task]

    assert all(isinstance(answer, Prediction) for answer in run(workers, ask))
    assert held.given == [1, 2, 2, 1]


def test_more_than_may_wait_are_refused_and_what_is_given_up_makes_room(held: Held, photos: list[bytes]) -> None:
    workers = Workers(1, 2)
    model = ServedModel("nano", held, exact=True)

    async def ask() -> list[Answer]:
        first = asyncio.create_task(answers_of(workers, model, [photos[0]]))
        await asyncio.to_thread(held.begun.wait)
        second = asyncio.create_task(answers_of(workers, model, [photos[1]] * 2))
        while workers.waiting < 2:
            await asyncio.sleep(0)
        with pytest.raises(QueueFullError):
            await answers_of(workers, model, [photos[2]])
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert workers.waiting == 0
        held.let.set()
        return await first + await answers_of(workers, model, [b"no photo"])

    good, bad = run(workers, ask)
    assert isinstance(good, Prediction)
    assert isinstance(bad, PhotoError)
    assert held.given == [1, 1]


def test_what_waits_at_the_end_is_answered(held: Held, photos: list[bytes]) -> None:
    workers = Workers(1, 10)
    model = ServedModel("nano", held, exact=True)

    async def ask() -> list[Answer]:
        asked = asyncio.create_task(answers_of(workers, model, photos[:3]))
        await asyncio.to_thread(held.begun.wait)
        ending = asyncio.create_task(asyncio.to_thread(workers.close))
        held.let.set()
        answers = await asked
        await ending
        return answers

    assert len(run(workers, ask)) == 3
    with pytest.raises(QueueFullError):
        workers.check_room()


def test_a_net_that_cannot_be_computed_is_the_error_of_its_photos(photos: list[bytes]) -> None:
    closed = Classifier("nano")
    closed.close()
    workers = Workers(1, 10)
    with pytest.raises(ValueError, match="closed"):
        run(workers, lambda: answers_of(workers, ServedModel("nano", closed, True), photos[:1]))


def test_an_answer_tells_what_its_photo_took(held: Held, photos: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    # A clock that is asked when the photos come, before each is decoded, after the last, and after the net.
    monkeypatch.setattr(batching, "perf_counter", iter([0, 1, 4, 9, 16, 25]).__next__)
    workers = Workers(1, 10)
    took: list[Timing] = []

    async def ask() -> list[Answer]:
        held.let.set()
        answers, timing = await workers.classify(ServedModel("nano", held, exact=True), list(map(sent, photos[:3])), 1)
        took.append(timing)
        return answers

    run(workers, ask)
    assert took == [Timing(queue=25 - 9 - 3, decode=4 - 1, net=25 - 16)]
