"""`POST /predict`: photos in, answers out, by the shortest way.

FastAPI describes the path (`app.py`) and is not asked: the way through it takes as long as decoding a small photo.
"""

import asyncio
import re
from collections.abc import Mapping

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ..errors import EdgeCifarError
from ..inference.prediction import TOP
from ..model.card import MAX_LABELS
from ..results.rows import origin_of
from .answers import answer, refused
from .batching import QueueFullError, Workers
from .limits import RETRY_AFTER, HeldBytes, Limits
from .metrics import Metrics
from .request_photos import check_head, read_photos
from .served_models import ServedModel, model_called
from .token import Token

NUMBER = re.compile(r"[0-9]{1,9}")


class Predict:
    """An ASGI application that answers photos, and has `otherwise` answer all else."""

    path = "/predict"

    def __init__(
        self,
        models: Mapping[str, ServedModel],
        workers: Workers,
        limits: Limits,
        metrics: Metrics,
        token: Token | None,
        otherwise: ASGIApp,
    ):
        self._models, self._workers, self._limits = models, workers, limits
        self._metrics, self._token, self._otherwise = metrics, token, otherwise
        self._held = HeldBytes(limits.max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102, an ASGI application
        if scope["type"] != "http" or scope["path"] != self.path or scope["method"] != "POST":
            await self._otherwise(scope, receive, send)
            return
        scope["route"] = self  # by whose path it is counted
        try:
            response = await self._answer(scope, receive)
        except (HTTPException, EdgeCifarError, ClientDisconnect) as error:
            response = refused(error)
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        """Answer the photos in a request; what can be refused by its head is, before the body is read."""
        head = dict(scope["headers"])
        if self._token:
            self._token.check(head.get(b"authorization", b""))
        name, top = _asked(scope["query_string"])
        model = model_called(name, self._models)
        kind = check_head(head, self._limits)
        seconds = self._limits.seconds
        status, late = 408, "the body"
        try:
            self._workers.check_room()
            with self._held.hold() as hold:
                async with asyncio.timeout(seconds) as deadline:
                    photos = await read_photos(receive, kind, self._limits, hold)
                    status, late = 504, "the answer"
                    deadline.reschedule(asyncio.get_running_loop().time() + seconds)
                    answers, timing = await self._workers.classify(model, photos, top)
        except QueueFullError as error:
            raise HTTPException(429, "too many photos wait; try again", RETRY_AFTER) from error
        except TimeoutError as error:
            raise HTTPException(status, f"{late} took longer than {seconds:g} s (--timeout)", RETRY_AFTER) from error
        except MemoryError as error:
            raise HTTPException(503, "not enough memory; try again", RETRY_AFTER) from error
        ms_of = {name: round(1000 * took, 2) for name, took in timing._asdict().items()}
        scope["state"].update(model=model.name, photos=len(photos), ms_of=ms_of)
        self._metrics.photos(model.name, answers)
        return answer(photos, answers, origin_of(model.classifier, top))


def _asked(query: bytes) -> tuple[str | None, int]:
    """Return the model and the number of labels that a query asks for. Raises HTTPException (400)."""
    if not query:
        return None, TOP
    asked = QueryParams(query)
    top = asked.get("top", str(TOP))
    if not NUMBER.fullmatch(top) or not 1 <= int(top) <= MAX_LABELS:
        raise HTTPException(400, f"top: expected a whole number from 1 to {MAX_LABELS}, got {top[:20]!a}")
    return asked.get("model"), int(top)
