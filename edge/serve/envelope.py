"""What goes around every answer: an id, security headers, a line in the log, and an end for what nobody foresaw."""

import re
import time
from collections.abc import Mapping
from random import getrandbits
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import FAULT, GONE, Json
from .log import LONGEST, Log, fault
from .metrics import Metrics

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
SECURITY = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; "
        b"img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-cache"),
)


class Envelope:
    """An ASGI application around another; requests may bring an id of their own (`X-Request-ID`)."""

    def __init__(self, app: ASGIApp, log: Log, metrics: Metrics):
        self._app, self._log, self._metrics = app, log, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102, an ASGI application
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        status, sent = 0, 0

        async def send_on(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                timing = _server_timing({"server": _milliseconds(started), **about.get("ms_of", {})})
                own = (b"x-request-id", request_id), (b"server-timing", timing)
                message = {**message, "headers": [*message["headers"], *SECURITY, *own]}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        about: dict[str, Any] = scope["state"]
        try:
            await self._app(scope, receive, send_on)
        except Exception as error:
            self._log({"id": request_id.decode(), **fault(error)})
            if not status:
                await Json({"error": FAULT}, 500)(scope, receive, send_on)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.request(scope["method"], _route(scope), status or GONE, seconds)
            self._log(
                {
                    "id": request_id.decode(),
                    "client": scope["client"][0] if scope["client"] else None,
                    "method": scope["method"][:LONGEST],
                    "path": scope["path"][:LONGEST],
                    "status": status or GONE,
                    "bytes": sent,
                    "ms": round(_milliseconds(started), 2),
                    **about,
                }
            )


def _milliseconds(since: float) -> float:
    return 1000 * (time.perf_counter() - since)


def _request_id(scope: Scope) -> bytes:
    """Return the id that a proxy gave the request, if it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            return bytes(value)
    return b"%032x" % getrandbits(128)


def _server_timing(milliseconds: Mapping[str, float]) -> bytes:
    """Return the header that browsers show in their tools (W3C, Server Timing)."""
    return ", ".join(f"{name};dur={value:.2f}" for name, value in milliseconds.items()).encode()


def _route(scope: Scope) -> str:
    """Return the path of the route that a request took; all that took none are one."""
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
