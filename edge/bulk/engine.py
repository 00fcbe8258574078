"""Ray Data at work: numbers of parts go to workers that each hold a model, and what a part came to comes back."""

import json
import warnings
from collections.abc import Generator, Sequence
from typing import Any

import ray.data
from ray.exceptions import RayError

from ..errors import EdgeCifarError
from .bulk_run import PartDone
from .ray_cluster import Workers, reason
from .worker import Job, PartWorker

RETRIES = 20  # times that a part is done again since its worker died: more, and it is the part that kills it


def classify_parts(job: Job, parts: Sequence[int], workers: Workers) -> Generator[PartDone, None, None]:
    """Yield what each of `parts` came to, written by then, as they are finished; `workers` work at once.

    A part whose worker dies is done again by another. Raises EdgeCifarError for what a worker can't get over; the
    parts finished by then stay.
    """
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.execution_options.preserve_order = False
    numbers = ray.data.from_items(list(parts), override_num_blocks=len(parts))
    # Photos are read by the worker that classifies them, with one thread that decodes: 2 MB of JPEG each are then not
    # copied from machine to machine, and there are no reading tasks that could wait for the cores that workers have.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*ray_remote_args_fn")  # going to go, without anything in its place
        dones = numbers.map(
            PartWorker,  # type: ignore[arg-type]
            fn_constructor_args=[job],
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers.most, initial_size=workers.first),
            num_cpus=1,
            ray_remote_args_fn=_remote_options,
        )
    try:
        for values in dones.iter_rows():
            yield PartDone(**json.loads(values["done"]))
    except RayError as error:
        raise EdgeCifarError(f"stopped: {reason(error)}; what is finished is kept: --resume goes on") from error


def _remote_options() -> dict[str, Any]:
    return {"max_restarts": -1, "max_task_retries": RETRIES}
