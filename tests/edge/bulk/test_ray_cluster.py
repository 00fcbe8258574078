import shutil
from collections.abc import Callable
from importlib.metadata import version

import pytest
import ray
from edge_cifar.edge.bulk import node_checks
from edge_cifar.edge.bulk.bulk_run import BulkRun
from edge_cifar.edge.bulk.ray_cluster import Cluster, Workers, joined, reason
from edge_cifar.edge.errors import DataError, EdgeCifarError

Begin = Callable[..., BulkRun]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:1", "no cluster there"),
        ("nowhere", "expected HOST:PORT or auto"),
        ("ray://127.0.0.1:10001", "expected HOST:PORT or auto"),
        ("127.0.0.1:99999", "no cluster there"),
    ],
)
def test_an_address_without_a_cluster_is_said_at_once(address: str, words: str) -> None:
    with pytest.raises(EdgeCifarError, match=f"--address {address}: {words}"), joined(address):
        pass


def test_whatever_keeps_ray_from_starting_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_busy(**_: object) -> None:
        raise Exception("The current node timed out during startup. This could\nhappen")  # as Ray does after 30 s

    monkeypatch.setattr(ray, "init", too_busy)
    words = r"^Ray does not start \(The current node timed out .* This could\); see its log files in /tmp/ray$"
    with pytest.raises(EdgeCifarError, match=words), joined(None):
        pass


def test_there_are_as_many_workers_as_cores_or_as_are_asked_for() -> None:
    cluster = Cluster(nodes=3, cores=8, dashboard="")
    assert cluster.workers(None) == Workers(8, 8)
    assert cluster.workers(2) == Workers(2, 2)
    assert cluster.workers(100) == Workers(8, 100)
    assert Cluster(1, 0, "").workers(4) == Workers(1, 4)
    with pytest.raises(EdgeCifarError, match="no core for a worker"):
        Cluster(1, 0, "").workers(None)


def test_of_a_chain_of_errors_ours_is_told() -> None:
    def chained() -> Exception:
        try:
            try:
                raise DataError("photos: gone")
            except DataError as error:
                raise RuntimeError("many\nlines") from error
        except RuntimeError as error:
            return error

    assert reason(chained()) == "photos: gone"
    assert reason(RuntimeError("many\nlines\n")) == "RuntimeError: lines"
    assert reason(RuntimeError()) == "RuntimeError: no words"


def test_a_machine_with_another_version_or_without_the_package_is_named() -> None:
    assert node_checks._package_look({"numpy": "0.1"})() == f"has numpy {_numpy()}, here it is 0.1; install the same"
    missing = node_checks._package_look({"no-such-package": "1"})()
    assert missing == "lacks no-such-package; run there: pip install 'edge-cifar[ray]'"
    assert node_checks._package_look({"numpy": _numpy()})() is None


def test_a_cluster_with_another_version_is_told_before_the_first_part(
    begin: Begin, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin()
    with joined(cluster):
        node_checks.check_nodes(run)
        monkeypatch.setattr(node_checks, "version", lambda _: "0.0")
        with pytest.raises(EdgeCifarError, match=r"^[\d.]+ has edge-cifar \S+, here it is 0\.0; install the same$"):
            node_checks.check_nodes(run)


def test_a_machine_that_does_not_see_the_folders_is_named(begin: Begin) -> None:
    run = begin()
    look = node_checks._folder_look(run, "/")
    assert look() is None
    run.folder.remove(run.lists)
    assert look() == f"does not see {run.folder.url}; name storage that all machines share"
    (photos,) = run.asked.photos
    shutil.rmtree(photos)
    assert look() == f"does not see {photos}; name storage that all machines share"


def _numpy() -> str:
    return version("numpy")
