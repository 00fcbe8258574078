"""`python -m edge_cifar.benchmarks.fresh ...` is `edge-cifar ...`; its last line is the memory it came to hold."""

import sys
from pathlib import Path

from ..edge.cli import main


def peak_bytes() -> int:
    """Return the most memory that this process held at one time, resident, in bytes.

    Not by getrusage where Linux shows it itself: there `ru_maxrss` outlives fork and exec, so a small process
    would report the size of the large one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(fields["VmHWM"].split()[0]) * 1024
    import resource  # Unix only

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


if __name__ == "__main__":
    try:
        main()
    finally:
        sys.stdout.write(f"{peak_bytes()}\n")
