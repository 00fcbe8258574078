"""The calibration set: a stratified, seeded sample of training images, its ids and hash recorded."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from onnxruntime.quantization import CalibrationDataReader

from ..edge.dataset import stratified_sample
from ..edge.labelled import LabelledImages
from ..edge.model import INPUT

BATCH = 64  # images


class CalibrationImages(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime is untyped
    """Feeds a sample of the training images to onnxruntime's calibrator, a batch at a time."""

    def __init__(self, train: LabelledImages, count: int, seed: int):
        self.images = train.take(stratified_sample(train.targets, count, seed))
        self.seed = seed
        self._batches = self._feeds()

    def get_next(self) -> Mapping[str, np.ndarray] | None:
        """Return the next batch's feed, None at the end."""
        return next(self._batches, None)

    def describe(self) -> dict[str, Any]:
        """Return what the model card records: which images, and their hash."""
        return {"split": "train", "n": len(self.images), "seed": self.seed, "sha256": self.images.digest()}

    def _feeds(self) -> Iterator[Mapping[str, np.ndarray]]:
        for start in range(0, len(self.images), BATCH):
            yield {INPUT: self.images.images[start : start + BATCH]}
