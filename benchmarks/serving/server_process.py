"""A server as a process of its own, on cores of its own, and what Linux tells of it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...edge.errors import EdgeCifarError

TICKS = os.sysconf("SC_CLK_TCK")
SECONDS = 60  # until a server that doesn't end is killed


@dataclass(frozen=True)
class ServerProcess:
    """A server that runs."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Return the processor time that it took so far, of all its threads (proc(5), stat)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_bytes(self) -> int:
        """Return the memory that it holds."""
        status = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return int(status["VmRSS"].split()[0]) * 1024

    def open_files(self) -> int:
        """Return the number of files and connections that it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))


@contextmanager
def server_process(arguments: Sequence[str], cores: Sequence[int], log: Path) -> Iterator[ServerProcess]:
    """Start `edge-cifar serve` on a free port, and stop it in order. Raises EdgeCifarError unless both go well."""
    command = [sys.executable, "-m", "edge_cifar.edge", "serve", *arguments, "--port", "0", "--log", str(log)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: os.sched_setaffinity(0, cores)
    )
    assert process.stderr
    try:
        said = []
        for line in process.stderr:
            said.append(line.strip())
            if line.startswith("serving"):
                break
        else:
            raise EdgeCifarError(f"no server: {' '.join(said)}")
        yield ServerProcess(process.pid, int(line.rpartition(":")[2]))
        process.send_signal(signal.SIGTERM)
        if status := process.wait(SECONDS):
            raise EdgeCifarError(f"the server ended with {status}: {process.stderr.read()}")
    finally:
        process.kill()
        process.communicate()
