from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.latency import Latency, Ratio
from edge_cifar.export.tables import worth_line
from edge_cifar.export.target import check_release, prove_target
from edge_cifar.export.worth import Worth, compare_latency


def test_two_files_take_turns(tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    worth = compare_latency(tiny_fp32_model, tiny_int8_model, synthetic.images)
    assert 0 < worth.int8.p50 <= worth.int8.p90
    assert worth.ratio.low <= worth.ratio.median <= worth.ratio.high


def test_the_verdict_goes_with_the_ratio() -> None:
    slow, fast = Latency(0.6, 0.7, 0.8), Latency(0.2, 0.3, 0.4)
    worth = Worth(slow, fast, Ratio(0.33, 0.32, 0.35))
    assert worth_line(worth).startswith("int8 is worth it here: 3.0 times as fast (fp32 600 us, int8 200 us")
    worth = Worth(slow, slow, Ratio(0.98, 0.94, 1.03))
    assert worth_line(worth).startswith("int8 is NOT worth it here")  # not faster beyond doubt
    worth = Worth(fast, slow, Ratio(1.1, 1.05, 1.12))
    assert worth_line(worth).startswith("int8 is NOT worth it here: 1.1 times the time")


@pytest.mark.parametrize("release", ["1.16", "newest", "1.17; rm", "1", "1.²"])
def test_a_release_that_is_not_supported_is_refused(release: str) -> None:
    with pytest.raises(ModelError, match="not a release of onnxruntime"):
        check_release(release)


@pytest.mark.slow
def test_the_oldest_supported_release_computes_the_right_answers(tiny_int8_model: Path) -> None:
    assert prove_target(tiny_int8_model, "1.17")["passed"]
