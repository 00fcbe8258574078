import os

import pytest
from edge_cifar.benchmarks.peers.options import choose_cores
from edge_cifar.edge.errors import EdgeCifarError

CORES = sorted(os.sched_getaffinity(0))


def test_cores_are_the_first_two_or_those_named() -> None:
    assert choose_cores(None) == CORES[: len(choose_cores(None))]
    assert choose_cores(str(CORES[-1])) == CORES[-1:]


@pytest.mark.parametrize("numbers", ["", "x", "4096", f"{CORES[0]},{CORES[0]}", "-1"])
def test_other_cores_are_refused(numbers: str) -> None:
    with pytest.raises(EdgeCifarError, match=r"--cores .*: expected one or two of"):
        choose_cores(numbers)
