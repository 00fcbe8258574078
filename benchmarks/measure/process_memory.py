"""The memory of this process."""

from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Return the most memory that this process held at one time, resident, in bytes.

    Not by getrusage where Linux shows it itself: there `ru_maxrss` outlives fork and exec, so a small process
    would report the size of the large one that started it.
    """
    if STATUS.exists():
        return _status("VmHWM")
    import resource  # Unix only

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


def resident_bytes() -> int:
    """Return the memory that this process holds now, resident, in bytes. Linux only."""
    return _status("VmRSS")


def _status(name: str) -> int:
    fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
    return int(fields[name].split()[0]) * 1024
