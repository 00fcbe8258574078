"""Wheel and sdist of the commit that is checked out, to the byte those that anybody else builds of it."""

import gzip
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from ...edge.errors import EdgeCifarError


def build_twice(folder: Path) -> tuple[Path, Path]:
    """Build wheel and sdist in two places below `folder`, and return those of the first.

    Raises EdgeCifarError when the checkout has changes that are in no commit, or the two differ in a byte.
    """
    if changes := run("git", "status", "--porcelain"):
        raise EdgeCifarError(f"changes that are in no commit: {changes.splitlines()[0].strip()}; commit them first")
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or run("git", "log", "-1", "--format=%ct"))
    first, second = (_build(folder / place, epoch) for place in ("one", "another-place"))
    for one, other in zip(first, second, strict=True):
        if one.read_bytes() != other.read_bytes():
            raise EdgeCifarError(f"{one.name}: built twice, and not the same bytes")
    return first


def _build(folder: Path, epoch: int) -> tuple[Path, Path]:
    """Build the wheel from the sdist, and that from the commit, dated by `epoch` (SOURCE_DATE_EPOCH, in seconds)."""
    source, out = folder / "source", folder / "dist"
    source.mkdir(parents=True)
    run("git", "archive", "--output", folder / "commit.tar", "HEAD")
    with tarfile.open(folder / "commit.tar") as archive:
        archive.extractall(source, filter="data")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source, SOURCE_DATE_EPOCH=str(epoch))
    (wheel,), (sdist,) = out.glob("*.whl"), out.glob("*.tar.gz")
    sdist.write_bytes(evened_out(sdist.read_bytes(), epoch))
    return wheel, sdist


def evened_out(archive: bytes, epoch: int) -> bytes:
    """Return a .tar.gz without what setuptools takes from the machine: order, dates, owners, permissions."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as old, tarfile.open(fileobj=plain, mode="w") as new:
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            even = tarfile.TarInfo(member.name)
            even.type, even.size, even.mtime = member.type, member.size, epoch
            even.mode = 0o755 if member.isdir() else 0o644
            new.addfile(even, old.extractfile(member) if member.isfile() else None)
    return gzip.compress(plain.getvalue(), mtime=epoch)


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Return what a command prints to stdout. Raises EdgeCifarError with all its words, in one line, when it fails."""
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        umask=0o022,
        check=False,
    )
    if done.returncode:
        words = " | ".join(f"{done.stdout}{done.stderr}".splitlines())
        raise EdgeCifarError(f"{' '.join(map(str, command))}: exit {done.returncode}: {words}")
    return done.stdout
