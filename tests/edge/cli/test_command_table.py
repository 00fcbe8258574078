from typing import Annotated

import typer
from edge_cifar.edge.cli.command_table import GroupedCommand, GroupedCommands
from typer.testing import CliRunner

HELP = """\
Usage: draw [OPTIONS] {SHAPE}

Arguments:
  SHAPE      What to draw.  [required]

Options:
  --quick    At once.

Colours:
  --fill N   Of the inside.  [default: 0]
  --line N   Of the border.  [default: 0]

Files:
  --out DIR  Where to.  [default: here]
  --help     Show this message and exit.
"""


def draw(
    shape: Annotated[str, typer.Argument(metavar="SHAPE", help="What to draw.")],
    quick: Annotated[bool, typer.Option("--quick", help="At once.")] = False,
    fill: Annotated[int, typer.Option(metavar="N", help="Of the inside.", rich_help_panel="Colours")] = 0,
    line: Annotated[int, typer.Option(metavar="N", help="Of the border.")] = 0,
    out: Annotated[str, typer.Option(metavar="DIR", help="Where to.", rich_help_panel="Files")] = "here",
) -> None:
    raise AssertionError(shape, quick, fill, line, out)


def test_options_stand_below_the_heading_named_last_and_all_words_in_one_column() -> None:
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command(cls=GroupedCommand)(draw)
    assert CliRunner().invoke(app, ["--help"], prog_name="draw").stdout == HELP


def test_commands_stand_in_groups_with_the_first_line_of_their_help_whole() -> None:
    app = typer.Typer(cls=GroupedCommands, add_completion=False, rich_markup_mode=None)
    line = "Draw a shape, and do it so well that the first line of the help is longer than eighty columns."
    app.command("draw", cls=GroupedCommand, help=f"{line}\n\nMore.", rich_help_panel="Pictures")(draw)
    app.command("wipe", cls=GroupedCommand, help="Wipe it.")(lambda: None)
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert line in " ".join(shown.split())
    assert "More" not in shown
    assert shown.index("Pictures:\n  draw ") < shown.index("Commands:\n  wipe ")
