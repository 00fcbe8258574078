"""The photos in a request: its body, or a form's files, held against the limits before and while it is read."""

import re
from collections.abc import AsyncGenerator

from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from .batching import Upload
from .limits import Hold, Limits

FORM = "multipart/form-data"
AS_IT_IS = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""Kinds of body that are one photo, besides `image/*`: none, none in particular, and what curl calls all it sends."""

STDIN = "<Stdin>"
"""What messages call a photo without a name, as `predict -` does."""

BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,./:=? -]{1,70}")  # RFC 2046, section 5.1.1
MOST_FIELDS = 16  # of a form that are no photos


class _InMemory(MultiPartParser):
    """Starlette's parser; the files stay in memory, where their bytes are counted, and off a disk that is read-only."""

    spool_max_size = 1 << 40


def check_head(request: Request, limits: Limits) -> None:
    """Refuse by its head what needn't be read: raises HTTPException 411, 413 or 415."""
    headers = request.headers
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(415, "Content-Encoding: photos are compressed already; send them as they are")
    kind, _ = _kind(headers)
    if not (kind == FORM or kind in AS_IT_IS or kind.startswith("image/")):
        raise HTTPException(415, f"Content-Type: expected image/*, application/octet-stream or {FORM}, got {kind!a}")
    length = headers.get("content-length")
    if length is None and "transfer-encoding" not in headers:
        raise HTTPException(411, "no body; send a photo")
    if length is not None and int(length) > limits.max_bytes:  # digits alone, as the parser of HTTP saw to
        raise _too_large(limits)


async def read_photos(request: Request, limits: Limits, hold: Hold) -> list[Upload]:
    """Return the photos in the body, whose bytes `hold` then holds.

    Raises HTTPException: 413 beyond the limits, 400 for a broken form or one without photos, 503 where all
    bodies together are too large; ClientDisconnect when the client goes away.
    """

    async def body() -> AsyncGenerator[bytes, None]:
        async for piece in request.stream():
            if hold.count + len(piece) > limits.max_bytes:
                raise _too_large(limits)
            hold.take(len(piece))
            yield piece

    kind, boundary = _kind(request.headers)
    if kind == FORM:
        return await _in_form(boundary, body(), limits)
    return [Upload(STDIN, b"".join([piece async for piece in body()]))]


async def _in_form(boundary: bytes, body: AsyncGenerator[bytes, None], limits: Limits) -> list[Upload]:
    if not BOUNDARY.fullmatch(boundary):
        raise HTTPException(400, "form: no boundary, or not one by RFC 2046")
    # Of the head only the boundary: a form that names its own encoding could have names decoded by any codec.
    headers = Headers(raw=[(b"content-type", b'%s; boundary="%s"' % (FORM.encode(), boundary))])
    try:
        form = await _InMemory(headers, body, max_files=limits.queue, max_fields=MOST_FIELDS).parse()
    except MultiPartException as error:
        raise HTTPException(413 if "Too many" in error.message else 400, f"form: {error.message}") from error
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if not files:
        raise HTTPException(400, "form: no photo in it; send it as a file, as in -F photo=@cat.jpg")
    photos = [Upload(file.filename or STDIN, file.file.read()) for file in files]
    await form.close()
    return photos


def _kind(headers: Headers) -> tuple[str, bytes]:
    """Return the kind of a body, in lower case, and the boundary of a form's parts."""
    kind, options = parse_options_header(headers.get("content-type", ""))
    return kind.decode("latin-1").lower(), options.get(b"boundary", b"")


def _too_large(limits: Limits) -> HTTPException:
    return HTTPException(413, f"more than the limit of {limits.max_bytes} bytes (--max-bytes)")
