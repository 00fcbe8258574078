"""`edge-cifar completion`: a script by which a shell completes commands, options and values, with no Python started.

A program that is asked at each key, as typer's way is, would load torch for the options of `train`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from shlex import quote
from typing import Annotated, Literal, NamedTuple

import typer
from typer.core import TyperGroup, TyperOption

from ..errors import EdgeCifarError
from .command_table import COMMANDS, build_app

BASH = """\
_edge_cifar() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}} words=
    if [ "$COMP_CWORD" = 1 ]; then
        words="{commands} --help --version"
    else
        case "$command $before" in
{values}
        *) case "$command $word" in
{options}
            esac;;
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _edge_cifar edge-cifar"""

ZSH = """\
#compdef edge-cifar
_edge_cifar() {{
    local -a commands=({commands})
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    case $words[2] in
{options}
    esac
}}
if [ "$funcstack[1]" = _edge-cifar ]; then _edge_cifar "$@"; else compdef _edge_cifar edge-cifar; fi"""


class Option(NamedTuple):
    """What a shell needs to know of an option: its names, what it takes if anything, and what it is for."""

    names: tuple[str, ...]
    metavar: str  # "" for a flag
    values: tuple[str, ...]  # all that there are; none: any, as a file
    words: str


def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print a script; see `edge-cifar completion --help`."""
    write = {"bash": bash, "zsh": zsh, "fish": fish}[shell]
    typer.echo(write({name: options(name) for name in COMMANDS}))


def options(name: str) -> Sequence[Option]:
    """Return the options of a command; none where its extra is not installed."""
    try:
        program = typer.main.get_command(build_app(name))
    except EdgeCifarError:
        return []
    assert isinstance(program, TyperGroup)  # of several commands
    command = program.commands[name]
    context = typer.Context(command)
    return [
        Option(
            (*parameter.opts, *parameter.secondary_opts),
            "" if parameter.is_flag else parameter.make_metavar(context),
            tuple(item.value for item in parameter.shell_complete(context, "") if item.type == "plain"),
            _brief(parameter.help or ""),
        )
        for parameter in command.get_params(context)
        if isinstance(parameter, TyperOption)
    ]


def bash(commands: Mapping[str, Iterable[Option]]) -> str:
    """Return the script for bash, which takes files where it offers nothing."""
    values, options = [], []
    for command, found in commands.items():
        values += [
            f'        "{command} {name}") words="{" ".join(option.values)}";;'
            for option in found
            if option.metavar
            for name in option.names
        ]
        names = (name for option in found for name in option.names)
        options.append(f'            "{command} -"*) words="{" ".join(names)}";;')
    return BASH.format(commands=" ".join(commands), values="\n".join(values), options="\n".join(options))


def zsh(commands: Mapping[str, Iterable[Option]]) -> str:
    """Return the script for zsh."""
    named = " ".join(quote(f"{name}:{_brief(COMMANDS[name].help)}") for name in commands)
    cases = [
        f"        {name}) _arguments {' '.join(_zsh(found))} '*:file:_files';;" for name, found in commands.items()
    ]
    return ZSH.format(commands=named, options="\n".join(cases))


def _zsh(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        takes = f":value:({' '.join(option.values)})" if option.values else ":value:_files"
        for name in option.names:
            yield quote(f"{name}[{option.words}]{takes if option.metavar else ''}")


def fish(commands: Mapping[str, Iterable[Option]]) -> str:
    """Return the script for fish."""
    lines = [
        f"complete -c edge-cifar -f -n __fish_use_subcommand -a {name} -d {quote(_brief(COMMANDS[name].help))}"
        for name in commands
    ]
    for command, found in commands.items():
        for option in found:
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
            takes = f" -x -a '{' '.join(option.values)}'" if option.values else " -r" if option.metavar else ""
            where = f"-n '__fish_seen_subcommand_from {command}'"
            lines.append(f"complete -c edge-cifar {where} {names}{takes} -d {quote(option.words)}")
    return "\n".join(lines)


def _brief(words: str) -> str:
    """Return what an option or a command is for: its words up to the first full stop or the like."""
    return re.split(r"[;:([\n]|\.(?=\s|$)", words)[0].strip()
