"""What holds for all commands alike: one wording for one option, and help in groups."""

import re
from collections import defaultdict

import pytest
import typer
from edge_cifar.edge.cli.command_table import COMMANDS, build_app
from edge_cifar.edge.cli.completion import options
from edge_cifar.train.cli.recipe_options import GROUPS
from edge_cifar.train.recipe.optimizers import OPTIMIZERS
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.testing import CliRunner

MEANINGS = {
    "--out": "a file or a folder: what a command writes; its help begins with what happens to it",
    "--resume": "`train` goes on with a run that it names, `predict` with --out",
    "--size": "what `train` brings photos to, and what somebody else's file leaves open",
    "--minutes": "how long `benchmark` goes on, and when `tune` begins no more",
}
"""The options that mean something else from command to command."""


def command_of(name: str) -> TyperCommand:
    program = typer.main.get_command(build_app(name))
    assert isinstance(program, TyperGroup)
    command = program.commands[name]
    assert isinstance(command, TyperCommand)
    return command


def options_of(name: str) -> list[TyperOption]:
    return [option for option in command_of(name).params if isinstance(option, TyperOption)]


def help_of(name: str) -> dict[str, list[str]]:
    """Return what is listed in the help of a command below each heading, by the first word of its line."""
    shown = CliRunner().invoke(build_app(name), [name, "--help"], env={"COLUMNS": "100"})
    assert shown.exit_code == 0
    groups: dict[str, list[str]] = {}
    for line in shown.stdout.splitlines():
        if line and line[0] != " ":
            groups[line.removesuffix(":")] = below = []
        elif re.match(r"  \S", line) and groups:
            below.append(line.split()[0].removesuffix(","))
    return groups


def test_options_of_one_name_have_one_meaning() -> None:
    words: defaultdict[str, set[str]] = defaultdict(set)
    for name in COMMANDS:
        for option in options_of(name):
            assert option.help, f"{name} {option.opts[-1]} says nothing"
            words[max(option.opts, key=len)].add(option.help.partition("  [default")[0])
    assert {name for name, said in words.items() if len(said) > 1} == set(MEANINGS)


@pytest.mark.parametrize("name", COMMANDS)
def test_no_name_of_a_type_in_python_is_shown(name: str) -> None:
    for parameter in command_of(name).params:
        metavar = parameter.make_metavar(typer.Context(command_of(name)))
        assert not re.search(r"<(str|int|float|path|file)\b", metavar), parameter.name


def test_every_option_of_train_is_in_its_group_and_in_the_order_told() -> None:
    shown = {group: names for group, names in help_of("train").items() if not group.startswith("Usage")}
    assert list(shown) == list(GROUPS)
    for group, names in GROUPS.items():
        expected = [f"--{name.replace('_', '-')}".replace("as-json", "json") for name in names]
        assert [name for name in shown[group] if name != "--help"] == expected
    assert sum(map(len, GROUPS.values())) == len(options_of("train"))


@pytest.mark.parametrize("name", COMMANDS)
def test_more_than_a_dozen_options_are_in_groups_of_which_none_is_empty(name: str) -> None:
    groups = {group: names for group, names in help_of(name).items() if not group.startswith(("Usage", "Arguments"))}
    assert all(groups.values())
    assert len(options_of(name)) <= 12 or len(groups) > 1


def test_a_shell_is_told_the_options_of_train_and_what_there_is_to_choose_from() -> None:
    told = {name: option for option in options("train") for name in option.names}
    assert told["--optimizer"].values == tuple(OPTIMIZERS)
    assert told["--device"].values == ("auto", "cpu", "cuda", "mps")
    assert told["--data"].values == ()
    assert told["--no-amp"].metavar == ""
