"""Whether everybody can use the page: by the keyboard alone, with a screen reader, in light and dark."""

from typing import Any

import numpy as np
import pytest
from edge_cifar.edge.data.synthetic_shapes import LABELS, render
from pictures import encode
from serving import Serving

PHOTO = {
    "name": "photo.png",
    "mimeType": "image/png",
    "buffer": encode(render(LABELS[0], 90, 90, np.random.RandomState(0)), "PNG"),
}
MOST_TABS = 30


def tab_to(page: Any, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no Tab leads to {selector}")


def test_all_can_be_done_by_the_keyboard(page: Any) -> None:
    page.wait_for_selector("#models input")
    tab_to(page, "[name=where]")
    page.keyboard.press("ArrowRight")
    assert page.locator("[value=server]").is_checked()
    tab_to(page, "#choose")
    page.set_input_files(":focus", PHOTO)  # Enter opens the browser's own chooser, if it isn't too busy just then
    page.wait_for_selector("#answers .bars")
    tab_to(page, "#answers button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#heat:visible")
    tab_to(page, "#models [value=small]")
    page.keyboard.press("Space")
    page.wait_for_selector("#answers article >> nth=1")
    tab_to(page, "#download")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_the_answer_is_said_to_who_cannot_see_it(page: Any) -> None:
    page.set_input_files("#choose", PHOTO)
    page.wait_for_selector("#answers .bars")
    said = page.get_by_role("status").first.inner_text()
    assert said.startswith("photo.png: ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, server: Serving, axe: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    page.set_input_files("#choose", PHOTO)
    page.wait_for_selector("#answers .bars")
    page.evaluate(axe)
    found = page.evaluate("axe.run()")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")] == []
    context.close()
