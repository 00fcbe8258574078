"""Training by several processes at once, as `torchrun` starts them: each computes its part of every batch."""

import gc
import os
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

T = TypeVar("T")


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

    def parallel(self, net: nn.Module) -> nn.Module:
        """Return `net` with its gradients averaged over the processes.

        Batchnorm sees the whole batch on GPUs; on CPUs, for which PyTorch has no synchronised one, the process's part.
        """
        if self.size == 1:
            return net
        if next(net.parameters()).is_cuda:
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)  # type: ignore[no-untyped-call]
        return DistributedDataParallel(net)

    def any(self, flag: bool) -> bool:
        """Return whether `flag` is set in any process."""
        if self.size == 1:
            return flag
        flags = [flag] * self.size
        dist.all_gather_object(flags, flag)
        return max(flags)

    def from_first(self, value: T | None) -> T:
        """Return the first process's `value`, which is not None."""
        values = [value]
        if self.size > 1:
            dist.broadcast_object_list(values)
        assert values[0] is not None
        return values[0]

    def total(self, sums: torch.Tensor) -> torch.Tensor:
        """Return the sum of the processes' tensors."""
        totals = sums.clone()
        if self.size > 1:
            dist.all_reduce(totals)
        return totals


def join_world(device: torch.device) -> World:
    """Join the processes that `torchrun` started (its RANK and WORLD_SIZE); alone, without it."""
    if "WORLD_SIZE" not in os.environ:
        return World()
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return World(dist.get_rank(), dist.get_world_size())


def leave_world(world: World) -> None:
    """Take leave of the other processes."""
    if world.size > 1:
        dist.destroy_process_group()
        # The net that was trained holds the group, too, in a cycle. Left to the end of the interpreter, the group's
        # threads can abort the process (pytorch/pytorch#179291).
        gc.collect()
