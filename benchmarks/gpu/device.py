"""What the GPU is, and what torch can do with it."""

from collections.abc import Iterator
from typing import Any

import torch

from ...train.loop.device import autocast_dtype
from .findings import Finding, Job


def device(job: Job) -> Iterator[Finding]:
    """Say what is computed on; nothing is judged."""
    figures: dict[str, Any] = {
        "device": job.device.type,
        "threads": torch.get_num_threads(),
        "steps in": str(autocast_dtype(job.device) or torch.float32).removeprefix("torch."),
        "TF32 in convolutions": torch.backends.cudnn.allow_tf32,
    }
    if job.device.type == "cuda":
        properties = torch.cuda.get_device_properties(job.device)
        figures |= {
            "name": properties.name,
            "memory_bytes": properties.total_memory,
            "multiprocessors": properties.multi_processor_count,
            "capability": f"{properties.major}.{properties.minor}",
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
            "nccl": ".".join(map(str, torch.cuda.nccl.version())),  # type: ignore[no-untyped-call]
        }
    yield Finding(None, figures)
