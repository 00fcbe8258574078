"""Whether every machine of a cluster can do a run's work: the same package, the same folders."""

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import ray
from ray.exceptions import GetTimeoutError, RayError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from ..errors import EdgeCifarError
from .bulk_run import BulkRun
from .ray_cluster import machines, reason
from .store import is_url

ANSWER = 120.0  # seconds for every machine to answer: it may have to import much, and be at work
DISTRIBUTIONS = ("edge-cifar", "numpy", "onnxruntime", "pillow")  # what decides on the answers

Look = Callable[[], str | None]
"""What a machine is asked: None, or what is wrong there, in words that follow its name."""


def check_nodes(run: BulkRun) -> None:
    """Let every machine look whether it can work on `run`. Raises EdgeCifarError, naming the machine."""
    _ask_all(_package_look({name: version(name) for name in DISTRIBUTIONS}))
    _ask_all(_folder_look(run, str(Path.cwd())))


def _package_look(versions: dict[str, str]) -> Look:
    def look() -> str | None:  # a function in a function goes over whole, not by its name: the package may not be there
        from importlib.metadata import PackageNotFoundError, version

        for name, here in versions.items():
            try:
                there = version(name)
            except PackageNotFoundError:
                return f"lacks {name}; run there: pip install 'edge-cifar[ray]'"
            if there != here:
                return f"has {name} {there}, here it is {here}; install the same"
        return None

    return look


def _folder_look(run: BulkRun, folder: str) -> Look:
    places = [os.path.join(folder, photo) for photo in run.asked.photos if not is_url(photo)]  # noqa: PTH118
    present = [place for place in places if os.path.exists(place)]  # noqa: PTH110, others are results with an error

    def look() -> str | None:
        missing = [place for place in present if not os.path.exists(place)]  # noqa: PTH110
        if not missing and not run.folder.names(run.lists):
            missing = [run.folder.url]
        return f"does not see {missing[0]}; name storage that all machines share" if missing else None

    return look


def _ask_all(look: Look) -> None:
    answers = {}
    for node, place in machines().items():
        there = NodeAffinitySchedulingStrategy(node, soft=False)
        answers[place, node] = ray.remote(look).options(num_cpus=0, scheduling_strategy=there).remote()
    for (place, _), answer in answers.items():
        try:
            wrong = ray.get(answer, timeout=ANSWER)
        except GetTimeoutError as error:
            raise EdgeCifarError(f"{place}: no answer within {ANSWER:.0f} s; see whether it is overloaded") from error
        except RayError as error:
            raise EdgeCifarError(f"{place}: {reason(error)}") from error
        if wrong:
            raise EdgeCifarError(f"{place} {wrong}")
