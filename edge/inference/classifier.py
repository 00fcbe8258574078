"""Photos in, labels out."""

import os
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from typing import Any, Self

import numpy as np
from PIL import Image

from ..errors import PhotoError
from ..model.contract import Logits, Model
from ..model.shipped_models import SHIPPED_DEFAULT, model_file
from ..photos.contract import Photo, Pixels, read_photo
from ..stats.classification import softmax
from ..validate import probability, whole_number
from .tta import averaged_logits

BATCH = 32  # photos that go through the net together
MAX_BATCH = 1024
UNKNOWN = "unknown"  # the label of a photo that the model is not sure enough about


@dataclass(frozen=True)
class Ranked:
    """A label with its probability, 0 to 1."""

    label: str
    probability: float


@dataclass(frozen=True)
class Prediction:
    """The most probable label and its probability (0 to 1), and the `top` labels, best first.

    Below the threshold of confidence the model abstains: `abstained` is true and `label` is "unknown". `guess` is the
    most probable label all the same. A class may be called "unknown" too; `abstained` tells the two apart.
    """

    label: str
    confidence: float
    top: tuple[Ranked, ...]
    guess: str
    abstained: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON."""
        return {**asdict(self), "top": [asdict(ranked) for ranked in self.top]}


class Classifier:
    """A model that classifies photos on the CPU.

    Any number of threads may share it, and processes forked from one that used it. It can be pickled, by its path.
    As a context it closes itself.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threads: int = 1,
        threshold: float | None = None,
        tta: bool = False,
    ):
        """Open `model`: a file, or one of the package by its name ("nano"); by default the package's `batchnorm`.

        `threads` (1 to 256) is how many cores the net may use; one is the fastest for single photos. Photos less
        probable than `threshold` (0 to 1) are "unknown"; the default is the model's own. `tta` looks at each photo
        ten times (`tta.py`).

        Raises ModelError, and TypeError or ValueError for numbers that are none or out of bounds.
        """
        if threshold is not None:
            threshold = probability("threshold", threshold)
        self.model = Model(SHIPPED_DEFAULT if model is None else model_file(model), threads)
        self.threshold = self.model.card.abstain_threshold if threshold is None else threshold
        self._options: dict[str, Any] = {"threads": threads, "threshold": threshold, "tta": tta}
        self._logits: Callable[[Pixels], Logits] = partial(averaged_logits, self.model) if tta else self.model.logits

    def predict(self, photo: Photo, top: int = 5) -> Prediction:
        """Classify one photo: a path, bytes, binary file, Pillow image or uint8 RGB array.

        Raises PhotoError, and TypeError or ValueError for what is no photo, or a `top` below 1.
        """
        top = whole_number("top", top, 1)
        return self._predictions([read_photo(photo, self.model.card.size)], top)[0]

    def predict_many(
        self, photos: Iterable[Photo], top: int = 5, *, batch: int | None = None
    ) -> Iterator[Prediction | PhotoError]:
        """Yield one result a photo, in order; `batch` photos are read, then go through the net together.

        By default those are 32 of a list. Of an iterator, as a camera is one, each photo is answered before the next
        is asked for; where none is waited for, as with names of files, `batch=32` is faster.

        A photo that can't be read yields its PhotoError, and the others are classified. Whatever else `photos` or
        reading raises comes out after the results of the photos before. Raises TypeError for a single photo.
        """
        _check_several(photos)
        if batch is None:
            batch = BATCH if isinstance(photos, Sized) else 1
        return self._answers(iter(photos), whole_number("batch", batch, 1, MAX_BATCH), whole_number("top", top, 1))

    def close(self) -> None:
        """Give the model's memory back; it can't be used afterwards."""
        self.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[os.PathLike[str]]]:
        return partial(type(self), **self._options), (self.model.path.absolute(),)

    def _answers(self, photos: Iterator[Photo], batch: int, top: int) -> Iterator[Prediction | PhotoError]:
        while True:
            read: list[Pixels | PhotoError] = []
            failure = None
            try:
                for photo in islice(photos, batch):
                    read.append(self._read(photo))
            except Exception as error:  # of the iterator, or of what is no photo: the photos before it come first
                failure = error
            pixels = [each for each in read if not isinstance(each, PhotoError)]
            predictions = iter(self._predictions(pixels, top) if pixels else [])
            for each in read:
                yield each if isinstance(each, PhotoError) else next(predictions)
            if failure:
                raise failure
            if len(read) < batch:
                return

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
        abstained = confidence < self.threshold
        return Prediction(UNKNOWN if abstained else guess, confidence, ranked, guess, abstained)


def _check_several(photos: object) -> None:
    """Raise TypeError for one photo in the place of several: many kinds would be walked letter by letter, or by row."""
    one = isinstance(photos, str | bytes | bytearray | memoryview | os.PathLike | Image.Image)
    shape: tuple[int, ...] = photos.shape if isinstance(photos, np.ndarray) else ()
    image = len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))
    if one or image or hasattr(photos, "read"):
        raise TypeError(f"expected several photos, got one ({type(photos).__name__}); use predict, or put it in a list")
