"""`edge-cifar train`: parse, train, report."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from ...edge.cli.options import AsJson
from ...edge.errors import RunError
from ..nets.backbones import BACKBONES
from ..nets.catalogue import NETS
from ..nets.layers import count_macs
from ..recipe.recipe import Recipe, make_recipe, read_toml, recipe_name
from ..transfer.plan import open_options
from .recipe_options import Config, Device, RecipeName, takes_recipe

if TYPE_CHECKING:
    from ..loop.many_seeds import SeedsSummary
    from ..loop.train_run import Session, Summary

Made = TypeVar("Made")
SIZE, BACKBONE_SIZE = 32, 224  # pixels, that nets are listed at


@takes_recipe
def train(
    recipe: RecipeName = None,
    config: Config = None,
    list_nets: Annotated[
        bool, typer.Option("--list-nets", help="Show the nets, their parameters and multiplications, and exit.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the run to this folder.  [default: runs/<time>-<net>]")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Go on with this run where it was stopped.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Train so many times, each with the next seed, for mean and spread.", min=1, metavar="N")
    ] = 1,
    device: Device = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Log for TensorBoard, too (extra [tensorboard]).")
    ] = False,
    as_json: AsJson = False,
    **changes: Any,
) -> None:
    """Train a net; see `edge-cifar train --help`."""
    if list_nets:
        _list_nets()
        return
    given = {key: value for key, value in changes.items() if value is not None}
    if resume is not None:
        others = {"--recipe": recipe, "--config": config, "--out": out, "--seeds": seeds > 1}
        if refused := [name for name, value in others.items() if value]:
            raise typer.BadParameter(f"goes on by the run's own recipe; leave out {', '.join(refused)}")
        begin = partial(_resumed, resume, given)
    else:
        options = _usage(read_toml, config) if config else {}
        name = recipe_name(recipe, options, given)
        made = _usage(make_recipe, name, options, given)
        begin = partial(_trained, made, out, seeds, open_options(name, options, given), given)
    _with_torch(begin, device, tensorboard, as_json)


def _with_torch(
    begin: "Callable[[Session], Summary | SeedsSummary]", device: str, tensorboard: bool, as_json: bool
) -> None:
    """Load torch, which takes a second and more, and train."""
    from ..loop.device import choose_device
    from ..loop.distributed import join_world, leave_world
    from ..loop.train_run import Session

    chosen = choose_device(device)
    world = join_world(chosen)
    try:
        summary = begin(Session(chosen, world, tensorboard))
    finally:
        leave_world(world)
    if world.first:
        typer.echo(json.dumps(summary.as_json()) if as_json else summary.text())


def _trained(
    recipe: Recipe,
    out: Path | None,
    seeds: int,
    left_open: tuple[str, ...],
    given: dict[str, Any],
    session: "Session",
) -> "Summary | SeedsSummary":
    from ..loop.many_seeds import train_seeds

    if seeds == 1:
        if out and session.goes_on(out):
            return _resumed(out, given, session)
        return session.train(recipe, out, left_open)
    return train_seeds(session, recipe, out, seeds, left_open)


def _resumed(folder: Path, given: dict[str, Any], session: "Session") -> "Summary | SeedsSummary":
    from ..loop.many_seeds import SEEDS, resume_seeds
    from ..runs.resume_options import moved
    from ..runs.run_folder import open_run

    if (folder / SEEDS).exists():
        return resume_seeds(session, folder, given)
    return session.resume(_usage(moved, open_run(folder), given))


def _usage(make: Callable[..., Made], *arguments: Any) -> Made:
    """Return what `make` makes; what it refuses is wrong usage."""
    try:
        return make(*arguments)
    except RunError as error:
        raise typer.BadParameter(str(error)) from error


def _list_nets() -> None:
    from ..nets.torch_modules import build_net, count_parameters

    typer.echo(f"{'net':<20}{'parameters':>12}{'million MACs':>14}   of 10 classes, at")
    for name, layers in NETS.items():
        size = BACKBONE_SIZE if name in BACKBONES else SIZE
        parameters, macs = count_parameters(build_net(layers, size=size)), count_macs(layers, size=size)
        typer.echo(f"{name:<20}{parameters:>12,}{macs / 1e6:>14.2f}   {size} x {size}")
