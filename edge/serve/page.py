"""The page at `/`: its files from memory, each with a tag by which a browser knows that it has it already."""

import hashlib
from collections.abc import Mapping
from pathlib import PurePath

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KINDS = {
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
INDEX = "index.html"


def page_routes(files: Mapping[str, bytes]) -> list[Route]:
    """Return a route for each file by its name; that of `index.html` is `/`."""
    return [_route(f"/{'' if name == INDEX else name}", name, content) for name, content in files.items()]


def _route(path: str, name: str, content: bytes) -> Route:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    kind = KINDS[PurePath(name).suffix]

    async def file(request: Request) -> Response:
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"etag": tag})
        return Response(content, media_type=kind, headers={"etag": tag})

    return Route(path, file, include_in_schema=False)
