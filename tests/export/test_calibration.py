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
    entropy,
    least_squares,
    median_ranges,
    percentile,
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


def _counts(**bins: int) -> np.ndarray:
    counts = np.zeros(BINS, np.int64)
    for name, count in bins.items():
        counts[int(name.removeprefix("bin_"))] = count
    return counts


def test_percentile_cuts_both_ends_alike() -> None:
    # Bins of width 1 from -1024. A tenth is cut: 5 of 100 values below bin 1000, 5 above bin 1100.
    histogram = Histogram(-1024.0, 1024.0, _counts(bin_10=4, bin_1000=46, bin_1100=46, bin_2040=4))
    assert percentile(histogram, share=0.9) == (1000 - 1024, 1101 - 1024)
    wide = Histogram(-1024.0, 1024.0, _counts(bin_10=6, bin_1000=44, bin_1100=44, bin_2040=6))
    assert percentile(wide, share=0.9) == (10 - 1024, 2041 - 1024)


def test_percentile_of_values_on_one_side_cuts_that_side() -> None:
    low = Histogram(-1024.0, 1024.0, _counts(bin_0=3, bin_1024=97))
    assert percentile(low, share=0.9) == (0, 1)
    high = Histogram(-1024.0, 1024.0, _counts(bin_1023=97, bin_2047=3))
    assert percentile(high, share=0.9) == (-1, 0)


def test_least_squares_weighs_clipping_against_rounding() -> None:
    # 1,000,000 values evenly in [0, 1] and `count` at 2. With the top at t in [1, 2], rounding costs t^2 / (12 * 255^2)
    # a value, clipping (2 - t)^2 an outlier; the best t is 2 / (1 + r) with r = 1e6 / (12 * 255^2 * count).
    for count in (2, 6):
        counts = np.zeros(BINS, np.int64)
        counts[: BINS // 2] = 1_000_000 // (BINS // 2)
        counts[-1] = count
        low, high = least_squares(Histogram(0.0, 2.0, counts))
        best = 2 / (1 + 1_000_000 / (12 * 255**2 * count))
        assert low == 0
        assert high == pytest.approx(best, abs=0.04)


def test_entropy_keeps_what_256_levels_hold_without_loss() -> None:
    # Up to 256 filled bins, one a level: no information is lost at that bound, and some at every other.
    counts = np.zeros(BINS, np.int64)
    counts[:256] = np.arange(1, 257)
    assert entropy(Histogram(0.0, 8.0, counts)) == (0.0, 1.0)
    counts = np.zeros(BINS, np.int64)
    counts[:512] = np.repeat(np.arange(1, 257), 2)  # two bins alike in each level
    assert entropy(Histogram(0.0, 8.0, counts)) == (0.0, 2.0)


def test_only_what_is_computed_in_float_gets_a_range(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    with_shape = onnx.ModelProto()
    with_shape.CopyFrom(random_graph)
    with_shape.graph.node.append(onnx.helper.make_node("Shape", ["logits"], ["sizes"], "shape"))
    images = synthetic.take(np.arange(5))
    assert activation_histograms(with_shape, images).keys() == activation_histograms(random_graph, images).keys()
