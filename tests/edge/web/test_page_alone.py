"""What the page does when something is missing: the server, its token, the runtime, a camera, a sound model file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_cifar.benchmarks.browser.hosting import plain_hosting
from edge_cifar.edge.data.synthetic_shapes import LABELS, render
from edge_cifar.edge.model.shipped_models import model_file
from edge_cifar.edge.web.runtime import runtime_files
from edge_cifar.edge.web.site import write_site
from pictures import encode
from serving import Serving, serving

pytestmark = pytest.mark.usefixtures("runtime")

PHOTO = {
    "name": "photo.png",
    "mimeType": "image/png",
    "buffer": encode(render(LABELS[0], 90, 90, np.random.RandomState(0)), "PNG"),
}
TOKEN = "a-token-of-more-than-16"


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """An empty tab, whose console may say that something could not be loaded."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def answer(tab: Any) -> str:
    """Return what is answered to a photo."""
    tab.set_input_files("#choose", PHOTO)
    tab.wait_for_selector("#answers .bars")
    said: str = tab.locator("#answers").inner_text()
    return said


def notice(tab: Any) -> str:
    """Return the one thing that the page has to say."""
    tab.wait_for_selector("#notices .warning")
    [said] = tab.locator("#notices .warning p").all_inner_texts()
    return str(said)


def open_page(tab: Any, served: Serving) -> None:
    tab.goto(f"http://127.0.0.1:{served.port}/")


def visit(tab: Any, url: str) -> None:
    """Open a page, and wait until the browser has kept it."""
    tab.goto(url)
    tab.wait_for_selector("text=it works without a network from now on")


def test_after_a_visit_the_page_works_without_its_server(tab: Any) -> None:
    with serving("nano", runtime=runtime_files()) as served:
        visit(tab, f"http://127.0.0.1:{served.port}/")
    tab.reload()
    assert "in the net" in answer(tab)
    tab.check("[value=server]", force=True)
    tab.wait_for_selector('#answers:has-text("the server can\'t be reached")')


def test_a_site_of_files_works_on_plain_hosting_and_without_it(tab: Any, tmp_path: Path) -> None:
    write_site({"pets": model_file("nano")}, tmp_path / "in" / "a-folder")
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    with plain_hosting(tmp_path) as url:
        visit(tab, f"{url}in/a-folder/")
        assert "in the net" in answer(tab)
        assert tab.locator("#where").is_hidden()
        assert said == []
    tab.reload()
    assert "in the net" in answer(tab)


def test_without_the_runtime_the_server_answers(tab: Any) -> None:
    with serving("nano") as served:
        open_page(tab, served)
        assert "on the server" in answer(tab)
        assert tab.locator("[value=here]").is_disabled()
        assert "no onnxruntime-web" in tab.locator("#why").inner_text()


def test_a_browser_without_simd_asks_the_server(tab: Any, server: Serving) -> None:
    tab.add_init_script("WebAssembly.validate = () => false")
    open_page(tab, server)
    assert "on the server" in answer(tab)
    assert "too old to run nets itself" in tab.locator("#why").inner_text()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("NotAllowedError", "The camera was refused: allow it"),
        ("NotFoundError", "No camera was found."),
        ("OverconstrainedError", "No camera was found."),
    ],
)
def test_a_camera_that_cannot_be_had_is_one_notice(tab: Any, server: Serving, error: str, words: str) -> None:
    tab.add_init_script(
        f"navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException('', '{error}') }}"
    )
    open_page(tab, server)
    for _ in range(2):
        tab.get_by_role("button", name="Live camera").click()
        assert notice(tab).startswith(words)


@pytest.mark.parametrize("place", [40, -40])
def test_a_damaged_model_file_is_one_notice(tab: Any, server: Serving, place: int) -> None:
    damaged = bytearray(model_file("nano").read_bytes())
    damaged[place] ^= 1
    tab.route("**/models/nano/file", lambda route: route.fulfill(body=bytes(damaged)))
    open_page(tab, server)
    assert notice(tab) == "nano: damaged on its way (another SHA-256)"


def test_a_server_with_a_token_is_asked_with_it_for_the_whole_visit(tab: Any) -> None:
    with serving("nano", runtime=runtime_files(), token=TOKEN) as served:
        open_page(tab, served)
        tab.get_by_label("Token", exact=True).fill("another")
        tab.keyboard.press("Enter")
        tab.wait_for_selector("text=That was not the server's token")
        tab.get_by_label("Token", exact=True).fill(TOKEN)
        tab.keyboard.press("Enter")
        assert "in the net" in answer(tab)
        tab.reload()
        assert "in the net" in answer(tab)
        assert not tab.locator("#ask-token").is_visible()
