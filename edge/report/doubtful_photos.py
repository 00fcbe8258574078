"""Photos that contradict their folders: pictures of the worst, and a list of where they lie."""

from collections.abc import Callable, Sequence

from ..photos.contract import Photo
from ..stats.label_errors import HELD_OUT, LEARNED, OUT_OF_FOLD, Doubt
from .charts.thumbnails import thumbnail, thumbnails
from .document import paragraph, section, table

DOUBTS = "doubtful.jsonl"  # the list in a run folder, for programs
PICTURES, LISTED = 24, 100
SPLITS = {"train": "training", "val": "validation", "test": "test"}
JUDGED = {
    HELD_OUT: "the net, which has not learned from them",
    OUT_OF_FOLD: "a layer on the features of the net, fitted without them",
    LEARNED: "the net that has learned them: wrong labels that it knows by heart are not among them",
}


def doubts_section(doubts: Sequence[Doubt], photo_of: Callable[[str, str], Photo]) -> str:
    """Return the section, in the order of `doubts`, the worst first; `photo_of` gives the photo of a split and id."""
    title = "Labels that may be wrong"
    if not doubts:
        return section(title, paragraph("No photo contradicts its folder."))
    listed = f"The {LISTED} worst of them; all are" if len(doubts) > LISTED else "The same list is"
    return section(
        title,
        paragraph(
            f"{doubts_line(doubts)}. Look at each, the worst come first: where the folder is wrong, move the file and "
            "train again; where the net is, it wants more such photos."
        ),
        thumbnails([_picture(each, photo_of(each.split, each.id)) for each in doubts[:PICTURES]]),
        table(["folder", "probability", "looks like", "probability", "split", "photo"], *map(_row, doubts[:LISTED])),
        paragraph(f"{listed} in {DOUBTS} of the run. {_judged(doubts)}", "note"),
    )


def doubts_line(doubts: Sequence[Doubt]) -> str:
    """Say how many there are."""
    return "1 photo contradicts its folder" if len(doubts) == 1 else f"{len(doubts):,} photos contradict their folders"


def _picture(doubt: Doubt, photo: Photo) -> str:
    return thumbnail(photo, f"in {doubt.label}", f"looks like {doubt.answer}, {doubt.answered:.0%}", doubt.id)


def _row(doubt: Doubt) -> list[str]:
    split = SPLITS.get(doubt.split, doubt.split)
    return [doubt.label, f"{doubt.own:.1%}", doubt.answer, f"{doubt.answered:.1%}", split, doubt.path]


def _judged(doubts: Sequence[Doubt]) -> str:
    """Say by what the photos of each split were judged."""
    found = {(each.split, each.judged) for each in doubts}
    told = [
        f"{SPLITS[split].capitalize()} photos were judged by {words}."
        for split in SPLITS
        for judged, words in JUDGED.items()
        if (split, judged) in found
    ]
    return " ".join(told)
