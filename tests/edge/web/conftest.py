"""A browser, a server of the page, and what the page says in the browser's console."""

import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from edge_cifar.benchmarks.browser.chromium import CAMERA
from edge_cifar.benchmarks.browser.installed import find_browser
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.web.runtime import runtime_files
from serving import Serving, serving

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / ".venv" / "axe-core-4.14.1.tgz"
SECONDS = 120  # until something that should be seen is given up


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium with a camera that shows a moving picture."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install 'edge-cifar[browser]'"
    )
    try:
        path = find_browser("chromium")
    except EdgeCifarError as error:
        pytest.skip(str(error))
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=CAMERA, timeout=1000 * SECONDS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(runtime: Path) -> Iterator[Serving]:  # noqa: ARG001, which is installed where it looks
    with serving("nano", "small", runtime=runtime_files()) as served:
        yield served


@pytest.fixture
def page(browser: Any, server: Serving) -> Iterator[Any]:
    """The page, opened; in the end nothing was said in the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(1000 * SECONDS)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"http://127.0.0.1:{server.port}/")
    yield page
    context.close()
    assert said == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which judges whether everybody can use a page."""
    if not AXE.exists():
        pytest.skip(f"needs {AXE}: make .venv/npm-packages, where npm is")
    with tarfile.open(AXE) as archive:
        file = archive.extractfile("package/axe.min.js")
        assert file is not None
        return file.read().decode()
