"""Chromium, as it is installed here, driven by Playwright."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ...edge.errors import EdgeCifarError
from .installed import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
"""A camera that needs no permission and shows a moving picture."""
SECONDS = 180  # until the browser must have started: a busy machine takes long


@contextmanager
def browser() -> Iterator["Browser"]:
    """Give a browser with a camera. Raises EdgeCifarError where there is none, or it does not start."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[browser]'") from error
    path = find_browser("chromium")
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=path, args=CAMERA, timeout=1000 * SECONDS)
        except Error as error:
            raise EdgeCifarError(f"{path}: does not start ({error.message.splitlines()[0]})") from error
        yield opened
        opened.close()
