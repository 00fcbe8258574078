import hashlib
from pathlib import Path

import pytest
from edge_cifar.edge.data.content_hashes import file_contents
from edge_cifar.edge.data.decoded_cache import SETTLED
from edge_cifar.edge.errors import DataError


def test_contents_are_the_files_sha256_and_remembered_as_long_as_the_files_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("edge_cifar.edge.data.decoded_cache.SETTLED", -SETTLED)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    expected = tuple(hashlib.sha256(name).hexdigest() for name in (b"a", b"b"))
    assert [file_contents(tmp_path, ["a", "b"]) for _ in range(2)] == [expected] * 2
    (tmp_path / "c").write_bytes(b"c")
    (tmp_path / "c").replace(tmp_path / "b")
    assert file_contents(tmp_path, ["a", "b"]) == (expected[0], hashlib.sha256(b"c").hexdigest())


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.png: No such file"):
        file_contents(tmp_path, ["gone.png"])
