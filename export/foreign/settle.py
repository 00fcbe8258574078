"""What a net wants of photos, settled from all that is known of it; what stays open is asked for at once."""

from dataclasses import dataclass, field
from pathlib import Path

from ...edge.errors import ModelError
from ...edge.model.card import MAX_SIZE
from ...edge.photos.preprocessing import FILTERS, Preprocessing
from .facts import Known
from .labels import Labels, checked_labels, read_labels
from .pixel_rule import Triple
from .told import Told

NORMALIZING = ("scale", "mean", "std")
PIXELS = "how its pixels are scaled"


@dataclass
class Settled:
    """Facts of a net, settled one by one: `sources` says by what, `questions` what stays open, with the usual answer."""

    path: Path
    known: Known
    sources: dict[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)

    def _ask(self, question: str, usual: str) -> None:
        self.questions[question] = usual

    def close(self) -> None:
        """Raise ModelError with all the questions in one line, if there are any."""
        if self.questions:
            questions = (f"{what} ({usual})" if usual else what for what, usual in self.questions.items())
            raise ModelError(f"{self.path}: nothing says {', nor '.join(questions)}")

    def size(self, fixed: int | None) -> int:
        """Return the side of the square that the net reads; `fixed` is what its input says."""
        said, source = self.known.get("size"), self.known.source("size")
        if fixed is not None:
            if said not in (None, fixed) and source == "the options":
                raise ModelError(f"{self.path}: its input is of {fixed} pixels, not of {said}; leave --size out")
            self.sources["size"] = "the file's input"
            return fixed
        if said is None:
            self._ask("how large its images are", "--size 224")
            return 1
        if not 0 < said <= MAX_SIZE:
            raise ModelError(f"{self.path}: {source} says {said} pixels; 1 to {MAX_SIZE} can be exported")
        self.sources["size"] = source
        return int(said)

    def normalizing(self) -> tuple[float, Triple, Triple]:
        """Return scale, mean and deviation."""
        scale, mean, std = map(self.known.get, NORMALIZING)
        if (scale, mean, std) == (None, None, None):
            self._ask(PIXELS, "--like imagenet is usual for torchvision and timm")
        mean, std = mean or (0.0, 0.0, 0.0), std or (1.0, 1.0, 1.0)
        if scale is None and max(map(abs, (*mean, *std))) > 1:
            self._ask("what its mean and deviation count in, pixels of 0 to 255 or of 0 to 1", "--scale 1")
        if not (min(std) > 0 and (scale is None or scale > 0)):
            raise ModelError(f"{self.path}: {self.known.source(*NORMALIZING)}: scale and deviation are above 0")
        self.sources["pixels"] = self.known.source(*NORMALIZING, "channels")
        return 1 / 255 if scale is None else scale, mean, std

    def preprocessing(self, size: int) -> Preprocessing:
        """Return how a photo becomes a square of `size` pixels."""
        fit, kind = self.known.get("fit"), self.known.get("filter", "bilinear")
        if fit is None:
            answer = "" if PIXELS in self.questions else "--resize crop --crop-share 0.875 is usual, or --resize squash"
            self._ask("how a photo becomes a square", answer)
            fit = "squash"
        if kind not in FILTERS:
            raise ModelError(
                f"{self.path}: {self.known.source('filter')} says that photos are resized by {kind!r}; "
                f"choose --filter {', '.join(FILTERS)}"
            )
        self.sources["resize"] = self.known.source("fit", "crop_share" if fit == "crop" else "fit", "filter")
        share = self.known.get("crop_share", 1.0) if fit == "crop" else 1.0
        try:
            return Preprocessing(size, fit, kind, share)
        except ValueError as error:
            raise ModelError(f"{self.path}: {self.sources['resize']}: {error}") from error

    def labels(self, told: Told, classes: int) -> Labels:
        """Return a name for each class."""
        if told.labels is not None:
            labels, source = read_labels(told.labels, classes), str(told.labels)
        else:
            labels, source = self.known.get("labels"), self.known.source("labels")
        if labels is None:
            imagenet = classes in (1000, 1001)
            self._ask(f"what its {classes:,} outputs are called", f"--labels {'imagenet' if imagenet else 'FILE'}")
            return ()
        self.sources["labels"] = source
        return checked_labels(labels, classes, source, self.path)
