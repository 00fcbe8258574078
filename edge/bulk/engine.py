"""Ray at work: a part is a task, done by any process with a core to itself, which keeps the model for the next one."""

from collections.abc import Generator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from ..errors import EdgeCifarError
from .bulk_run import BulkRun, PartDone
from .ray_cluster import reason
from .worker import Job, PartWorker

RETRIES = 20  # times that a part is done again since its worker died: more, and it is the part that kills it
FAILURES = 10  # parts that fail until a run is stopped: so many, and it isn't the photos


def classify_parts(
    job: Job, parts: Sequence[int], workers: int, retries: int = RETRIES
) -> Generator[PartDone, None, None]:
    """Yield what each of `parts` came to, written by then, as they are finished; at most `workers` are in work at once.

    A part whose worker dies is done again, wherever there is a core, up to `retries` times. One that fails all the
    same doesn't stop the others. Raises EdgeCifarError at the end if some failed, and at once for what would stop any
    part; what is finished by then stays.
    """
    # Ray starts the processes, finds them cores, grows the cluster and does parts again. Photos are read by whoever
    # classifies them, with one thread that decodes: 2 MB of JPEG each are then not copied from machine to machine.
    task = ray.remote(num_cpus=1, max_retries=retries)(classify_part)
    shared = [ray.put(job)]  # in a list it isn't sent along with each part
    waiting = iter(parts)
    running: dict[Any, int] = {}
    failed: dict[int, str] = {}
    while len(failed) < FAILURES:
        for part in islice(waiting, workers - len(running)):
            running[task.remote(shared, part)] = part
        if not running:
            break
        ready: Any = ray.wait(list(running))[0][0]
        part = running.pop(ready)
        try:
            done = ray.get(ready)
        except RayError as error:
            failed[part] = _why(error)
        else:
            yield done
    if failed:
        raise _failure(job.run, len(parts), failed)


def classify_part(shared: Sequence["ray.ObjectRef[Job]"], part: int) -> PartDone:
    """Do a part, in a process of Ray's. Raises EdgeCifarError."""
    (job,) = shared
    return _worker(job)(part)


@lru_cache(maxsize=1)
def _worker(job: "ray.ObjectRef[Job]") -> PartWorker:
    return PartWorker(ray.get(job))


def _why(error: RayError) -> str:
    """Return why a part failed. Raises EdgeCifarError for what would stop any other, too."""
    if not isinstance(error, RayTaskError):
        return f"its worker died each time ({type(error).__name__})"
    if isinstance(error.cause, EdgeCifarError):
        raise EdgeCifarError(f"stopped: {error.cause}; what is finished is kept: --resume goes on") from error
    return reason(error)


def _failure(run: BulkRun, parts: int, failed: dict[int, str]) -> EdgeCifarError:
    """Return what is to be said of the parts that failed: how many, and of the first which photos, and why."""
    part, why = next(iter(failed.items()))
    photos = run.listed(part)
    others = "so the run was stopped" if len(failed) == FAILURES else "all others are finished"
    return EdgeCifarError(
        f"{len(failed)} of {parts} parts failed, {others}; --resume does them again; part {part}, {photos[0].path} to "
        f"{photos[-1].path}: {why}"
    )
