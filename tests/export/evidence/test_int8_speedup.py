from pathlib import Path

import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.stats.paired_timing import Latency, Ratio
from edge_cifar.export.evidence.int8_speedup import Worth, compare_latency
from edge_cifar.export.evidence.older_onnxruntime import check_release, prove_target
from edge_cifar.export.evidence.text_tables import worth_line
from edge_cifar.export.graph.net_graph import build_graph
from edge_cifar.export.pipeline.model_file import write_model
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net


def test_the_second_file_is_compared_with_the_first(
    tiny_fp32_model: Path, synthetic: LabelledImages, card: ModelCard, tmp_path: Path
) -> None:
    small = tmp_path / "small.onnx"  # a tenth of the work
    write_model(small, build_graph(NETS["single"], build_net(NETS["single"]).eval(), 32), card)
    there = compare_latency(tiny_fp32_model, small, synthetic.images)
    assert there.int8.p50 < there.fp32.p50
    assert there.ratio.high < 1
    assert there.int8_pays
    assert not compare_latency(small, tiny_fp32_model, synthetic.images).int8_pays


def test_int8_pays_in_three_rounds_of_four() -> None:
    fast = Latency(0.2, 0.3, 0.4)
    assert Worth(fast, fast, Ratio(0.9, 0.8, 0.999)).int8_pays
    assert not Worth(fast, fast, Ratio(0.9, 0.8, 1.0)).int8_pays


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


@pytest.mark.network
@pytest.mark.slow
def test_the_oldest_supported_release_computes_the_right_answers(tiny_int8_model: Path) -> None:
    assert prove_target(tiny_int8_model, "1.17")["passed"]
