"""The application: which path gives what."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..errors import EdgeCifarError
from ..inference.prediction import TOP
from ..model.card import MAX_LABELS
from ..web.site import SITE, page_files
from .answers import (
    BINARY,
    BODY,
    NO_TOKEN,
    REFUSALS,
    UNKNOWN_MODEL,
    Classified,
    Json,
    ModelSummary,
    Refused,
    State,
    Unreadable,
    refused,
)
from .batching import QueueFullError, Workers
from .envelope import Envelope
from .limits import RETRY_AFTER, Limits
from .log import Log
from .metrics import Metrics
from .predict import Predict
from .served_models import ServedModel, model_called
from .token import Token

STATIC = Path(__file__).with_name("static")
"""The page at `/docs`, and what it loads."""

KINDS = {
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
"""Of the page's files, by the ends of their names."""

INDEX = "index.html"
LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Settings:
    """What the application is told; without a `token` only this machine's programs should reach it."""

    limits: Limits
    token: str | None = None
    cors: tuple[str, ...] = ()  # origins of other pages that may ask
    hosts: tuple[str, ...] = LOCAL  # that it is called by, where there is no token
    runtime: Mapping[str, bytes] = field(default_factory=dict)  # what runs nets in a browser, by name


def build_app(models: Mapping[str, ServedModel], workers: Workers, settings: Settings, log: Log) -> ASGIApp:
    """Return the application; at its end it closes the `workers`."""
    metrics, token = Metrics(workers), Token(settings.token) if settings.token else None

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(workers.close)

    app = FastAPI(
        title="edge-cifar",
        version=version("edge-cifar"),
        description="Classifies photos: what `edge-cifar predict --json` prints, over HTTP.",
        docs_url=None,  # which would load its scripts from elsewhere
        redoc_url=None,
        lifespan=running,
        exception_handlers=dict.fromkeys((EdgeCifarError, HTTPException, Exception), _refuse),
    )
    guards = [Depends(token.depend)] if token else []
    app.include_router(_guarded_routes(models, metrics), dependencies=guards, responses=NO_TOKEN if guards else {})
    app.include_router(_open_routes(workers, settings))
    runtime = {f"ort/{name}": content for name, content in settings.runtime.items()}
    app.router.routes.extend(_file_route(name, content) for name, content in (page_files() | runtime).items())
    app.mount("/static", StaticFiles(directory=STATIC))
    answering: ASGIApp = Predict(models, workers, settings.limits, metrics, token, app)
    if token is None:
        # Of another site's page that has its own name lead to this machine (DNS rebinding).
        answering = TrustedHostMiddleware(answering, allowed_hosts=settings.hosts, www_redirect=False)
    if settings.cors:
        answering = CORSMiddleware(
            answering,
            allow_origins=settings.cors,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["Retry-After", "Server-Timing", "X-Request-ID"],
        )
    return Envelope(answering, log, metrics)


def _open_routes(workers: Workers, settings: Settings) -> APIRouter:
    """Return the routes that need no token: what pages ask first, and what says whether the server lives."""
    router = APIRouter()

    @router.get(f"/{SITE}", include_in_schema=False)
    async def site() -> Response:
        return Json({"server": True, "token": settings.token is not None, "runtime": bool(settings.runtime)})

    @router.get("/docs", include_in_schema=False)
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    @router.get("/health", response_model=State)
    async def health() -> Response:
        """Say that the server lives."""
        return Json({"status": "alive"})

    @router.get(
        "/ready",
        response_model=State,
        responses={503: {"model": Refused, "description": "Not now: it is busy or ends"}},
    )
    async def ready() -> Response:
        """Say whether a photo would be taken now."""
        try:
            workers.check_room()
        except QueueFullError as error:
            raise HTTPException(503, "too many photos wait, or the server ends", RETRY_AFTER) from error
        return Json({"status": "ready"})

    return router


def _guarded_routes(models: Mapping[str, ServedModel], metrics: Metrics) -> APIRouter:
    """Return the routes that need the token, if the server has one."""
    router = APIRouter()

    @router.post(
        "/predict",
        response_model=Classified | list[Classified | Unreadable],
        responses=REFUSALS,
        openapi_extra={"requestBody": BODY},
    )
    async def predict(  # described here, and answered by `Predict`
        model: Annotated[str | None, Query(description="A model's name; without it the first.")] = None,
        top: Annotated[int, Query(ge=1, le=MAX_LABELS, description="How many labels to tell.")] = TOP,
    ) -> None:
        """Classify a photo, or the several in a form: one object, or a list in the order of the form.

        The body is a photo's file as it is, or a form (multipart) with photos as files.
        """

    @router.get("/models", response_model=list[ModelSummary])
    async def list_models() -> Response:
        """List the models; the first answers where none is named."""
        return Json([model.summary() for model in models.values()])

    @router.get("/models/{name}", response_model=dict[str, Any], responses=UNKNOWN_MODEL)
    async def model(name: str) -> Response:
        """Show a model's card: all that its file says of itself."""
        return Json(model_called(name, models).card())

    @router.get(
        "/models/{name}/file",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": {"schema": BINARY}}}, **UNKNOWN_MODEL},
    )
    async def file(name: str) -> FileResponse:
        """Hand out a model's file, which a page runs in the browser."""
        return FileResponse(model_called(name, models).classifier.model.place, media_type="application/octet-stream")

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def counted() -> Response:
        """Count requests, photos and seconds, for Prometheus."""
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


async def _refuse(_: Request, error: Exception) -> Response:
    return refused(error)


def _file_route(name: str, content: bytes) -> Route:
    """Return the route of a file of the page, with a tag by which a browser knows that it has it already."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    kind = KINDS[PurePath(name).suffix]

    async def file(request: Request) -> Response:
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        return Response(content, media_type=kind, headers={"etag": tag})

    return Route("/" if name == INDEX else f"/{name}", file, include_in_schema=False)
