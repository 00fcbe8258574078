"""`python -m edge_cifar.benchmarks.gpu --data DIR --out DIR --minutes 8`: is training right on this GPU, and how fast.

Each part runs in a process of its own for its share of the minutes, so that none takes another along; after each the
JSON in OUT is written anew. On a CPU all parts run in miniature. Exits 1 when a part failed.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...edge.cli.exit_status import ending_on_sigterm, reporting
from ...edge.data.datasets import DATA_HELP
from .run_parts import run_parts


def gpu(
    data: Annotated[str, typer.Option(help=f"{DATA_HELP} Of CIFAR-10 the time to its accuracies means something.")],
    out: Annotated[Path, typer.Option(help="Folder for gpu.json, and for the runs that are trained.")],
    minutes: Annotated[float, typer.Option(help="How long all parts may take together.", min=1)] = 8,
) -> None:
    """Measure training on the GPU, or in miniature on the CPU."""
    with ending_on_sigterm():
        failed = run_parts(data, out, 60 * minutes)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    typer.run(reporting("gpu")(gpu))
