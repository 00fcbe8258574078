"""Photos in, labels out."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np

from .errors import EdgeCifarError, PhotoError
from .metrics import softmax
from .model import Logits, Model, default_model
from .photo import Photo, Pixels, read_photo
from .shipped import model_file
from .tta import averaged_logits
from .turns import Turns

BATCH = 32  # photos that go through the net together
UNKNOWN = "unknown"  # the label of a photo that the model is not sure enough about


@dataclass(frozen=True)
class Ranked:
    """A label with its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable label and its probability (0 to 1), and the `top` labels, best first.

    Below the threshold of confidence `label` is "unknown"; `guess` is the most probable label all the same.
    """

    label: str
    confidence: float
    top: tuple[Ranked, ...]
    guess: str


class Classifier:
    """A model that classifies photos on the CPU."""

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        threads: int | None = None,
        *,
        threshold: float | None = None,
        tta: bool = False,
    ):
        """Open `model`; by default the newest export under `runs/`, else the shipped one.

        `threads` defaults to the cores this process may use. Photos less probable than `threshold` (0 to 1) are
        "unknown"; the default is the model's own. `tta` looks at each photo ten times (`tta.py`).

        Raises ModelError, or EdgeCifarError for a threshold that is no probability.
        """
        if threshold is not None and not 0 <= threshold <= 1:
            raise EdgeCifarError(f"threshold {threshold}: expected a probability, 0 to 1")
        self.model = Model(default_model() if model is None else model_file(model), threads)
        self.threshold = self.model.card.abstain_threshold if threshold is None else threshold
        self._turns = Turns()
        self._logits: Callable[[Pixels], Logits] = partial(averaged_logits, self.model) if tta else self.model.logits

    def predict(self, photo: Photo, top: int = 5) -> Prediction:
        """Classify one photo: a path, bytes, binary file, Pillow image or uint8 array. Raises PhotoError."""
        return self._predictions([read_photo(photo, self.model.card.size)], top)[0]

    def predict_many(self, photos: Iterable[Photo], top: int = 5) -> Iterator[Prediction | PhotoError]:
        """Yield one result a photo, in order, reading `BATCH` photos at a time.

        A photo that can't be read yields its PhotoError, and the others are classified.
        """
        photos = iter(photos)
        while chunk := self._turns.take(lambda: [self._read(photo) for photo in islice(photos, BATCH)]):
            readable = [pixels for pixels in chunk if not isinstance(pixels, PhotoError)]
            predictions = iter(self._predictions(readable, top) if readable else [])
            for pixels in chunk:
                yield pixels if isinstance(pixels, PhotoError) else next(predictions)

    def _read(self, photo: Photo) -> Pixels | PhotoError:
        try:
            return read_photo(photo, self.model.card.size)
        except PhotoError as error:
            return error

    def _predictions(self, pixels: list[Pixels], top: int) -> list[Prediction]:
        probabilities = softmax(self._logits(np.stack(pixels)) / self.model.card.temperature)
        best = np.argsort(-probabilities, axis=1, kind="stable")[:, :top]
        return list(map(self._prediction, best.tolist(), np.take_along_axis(probabilities, best, 1).tolist()))

    def _prediction(self, best: list[int], probabilities: list[float]) -> Prediction:
        ranked = tuple(Ranked(self.model.card.labels[i], share) for i, share in zip(best, probabilities, strict=True))
        guess, confidence = ranked[0].label, ranked[0].probability
        return Prediction(guess if confidence >= self.threshold else UNKNOWN, confidence, ranked, guess)
