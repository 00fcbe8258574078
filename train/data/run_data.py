"""The data of a recipe, and of a run that is there already: the photos that it was trained, validated and tested on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from ...edge.data.datasets import ALL, load_split
from ...edge.data.labelled_images import LabelledImages
from ...edge.data.pixel_rows import Images, joined, taken
from ...edge.data.seen_photos import PHOTOS, SEEN, Listed, list_photos, read_photo_list, write_photo_list
from ...edge.data.split_folders import SPLITS
from ...edge.errors import RunError
from ...edge.splits.split_rules import POSITION
from ..recipe.recipe import Recipe
from ..runs.run_folder import Run
from .ancestry import Ancestry, named
from .data_scan import Scan
from .load_splits import Dataset, load_dataset


def load_recipe_data(recipe: Recipe, rule: str | None = None) -> Dataset:
    """Load the data that the recipe names, and say what of it the nets have seen that it starts or learns from.

    It is cut by `rule`, by default the recipe's. Raises DataError when the data isn't there or can't be used.
    """
    data = load_dataset(
        recipe.data, recipe.size, recipe.val_fraction, recipe.seed, recipe.extra or None, rule or recipe.rule
    )
    return _with_remarks(data, Ancestry(recipe).remarks(data))


def keep_photo_list(run: Run, dataset: Dataset) -> None:
    """Write into the run folder which photos of folders the run uses, and which its net has seen before."""
    if not dataset.train.contents and not dataset.test.contents:
        return  # a dataset known by name never changes
    own = list_photos(dataset.splits)
    trained = {photo.content for photo in own if photo.split == "train"}
    before = [photo._replace(split=SEEN) for photo in Ancestry(run.recipe).seen if photo.content not in trained]
    write_photo_list(run.folder, [*own, *dict.fromkeys(before)])


def load_run_data(run: Run, data: str | None = None, *, complete: bool = True) -> Dataset:
    """Load the images that the run was made with, from `data` if they have moved, whatever has been added since.

    Those that are gone are left out and named in the scan's remarks, unless the data has to be `complete`. Raises
    RunError when it isn't, or is other data altogether, and DataError when it isn't there.
    """
    recipe = replace(run.recipe, data=data or run.recipe.data)
    listed = [photo for photo in read_photo_list(run.folder) if photo.split != SEEN]
    for photo in listed:
        if photo.split not in SPLITS or photo.label not in run.labels:
            raise RunError(
                f"{run.folder / PHOTOS}: not this run's list ({photo.split}, {photo.label}: no split or class of it); "
                "train again"
            )
    if listed:
        dataset, missing = _load_listed(run, recipe, listed)
        dataset = _check_missing(run, dataset, missing, complete)
    else:
        dataset, missing = load_recipe_data(recipe, run.data.get("rule", POSITION)), []
    if not missing and dataset.describe()["splits"] != run.data["splits"]:
        if not listed:
            raise RunError(
                f"{dataset.name}: not the images that {run.folder} was trained on (their hashes differ); "
                "name the right folder with --data, or train again"
            )
        remark = f"{dataset.name}: the photos of the training, but decoded to other pixels than then"
        if complete:
            raise RunError(f"{remark} (another Pillow?); train again")
        dataset = _with_remarks(dataset, [remark])
    return dataset


def validation_cut(run: Run) -> dict[str, str | float]:
    """Return how to cut the run's splits again from its data, as a model card says it."""
    cut = {"fraction": run.recipe.val_fraction, "seed": run.recipe.seed}
    return {**cut, "rule": run.data["rule"]} if "rule" in run.data else {**cut}


def _load_listed(run: Run, recipe: Recipe, listed: Sequence[Listed]) -> tuple[Dataset, list[Listed]]:
    """Return the listed photos, found by their content, and those that aren't there."""
    pools = [
        load_split(source, ALL, recipe.size, val_fraction=recipe.val_fraction, val_seed=recipe.seed, contents=True)
        for source in (recipe.data, recipe.extra)
        if source
    ]
    images = reduce(joined, [pool.images for pool in pools])
    places = {content: i for i, content in enumerate(content for pool in pools for content in pool.names())}
    missing = [photo for photo in listed if photo.content not in places]
    found = [photo for photo in listed if photo.content in places]
    splits = {split: _take(run, [photo for photo in found if photo.split == split], images, places) for split in SPLITS}
    counts = {split: dict(zip(run.labels, images.counts().tolist(), strict=True)) for split, images in splits.items()}
    scan = Scan(
        unreadable=tuple(message for pool in pools for message in pool.unreadable),
        twins=(),
        counts=counts,
        left_out=tuple(line for pool in pools for line in pool.left_out),
    )
    new = _new(run, listed, pools)
    remarks = [f"not used: {named(new)} of {recipe.data} that came after the training of {run.folder}"] if new else []
    dataset = Dataset(
        recipe.data, splits["train"], splits["val"], splits["test"], scan, recipe.extra or None, run.data["cut"]
    )
    return _with_remarks(dataset, remarks), missing


def _take(run: Run, photos: Sequence[Listed], images: Images, places: Mapping[str, int]) -> LabelledImages:
    """Return the photos as the run lists them, with the pixels from their places among `images`."""
    rows = np.array([places[photo.content] for photo in photos], dtype=np.int64)
    targets = np.array([run.labels.index(photo.label) for photo in photos], dtype=np.int64)
    ids, contents = tuple(photo.id for photo in photos), tuple(photo.content for photo in photos)
    return LabelledImages(taken(images, rows), targets, run.labels, ids, contents=contents)


def _new(run: Run, listed: Sequence[Listed], pools: Sequence[LabelledImages]) -> list[str]:
    """Return the ids of the photos that were not there in training; copies left out of it were."""
    known = {photo.content for photo in listed}
    copies = {name for group in run.data["scan"]["twins"] for name in group}
    return [
        name
        for pool in pools
        for name, content in zip(pool.ids, pool.names(), strict=True)
        if content not in known and not copies & {name, f"train/{name}", f"train/extra/{name}"}
    ]


def _check_missing(run: Run, dataset: Dataset, missing: Sequence[Listed], complete: bool) -> Dataset:
    """Return `dataset` with a remark on what is missing. Raises RunError when that is too much."""
    if not missing:
        return dataset
    words = f"{named([photo.id for photo in missing])} of those that {run.folder} was made with"
    rest = sum(map(len, dataset.splits.values()))
    if rest < len(missing):
        raise RunError(f"{dataset.name}: lacks {words}; name the right folder with --data, or train again")
    if complete:
        raise RunError(f"{dataset.name}: lacks {words}; put them back as they were, or train again")
    for split, images in dataset.splits.items():
        for label, count in zip(images.labels, images.counts(), strict=True):
            if count == 0 and run.data["scan"]["counts"][split].get(label):
                raise RunError(
                    f"{dataset.name}: lacks {words}, among them all {split} photos of {label!r}; put them back"
                )
    return _with_remarks(dataset, [f"{dataset.name}: lacks {words}; goes on without them"])


def _with_remarks(dataset: Dataset, remarks: Sequence[str]) -> Dataset:
    return replace(dataset, scan=replace(dataset.scan, remarks=(*dataset.scan.remarks, *remarks)))
