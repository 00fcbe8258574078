"""The photos in a request: its body, or a form's files, held against the limits before and while it is read."""

import re
from collections.abc import AsyncGenerator, Mapping
from typing import NamedTuple

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect
from starlette.types import Receive

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


class Kind(NamedTuple):
    """What a body is said to be, in lower case, and the boundary of a form's parts."""

    name: str
    boundary: bytes


def check_head(head: Mapping[bytes, bytes], limits: Limits) -> Kind:
    """Return a body's kind; refuse by its head what needn't be read: raises HTTPException 411, 413 or 415."""
    if head.get(b"content-encoding", b"identity").lower() != b"identity":
        raise HTTPException(415, "Content-Encoding: photos are compressed already; send them as they are")
    name, options = parse_options_header(head.get(b"content-type"))
    kind = Kind(name.decode("latin-1").lower(), options.get(b"boundary", b""))
    if not (kind.name == FORM or kind.name in AS_IT_IS or kind.name.startswith("image/")):
        raise HTTPException(
            415, f"Content-Type: expected image/*, application/octet-stream or {FORM}, got {kind.name!a}"
        )
    length = head.get(b"content-length")
    if length is None and b"transfer-encoding" not in head:
        raise HTTPException(411, "no body; send a photo")
    if length is not None and int(length) > limits.max_bytes:  # digits alone, as the parser of HTTP saw to
        raise _too_large(limits)
    return kind


async def read_photos(receive: Receive, kind: Kind, limits: Limits, hold: Hold) -> list[Upload]:
    """Return the photos in a body, whose bytes `hold` then holds.

    Raises HTTPException: 413 beyond the limits, 400 for a broken form or one without photos, 503 where all
    bodies together are too large; ClientDisconnect when the client goes away.
    """
    body = _pieces(receive, limits, hold)
    if kind.name == FORM:
        return await _in_form(kind.boundary, body, limits)
    return [Upload(STDIN, b"".join([piece async for piece in body]))]


async def _pieces(receive: Receive, limits: Limits, hold: Hold) -> AsyncGenerator[bytes, None]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        piece = message.get("body", b"")
        if hold.count + len(piece) > limits.max_bytes:
            raise _too_large(limits)
        hold.take(len(piece))
        yield piece
        more = message.get("more_body", False)


async def _in_form(boundary: bytes, body: AsyncGenerator[bytes, None], limits: Limits) -> list[Upload]:
    if not BOUNDARY.fullmatch(boundary):
        raise HTTPException(400, "form: no boundary, or not one by RFC 2046")
    # Of the head only the boundary: a form that names its own encoding could have names decoded by any codec.
    headers = Headers(raw=[(b"content-type", b'%s; boundary="%s"' % (FORM.encode(), boundary))])
    try:
        form = await _InMemory(headers, body, max_files=limits.queue, max_fields=MOST_FIELDS).parse()
    except MultiPartException as error:
        raise HTTPException(413 if "Too many" in error.message else 400, f"form: {error.message}") from error
    except FormParserError as error:  # older Starlettes let it through
        raise HTTPException(400, f"form: {error}") from error
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if not files:
        raise HTTPException(400, "form: no photo in it; send it as a file, as in -F photo=@cat.jpg")
    photos = [Upload(file.filename or STDIN, file.file.read()) for file in files]
    await form.close()
    return photos


def _too_large(limits: Limits) -> HTTPException:
    return HTTPException(413, f"more than the limit of {limits.max_bytes} bytes (--max-bytes)")
