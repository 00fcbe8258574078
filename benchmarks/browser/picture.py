"""`python -m edge_cifar.benchmarks.browser.picture PHOTO MODEL...`: the README's picture of the page, light and dark.

The README has a photo and a net that `edge-cifar demo` made: `demo/photos/star-0.jpg shapes=demo/run/model.int8.onnx
nano`.

Needs what `speed` needs.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from ...edge.cli.exit_status import reporting
from ...edge.files.atomic_write import write_bytes
from ...edge.model.named_models import named_models
from ...edge.web.site import write_site
from .chromium import browser
from .hosting import plain_hosting

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH, HEIGHT = 1060, 455  # pixels


def picture(
    photo: Annotated[Path, typer.Argument(help="Photo that is classified.")],
    models: Annotated[list[str], typer.Argument(help="Models that do, as `web` takes them.")],
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("benchmarks/results"),
) -> None:
    """Write `page-light.png` and `page-dark.png`."""
    chosen = named_models(models)
    with TemporaryDirectory() as site, browser() as opened:
        write_site(chosen, Path(site))
        with plain_hosting(Path(site)) as url:
            for scheme in SCHEMES:
                page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)
                page.goto(url)
                for name in chosen:
                    page.get_by_role("checkbox", name=name).check()
                for row in (len(chosen), 2 * len(chosen)):  # the second time nothing is done for the first time
                    page.set_input_files("#choose", photo)
                    page.wait_for_selector(f"#rows tr >> nth={row - 1}")
                page.evaluate("scrollTo(0, 0)")
                write_bytes(out / f"page-{scheme}.png", page.screenshot())
                typer.echo(out / f"page-{scheme}.png")
                page.close()


if __name__ == "__main__":
    typer.run(reporting("picture")(picture))
