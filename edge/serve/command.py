"""`edge-cifar serve`: parse, take the port, open the models, serve."""

from pathlib import Path
from typing import Annotated

import typer

from ..cli.exit_status import ending_on_sigterm
from ..cli.options import Jobs, ModelNames, Threads
from ..errors import EdgeCifarError
from ..machine.cores import usable_cores
from ..web.runtime import HOW_TO_INSTALL, runtime_files
from .app import LOCAL, Settings, build_app
from .batching import Workers
from .limits import Limits
from .log import log_faults, open_log
from .served_models import open_models
from .server import check_certificate, is_local, make_server, open_port, run, url
from .token import MAKE_ONE, VARIABLE, read_token

DEFAULTS = Limits()
NETWORK, LIMITS, MODELS = "Network", "Limits", "Models"


def _seconds(value: float) -> float:
    if not 0.1 <= value <= 3600:  # nor is it NaN
        raise typer.BadParameter(f"{value:g} is not in the range 0.1<=x<=3600.")
    return value


def serve(
    models: ModelNames = None,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; other than this machine's own it needs a token.",
            metavar="HOST",
            rich_help_panel=NETWORK,
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes any.", min=0, max=65535, metavar="N")] = 8000,
    token: Annotated[
        Path | None,
        typer.Option(help=f"File with the token that requests must carry.  [default: ${VARIABLE}]", metavar="FILE"),
    ] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate for TLS, as PEM.", metavar="FILE")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key, as PEM.", metavar="FILE")] = None,
    cors: Annotated[
        list[str] | None,
        typer.Option(help="Let pages of this origin ask, as https://example.org. May be repeated.", metavar="ORIGIN"),
    ] = None,
    log: Annotated[
        Path | None, typer.Option(help="Write the log to the end of this file.  [default: stderr]", metavar="FILE")
    ] = None,
    max_bytes: Annotated[
        int,
        typer.Option(
            help="Bytes that a request may bring.", min=1, max=256_000_000, metavar="N", rich_help_panel=LIMITS
        ),
    ] = DEFAULTS.max_bytes,
    queue: Annotated[
        int, typer.Option(help="Photos that may wait; more are told to try again.", min=1, max=10_000, metavar="N")
    ] = DEFAULTS.queue,
    timeout: Annotated[
        float,
        typer.Option(help="Seconds that a request's body may take, and its answer.", callback=_seconds, metavar="X"),
    ] = DEFAULTS.seconds,
    jobs: Jobs = None,
    threads: Threads = 1,
    unverified: Annotated[
        bool,
        typer.Option(
            "--unverified", help="Serve models even if this machine computes them wrongly.", rich_help_panel=MODELS
        ),
    ] = False,
) -> None:
    """Answer photos over HTTP; see `edge-cifar serve --help`."""
    if (certificate is None) != (key is None):
        raise typer.BadParameter("--certificate and --key go together; name both.")
    for origin in cors or ():
        if not origin.startswith(("http://", "https://")) or origin.count("/") != 2:
            raise typer.BadParameter(
                f"{origin!r} is no origin; expected one as https://example.org", param_hint="--cors"
            )
    secret = read_token(token)
    tls = (certificate, key) if certificate and key else None
    if tls:
        check_certificate(*tls)
    with open_port(host, port) as opened:
        others = not is_local(opened)
        if others and secret is None:
            raise EdgeCifarError(
                f"{host}: others can reach it, so it needs --token FILE or ${VARIABLE}; make one: {MAKE_ONE}"
            )
        write = open_log(log)
        served = open_models(models or [], threads, unverified)
        runtime = runtime_files()
        settings = Settings(Limits(max_bytes, queue, timeout), secret, tuple(cors or ()), (*LOCAL, host), runtime)
        app = build_app(served, Workers(jobs or usable_cores(), queue), settings, write)
        log_faults(write)
        if others and not tls:
            typer.echo("without --certificate photos and token go unencrypted; see that a proxy has TLS", err=True)
        if not runtime:
            typer.echo(
                f"the page answers on the server alone; to have it in the browser, too, {HOW_TO_INSTALL}", err=True
            )
        typer.echo(f"serving {', '.join(served)} on {url(opened, bool(tls))}", err=True)
        with ending_on_sigterm(0):  # being stopped is how it ends well
            run(make_server(app, tls, timeout), opened)
