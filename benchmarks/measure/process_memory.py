"""The memory of this process, as its system tells it."""

import ctypes
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")


def peak_bytes() -> int:
    """Return the most memory that this process held at one time, resident, in bytes.

    Not by getrusage where Linux shows it itself: there `ru_maxrss` outlives fork and exec, so a small process
    would report the size of the large one that started it.
    """
    if STATUS.exists():
        return _status("VmHWM")
    if sys.platform == "win32":
        return _windows_counters().PeakWorkingSetSize
    import resource  # of Unix alone

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # macOS counts in bytes


def resident_bytes() -> int:
    """Return the memory that this process holds now, resident, in bytes. Linux only."""
    return _status("VmRSS")


def _status(name: str) -> int:
    fields = dict(line.split(":", 1) for line in STATUS.read_text(encoding="utf-8").splitlines())
    return int(fields[name].split()[0]) * 1024


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS of psapi.h: two DWORDs, then sizes in bytes."""

    _fields_ = (
        ("cb", ctypes.c_uint32),
        ("PageFaultCount", ctypes.c_uint32),
        *((name, ctypes.c_size_t) for name in ("PeakWorkingSetSize", "WorkingSetSize", "QuotaPeakPagedPoolUsage")),
        *((name, ctypes.c_size_t) for name in ("QuotaPagedPoolUsage", "QuotaPeakNonPagedPoolUsage")),
        *((name, ctypes.c_size_t) for name in ("QuotaNonPagedPoolUsage", "PagefileUsage", "PeakPagefileUsage")),
    )
    PeakWorkingSetSize: int


def _windows_counters() -> _Counters:
    """Return what Windows counts of this process, by GetProcessMemoryInfo. Raises OSError."""
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined, unused-ignore]
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    kernel.K32GetProcessMemoryInfo.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32)
    counters = _Counters(cb=ctypes.sizeof(_Counters))
    if not kernel.K32GetProcessMemoryInfo(kernel.GetCurrentProcess(), ctypes.byref(counters), counters.cb):
        raise OSError("Windows doesn't tell this process's memory")
    return counters
