"""Whether the command line takes words that a document or a unit shows; nothing of them is run."""

from functools import cache

import typer
from edge_cifar.edge.cli.command_table import build_app
from typer.core import TyperGroup


def parses(words: list[str]) -> bool:
    """Return whether the command line takes these words; a wrong one raises an exception."""
    program = _program(words[0])
    return bool(program.commands[words[0]].make_context(words[0], words[1:]))


def options(command: str) -> set[str]:
    """Return all names of a command's options."""
    return {name for parameter in _program(command).commands[command].params for name in parameter.opts}


@cache
def _program(command: str) -> TyperGroup:
    program = typer.main.get_command(build_app(command))
    assert isinstance(program, TyperGroup)
    return program
