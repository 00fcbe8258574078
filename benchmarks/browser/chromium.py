"""Chromium, as it is installed here, and a folder that it can open pages of."""

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from ...edge.errors import EdgeCifarError

if TYPE_CHECKING:
    from playwright.sync_api import Browser

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
"""A camera that needs no permission and shows a moving picture."""
SECONDS = 180  # until the browser must have started: a busy machine takes long


def find_browser() -> str:
    """Return the path of Chromium. Raises EdgeCifarError where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise EdgeCifarError(f"no browser on the PATH ({', '.join(BROWSERS)}); install chromium")
    return found


@contextmanager
def browser() -> Iterator["Browser"]:
    """Give a browser with a camera. Raises EdgeCifarError where there is none, or it does not start."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[browser]'") from error
    path = find_browser()
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=path, args=CAMERA, timeout=1000 * SECONDS)
        except Error as error:
            raise EdgeCifarError(f"{path}: does not start ({error.message.splitlines()[0]})") from error
        yield opened
        opened.close()


@contextmanager
def plain_hosting(folder: Path) -> Iterator[str]:
    """Serve a folder on a loopback port as `python -m http.server` does, and give its URL."""
    with _Server(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 512  # for clients that ask for many files at once


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing of requests."""
