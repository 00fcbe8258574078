"""What a net wants of photos, settled from all that is known of it; what stays open is asked for at once."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...edge.errors import ModelError
from ...edge.model.card import MAX_SIZE
from ...edge.photos.preprocessing import FILTERS, Fit, Preprocessing
from .facts import Known
from .labels import Labels, checked_labels, read_labels
from .pixel_rule import Channels, Layout, Triple
from .signature import Shape, image_layout
from .told import THE_OPTIONS

THE_INPUT = "the file's input"
NORMALIZING = ("scale", "mean", "std")
PIXELS = "how its pixels are scaled"


@dataclass
class Settled:
    """Facts of a net, settled one by one; `sources` says by what, `questions` what nothing does."""

    path: Path
    known: Known
    sources: dict[str, str] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    defaults: list[str] = field(default_factory=list)

    def close(self) -> None:
        """Raise ModelError with all the questions in one line, if there are any."""
        if self.questions:
            questions = (f"{what} ({usual})" if usual else what for what, usual in self.questions.items())
            raise ModelError(f"{self.path}: nothing says {', nor '.join(questions)}")
        if self.defaults:
            self.sources["defaults"] = ", ".join(self.defaults)

    def layout(self, image: Shape, told: Layout | None) -> Layout:
        """Return where the channels of the input are."""
        self.sources["layout"] = THE_OPTIONS if told else THE_INPUT
        return image_layout(image, told, self.path)

    def size(self, fixed: int | None) -> int:
        """Return the side of the square that the net reads; `fixed` is what its input says."""
        said, source = self.known.get("size"), self.known.source("size")
        if fixed is not None:
            if said not in (None, fixed) and source == THE_OPTIONS:
                raise ModelError(f"{self.path}: its input is of {fixed} pixels, not of {said}; leave --size out")
            self.sources["size"] = THE_INPUT
            return fixed
        if said is None:
            self.questions["how large its images are"] = "--size 224"
            return 1
        if not 0 < said <= MAX_SIZE:
            raise ModelError(f"{self.path}: {source} says {said} pixels; 1 to {MAX_SIZE} can be exported")
        self.sources["size"] = source
        return int(said)

    def normalizing(self) -> tuple[float, Triple, Triple]:
        """Return scale, mean and deviation."""
        numbers = list(map(self.known.get, NORMALIZING))
        if numbers == [None, None, None]:
            self.questions[PIXELS] = "--like imagenet is usual for torchvision and timm"
        scale: float = self._or("scale", 1 / 255, "scale 1/255")
        mean: Triple = self._or("mean", (0.0, 0.0, 0.0), "mean 0")
        std: Triple = self._or("std", (1.0, 1.0, 1.0), "std 1")
        if numbers[0] is None and max(map(abs, (*mean, *std))) > 1:
            self.questions["whether its mean and std are of pixels from 0 to 255"] = "--scale 1, if they are"
        if not (scale > 0 and min(std) > 0):
            raise ModelError(f"{self.path}: {self.known.source('scale', 'std')}: scale and std are above 0")
        self.sources["pixels"] = self.known.source(*NORMALIZING, "channels")
        return scale, mean, std

    def channels(self) -> Channels:
        """Return the order of the channels, in which mean and deviation must be, too."""
        channels: Channels = self._or("channels", "rgb", "channels rgb")
        for name in ("mean", "std"):
            fact = self.known.of(name)
            if fact and fact.channels not in (None, channels) and len(set(self.known.get(name))) > 1:
                raise ModelError(
                    f"{self.path}: {fact.source} has its {name} in the order {fact.channels}; "
                    f"say --mean and --std in the order {channels}"
                )
        return channels

    def preprocessing(self, size: int) -> Preprocessing:
        """Return how a photo becomes a square of `size` pixels."""
        fit: Fit | None = self.known.get("fit")
        if fit is None:
            usual = "" if PIXELS in self.questions else "--resize crop --crop-share 0.875 is usual, or --resize squash"
            self.questions["how a photo becomes a square"] = usual
            return Preprocessing(size)
        kind: str = self._or("filter", "bilinear", "filter bilinear")
        if kind not in FILTERS:
            raise ModelError(
                f"{self.path}: {self.known.source('filter')} says that photos are resized by {kind!r}; "
                f"choose --filter {', '.join(FILTERS)}"
            )
        share: float = self._or("crop_share", 1.0, "crop share 1") if fit == "crop" else 1.0
        self.sources["resize"] = self.known.source("fit", "filter", *(["crop_share"] if fit == "crop" else []))
        try:
            return Preprocessing(size, fit, kind, share)
        except ValueError as error:
            raise ModelError(f"{self.path}: {self.sources['resize']}: {error}") from error

    def labels(self, told: Path | None, classes: int) -> Labels:
        """Return a name for each class; `told` is a file of them."""
        labels, source = self.known.get("labels"), self.known.source("labels")
        if told is not None:
            labels, source = read_labels(told, classes), str(told)
        if labels is None:
            usual = "--labels imagenet" if classes in (1000, 1001) else "--labels FILE, one a line"
            self.questions[f"what its {classes:,} outputs are called"] = usual
            return ()
        self.sources["labels"] = source
        return checked_labels(labels, classes, source, self.path)

    def _or(self, name: str, default: Any, words: str) -> Any:
        """Return a fact, or the default, which needs no question but is told."""
        value = self.known.get(name)
        if value is None:
            self.defaults.append(words)
        return default if value is None else value
