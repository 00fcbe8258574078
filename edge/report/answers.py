"""What models answer: by class, what they confuse, which images they disagree on, how far they can be believed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..photos.contract import Photo
from ..stats.accuracy import Flip
from ..stats.confidence import CalibrationBin
from .charts.dots import dots
from .charts.heatmap import MOST, Counts, changes, confusion
from .charts.reliability import reliability
from .charts.thumbnails import thumbnail, thumbnails
from .document import charts, figure, paragraph, section

MOST_CLASSES = 24  # in the chart by class, half of them where there are more the worst, half those that change most
MOST_FLIPS = 24  # pictures


@dataclass(frozen=True)
class Answers:
    """A model's answers to labelled images: counts by true class and answer, its confidence in bins, flips.

    `photo_of` returns the photo of a flip by its id, which is by default the path of its file.
    """

    name: str
    labels: Sequence[str]
    counts: Counts
    bins: Sequence[CalibrationBin]
    calibration_error: float
    flips: Sequence[Flip] = ()
    photo_of: Callable[[str], Photo] = str

    def recalls(self) -> dict[str, float]:
        """Return by label the share of its images that are answered rightly, labels without images left out."""
        return {
            label: row[i] / sum(row)
            for i, (label, row) in enumerate(zip(self.labels, self.counts, strict=True))
            if sum(row)
        }


def answer_sections(models: Sequence[Answers]) -> list[str]:
    """Return the sections; the first model is the one that the others are compared with, class by class."""
    first, *others = models
    others = [each for each in others if list(each.labels) == list(first.labels)]
    return [
        section("Right by class, and by confidence", charts(_by_class([first, *others]), _reliability(models))),
        section("What is confused", _confusions(first, others)),
        *(_flips(first.name, each) for each in others),
    ]


def _by_class(models: Sequence[Answers]) -> str:
    recalls = [each.recalls() for each in models]
    rows = {label: [own[label] for own in recalls] for label in recalls[0]}
    shown, title = _chosen(rows), "Images of each class that are named rightly"
    if len(shown) < len(rows):
        title += f": of {len(rows)} classes the worst {MOST_CLASSES // 2} and those that change most"
    chart = dots(title, {label: rows[label] for label in shown}, [each.name for each in models])
    note = ""
    if len(models) > 1:
        most = max(rows, key=lambda label: _moved(rows[label]))
        change = max((value - rows[most][0] for value in rows[most]), key=abs)
        note = f"{most} changes most, by {100 * change:+.1f} points" if change else "No class changes"
    return figure(title, note, chart)


def _chosen(rows: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the labels to show, the worst first: all, or of too many the worst and those that change most."""
    worst = sorted(rows, key=lambda label: rows[label][0])
    moved = sorted(rows, key=lambda label: -_moved(rows[label]))
    chosen = list(dict.fromkeys([*worst[: MOST_CLASSES // 2], *moved]))[:MOST_CLASSES]
    return [label for label in worst if label in chosen]


def _moved(row: Sequence[float]) -> float:
    """Return the largest difference from the first model."""
    return max(abs(value - row[0]) for value in row)


def _confusions(first: Answers, others: Sequence[Answers]) -> str:
    """Return the first model's matrix and what each other changes in it, in words where there are too many classes."""
    note = _worst_confusion(first)
    if len(first.labels) > MOST:
        return paragraph(f"{note}.")
    caption = f"What {first.name} answers to images of each class"
    shown = [figure(caption, note, confusion(caption, first.labels, first.counts))]
    same = [other.name for other in others if other.counts == first.counts]
    for other in others:
        if other.name in same:
            continue
        caption = f"What {other.name} changes in it"
        note = "Images more (+) or less (-): blue is better, orange is worse"
        shown.append(figure(caption, note, changes(caption, first.labels, first.counts, other.counts)))
    return charts(*shown) + "".join(paragraph(f"{name} changes no count in it.", "note") for name in same)


def _worst_confusion(model: Answers) -> str:
    wrong = [(n, row, at) for row, counts in enumerate(model.counts) for at, n in enumerate(counts) if at != row]
    n, row, at = max(wrong, default=(0, 0, 0))
    share = f"{n:,} of {sum(model.counts[row]):,}"
    return f"Most often {model.labels[row]} is taken for {model.labels[at]}, {share}" if n else "Nothing is confused"


def _flips(first: str, model: Answers) -> str:
    shown = [_flip(flip, model.photo_of) for flip in model.flips[:MOST_FLIPS]]
    grid = thumbnails(shown)
    note = f"What each shows, then the answer of {first} and that of {model.name}; the right one is marked."
    return section(f"Images that {model.name} answers otherwise", grid and paragraph(note, "note"), grid)


def _flip(flip: Flip, photo_of: Callable[[str], Photo]) -> str:
    answers = [f"{answer} ✓" if answer == flip.truth else answer for answer in (flip.before, flip.after)]
    return thumbnail(photo_of(flip.id), flip.truth, " → ".join(answers))


def _reliability(models: Sequence[Answers]) -> str:
    errors = ", ".join(f"{100 * each.calibration_error:.1f}" for each in models)
    note = f"On the dashed line, answers that are 80% sure are right 80% of the time. Mean distance: {errors} points"
    title = "How often an answer is right, by how sure it is"
    return figure(title, note, reliability(title, [(each.name, each.bins) for each in models]))
