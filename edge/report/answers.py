"""What models answer: by class, what they confuse, which images they disagree on, how far they can be believed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..photos.contract import Photo
from ..stats.accuracy import Flip
from ..stats.classification import Indices, confused_pairs
from ..stats.confidence import CalibrationBin
from .charts.dots import dots
from .charts.heatmap import MOST, NAMED, changes, confusion
from .charts.reliability import reliability
from .charts.thumbnails import thumbnail, thumbnails
from .document import charts, figure, paragraph, section, table

MOST_CLASSES = 24  # in the chart by class, half of them where there are more the worst, half those that change most
MOST_FLIPS = 24  # pictures, of all models
MOST_PAIRS = 20  # classes that are confused, in a table where there are too many to have names in a matrix


@dataclass(frozen=True)
class Answers:
    """A model's answers to labelled images: counts by true class and answer, its confidence in bins, flips.

    `counts` is int64 (classes, classes). `photo_of` returns the photo of a flip by its id, which is by default the path
    of its file.
    """

    name: str
    labels: Sequence[str]
    counts: Indices
    bins: Sequence[CalibrationBin]
    calibration_error: float
    flips: Sequence[Flip] = ()
    photo_of: Callable[[str], Photo] = str

    def recalls(self) -> dict[str, float]:
        """Return by label the share of its images that are answered rightly, labels without images left out."""
        hits, images = np.diag(self.counts).tolist(), self.counts.sum(axis=1).tolist()
        return {label: hits[i] / images[i] for i, label in enumerate(self.labels) if images[i]}


def answer_sections(models: Sequence[Answers]) -> list[str]:
    """Return the sections; the first model is the one that the others are compared with, class by class."""
    first, *others = models
    others = [each for each in others if list(each.labels) == list(first.labels)]
    title = "Images of each class that are named rightly"
    return [
        section("Right by class, and by confidence", charts(_by_class(title, [first, *others]), _reliability(models))),
        section("What is confused", _confusions(first, others)),
        *(_flips(first.name, each, MOST_FLIPS // len(others)) for each in others),
    ]


def agreement_sections(reference: str, models: Sequence[Answers]) -> list[str]:
    """Return the sections on images without labels: classes are what the model `reference` answers.

    `counts` of the others are by its answer and their own, and flips are images that they answer otherwise.
    """
    if not models:
        return []
    title = f"Images of each answer of {reference} that are answered the same"
    shown = []
    for model in models:
        pair = f"What {model.name} answers where {reference} answers each class"
        if len(model.labels) <= MOST:
            shown.append(figure(pair, "", confusion(pair, model.labels, model.counts.tolist(), rows=reference)))
    differing = "".join(_pairs([model], (f"{reference} answers", f"{model.name} answers")) for model in models)
    return [
        section(f"Same answers as {reference}, by class", charts(_by_class(title, models), *shown)),
        section("What is answered otherwise most often", differing),
        *(_flips(reference, model, MOST_FLIPS // len(models), labelled=False) for model in models),
    ]


def _by_class(title: str, models: Sequence[Answers]) -> str:
    recalls = [each.recalls() for each in models]
    rows = {label: [own[label] for own in recalls] for label in recalls[0]}
    shown = _chosen(rows)
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
    """Return the first model's matrix, what each other changes in it, and a table where classes have no names there."""
    note = _worst_confusion(first)
    pairs = _pairs([first, *others], ("is", "answered as")) if len(first.labels) > NAMED else ""
    if len(first.labels) > MOST:
        return paragraph(f"{note}.") + pairs
    caption = f"What {first.name} answers to images of each class"
    shown = [figure(caption, note, confusion(caption, first.labels, first.counts.tolist()))]
    same = [other.name for other in others if np.array_equal(other.counts, first.counts)]
    for other in others:
        if other.name in same:
            continue
        caption = f"What {other.name} changes in it"
        note = "Images more (+) or less (-): blue is better, orange is worse"
        moved = changes(caption, first.labels, first.counts.tolist(), other.counts.tolist())
        shown.append(figure(caption, note, moved))
    return charts(*shown) + "".join(paragraph(f"{name} changes no count in it.", "note") for name in same) + pairs


def _worst_confusion(model: Answers) -> str:
    for row, at, n in confused_pairs(model.counts, 1):
        share = f"{n:,} of {model.counts[row].sum():,}"
        return f"Most often {model.labels[row]} is taken for {model.labels[at]}, {share}"
    return "Nothing is confused"


def _pairs(models: Sequence[Answers], heads: tuple[str, str]) -> str:
    """Return a table of the first model's worst confusions, with how often each model makes them."""
    first = models[0]
    rows = [
        [
            first.labels[row],
            first.labels[at],
            f"{first.counts[row].sum():,}",
            *(f"{own.counts[row, at]:,}" for own in models),
        ]
        for row, at, _ in confused_pairs(first.counts, MOST_PAIRS)
    ]
    return table([*heads, "images of it", *(each.name for each in models)], *rows) if rows else ""


def _flips(first: str, model: Answers, most: int, *, labelled: bool = True) -> str:
    shown = [_flip(flip, model.photo_of, labelled) for flip in model.flips[:most]]
    grid = thumbnails(shown)
    note = f"What each shows, then the answer of {first} and that of {model.name}; the right one is marked."
    if not labelled:
        note = f"The answer of {first}, then that of {model.name}."
    return section(f"Images that {model.name} answers otherwise", grid and paragraph(note, "note"), grid)


def _flip(flip: Flip, photo_of: Callable[[str], Photo], labelled: bool) -> str:
    if not labelled:
        return thumbnail(photo_of(flip.id), flip.before, f"→ {flip.after}")
    answers = [f"{answer} ✓" if answer == flip.truth else answer for answer in (flip.before, flip.after)]
    return thumbnail(photo_of(flip.id), flip.truth, " → ".join(answers))


def _reliability(models: Sequence[Answers]) -> str:
    errors = ", ".join(f"{100 * each.calibration_error:.1f}" for each in models)
    note = f"On the dashed line, answers that are 80% sure are right 80% of the time. Mean distance: {errors} points"
    title = "How often an answer is right, by how sure it is"
    return figure(title, note, reliability(title, [(each.name, each.bins) for each in models]))
