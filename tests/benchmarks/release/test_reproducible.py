import io
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from edge_cifar.benchmarks.release.checks import sums
from edge_cifar.benchmarks.release.reproducible import evened_out, run
from edge_cifar.edge.errors import EdgeCifarError


def archive(folder: Path, names: list[str], mtime: int, mode: int) -> bytes:
    """A .tar.gz as setuptools packs one: in the machine's order, with its dates, owners and permissions."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as packed:
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"content of {name}")
            path.chmod(mode)
            os.utime(path, (mtime, mtime))
            packed.add(path, name)
    return content.getvalue()


def test_an_archive_of_the_same_files_is_the_same_bytes(tmp_path: Path) -> None:
    one = archive(tmp_path / "one", ["a/x.py", "b.txt"], 1_000_000_000, 0o600)
    other = archive(tmp_path / "other", ["b.txt", "a/x.py"], 1_100_000_000, 0o664)
    assert one != other
    assert evened_out(one, 1_200_000_000) == evened_out(other, 1_200_000_000)
    assert evened_out(one, 1_200_000_000) != evened_out(one, 1_300_000_000)
    with tarfile.open(fileobj=io.BytesIO(evened_out(one, 1_200_000_000))) as even:
        assert [(each.name, each.mtime, each.mode) for each in even] == [
            ("a/x.py", 1_200_000_000, 0o644),
            ("b.txt", 1_200_000_000, 0o644),
        ]
        assert even.extractfile("b.txt").read() == b"content of b.txt"  # type: ignore[union-attr]


def test_a_tool_that_fails_is_named_with_its_words() -> None:
    with pytest.raises(EdgeCifarError, match=r"no_such_module: exit 1: .*No module named no_such_module"):
        run(sys.executable, "-m", "no_such_module")


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sums_are_checked_by_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"wheel")
    (tmp_path / "SHA256SUMS").write_text(sums([tmp_path / "a.whl"]))
    assert run("sha256sum", "--check", "SHA256SUMS", cwd=tmp_path) == "a.whl: OK\n"
