"""Options that several commands share, in the same words. What differs from command to command is a default."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..model.shipped_models import DEFAULT_HELP, FAMILY, MODEL_HELP, model_file
from ..validate import probability

PHOTOS, MODEL, RESULTS, ARCHIVES = (
    "Photos",
    "Model",
    "Results",
    "Archives",
)  # groups in the help of what classifies photos
SPLIT_HELP = "Which images of --data to take."
THREADS_HELP = "Cores that the net may use; more than one pay for large batches only."


def _probability(value: float | None) -> float | None:
    try:
        return None if value is None else probability("threshold", value)
    except ValueError as error:  # no number at all, too, which is neither too small nor too large
        raise typer.BadParameter(str(error)) from error


ModelFile: TypeAlias = Annotated[Path, typer.Argument(help=MODEL_HELP, parser=model_file, metavar="MODEL")]
ModelOption: TypeAlias = Annotated[
    Path | None, typer.Option(help=DEFAULT_HELP, parser=model_file, metavar="MODEL", rich_help_panel=MODEL)
]
ModelNames: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="MODEL...",
        help=f"Model files, FILE or NAME=FILE, or of the package: {', '.join(FAMILY)}. The first answers unless "
        "another is asked for.  [default: newest export under runs/, else batchnorm]",
    ),
]
Threads: TypeAlias = Annotated[int, typer.Option(help=THREADS_HELP, min=1, max=256, metavar="N")]
Threshold: TypeAlias = Annotated[
    float | None,
    typer.Option(
        help="Probability below which a photo is unknown, 0 to 1.  [default: the model's]",
        callback=_probability,
        metavar="X",
    ),
]
Top: TypeAlias = Annotated[int, typer.Option(help="How many labels to show.", min=1, metavar="N")]
Recursive: TypeAlias = Annotated[
    bool, typer.Option("--recursive", "-r", help="Take photos from subfolders, too.", rich_help_panel=PHOTOS)
]
Glob: TypeAlias = Annotated[
    str | None, typer.Option(help="Files to take from a folder, as '*.jpg'.  [default: photos]", metavar="PATTERN")
]
Jobs: TypeAlias = Annotated[
    int | None, typer.Option(help="Photos read at once.  [default: the cores allowed]", min=1, max=256, metavar="N")
]
Annotate: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write the photos with label and bar drawn in to this folder.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
