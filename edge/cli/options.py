"""Options that several commands share."""

from typing import Annotated, TypeAlias

import typer

from ..validate import probability


def _probability(value: float | None) -> float | None:
    try:
        return None if value is None else probability("threshold", value)
    except ValueError as error:  # no number at all, too, which is neither too small nor too large
        raise typer.BadParameter(str(error)) from error


Threshold: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Probability below which a photo is unknown, 0 to 1.  [default: the model's]", callback=_probability
    ),
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option(help="Photos read at once.  [default: the cores allowed]", min=1, max=256)
]
