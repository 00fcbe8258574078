"""A connection: uvicorn's, with an end to all that a client can make it wait for, and answers sent in one piece."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .limits import HEAD_BYTES, HEAD_SECONDS, MOST_CONNECTIONS

BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Cut when a request's head is slow or endless, or when what was answered isn't taken.

    uvicorn has a limit for silence between two requests alone. The body's time is the application's own matter.
    """

    _deadline: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a head."""
        super().connection_made(_Gathering(transport, self.loop))
        self._set_deadline()
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(BUSY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Read; that a head is there ends the wait for it."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self._is_working():
            self._clear_deadline()
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and (self.cycle is None or self.cycle.more_body is False):
            self.send_400_response("Its head is too large.")

    def on_response_complete(self) -> None:
        """Begin to wait for the next head, and for the client to take what was answered."""
        super().on_response_complete()
        if not self._is_working():
            self._head_bytes = 0
            self._set_deadline()

    def pause_writing(self) -> None:
        """Wait for the client to take some of its answer."""
        super().pause_writing()
        self._set_deadline()

    def resume_writing(self) -> None:
        """Go on answering."""
        super().resume_writing()
        if self._is_working():
            self._clear_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._clear_deadline()
        super().connection_lost(exc)

    def _is_working(self) -> bool:
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _set_deadline(self) -> None:
        self._clear_deadline()
        self._deadline = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class _Gathering(asyncio.Transport):
    """Sends at once what is written in one turn of the event loop: an answer's head with its body.

    uvicorn writes them one after the other, which costs a second packet, and wakes the client twice.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop):
        super().__init__()
        self._transport, self._loop = transport, loop
        self._pieces: list[bytes] = []
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]
        self.abort = transport.abort  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data` soon."""
        self._pieces.append(bytes(data))
        if len(self._pieces) == 1:
            self._loop.call_soon(self._flush)

    def close(self) -> None:
        """Close the connection when all is sent."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self.is_closing():
            self._transport.write(b"".join(pieces))
