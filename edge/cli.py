"""The one command line. A command's module is imported when it is called, so `--help` and `predict` load no torch."""

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple

import typer

from .errors import EdgeCifarError


class Command(NamedTuple):
    """Where a command lives, below `edge_cifar`, and what it does in one line."""

    module: str
    help: str
    extra: str = ""


COMMANDS = {
    "train": Command("train.command", "Train a net on CIFAR-10 or on your own folders of photos.", "train"),
    "export": Command("export.command", "Write a trained run as ONNX, fp32 and int8, and check both.", "train"),
    "predict": Command("edge.predict", "Classify photos."),
    "evaluate": Command("edge.evaluate", "Measure a model's accuracy on labelled photos."),
    "info": Command("edge.info", "Show what a model file says of itself."),
    "benchmark": Command("benchmarks.benchmark", "Measure latency, memory and accuracy of models."),
    "demo": Command("benchmarks.demo", "Run everything once on a small rendered dataset.", "train"),
}

INTERRUPTED = 130  # exit status of a program ended by Ctrl-C: 128 + SIGINT


def main() -> None:
    """Run the command line: exit 0 all good, 1 something failed and was named, 2 wrong usage."""
    requested = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    build_app(requested)(prog_name="edge-cifar")


def build_app(requested: str) -> typer.Typer:
    """Return the application with the `requested` command imported and the others only named."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.callback(help="Train, quantize, run and measure small image classifiers.")(_root)
    for name, command in COMMANDS.items():
        function = _load(name, command) if name == requested else _unloaded
        app.command(name, help=command.help)(function)
    return app


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed

        typer.echo(installed("edge-cifar"))
        raise typer.Exit


def _unloaded() -> None:
    """Stand for a command that was not asked for."""


def _load(name: str, command: Command) -> Callable[..., None]:
    """Import a command's function, named like the command."""
    try:
        module = importlib.import_module(f"..{command.module}", __package__)
    except ModuleNotFoundError as error:
        if not command.extra:
            raise
        missing = error.name
        typer.echo(
            f"edge-cifar {name}: {missing} is not installed; run: pip install 'edge-cifar[{command.extra}]'",
            err=True,
        )
        sys.exit(1)
    function: Callable[..., None] = getattr(module, name)
    return _reporting(name, function)


def _reporting(name: str, function: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that what a user can put right ends in one line and an exit status, not a traceback."""

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            function(*args, **kwargs)
            sys.stdout.flush()
        except EdgeCifarError as error:
            typer.echo(f"edge-cifar {name}: {error}", err=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo(f"edge-cifar {name}: interrupted", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:  # the reader of our output went away, as `| head` does
            sys.stdout = None  # nothing is left to flush at exit
            raise typer.Exit(0) from None
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            typer.echo(f"edge-cifar {name}: {where}{error.strerror or error}", err=True)
            raise typer.Exit(1) from None

    return run
