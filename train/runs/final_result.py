"""What a run came to, in numbers: the content of `result.json`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """The epoch kept is the best on validation or the last, as the recipe says; the test set was read once, after it.

    Accuracies and the calibration error are 0 to 1; `test_interval` is the 95 % interval of the test accuracy.
    """

    epochs: int  # trained; fewer than the recipe's when it stopped early
    best_epoch: int  # the one kept
    val_accuracy: float
    test_accuracy: float
    test_interval: tuple[float, float]
    test_images: int
    calibration_error: float
    parameters: int
    seconds: float
