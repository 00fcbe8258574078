"""How the learning rate moves, and when training may end: functions of progress and of the epochs so far.

They keep no state, so that a resumed run goes on exactly as it would have.
"""

import math
from collections.abc import Callable, Sequence

FALL = 0.01  # what an exponential schedule has left of the rate at the end
PATIENCE = 4  # epochs without a lower validation loss before a plateau schedule falls
PLATEAU_FACTOR = 0.3

# Each maps the progress behind the warm-up (0 to 1) to a share of the peak rate. One cycle, linear: Smith 2018,
# arXiv:1803.09820; cosine: Loshchilov and Hutter 2016, arXiv:1608.03983.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "onecycle": lambda progress: 1 - progress,
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,
    "exponential": lambda progress: FALL**progress,
    "plateau": lambda _: 1.0,  # see plateau_factor
    "constant": lambda _: 1.0,
}


def learning_rate(schedule: str, progress: float, warmup: float) -> float:
    """Return the share of the peak rate at `progress` (0 to 1) through all steps, `warmup` of them rising linearly."""
    if progress < warmup:
        return progress / warmup
    return SCHEDULES[schedule]((progress - warmup) / (1 - warmup))


def plateau_factor(val_losses: Sequence[float]) -> float:
    """Return the factor that a plateau schedule has reached after epochs with these validation losses."""
    factor, best, waited = 1.0, math.inf, 0
    for loss in val_losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == PATIENCE:
            factor, waited = factor * PLATEAU_FACTOR, 0
    return factor


def should_stop(val_accuracies: Sequence[float], patience: int) -> bool:
    """Return whether the last `patience` epochs all were no better than the best one before them; 0: never."""
    if not patience or len(val_accuracies) <= patience:
        return False
    return max(val_accuracies[-patience:]) <= max(val_accuracies[:-patience])
