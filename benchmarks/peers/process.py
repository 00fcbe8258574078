"""Peers in processes of their own, and the turns they take."""

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Hashable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ...edge.errors import EdgeCifarError
from ...edge.stats.paired_timing import Seconds

CHILD = "edge_cifar.benchmarks.peers.child"
Key = TypeVar("Key", bound=Hashable)

LIMIT = 300.0  # seconds that an answer may take; compiling a net takes the longest


class PeerProcess:
    """A peer in a process of its own, as a context; `request` is what `child` takes.

    Raises EdgeCifarError with the process's last words when it fails.
    """

    def __init__(self, request: Mapping[str, Any]):
        self._answers = tempfile.NamedTemporaryFile(suffix=".npy")  # noqa: SIM115
        self._words = tempfile.TemporaryFile()  # noqa: SIM115
        command = [sys.executable, "-m", CHILD, json.dumps({**request, "answers": self._answers.name})]
        environment = {**os.environ, "OMP_NUM_THREADS": str(request["threads"])}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._words, env=environment
        )
        self.version = ""
        self.answers: npt.NDArray[Any] = np.empty(0)

    def __enter__(self) -> "PeerProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._answers.close()
        self._words.close()

    def stop(self) -> None:
        """End the process: one that failed must not disturb the others."""
        self._process.kill()
        self._process.communicate()

    def wait(self) -> None:
        """Wait until it has answered all inputs."""
        self.version = self._reply()
        self.answers = np.load(self._answers.name, allow_pickle=False)

    def turn(self, first: int, calls: int) -> list[float]:
        """Return the seconds of `calls` calls, from input `first` on."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{first} {calls}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # its last words say why
        seconds: list[float] = self._reply()
        return seconds

    def _reply(self) -> Any:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], LIMIT)
        line = self._process.stdout.readline() if ready else b""
        if line:
            return json.loads(line)
        if not ready:
            raise EdgeCifarError(f"no answer in {LIMIT:.0f} seconds")
        status = self._process.wait()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").strip().splitlines() or ["no message"]
        raise EdgeCifarError(f"exit status {status} ({words[-1]})")


@dataclass(frozen=True)
class Finished:
    """What a peer came to: its package's version, its answers, and the seconds of its calls (rounds, calls)."""

    version: str
    answers: npt.NDArray[Any]
    seconds: Seconds


def race(
    requests: Mapping[Key, Mapping[str, Any]],
    accept: Callable[[Key, npt.NDArray[Any]], object],
    rounds: int,
    calls: int,
) -> tuple[dict[Key, Finished], dict[Key, str]]:
    """Start a process for each request, and time those that pass in turns; also return who failed, and why.

    `accept` is given a peer's answers before anything is timed, and raises EdgeCifarError when they are wrong. Rounds
    go forwards and backwards by turns, so that no peer always follows the same other; one before the first is for
    warming up and not kept.
    """
    running: dict[Key, PeerProcess] = {}
    failures: dict[Key, str] = {}
    seconds: dict[Key, list[list[float]]] = {key: [] for key in requests}
    with ExitStack() as stack:
        for key, request in requests.items():
            process = stack.enter_context(PeerProcess(request))
            try:
                process.wait()
                accept(key, process.answers)
                running[key] = process
            except EdgeCifarError as error:
                failures[key] = str(error)
                process.stop()
        for turn in range(rounds + 1):
            for key in list(running)[:: 1 if turn % 2 else -1]:
                try:
                    seconds[key].append(running[key].turn(turn * calls, calls))
                except EdgeCifarError as error:
                    failures[key] = str(error)
                    running.pop(key).stop()
    finished = {
        key: Finished(process.version, process.answers, np.array(seconds[key][1:])) for key, process in running.items()
    }
    return finished, failures
