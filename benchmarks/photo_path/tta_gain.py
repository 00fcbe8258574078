"""What looking several times at a photo brings and costs (`edge-cifar predict --tta`), on validation images."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.pixel_rows import chunks
from ...edge.inference.on_dataset import batch_logits, load_for
from ...edge.inference.tta import STEPS, Steps, averaged_logits
from ...edge.model.contract import Model
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ...edge.stats.paired_timing import ratio, time_in_turns
from ...edge.stats.significance import paired_test

CROSS = ((-1, 0), (1, 0), (0, -1), (0, 1))
DIAGONAL = ((-1, -1), (-1, 1), (1, -1), (1, 1))
TRIED: dict[str, Steps] = {
    "mirrored only": ((0, 0),),
    "four neighbours, as --tta": STEPS,
    "diagonal neighbours": ((0, 0), *DIAGONAL),
    "all eight": ((0, 0), *CROSS, *DIAGONAL),
    "four, two steps away": ((0, 0), *((2 * down, 2 * right) for down, right in CROSS)),
}
"""All of these also mirrored."""

BATCH, ROUNDS, CALLS = 32, 10, 3  # images; turns, and calls in each


def tta(
    data: Annotated[str, typer.Option(help="Folder with train/<class>/*, or cifar10.")],
    model: Annotated[Path, typer.Option(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
) -> None:
    """Compare ways of looking several times with looking once."""
    opened = Model(model, threads=1)
    images = load_for(opened.card, data, "val")
    once = batch_logits(opened, images).argmax(axis=1) == images.targets
    typer.echo(f"{'looking once':26} {once.mean():.2%} of {len(images)} validation images")
    for name, steps in TRIED.items():
        logits = [averaged_logits(opened, chunk, steps) for chunk in chunks(images.images)]
        often = np.concatenate(logits).argmax(axis=1) == images.targets
        test = paired_test(once, often)
        typer.echo(f"{name:26} {often.mean():.2%}, {test.fixed} fixed, {test.broken} broken, McNemar p = {test.p:.3f}")
    batch = np.ascontiguousarray(images.images[:BATCH])
    tasks = [lambda _: opened.logits(batch), lambda _: averaged_logits(opened, batch)]
    one, ten = time_in_turns(tasks, ROUNDS, CALLS)
    times = ratio(ten, one)
    typer.echo(f"--tta takes the net {times.median:.1f} times as long (quartiles {times.low:.1f} - {times.high:.1f})")


if __name__ == "__main__":
    typer.run(reporting("tta")(tta))
