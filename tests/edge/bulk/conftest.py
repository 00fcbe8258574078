"""What the tests of archives share: photos, servers of our own with them, runs, and a cluster."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_cifar import Classifier
from edge_cifar.benchmarks.browser.hosting import plain_hosting
from edge_cifar.edge.bulk.bulk_run import Asked, BulkRun, begin_run
from edge_cifar.edge.bulk.listing import list_photos
from edge_cifar.edge.bulk.part_file import PARQUET
from edge_cifar.edge.bulk.store import OutputFolder, open_store
from edge_cifar.edge.results.rows import origin_of
from fsspec.config import conf as fsspec_config
from gcs_server import gcs_server
from PIL import Image

Begin = Callable[..., BulkRun]
MakeBucket = Callable[[str], str]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder with 121 photos: dogs and cats in noise, one in a subfolder, and three that are none."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    noise = np.random.RandomState(0)
    for i in range(117):
        pixels = noise.randint(0, 256, (4, 4, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.{'png' if i % 2 else 'bmp'}")
    for name, content in (("empty.png", b""), ("text.jpg", b"no photo"), ("cut.png", b"\x89PNG\r\n\x1a\n")):
        (folder / name).write_bytes(content)
    (folder / "sub" / "deep.png").write_bytes((folder / "001.png").read_bytes())
    return folder


@pytest.fixture
def asked(cat_or_dog: Classifier, photos: Path) -> Asked:
    """All of `photos`."""
    return Asked((str(photos),), None, True, None, None, None, PARQUET, origin_of(cat_or_dog, 2))


@pytest.fixture
def begin(asked: Asked, tmp_path: Path) -> Begin:
    """Begin a run of `photos` in a folder, "out" by default, with other values if they are given."""

    def begin(out: str = str(tmp_path / "out"), **values: object) -> BulkRun:
        changed = replace(asked, **values)  # type: ignore[arg-type]
        return begin_run(
            OutputFolder(out), changed, lambda: list_photos(changed.photos, changed.recursive, changed.glob)
        )

    return begin


@pytest.fixture(scope="session")
def s3_server() -> Iterator[None]:
    """An S3 server on the loopback, which every client in this process and its children finds."""
    server = pytest.importorskip("moto.server", reason="moto's S3 server is not installed")
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "anybody")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield
    running.stop()


@pytest.fixture(scope="session")
def gs_server() -> Iterator[None]:
    """A Google Cloud Storage on the loopback, found in the same way."""
    with pytest.MonkeyPatch.context() as patch, gcs_server() as url:
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # else Google itself is asked what the bucket is
        patch.setenv("STORAGE_EMULATOR_HOST", url)
        pytest.importorskip("gcsfs", reason="gcsfs is not installed")
        patch.setitem(fsspec_config, "gs", {"token": "anon"})  # else credentials are looked for, at Google, too
        yield


@pytest.fixture
def make_bucket(request: pytest.FixtureRequest) -> MakeBucket:
    """Make an empty bucket in a store of the scheme s3 or gs; return its URL."""

    def make(scheme: str) -> str:
        request.getfixturevalue(f"{scheme}_server")
        url = f"{scheme}://bucket-{abs(hash(request.node.nodeid)):x}"
        if scheme == "s3":
            store, path = open_store(url)
            store.mkdir(path)
        return url

    return make


@pytest.fixture
def bucket(make_bucket: MakeBucket) -> str:
    """The URL of an empty bucket of S3."""
    return make_bucket("s3")


@pytest.fixture
def archive(request: pytest.FixtureRequest, make_bucket: MakeBucket, photos: Path) -> Iterator[str]:
    """The URL of `photos` in a store: a bucket of S3, or what the test's `STORES` say."""
    scheme = getattr(request, "param", "s3")
    if scheme == "http":
        pytest.importorskip("aiohttp", reason="aiohttp is not installed")
        with plain_hosting(photos) as url:
            yield url
        return
    url = f"{make_bucket(scheme)}/photos"
    store, path = open_store(url)
    files = [file for file in photos.rglob("*") if file.is_file()]
    store.pipe({f"{path}/{os.path.relpath(file, photos)}": file.read_bytes() for file in files})
    yield f"{url}/"


@pytest.fixture(scope="session")
def cluster(s3_server: None) -> Iterator[str]:  # noqa: ARG001
    """The address of a Ray cluster of two machines, both this one, with a core each."""
    utils = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    options = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
    machines = utils.Cluster(initialize_head=True, head_node_args=options)
    machines.add_node(**options)
    yield machines.address
    machines.shutdown()
