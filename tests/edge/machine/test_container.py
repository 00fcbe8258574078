from pathlib import Path

import pytest
from edge_cifar.edge.machine.container import container


@pytest.mark.parametrize(
    ("path", "text", "engine"),
    [
        (".dockerenv", "", "docker"),
        ("run/.containerenv", 'engine="podman-4.3.1"\n', "podman"),
        ("var/run/secrets/kubernetes.io/serviceaccount/namespace", "default", "kubernetes"),
        ("run/systemd/container", "lxc\n", "lxc"),
        ("proc/1/cgroup", "12:cpu,cpuacct:/docker/8a1c\n0::/docker/8a1c\n", "docker"),
        ("proc/1/cgroup", "0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-12.scope\n", "kubernetes"),
        ("proc/1/cgroup", "0::/machine.slice/libpod-77.scope\n", "podman"),
        ("proc/1/cgroup", "0::/lxc/web\n", "lxc"),
        ("proc/1/cgroup", "0::/init.scope\n", None),
    ],
)
def test_an_engine_is_known_by_what_it_leaves(tmp_path: Path, path: str, text: str, engine: str | None) -> None:
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    assert container(tmp_path) == engine


def test_a_pod_is_kubernetes_whatever_its_engine_left(tmp_path: Path) -> None:
    (tmp_path / ".dockerenv").touch()
    (tmp_path / "var/run/secrets/kubernetes.io").mkdir(parents=True)
    assert container(tmp_path) == "kubernetes"


def test_outside_of_containers_there_is_none(tmp_path: Path) -> None:
    assert container(tmp_path) is None
