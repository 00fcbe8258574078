"""`python -m edge_cifar.benchmarks.release` (`make release`): wheel, sdist, bill of materials and sums of a commit.

Run in a clean checkout. Exits 1, with nothing written, when anything is not as it must be. Needs the extra [release].
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_file
from .checks import bill_of_materials, check_files, empty_environment, sums, try_out
from .reproducible import build_twice


def release(out: Annotated[Path, typer.Option(help="Folder for the files, new or empty.")] = Path("dist")) -> None:
    """Build the commit that is checked out, and check what comes out."""
    if out.exists() and any(out.iterdir()):
        raise EdgeCifarError(f"{out}: not empty; move away what is in it, or choose another --out")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel, sdist = build_twice(folder)
        check_files(wheel, sdist)
        python = empty_environment(folder / "environment", wheel)
        try_out(python, folder)
        files = [wheel, sdist, bill_of_materials(python, folder / f"{wheel.stem}.cdx.json")]
        contents = {file.name: file.read_bytes() for file in files} | {"SHA256SUMS": sums(files).encode()}
    for file_name, content in contents.items():
        write_file(out / file_name, partial(_write, content))  # as it is: `write_bytes` would put our mark into it
    typer.echo(contents["SHA256SUMS"].decode(), nl=False)


def _write(content: bytes, file: BinaryIO) -> None:
    file.write(content)


if __name__ == "__main__":
    typer.run(reporting("release")(release))
