import numpy as np
import onnx
import pytest
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.calibration import (
    BINS,
    METHODS,
    Histogram,
    activation_histograms,
    calibration_sample,
    describe_sample,
    median_ranges,
    ranges,
)
from edge_cifar.export.run_model import run_tensors


def _histogram(values: np.ndarray) -> Histogram:
    low, high = float(values.min()), float(values.max())
    return Histogram(low, high, np.histogram(values, BINS, (low, high))[0])


def test_the_sample_is_spread_over_the_classes(synthetic: LabelledImages) -> None:
    assert np.bincount(calibration_sample(synthetic, 30, seed=0).targets).tolist() == [3] * 10


def test_the_description_tells_one_sample_from_another(synthetic: LabelledImages) -> None:
    first, again, other = (describe_sample(calibration_sample(synthetic, 50, seed), seed) for seed in (0, 0, 1))
    assert first == again
    assert first["sha256"] != other["sha256"]
    assert (first["split"], first["n"]) == ("train", 50)


def test_a_small_dataset_is_used_whole(synthetic: LabelledImages) -> None:
    assert len(calibration_sample(synthetic, 10_000, seed=0)) == len(synthetic)


def test_histograms_count_every_value_of_every_batch(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    histograms = activation_histograms(random_graph, synthetic)
    [name] = [node.output[0] for node in random_graph.graph.node if node.name == "conv_2"]
    values = np.concatenate([tensor for [tensor] in run_tensors(random_graph, [name], synthetic.images)])
    histogram = histograms[name]
    assert (histogram.low, histogram.high) == pytest.approx((values.min(), values.max()))
    assert histogram.counts.sum() == values.size


def test_minmax_clips_nothing() -> None:
    assert METHODS["minmax"](_histogram(np.array([-1.0, 0.5, 3.0]))) == (-1.0, 3.0)


@pytest.mark.parametrize("method", ["percentile", "least-squares", "entropy"])
def test_a_single_outlier_is_clipped(method: str) -> None:
    values = np.abs(np.random.RandomState(0).normal(size=1_000_000))
    values[0] = 40.0
    low, high = METHODS[method](_histogram(values))
    assert 2.5 < high <= 20
    assert low < 0.1


@pytest.mark.parametrize("method", METHODS)
def test_evenly_spread_values_keep_their_range(method: str) -> None:
    low, high = METHODS[method](_histogram(np.linspace(0, 1, 100_000)))
    assert (low, high) == pytest.approx((0, 1), abs=0.03)


@pytest.mark.parametrize("method", METHODS)
def test_a_tensor_of_zeros_has_a_range(method: str) -> None:
    counts = np.zeros(BINS, np.int64)
    counts[0] = 1000
    low, high = METHODS[method](Histogram(0.0, 1e-6, counts))
    assert 0 == low <= high <= 1e-6


def test_the_median_of_several_ranges_follows_no_single_one() -> None:
    several = [{"a": (0.0, high)} for high in (1.0, 1.2, 9.0)]
    assert median_ranges(several) == {"a": (0.0, 1.2)}


def test_every_tensor_gets_a_range(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    histograms = activation_histograms(random_graph, synthetic)
    assert ranges(histograms, "minmax").keys() == histograms.keys()
