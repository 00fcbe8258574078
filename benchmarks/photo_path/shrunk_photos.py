"""How models answer photographs instead of 32 x 32 images: on validation images made into photos, never on test images.

Each validation image is made into a degraded photo-sized JPEG (`degrade.py`) and read as any photo is. The made photos
are not real ones: they can't tell what finer detail of real things would do to an answer.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import check_replaceable, file_sha256, write_json, write_text
from ...edge.inference.on_dataset import load_for
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...edge.model.shipped_models import MODELS_HELP, model_file
from ...edge.photos.contract import read_photo
from ...edge.report.model_names import short_names
from .degrade import FRAMES, degraded
from .framed_answers import Right, answered_right, compare_right, framed_table, with_pixels

PLAIN = {"plain": "the image itself"}


def shrunk_photos(
    models: Annotated[list[Path], typer.Argument(metavar="MODEL...", parser=model_file, help=MODELS_HELP)],
    data: Annotated[str, typer.Option(help="Folder with train/<class>/*, or cifar10.")],
    images: Annotated[int, typer.Option(help="How many validation images at most.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Of the degradations.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for shrunk_photos.json and shrunk_photos.md.")] = None,
) -> None:
    """Compare models, with the first, on validation images made into photos."""
    if out:
        check_replaceable(out / "shrunk_photos.json", out / "shrunk_photos.md")
    opened = [Model(path, threads=1) for path in models]
    named = dict(zip(short_names([str(path) for path in models]), opened, strict=True))
    first, *others = opened
    for other in others:
        if (other.card.preprocessing, other.card.validation) != (first.card.preprocessing, first.card.validation):
            raise EdgeCifarError(
                f"{other.path}: takes photos otherwise, or has other validation images, than {first.path}"
            )
    chosen = load_for(first.card, data, "val")
    chosen = chosen.take(np.random.RandomState(seed).permutation(len(chosen))[:images])
    rows = compare_right("plain", _right(named, chosen))
    for frame in FRAMES:
        random = np.random.RandomState(seed)
        pixels = [read_photo(degraded(image, frame, random), first.card.preprocessing) for image in chosen.images]
        rows += compare_right(frame, _right(named, with_pixels(chosen, pixels)))
    text = framed_table(rows, PLAIN | FRAMES, "model")
    typer.echo(text)
    if out:
        hashes = {name: file_sha256(model.path) for name, model in named.items()}
        summary = {"models": hashes, "seed": seed, "rows": [asdict(row) for row in rows]}
        write_json(out / "shrunk_photos.json", {**summary, "machine": this_machine().describe()})
        write_text(out / "shrunk_photos.md", text)


def _right(models: dict[str, Model], images: LabelledImages) -> dict[str, Right]:
    return {name: answered_right(model, images) for name, model in models.items()}


if __name__ == "__main__":
    typer.run(reporting("shrunk_photos")(shrunk_photos))
