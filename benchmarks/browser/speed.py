"""`python -m edge_cifar.benchmarks.browser.speed PHOTO`: how soon the page answers, and how many frames a second.

From the moment a fresh browser opens the page to the answer to a photo that is given at once; what of it is decoding
once the decoder is warm; and with a camera of 640 x 480 pixels that Chromium imitates. Needs Chromium,
the extra [browser], and onnxruntime-web (`edge-cifar web --runtime`).
"""

import re
import statistics
import time
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from ...edge.cli.exit_status import reporting
from ...edge.model.contract import Model
from ...edge.model.named_models import named_models
from ...edge.web.site import write_site
from .chromium import browser
from .hosting import plain_hosting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ANSWERED = "#answers .bars"
RATE = "#answers:has-text('frames/s')"
DECODE = """async ([photo, size, rule, rounds]) => {
  const [{decode}, {parseRule}] =
    await Promise.all(["decode", "preprocessing"].map((name) => import(new URL(`${name}.js`, location.href))));
  const file = new Blob([Uint8Array.from(atob(photo), (letter) => letter.charCodeAt(0))]);
  const milliseconds = [];
  for (let round = -1; round < rounds; round++) {
    const started = performance.now();
    await decode(file, [parseRule(size, rule)]);
    if (round >= 0) milliseconds.push(performance.now() - started);
  }
  return milliseconds;
}"""


def speed(
    photo: Annotated[Path, typer.Argument(help="Photo that is given.")],
    model: Annotated[str, typer.Option(help="Model.")] = "small",
    rounds: Annotated[int, typer.Option(help="Visits, each of a browser that knows nothing yet.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="How long the camera is watched.", min=2)] = 8,
) -> None:
    """Measure the page."""
    files = named_models([model])
    with TemporaryDirectory() as site, browser() as opened:
        write_site(files, Path(site))
        with plain_hosting(Path(site)) as url:
            times = [_first_answer(opened, url, photo) for _ in range(rounds)]
            decoding = _decoding(opened, url, photo, Model(next(iter(files.values()))), rounds)
            rates = _camera_rates(opened, url, seconds)
    typer.echo(
        f"first answer after load: {_spread(times)} s, {rounds} visits; to decode the photo: {_spread(decoding)} ms; "
        f"camera: {_spread(rates)} frames/s"
    )


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


def _decoding(opened: "Browser", url: str, photo: Path, model: Model, rounds: int) -> list[float]:
    """Return the milliseconds that decoding the photo for a net takes, each round anew."""
    wanted = model.card.preprocessing
    page = opened.new_page()
    page.goto(url)
    text = b64encode(photo.read_bytes()).decode()
    taken: list[float] = page.evaluate(DECODE, [text, wanted.size, wanted.rule, rounds])
    page.close()
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
