"""Probabilities of logits; apart from the metrics, since every start needs this alone."""

import numpy as np
import numpy.typing as npt


def softmax(logits: npt.NDArray[np.floating], temperature: float = 1.0) -> npt.NDArray[np.float64]:
    """Return probabilities, float64 (..., classes), of logits (..., classes) divided by a temperature."""
    scaled = np.asarray(logits, np.float64) / temperature  # in float32 the largest logits would become infinite
    shifted = scaled - scaled.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))
