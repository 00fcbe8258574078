"""Training by several processes at once, as `torchrun` starts them: each computes its part of every batch."""

import gc
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.rendezvous import rendezvous
from torch.nn.parallel import DistributedDataParallel

from ...edge.errors import RunError

T = TypeVar("T")
VARIABLES = ("WORLD_SIZE", "RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
ALONE = "start all of them by torchrun, or unset WORLD_SIZE to train in one process"
PATIENCE = timedelta(minutes=10)  # for machines that start one after the other


@dataclass(frozen=True)
class World:
    """A process among all that train together. Only the first one writes and speaks."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether the process writes the run."""
        return self.rank == 0

    @property
    def part(self) -> slice:
        """The process's images of a batch."""
        return slice(self.rank, None, self.size)

    @property
    def grouped(self) -> bool:
        """Whether the processes make a group in which gradients are averaged; one alone needs none."""
        return self.size > 1

    def parallel(self, net: nn.Module) -> nn.Module:
        """Return `net` with its gradients averaged over the processes.

        Batchnorm sees the whole batch on GPUs; on CPUs, for which PyTorch has no synchronised one, the process's part.
        """
        if not self.grouped:
            return net
        if next(net.parameters()).is_cuda:
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(net)

    def any(self, flag: bool) -> bool:
        """Return whether `flag` is set in any process."""
        if not self.grouped:
            return flag
        flags = [flag] * self.size
        dist.all_gather_object(flags, flag)
        return max(flags)

    def from_first(self, value: T | None) -> T:
        """Return the first process's `value`, which is not None."""
        values = [value]
        if self.grouped:
            dist.broadcast_object_list(values)
        assert values[0] is not None
        return values[0]

    def total(self, sums: torch.Tensor) -> torch.Tensor:
        """Return the sum of the processes' tensors."""
        totals = sums.clone()
        if self.grouped:
            dist.all_reduce(totals)
        return totals


def was_restarted() -> bool:
    """Return whether `torchrun` began all processes anew (--max-restarts), since one of them had died."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") not in ("", "0")


def join_world(device: torch.device) -> World:
    """Join the processes that `torchrun` started (its RANK and WORLD_SIZE); alone, without it.

    Raises RunError when the environment is not what `torchrun` makes, or the others don't come.
    """
    rank, size = _place()
    if size == 1:
        return World()
    where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        sys.stderr.write(f"process {rank} of {size} (RANK, WORLD_SIZE) waits for the others at {where}\n")
    try:
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        with _ended_by_ctrl_c():
            store, *_ = next(rendezvous("env://", timeout=PATIENCE))
            dist.init_process_group(
                "nccl" if device.type == "cuda" else "gloo", store=store, rank=rank, world_size=size
            )
    except (RuntimeError, ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise RunError(f"WORLD_SIZE={size}: the others did not come to {where} ({reason}); {ALONE}") from error
    return World(rank, size)


def _place() -> tuple[int, int]:
    """Return the process's number among how many, as the environment has them. Raises RunError for a rest of one."""
    if os.environ.get("WORLD_SIZE", "1") == "1":
        return 0, 1
    missing = [name for name in VARIABLES if not os.environ.get(name)]
    if missing:
        raise RunError(f"WORLD_SIZE={os.environ['WORLD_SIZE']} is set, but not {', '.join(missing)}; {ALONE}")
    try:
        rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
        valid = 0 <= rank < size and int(os.environ["MASTER_PORT"]) > 0 and int(os.environ["LOCAL_RANK"]) >= 0
    except ValueError:
        valid = False
    if not valid:
        values = ", ".join(f"{name}={os.environ[name]}" for name in VARIABLES)
        raise RunError(f"{values}: no place among several processes; {ALONE}")
    return rank, size


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the process at once: what waits here in C++ would not hear of Python's KeyboardInterrupt."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def leave_world(world: World) -> None:
    """Take leave of the other processes."""
    if world.grouped:
        dist.destroy_process_group()
        # The net that was trained holds the group, too, in a cycle. Left to the end of the interpreter, the group's
        # threads can abort the process (pytorch/pytorch#179291).
        gc.collect()
