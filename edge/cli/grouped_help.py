"""Plain help in groups: each `rich_help_panel` is a heading, as with rich, without the time that rich takes to load."""

from typing import TYPE_CHECKING

from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter

NAMES = 30  # columns that names of options take at most, as in the help of click

Groups = dict[str, list[tuple[str, str]]]
"""Rows of (name, what it does) by their heading."""


class GroupedCommand(TyperCommand):
    """A command whose help shows its options in groups."""

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
