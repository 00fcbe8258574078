import hashlib
import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.cifar import cifar_cache, load_cifar
from edge_cifar.edge.errors import DataError
from edge_cifar.train.data.cifar_download import ARCHIVES, download_cifar, parse_archive

from ..conftest import SmallArchive


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_an_archive_becomes_arrays_and_leaves_no_pickle(cache: Path, small_archive: SmallArchive, name: str) -> None:
    archive, pixels = small_archive(name)
    download_cifar(name, archive)
    for split, batches in archive.batches.items():
        images = load_cifar(name, split, 32)
        expected = np.concatenate([pixels[batch] for batch in batches]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        assert np.array_equal(images.images[..., :3], expected)
        assert images.targets.tolist() == [i % 10 for i in range(len(images))]
    assert [path.name for path in cache.rglob("*") if path.is_file()] == [f"{name}.npz"]


def test_other_bytes_than_the_known_ones_are_not_opened(cache: Path, small_archive: SmallArchive) -> None:
    archive, _ = small_archive("cifar10")
    with pytest.raises(DataError, match=r"cifar10.tar.gz: \d+ bytes with SHA-256 .* came instead of 000.*not opened"):
        download_cifar("cifar10", replace(archive, sha256="0" * 64))
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("url", ["http://127.0.0.1:1/nothing-listens-here", "http://no-such-host.invalid/"])
def test_no_network_is_one_line_that_offers_a_way_out(url: str) -> None:
    with pytest.raises(DataError, match="check the network, or pass --data DIR") as caught:
        download_cifar("cifar10", replace(ARCHIVES["cifar10"], url=url))
    assert "\n" not in str(caught.value)
    assert not cifar_cache("cifar10").exists()


def test_a_missing_file_on_the_server_is_named(cache: Path, small_archive: SmallArchive) -> None:
    archive, _ = small_archive("cifar10")
    with pytest.raises(DataError, match=r"can't download cifar10 .*404"):
        download_cifar("cifar10", replace(archive, url=f"{archive.url}.old"))
    assert not [path for path in cache.rglob("*") if path.is_file()]


@pytest.mark.usefixtures("cache")
def test_an_archive_without_its_batches_is_refused(small_archive: SmallArchive) -> None:
    archive, _ = small_archive("cifar10")
    with pytest.raises(DataError, match=r"not the archive of cifar100 \('cifar-100-python/train'\)"):
        download_cifar("cifar100", replace(archive, batches=ARCHIVES["cifar100"].batches))


def test_a_batch_that_is_no_file_is_refused() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in ("cifar-100-python/train", "cifar-100-python/test"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(entry)
    with pytest.raises((KeyError, tarfile.StreamError)):
        parse_archive(buffer.getvalue(), ARCHIVES["cifar100"])


def test_the_known_hashes_are_whole() -> None:
    for archive in ARCHIVES.values():
        assert len(bytes.fromhex(archive.sha256)) == hashlib.sha256().digest_size
