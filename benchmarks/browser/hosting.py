"""A folder on a loopback port, as `python -m http.server` would serve it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class QuietHandler(SimpleHTTPRequestHandler):
    """Hands out files, and says nothing of requests."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 512  # for clients that ask for many files at once


@contextmanager
def plain_hosting(folder: Path, handler: Callable[..., SimpleHTTPRequestHandler] = QuietHandler) -> Iterator[str]:
    """Serve a folder, and give its URL."""
    with _Server(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))  # seconds until it sees that it shall end
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
