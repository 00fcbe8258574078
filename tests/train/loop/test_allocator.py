import platform
import subprocess
import sys

import pytest

PAGE_FAULTS = """
import resource
import torch
from edge_cifar.train.loop.allocator import keep_freed_memory

{call}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

torch.zeros(2**24)
before = faults()
for _ in range(32):  # the heap takes a few rounds to find its size
    torch.ones(2**24)
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks to glibc")
def test_memory_that_was_freed_is_not_asked_for_again() -> None:
    """64 MB are 16,384 pages of 4 KB, or 32 of 2 MB."""

    def faults(call: str) -> int:
        command = [sys.executable, "-c", PAGE_FAULTS.format(call=call)]
        return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)

    assert 4 * faults("keep_freed_memory()") < faults("")
