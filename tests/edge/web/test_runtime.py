import gzip
import io
import tarfile
from pathlib import Path

import pytest
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.web.runtime import PARTS, install_runtime, runtime_files


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_what_is_installed_is_what_is_found(package: Path) -> None:
    assert runtime_files() == {}
    folder = install_runtime(package)
    assert runtime_files() == {path.name: path.read_bytes() for path in folder.iterdir()}
    assert runtime_files().keys() == PARTS.keys()
    assert sum(map(len, runtime_files().values())) < 4_000_000


def test_what_was_changed_is_named(package: Path) -> None:
    folder = install_runtime(package)
    (folder / "ort.wasm.gz").write_bytes(gzip.compress(b"another"))
    with pytest.raises(EdgeCifarError, match=r"ort\.wasm\.gz: damaged; run: npm pack onnxruntime-web@"):
        runtime_files()


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no archive"), gzip.compress(b"x" * 9999)[:-9]],
    ids=["empty", "no gzip", "no archive", "cut off"],  # a gzip file has the time in it
)
def test_what_is_no_package_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.tgz"
    path.write_bytes(content)
    with pytest.raises(EdgeCifarError, match=r"some\.tgz: not npm's onnxruntime-web"):
        install_runtime(path)


def test_another_release_is_refused_and_nothing_is_written(tmp_path: Path, cache: Path) -> None:
    path = packed(tmp_path / "other.tgz", {part.packed: b"another" for part in PARTS.values()})
    with pytest.raises(EdgeCifarError, match="not npm's onnxruntime-web"):
        install_runtime(path)
    assert not cache.exists()


def test_a_package_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"none\.tgz: No such file"):
        install_runtime(tmp_path / "none.tgz")
