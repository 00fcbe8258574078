"""`edge-cifar web`: a page that classifies photos in the browser, as files for any web space."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ..cli.options import ModelNames
from ..model.named_models import named_models
from .runtime import PACKED, install_runtime
from .site import write_site


def web(
    models: ModelNames = None,
    out: Annotated[Path | None, typer.Option(help="Write the site to this folder.", metavar="DIR")] = None,
    runtime: Annotated[
        Path | None,
        typer.Option(help=f"Install what runs nets in browsers first: {PACKED}, from `npm pack`.", metavar="FILE"),
    ] = None,
) -> None:
    """Write a site; see `edge-cifar web --help`."""
    if out is None and (models or runtime is None):
        raise typer.BadParameter("name the folder to write the site to.", param_hint="--out")
    if runtime:
        typer.echo(f"installed in {install_runtime(runtime)}", err=True)
    if out:
        size = write_site(named_models(models or []), out)
        served = shlex.quote(str(out))
        typer.echo(f"written to {out}: {size / 1e6:.1f} MB; try it: python3 -m http.server --directory {served}")
