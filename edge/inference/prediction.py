"""What is answered: the labels of a photo with their probabilities, or why there are none."""

import os
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import PhotoError

UNKNOWN = "unknown"  # the label of a photo that the model is not sure enough about
TOP = 3  # labels of a prediction, unless more or fewer are asked for

Source: TypeAlias = str | os.PathLike[str] | int
"""A photo among several: as it was given if that is a path, else its place, from 0."""


@dataclass(frozen=True)
class Ranked:
    """A label with its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable label and its probability (0 to 1), and the `top` labels, best first.

    Below the threshold of confidence the model abstains: `abstained` is true and `label` is "unknown". `guess` is the
    most probable label all the same, and `confidence` its probability. A class may be called "unknown" too; `abstained`
    tells the two apart.
    """

    label: str
    confidence: float
    top: tuple[Ranked, ...]
    guess: str
    abstained: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        return {**vars(self), "top": [{**vars(ranked)} for ranked in self.top]}


@dataclass(frozen=True)
class Result:
    """What came of one of several photos: its prediction, or the error that says why there is none.

    `source` tells which photo it was: the path that was given, or of a photo given otherwise its place among them all,
    from 0. Raises ValueError for both a prediction and an error, or neither.
    """

    source: Source
    prediction: Prediction | None = None
    error: PhotoError | None = None

    def __post_init__(self) -> None:
        if (self.prediction is None) == (self.error is None):
            raise ValueError("expected a prediction or an error, and not both")

    @property
    def ok(self) -> bool:
        """Whether there is a prediction."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON: `source` beside the prediction's own values or the `error`."""
        source = self.source if isinstance(self.source, int) else os.fsdecode(self.source)
        if self.prediction is None:
            return {"source": source, "error": str(self.error)}
        return {"source": source, **self.prediction.to_dict()}
