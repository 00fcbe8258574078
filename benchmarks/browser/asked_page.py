"""A page in any browser that opens a URL: it fetches what it is asked from its own server, so it needs no driver.

Drivers know few browsers: Playwright's Firefox and WebKit are builds of its own.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from ...edge.errors import EdgeCifarError
from .hosting import QuietHandler, plain_hosting

PAGE = Path(__file__).with_name("asked_page.html")
SCRIPT = PAGE.with_suffix(".js")
SECONDS = 180  # until the browser must have started, or answered: a busy machine takes long


class AskedPage:
    """What is asked of the page, and what it answers."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self._questions: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        self._answers: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def ask(self, script: Path, question: object) -> Any:
        """Return what the function that a module exports by default makes of a question; both go through as JSON.

        It is put beside the site's own modules, which it may import. Raises EdgeCifarError for what it throws, and when
        no answer comes.
        """
        shutil.copy(script, self.site)
        self._questions.put({"script": script.name, "question": question})
        return self.answer()

    def answer(self) -> Any:
        """Wait for what the page says: first of all its user agent."""
        try:
            said = self._answers.get(timeout=SECONDS)
        except Empty:
            raise EdgeCifarError(f"no answer from the browser in {SECONDS} s") from None
        if "error" in said:
            raise EdgeCifarError(f"the browser says: {said['error']}")
        return said["answer"]

    def exchange(self, said: dict[str, Any]) -> dict[str, Any] | None:
        """Take an answer, and wait for the next question, None in the end."""
        self._answers.put(said)
        return self._questions.get()

    def end(self) -> None:
        """Ask nothing more."""
        self._questions.put(None)


@contextmanager
def asked_page(site: Path, opened: Callable[[str], AbstractContextManager[None]]) -> Iterator[AskedPage]:
    """Give a page beside those of a site, in the browser in which `opened` opens a URL."""
    for file in (PAGE, SCRIPT):
        shutil.copy(file, site)
    page = AskedPage(site)
    with plain_hosting(site, partial(_Handler, page)) as url, opened(url + PAGE.name):
        page.answer()
        try:
            yield page
        finally:
            page.end()


class _Handler(QuietHandler):
    def __init__(self, page: AskedPage, *args: Any, **options: Any) -> None:
        self.page = page
        super().__init__(*args, **options)

    def do_POST(self) -> None:  # noqa: N802
        """Exchange an answer for the next question; without one the browser is about to end."""
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        question = self.page.exchange(said)
        if question is None:
            return
        content = json.dumps(question).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
