"""The table of commands. A command's module is imported when it is called, so `--help` and `predict` load no torch."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import EdgeCifarError
from .exit_status import reporting

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter


class Command(NamedTuple):
    """Where a command lives, below `edge_cifar`, what for, and what it does in one line."""

    group: str
    module: str
    help: str
    extra: str = ""


BENCHMARK_HELP = """Measure latency, memory and accuracy of models.

`edge-cifar compare-benchmarks A.json B.json` says which differences of two results (--json) are real.

A run that was disturbed, as by other programs, heat or a changing clock, is called INVALID on stderr and in the JSON,
with the reasons; the exit status stays 0.
"""

COMPLETION_HELP = """Print a script that completes words in your shell.

The next shell completes commands, options and values after one of

\b
edge-cifar completion bash > ~/.edge-cifar.bash; echo 'source ~/.edge-cifar.bash' >> ~/.bashrc
edge-cifar completion zsh > ~/.edge-cifar.zsh; echo 'source ~/.edge-cifar.zsh' >> ~/.zshrc
edge-cifar completion fish > ~/.config/fish/completions/edge-cifar.fish

Print it again after edge-cifar was upgraded or an extra was installed.
"""

MAKE, CLASSIFY, JUDGE, SHELL = "Make a model", "Classify photos", "Judge a model and a machine", "Set up"

COMMANDS = {
    "train": Command(MAKE, "train.cli.train", "Train a net on CIFAR-10 or on your own photos.", "train"),
    "compare": Command(MAKE, "train.cli.compare", "Put training runs side by side.", "train"),
    "tune": Command(MAKE, "train.cli.tune", "Search for a better recipe, also on many machines.", "tune"),
    "export": Command(MAKE, "export.command", "Write a trained run as ONNX, fp32 and int8, checked.", "train"),
    "demo": Command(MAKE, "benchmarks.cli.demo", "Run everything once on a small rendered dataset.", "train"),
    "predict": Command(CLASSIFY, "edge.cli.predict", "Classify photos."),
    "watch": Command(CLASSIFY, "edge.cli.watch", "Classify photos as they arrive in a folder."),
    "serve": Command(CLASSIFY, "edge.serve.command", "Answer photos over HTTP.", "serve"),
    "web": Command(CLASSIFY, "edge.web.command", "Write a page that classifies photos in the browser."),
    "info": Command(JUDGE, "edge.cli.info", "Show what a model file says of itself."),
    "verify": Command(JUDGE, "edge.cli.verify", "Check that this machine computes a model rightly."),
    "evaluate": Command(JUDGE, "edge.cli.evaluate", "Measure a model's accuracy on labelled photos."),
    "benchmark": Command(JUDGE, "benchmarks.cli.benchmark", BENCHMARK_HELP),
    "compare-benchmarks": Command(
        JUDGE, "benchmarks.cli.compare_benchmarks", "Say which differences of two benchmark results are real."
    ),
    "doctor": Command(JUDGE, "edge.cli.doctor", "Say whether models run here, rightly, and how fast."),
    "completion": Command(SHELL, "edge.cli.completion", COMPLETION_HELP),
}


NAMES = 30  # columns of help that names take at most, as in click's
Groups = dict[str, list[tuple[str, str]]]
"""Rows of (name, what it does) by their heading."""


class GroupedCommand(TyperCommand):
    """A command whose help has its options in groups: a `rich_help_panel` is a heading of plain text, without rich."""

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Write the arguments, then the options: one that names no group belongs to that of the one before it."""
        groups: Groups = {}
        heading = "Options"
        for parameter in self.get_params(ctx):
            heading = getattr(parameter, "rich_help_panel", None) or heading
            if row := parameter.get_help_record(ctx):
                groups.setdefault("Arguments" if parameter.param_type_name == "argument" else heading, []).append(row)
        _write(groups, formatter)


class GroupedCommands(TyperGroup):
    """The program, whose help shows the commands in groups."""

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002
        """Write the first line of what each command says of itself."""
        groups: Groups = {}
        for name, command in self.commands.items():
            heading = getattr(command, "rich_help_panel", None) or "Commands"
            groups.setdefault(heading, []).append((name, (command.help or "").partition("\n")[0]))
        _write(groups, formatter)


def _write(groups: Groups, formatter: "HelpFormatter") -> None:
    """Write groups, with all that is said beginning in one column."""
    width = min(NAMES, max(len(name) for rows in groups.values() for name, _ in rows))
    for heading, rows in groups.items():
        with formatter.section(heading):
            formatter.write_dl([(name.ljust(width), words) for name, words in rows], col_max=NAMES)


def build_app(requested: str) -> typer.Typer:
    """Return the application with the `requested` command imported and the others only named."""
    app = typer.Typer(
        cls=GroupedCommands,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback(help="Train, quantize, run and measure small image classifiers.")(_root)
    for name, command in COMMANDS.items():
        function = _load(name, command) if name == requested else _unloaded
        app.command(name, cls=GroupedCommand, help=command.help, rich_help_panel=command.group)(function)
    return app


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("edge-cifar"))
        raise typer.Exit


def _root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


def _unloaded() -> None:
    """Stand for a command that was not asked for."""


def _load(name: str, command: Command) -> Callable[..., None]:
    """Import a command's function, named like the command. Raises EdgeCifarError when its extra is not installed."""
    with _naming_extra(command.extra):
        module = importlib.import_module(f"...{command.module}", __package__)
    if "PIL" in sys.modules:  # here, where the process is ours
        from ..photos.pillow_remarks import quieten_pillow

        quieten_pillow()
    function: Callable[..., None] = getattr(module, name.replace("-", "_"))
    needing = _naming_extra(command.extra)(function)  # some of what it needs is imported when it runs
    return reporting(name)(needing)  # inside typer as well, which has its own answer to Ctrl-C


@contextmanager
def _naming_extra(extra: str) -> Iterator[None]:
    """Within it, what can't be imported is an EdgeCifarError that says which extra brings it, if one does."""
    try:
        yield
    except ImportError as error:
        if not extra or isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while a library was loaded
            raise
        raise EdgeCifarError(f"{error}; run: pip install 'edge-cifar[{extra}]'") from error
