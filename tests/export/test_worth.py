from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.tables import worth_line
from edge_cifar.export.target import prove_target
from edge_cifar.export.worth import Worth, compare_latency


def test_files_are_compared_with_the_first(tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    worth = compare_latency([tiny_fp32_model, tiny_fp32_model], synthetic.images)
    assert worth.ratios[0] == 1
    assert len(worth.microseconds) == 2


def test_the_verdict_goes_with_the_ratio() -> None:
    assert worth_line(Worth((600.0, 200.0), (1.0, 0.33))).startswith("int8 is worth it here: 3.0 times as fast")
    assert worth_line(Worth((200.0, 220.0), (1.0, 1.1))).startswith("int8 is NOT worth it here")


@pytest.mark.parametrize("release", ["1.16", "newest", "1.17; rm", "1"])
def test_a_release_that_is_not_supported_is_refused(release: str, tiny_int8_model: Path) -> None:
    with pytest.raises(ModelError, match="not a release of"):
        prove_target(tiny_int8_model, release)


@pytest.mark.slow
def test_the_oldest_supported_release_computes_the_right_answers(tiny_int8_model: Path) -> None:
    assert prove_target(tiny_int8_model, "1.17")["passed"]
