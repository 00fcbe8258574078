"""The machines that a run has: Ray started on this one, or found at an address."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import ray

from ..errors import EdgeCifarError
from ..machine.cores import usable_cores

OBJECT_STORE = 200_000_000  # bytes of a cluster that is started here: photos don't pass through it
FIND = 10.0  # seconds to find a cluster at its address


@dataclass(frozen=True)
class Cluster:
    """Ray's machines."""

    nodes: int
    cores: int
    dashboard: str  # its URL; "" without

    def workers(self, most: int | None) -> "Workers":
        """Return how many workers of a core each to have: as many as cores, or `most` of them.

        A worker reads its photos itself, so that none waits for another. More than there are cores may be asked for:
        a cluster that grows by itself adds machines for them. Raises EdgeCifarError where there is neither.
        """
        if self.cores < 1 and not most:
            raise EdgeCifarError("the cluster has no core for a worker; add machines, or ask for some by --jobs")
        wanted = most or self.cores
        return Workers(max(1, min(self.cores, wanted)), wanted)


class Workers(NamedTuple):
    """How many workers there are at first, and at most."""

    first: int
    most: int


@contextmanager
def joined(address: str | None) -> Iterator[Cluster]:
    """Within it Ray runs: of its own on this machine, or the cluster at `address` ("auto", or HOST:PORT).

    Raises EdgeCifarError when there is none. Ray's words go to its log files.
    """
    options: dict[str, Any] = {"address": address}
    if address is None:
        options = {"address": "local", "num_cpus": usable_cores(), "object_store_memory": OBJECT_STORE}
        options["include_dashboard"] = False
    elif address != "auto":
        _find(address)
    try:
        with _silence():
            context = ray.init(**options, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:  # of any class, and a bare Exception where the machine is too busy
        words = str(error).partition("\n")[0]
        raise EdgeCifarError(
            f"--address {address}: no cluster of Ray that this machine is in ({words}); start one: ray start --head"
            if address
            else f"Ray does not start ({words}); see its log files in /tmp/ray"
        ) from error
    try:
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        url = context.dashboard_url
        cores = int(ray.cluster_resources().get("CPU", 0))  # type: ignore[no-untyped-call]
        yield Cluster(len(machines()), cores, f"http://{url}" if url else "")
    finally:
        ray.shutdown()


@contextmanager
def _silence() -> Iterator[None]:
    """Within it nothing reaches stderr: Ray's C++ writes there that it was told to write less."""
    stderr = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)


def machines() -> dict[str, str]:
    """Return the address of each of Ray's machines by its number."""
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["NodeManagerAddress"] for node in nodes if node["Alive"]}


def _find(address: str) -> None:
    """Raise EdgeCifarError unless something answers at HOST:PORT: Ray itself would ask for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "://" in address:
        raise EdgeCifarError(f"--address {address}: expected HOST:PORT or auto")
    try:
        socket.create_connection((host, int(port)), FIND).close()
    except (OSError, OverflowError) as error:
        raise EdgeCifarError(f"--address {address}: no cluster there ({error}); start one: ray start --head") from error


def reason(error: BaseException) -> str:
    """Return in one line what went wrong on another machine: our own error, if it was one."""
    last = error
    while (cause := getattr(last, "cause", None) or last.__cause__) is not None and cause is not last:
        last = cause
        if isinstance(last, EdgeCifarError):
            return str(last)
    lines = [line.strip() for line in str(last).splitlines() if line.strip()]
    return f"{type(last).__name__}: {lines[-1] if lines else 'no words'}"
