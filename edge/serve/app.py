"""The application: which path gives what."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from ..errors import EdgeCifarError
from ..inference.prediction import TOP
from ..model.card import MAX_LABELS
from ..results.rows import origin_of
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
    answer,
)
from .batching import QueueFullError, Workers
from .envelope import FAULT, GONE, Envelope
from .limits import RETRY_AFTER, HeldBytes, Limits
from .log import Log
from .metrics import Metrics
from .page import page_routes
from .request_photos import check_head, photos_of
from .served_models import ServedModel
from .token import carrying

STATIC = Path(__file__).with_name("static")
"""The page at `/docs`, and what it loads."""

LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class Settings:
    """What the application is told; without a `token` only this machine's programs should reach it."""

    limits: Limits
    token: str | None = None
    cors: tuple[str, ...] = ()  # origins of other pages that may ask
    hosts: tuple[str, ...] = LOCAL  # that it is called by, where there is no token
    runtime: Mapping[str, bytes] = field(default_factory=dict)  # what runs nets in a browser, by name


class Service:
    """What answers: models by name, the first of which is the default, and the workers that run them."""

    def __init__(self, models: Mapping[str, ServedModel], workers: Workers, limits: Limits):
        self.models, self.workers, self.limits = models, workers, limits
        self.metrics = Metrics(workers)
        self.held = HeldBytes(limits.max_bytes)

    def model(self, name: str | None) -> ServedModel:
        """Return the model called so. Raises HTTPException (404)."""
        found = self.models.get(next(iter(self.models)) if name is None else name)
        if found is None:
            raise HTTPException(404, f"no model of that name; there is {', '.join(self.models)}")
        return found

    async def predict(self, request: Request, name: str | None, top: int) -> Response:
        """Answer the photos in a request. Raises HTTPException."""
        model = self.model(name)
        check_head(request, self.limits)
        status, late = 408, "the body"
        try:
            self.workers.check_room()  # before the body is read
            async with asyncio.timeout(self.limits.seconds) as deadline:
                async with photos_of(request, self.limits, self.held) as photos:
                    status, late = 504, "the answer"
                    deadline.reschedule(asyncio.get_running_loop().time() + self.limits.seconds)
                    answers = await self.workers.classify(model, photos, top)
        except QueueFullError as error:
            raise HTTPException(429, "too many photos wait; try again", RETRY_AFTER) from error
        except TimeoutError as error:
            raise HTTPException(
                status, f"{late} took longer than {self.limits.seconds:g} s (--timeout)", RETRY_AFTER
            ) from error
        except MemoryError as error:
            raise HTTPException(503, "not enough memory; try again", RETRY_AFTER) from error
        request.scope["state"].update(model=model.name, photos=len(photos))
        self.metrics.photos(model.name, answers)
        return answer(photos, answers, origin_of(model.classifier, top))


def build_app(models: Mapping[str, ServedModel], workers: Workers, settings: Settings, log: Log) -> ASGIApp:
    """Return the application; at its end it closes the `workers`."""
    service = Service(models, workers, settings.limits)

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
        exception_handlers={
            EdgeCifarError: _refused(lambda error: HTTPException(500, str(error))),
            HTTPException: _refused(lambda error: error),
            RequestValidationError: _refused(_of_query),
            ClientDisconnect: _refused(lambda _: HTTPException(GONE, "gone")),  # which nobody reads
            Exception: _refused(lambda _: HTTPException(500, FAULT)),  # and the envelope writes it into the log
        },
    )
    guards = [Depends(carrying(settings.token))] if settings.token else []
    app.include_router(_guarded_routes(service), dependencies=guards, responses=NO_TOKEN if guards else {})
    app.include_router(_open_routes(service, settings))
    runtime = {f"ort/{name}": content for name, content in settings.runtime.items()}
    app.router.routes.extend(page_routes(page_files() | runtime))
    app.mount("/static", StaticFiles(directory=STATIC))
    if settings.token is None:
        # Of another site's page that has its own name lead to this machine (DNS rebinding).
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=settings.hosts, www_redirect=False)
    if settings.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    return Envelope(app, log, service.metrics)


def _open_routes(service: Service, settings: Settings) -> APIRouter:
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
            service.workers.check_room()
        except QueueFullError as error:
            raise HTTPException(503, "too many photos wait, or the server ends", RETRY_AFTER) from error
        return Json({"status": "ready"})

    return router


def _guarded_routes(service: Service) -> APIRouter:
    """Return the routes that need the token, if the server has one."""
    router = APIRouter()

    @router.post(
        "/predict",
        response_model=Classified | list[Classified | Unreadable],
        responses=REFUSALS,
        openapi_extra={"requestBody": BODY},
    )
    async def predict(
        request: Request,
        model: Annotated[str | None, Query(description="A model's name; without it the first.")] = None,
        top: Annotated[int, Query(ge=1, le=MAX_LABELS, description="How many labels to tell.")] = TOP,
    ) -> Response:
        """Classify a photo, or the several in a form: one object, or a list in the order of the form.

        The body is a photo's file as it is, or a form (multipart) with photos as files.
        """
        return await service.predict(request, model, top)

    @router.get("/models", response_model=list[ModelSummary])
    async def models() -> Response:
        """List the models; the first answers where none is named."""
        return Json([model.summary() for model in service.models.values()])

    @router.get("/models/{name}", response_model=dict[str, Any], responses=UNKNOWN_MODEL)
    async def model(name: str) -> Response:
        """Show a model's card: all that its file says of itself."""
        return Json(service.model(name).card())

    @router.get(
        "/models/{name}/file",
        response_class=FileResponse,
        responses={200: {"content": {"application/octet-stream": {"schema": BINARY}}}, **UNKNOWN_MODEL},
    )
    async def file(name: str) -> FileResponse:
        """Hand out a model's file, which a page runs in the browser."""
        return FileResponse(service.model(name).classifier.model.place, media_type="application/octet-stream")

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics() -> Response:
        """Count requests, photos and seconds, for Prometheus."""
        return Response(service.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    return router


def _refused(refusal: Callable[[Any], HTTPException]) -> Callable[[Request, Any], Coroutine[Any, Any, Response]]:
    """Return what answers an exception: a line of JSON, as for all that is refused."""

    async def handle(_: Request, error: Any) -> Response:
        refused = refusal(error)
        return Json({"error": refused.detail}, refused.status_code, refused.headers)

    return handle


def _of_query(error: RequestValidationError) -> HTTPException:
    first = error.errors()[0]
    return HTTPException(400, f"{first['loc'][-1]}: {first['msg']}")
