"""`python -m edge_cifar.benchmarks.browser.speed PHOTO`: how soon the page answers, and how many frames a second.

From the moment a fresh browser opens the page to the answer to a photo that is given at once, and with a camera of
640 x 480 pixels that Chromium imitates. Needs what `same_answers` needs.
"""

import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.model.named_models import named_models
from ...edge.web.site import write_site
from .chromium import browser, plain_hosting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANSWERED = "#answers .bars"
RATE = "#answers:has-text('frames/s')"


def speed(
    photo: Annotated[Path, typer.Argument(help="Photo that is given.")],
    model: Annotated[str, typer.Option(help="Model.")] = "small",
    rounds: Annotated[int, typer.Option(help="Visits, each of a browser that knows nothing yet.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="How long the camera is watched.", min=2)] = 8,
) -> None:
    """Measure the page."""
    with TemporaryDirectory() as site, browser() as opened:
        write_site(named_models([model]), Path(site))
        with plain_hosting(Path(site)) as url:
            times = [_first_answer(opened, url, photo) for _ in range(rounds)]
            rates = _camera_rates(opened, url, seconds)
    typer.echo(f"first answer after load: {_spread(times)} s, {rounds} visits; camera: {_spread(rates)} frames/s")


def _first_answer(opened: "Browser", url: str, photo: Path) -> float:
    context = opened.new_context()
    page = context.new_page()
    page.goto(url)
    started = time.perf_counter()
    page.set_input_files("#choose", photo)
    page.wait_for_selector(ANSWERED)
    taken = time.perf_counter() - started
    context.close()
    return taken


def _camera_rates(opened: "Browser", url: str, seconds: float) -> list[float]:
    """Return the frames per second that the page shows, each second anew."""
    page = opened.new_page()
    page.goto(url)
    page.get_by_role("button", name="Live camera").click()
    page.wait_for_selector(RATE)
    rates = []
    for _ in range(int(seconds)):
        page.wait_for_timeout(1000)
        found = re.search(r"(\d+) frames/s", page.inner_text("#answers"))
        rates += [float(found[1])] if found else []
    page.close()
    return rates


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} - {max(values):.2f})"


if __name__ == "__main__":
    typer.run(reporting("speed")(speed))
