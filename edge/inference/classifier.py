"""Photos in, labels out."""

import os
from collections.abc import Callable, Iterable, Iterator, Sized
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..errors import PhotoError
from ..model.card import ModelCard
from ..model.contract import Logits, Model
from ..model.shipped_models import SHIPPED_DEFAULT, model_file
from ..photos.contract import Photo, Pixels, read_photo
from ..stats.softmax import softmax
from ..validate import probability, whole_number
from .prediction import TOP, UNKNOWN, Prediction, Ranked, Result, Source
from .tta import averaged_logits

if TYPE_CHECKING:
    from ..model.golden_logits import Verification
    from .occlusion import Explanation

Channels: TypeAlias = Literal["rgb", "bgr"]
Probabilities: TypeAlias = npt.NDArray[np.float64]

BATCH = 32  # photos that go through the net together
MAX_BATCH = 1024
BGRX = (2, 1, 0, 3)  # where red, green, blue and the fourth channel lie


class Classifier:
    """A model that classifies photos on the CPU.

    A photo is a path, the content of a file as bytes, a binary file, a Pillow image, or a uint8 array: (H, W) gray,
    (H, W, 3) in the order of `channels`, or (H, W, 4) with transparency. One that can't be read raises PhotoError;
    what is no photo at all raises TypeError or ValueError.

    Any number of threads may share it, and processes forked from one that used it. It can be pickled, by its path and
    options. As a context it closes itself.
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        threads: int = 1,
        threshold: float | None = None,
        tta: bool = False,
        channels: Channels = "rgb",
    ):
        """Open `model`: a file, or one of the package by its name ("nano"); by default the package's `batchnorm`.

        `threads` (1 to 256) is how many cores the net may use; one is the fastest for single photos. Photos less
        probable than `threshold` (0 to 1) are "unknown"; the default is the model's own. `tta` looks at each photo
        ten times (`tta.py`). `channels` is the order of colours in arrays, and in nothing else: "bgr" for OpenCV's.

        Raises ModelError, TypeError or ValueError for numbers that are none or out of bounds, and ValueError for other
        `channels`.
        """
        if threshold is not None:
            threshold = probability("threshold", threshold)
        if channels not in get_args(Channels):
            raise ValueError(f"channels: expected 'rgb' or 'bgr', got {channels!r}")
        self.model = Model(SHIPPED_DEFAULT if model is None else model_file(model), threads)
        self.threshold = self.model.card.abstain_threshold if threshold is None else threshold
        self._options: dict[str, Any] = {
            "threads": threads,
            "threshold": threshold,
            "tta": tta,
            "channels": channels,
        }
        self._is_bgr = channels == "bgr"
        self._logits: Callable[[Pixels], Logits] = partial(averaged_logits, self.model) if tta else self.model.logits

    @property
    def card(self) -> ModelCard:
        """What the model file says of itself: its net, accuracy, training and calibration."""
        return self.model.card

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the model knows, in the order of `probabilities`."""
        return self.model.card.labels

    @property
    def size(self) -> int:
        """Pixels, width and height, that every photo is resized to."""
        return self.model.card.size

    def predict(self, photo: Photo, *, top: int = TOP) -> Prediction:
        """Classify one photo; `top` is how many labels to tell.

        Raises PhotoError, and TypeError or ValueError for what is no photo, or a `top` below 1.
        """
        top = whole_number("top", top, 1)
        return self._predictions([self._read(photo)], top)[0]

    def predict_batch(self, photos: Iterable[Photo], *, top: int = TOP) -> list[Prediction]:
        """Classify several photos, all or none: the first that can't be read raises its PhotoError.

        They are read, and go through the net, 32 at a time. Raises TypeError for a single photo, and otherwise what
        `predict` and `photos` raise.
        """
        _check_several(photos)
        top, rest = whole_number("top", top, 1), iter(photos)
        predictions: list[Prediction] = []
        while pixels := [self._read(photo) for photo in islice(rest, BATCH)]:
            predictions += self._predictions(pixels, top)
        return predictions

    def predict_many(self, photos: Iterable[Photo], *, top: int = TOP, batch: int | None = None) -> Iterator[Result]:
        """Yield one result a photo, in order; `batch` photos are read, then go through the net together.

        By default those are 32 of a list. Of an iterator, as a camera is one, each photo is answered before the next
        is asked for; where none is waited for, as with names of files, `batch=32` is faster.

        A photo that can't be read is a result with an error, and the others are classified. Whatever else `photos` or
        reading raises comes out after the results of the photos before. Raises TypeError for a single photo.
        """
        _check_several(photos)
        if batch is None:
            batch = BATCH if isinstance(photos, Sized) else 1
        return self._results(iter(photos), whole_number("batch", batch, 1, MAX_BATCH), whole_number("top", top, 1))

    def probabilities(self, photo: Photo) -> Probabilities:
        """Return how probable each of `labels` is, float64 (classes,) that sum to 1. Raises as `predict`."""
        probabilities: Probabilities = self._probabilities([self._read(photo)])[0]
        return probabilities

    def explain(self, photo: Photo) -> "Explanation":
        """Return where in the photo the net sees what it guesses. Raises as `predict`."""
        from .occlusion import explain  # here, since a start without it need not load it

        return explain(self._logits, self.model.card, self._read(photo))

    def verify(self) -> "Verification":
        """Return whether this machine computes what the model file says it must; `passed` is the verdict.

        Raises ModelError when the file carries nothing to verify, or its logits are no numbers here.
        """
        from ..model.golden_logits import verify_golden  # here, since a start without it need not load it

        return verify_golden(self.model)

    def close(self) -> None:
        """Give the model's memory back; it can't be used afterwards."""
        self.model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[os.PathLike[str]]]:
        return partial(type(self), **self._options), (self.model.place,)

    def _results(self, photos: Iterator[Photo], batch: int, top: int) -> Iterator[Result]:
        numbered = enumerate(photos)
        while True:
            read: list[tuple[Source, Pixels | PhotoError]] = []
            failure = None
            try:
                for place, photo in islice(numbered, batch):
                    source = photo if isinstance(photo, str | os.PathLike) else place
                    read.append((source, self._read_or_error(photo)))
            except Exception as error:  # of the iterator, or of what is no photo: the photos before it come first
                failure = error
            pixels = [each for _, each in read if not isinstance(each, PhotoError)]
            predictions = iter(self._predictions(pixels, top) if pixels else [])
            for source, each in read:
                if isinstance(each, PhotoError):
                    yield Result(source, error=each)
                else:
                    yield Result(source, next(predictions))
            if failure:
                raise failure
            if len(read) < batch:
                return

    def _read(self, photo: Photo) -> Pixels:
        pixels = read_photo(photo, self.model.card.preprocessing)
        return pixels.take(BGRX, axis=2) if self._is_bgr and isinstance(photo, np.ndarray) else pixels

    def _read_or_error(self, photo: Photo) -> Pixels | PhotoError:
        try:
            return self._read(photo)
        except PhotoError as error:
            return error

    def _probabilities(self, pixels: list[Pixels]) -> Probabilities:
        """Return float64 (N, classes) of pixels, each (size, size, 4)."""
        return softmax(self._logits(np.stack(pixels)), self.model.card.temperature)

    def _predictions(self, pixels: list[Pixels], top: int) -> list[Prediction]:
        probabilities = self._probabilities(pixels)
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
