"""What a run that goes on may be told anew: where its files are now, never what decides its result."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...edge.errors import RunError
from ..recipe.recipe import Recipe, option_name
from .checkpoint import CHECKPOINT
from .run_folder import Run

PLACES = ("data", "extra", "teacher")  # options that name files; hashes tell that the content is the same
SAME_BITS = "edge-cifar", "torch", "numpy", "pillow", "python", "device", "threads", "processes"


def moved(run: Run, given: Mapping[str, Any]) -> Run:
    """Return the run with the options `given`, of which only those that name places may be other than its own.

    Raises RunError, naming the others.
    """
    refused = [
        option_name(name) for name, value in given.items() if name not in PLACES and value != getattr(run.recipe, name)
    ]
    if refused:
        raise RunError(
            f"{', '.join(refused)}: a run goes on by its own recipe, and so to the end that it would have come to; "
            f"to train on from its weights by another, begin a new run with --init {run.folder}"
        )
    return replace(run, recipe=replace(run.recipe, **given))


def started(run: Run) -> Recipe:
    """Return the run's recipe for going on: what a checkpoint holds need not be there any more."""
    return replace(run.recipe, init="") if (run.folder / CHECKPOINT).exists() else run.recipe


def check_same(run: Run, versions: Mapping[str, str]) -> str | None:
    """Return a line about what is other than it was when the run began, `versions` being today's; None if nothing is.

    Raises RunError when a teacher, or weights to begin from, are not those of then.
    """
    for name, digest in versions.items():
        if name.endswith("sha256") and run.versions.get(name, digest) != digest:
            option = name.removesuffix(" sha256")
            where = getattr(run.recipe, option)
            raise RunError(f"--{option} {where}: not what {run.folder} was begun with (another sha256); train again")
    other = [
        f"{name} {versions[name]} instead of {run.versions[name]}"
        for name in SAME_BITS
        if name in run.versions and name in versions and run.versions[name] != versions[name]
    ]
    return f"goes on with {', '.join(other)}: not to the same bits as it would have" if other else None
