"""What the nets have seen that a training starts or learns from: no photo of it can test or validate the new net."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ...edge.data.datasets import LOADERS
from ...edge.data.seen_photos import Listed, learned_from, read_photo_list
from ...edge.errors import EdgeCifarError, printable
from ..nets.backbones import IMAGENET
from ..recipe.recipe import Recipe
from ..runs.initial_weights import IDENTITY_NAME, SHIPPED_NAME, teacher_sources
from ..runs.run_folder import Run, open_run
from .load_splits import Dataset

SHOWN = 3  # names in a line


class Ancestry:
    """The runs that a recipe's `init` and `teacher` name, or that made the files they name."""

    def __init__(self, recipe: Recipe):
        named = recipe.init not in ("", IDENTITY_NAME, SHIPPED_NAME, IMAGENET)
        sources = [("--init", recipe.init)] if named else []
        sources += [("--teacher", source) for source in teacher_sources(recipe.teacher)] if recipe.teacher else []
        self._folders = {f"{option} {name}": _folder(Path(name)) for option, name in sources}
        self._lists = {words: read_photo_list(folder) for words, folder in self._folders.items()}

    @property
    def seen(self) -> list[Listed]:
        """The photos that these nets have learned from, or were chosen by."""
        return [photo for photos in self._lists.values() for photo in photos if photo.split != "test"]

    def remarks(self, dataset: Dataset) -> list[str]:
        """Return a line for each source that has seen validation or test images of `dataset`."""
        lines = []
        for words, photos in self._lists.items():
            learned, chosen = learned_from(photos), {photo.content for photo in photos if photo.split == "val"}
            for name, split, contents in (
                ("test", dataset.test, learned | chosen),
                ("validation", dataset.val, learned),
            ):
                seen = [i for i, content in zip(split.ids, split.contents, strict=False) if content in contents]
                if seen:
                    lines.append(f"{words} has seen {named(seen)} of the {name} split: its accuracy flatters")
        return lines + [
            f"{words} was trained on validation images of {dataset.name} (it left out others): their accuracy "
            "flatters; take its --seed and --val-fraction"
            for words, folder in self._folders.items()
            if _cut_otherwise(folder, dataset)
        ]


def named(names: Sequence[str]) -> str:
    """Return how many photos there are, and what the first are called."""
    more = ", ..." if len(names) > SHOWN else ""
    return printable(f"{len(names)} photo{'s' * (len(names) > 1)} ({', '.join(names[:SHOWN])}{more})")


def _folder(path: Path) -> Path:
    return path if path.is_dir() else path.parent


def _cut_otherwise(folder: Path, dataset: Dataset) -> bool:
    """Return whether a run left out other validation images of a dataset known by name."""
    run: Run | None = None
    with suppress(EdgeCifarError):
        run = open_run(folder)
    if run is None or dataset.name not in LOADERS or run.data["name"] != dataset.name:
        return False
    cut: object = run.data.get("cut", {}).get("val")
    return cut is not None and cut != dataset.cut.get("val")
