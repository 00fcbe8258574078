"""Training: step by step, epoch by epoch, stopped and gone on with."""

__all__ = [
    "allocator",
    "device",
    "distributed",
    "divergence",
    "epochs",
    "many_seeds",
    "memory_needed",
    "prepare",
    "stop_signals",
    "train_run",
    "training",
]
