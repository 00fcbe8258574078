"""What the server answers, as its OpenAPI document describes it; the JSON itself is that of `predict --json`."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from ..errors import EdgeCifarError, PhotoError
from ..inference.prediction import Result
from ..results.rows import Origin, row
from .batching import Answer, Upload
from .request_photos import FORM, STDIN

GONE = 499  # in the log alone, as nginx has it: the client went away before its answer

FAULT = "a fault of the server; its log says more"


class Refused(BaseModel):
    """Why there is no answer, in one line."""

    error: str


class Ranked(BaseModel):
    """A label with its probability, 0 to 1."""

    label: str
    probability: float


class Source(BaseModel):
    """What an answer comes from: the photo's name, or "-" without one, and the model's file.

    `model_sha256` is the first 16 hex digits of its SHA-256.
    """

    model_config = ConfigDict(protected_namespaces=())

    path: str
    model: str
    model_sha256: str
    threshold: float
    tta: bool


class Classified(Source):
    """A photo's labels. Below the `threshold` the label is "unknown", and `guess` the most probable all the same."""

    label: str
    confidence: float
    top: list[Ranked]
    guess: str
    abstained: bool


class Unreadable(Source):
    """A photo that can't be read, and why, in one line."""

    error: str


class ModelSummary(BaseModel):
    """A model: `sha256` is that of its file, `size` in pixels, `labels` how many it knows."""

    name: str
    file: str
    sha256: str
    net: str
    size: int
    labels: int
    precision: str


class State(BaseModel):
    """Whether the server lives, or would take a photo now."""

    status: str


BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
FILES = {"type": "object", "properties": {"photo": {"type": "array", "items": BINARY}}, "required": ["photo"]}
BODY = {
    "required": True,
    "content": {
        "image/*": {"schema": BINARY},
        "application/octet-stream": {"schema": BINARY},
        FORM: {"schema": FILES},
    },
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refused, "description": "A form that can't be read, or a query that makes no sense"},
    404: {"model": Refused, "description": "No such model"},
    408: {"model": Refused, "description": "The body took longer than --timeout"},
    411: {"model": Refused, "description": "No body"},
    413: {"model": Refused, "description": "More bytes, or more photos, than are allowed"},
    415: {"model": Refused, "description": "A body of another kind"},
    422: {"model": Unreadable | list[Unreadable], "description": "No photo could be read"},
    429: {"model": Refused, "description": "As many photos wait as may"},
    500: {"model": Refused, "description": "The model can't be computed"},
    503: {"model": Refused, "description": "Not enough memory at the moment"},
    504: {"model": Refused, "description": "The answer took longer than --timeout"},
}
UNKNOWN_MODEL: dict[int | str, dict[str, Any]] = {404: REFUSALS[404]}
NO_TOKEN: dict[int | str, dict[str, Any]] = {401: {"model": Refused, "description": "No token, or not the server's"}}


class Json(Response):
    """JSON in ASCII, as the command line writes it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return it in bytes."""
        return json.dumps(content).encode()


def refused(error: Exception) -> Response:
    """Return a line of JSON that says why there is no answer."""
    match error:
        case HTTPException():
            return Json({"error": error.detail}, error.status_code, error.headers)
        case ClientDisconnect():
            return Json({"error": "gone"}, GONE)  # which nobody reads
        case EdgeCifarError():
            return Json({"error": str(error)}, 500)
        case _:
            return Json({"error": FAULT}, 500)


def answer(photos: Sequence[Upload], answers: Sequence[Answer], origin: Origin) -> Response:
    """Return one object for one photo, a list for several; 422 if none of them could be read."""
    rows = [row(_result(photo.name, each), origin) for photo, each in zip(photos, answers, strict=True)]
    unread = all(isinstance(each, PhotoError) for each in answers)
    return Json(rows if len(rows) > 1 else rows[0], 422 if unread else 200)


def _result(name: str, given: Answer) -> Result:
    path = "-" if name == STDIN else name
    return Result(path, error=given) if isinstance(given, PhotoError) else Result(path, given)
