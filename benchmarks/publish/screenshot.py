"""`python -m edge_cifar.benchmarks.publish.screenshot PAGE...`: look at pages in a real browser, phone and desk.

Writes a PNG of each page in light and dark at both widths. Fails when the browser has a complaint or the page scrolls
sideways. Needs Chromium and the extra [browser].
"""

import os
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_bytes
from ...edge.report.model_names import short_names
from ..browser.chromium import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Scheme: TypeAlias = Literal["light", "dark"]

WIDTHS = (390, 1280)  # pixels: a phone's, a desk's
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
HEIGHT = 900  # pixels of the window; the picture is of the whole page


@dataclass(frozen=True)
class Look:
    """A page as a reader sees it, and what is wrong with it."""

    picture: Path
    complaints: tuple[str, ...]


def screenshot(
    pages: Annotated[list[Path], typer.Argument(metavar="PAGE...", help="HTML files.")],
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("screenshots"),
) -> None:
    """Write pictures of pages and print their names."""
    names = [name.replace(os.sep, "-") for name in short_names([str(page.with_suffix("")) for page in pages])]
    looks = [look for page, name in zip(pages, names, strict=True) for look in look_at(page, out, name)]
    for look in looks:
        typer.echo(look.picture)
    if complaints := [f"{look.picture.name}: {complaint}" for look in looks for complaint in look.complaints]:
        raise EdgeCifarError("; ".join(complaints))


def look_at(page: Path, out: Path, name: str) -> list[Look]:
    """Write `out/<name>-<scheme>-<width>.png` for each scheme and width. Raises EdgeCifarError without a browser."""
    if not page.is_file():
        raise EdgeCifarError(f"{page}: no such page")
    with browser() as opened:
        return [
            _look(opened, page, out / f"{name}-{scheme}-{width}.png", scheme, width)
            for scheme, width in product(SCHEMES, WIDTHS)
        ]


def _look(opened: "Browser", page: Path, picture: Path, scheme: Scheme, width: int) -> Look:
    view = opened.new_page(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme)
    complaints: list[str] = []
    view.on("console", lambda message: complaints.append(f"console: {message.text}"))
    view.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    view.on("requestfailed", lambda request: complaints.append(f"could not load {request.url}"))
    view.goto(page.resolve().as_uri())
    write_bytes(picture, view.screenshot(full_page=True))
    if (reach := view.evaluate("document.documentElement.scrollWidth")) > width:
        complaints.append(f"scrolls sideways, {reach} pixels at {width}")
    view.close()
    return Look(picture, tuple(complaints))


if __name__ == "__main__":
    typer.run(reporting("screenshot")(screenshot))
