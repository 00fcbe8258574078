import math
from dataclasses import replace

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.graph.run_graph import run_tensors
from edge_cifar.export.quantization.calibration import (
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
from onnx import TensorProto, helper, numpy_helper


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
    assert median_ranges(several[:1]) == {"a": (0.0, 1.0)}


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
    counts[:2] = 7, 1_000_000  # the first bin has the zeros of a ReLU, which count for as many as its neighbour has
    assert entropy(Histogram(0.0, 8.0, counts)) == (0.0, 2.0)


def _steps() -> onnx.ModelProto:
    """Pixels less 100, a constant, and pixels moved: tensors whose histograms are known."""
    tensors = {"one": np.float32(1), "zero": np.uint8(0), "minus": np.float32(-100), "none": np.float32(0)}
    nodes = [
        helper.make_node("DequantizeLinear", ["image", "one", "zero"], ["plain"]),
        helper.make_node("Add", ["plain", "minus"], ["shifted"]),
        helper.make_node("Mul", ["plain", "none"], ["constant"]),
        helper.make_node("Transpose", ["shifted"], ["moved"], perm=[0, 3, 1, 2]),
        helper.make_node("Identity", ["shifted"], ["logits"]),
    ]
    given = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 32, 32, 4])
    last = helper.make_tensor_value_info("logits", TensorProto.FLOAT, None)
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in tensors.items()]
    graph = helper.make_graph(nodes, "steps", [given], [last], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def test_a_histogram_has_each_value_in_its_bin(synthetic: LabelledImages) -> None:
    random = np.random.RandomState(0)
    pixels = random.randint(3, 250, (150, 32, 32, 4)).astype(np.uint8)  # two batches, of which the second is darker
    pixels[128:] //= 2
    found = activation_histograms(_steps(), replace(synthetic.take(np.zeros(150, np.int64)), images=pixels))
    assert found.keys() == {"shifted", "constant", "moved", "logits"}
    shifted = found["shifted"]
    assert (shifted.low, shifted.high) == (pixels.min() - 100.0, pixels.max() - 100.0)
    levels, counts = np.unique(pixels, return_counts=True)
    places = (levels - levels[0]).astype(float) * BINS / float(levels[-1] - levels[0])
    expected = np.bincount(np.minimum(places.astype(int), BINS - 1), counts, BINS)
    assert shifted.counts.dtype == np.int64
    assert np.abs(shifted.counts.cumsum() - expected.cumsum()).max() <= counts.max()  # a value may lie on an edge
    assert (shifted.counts[0], shifted.counts[-1], shifted.counts.sum()) == (counts[0], counts[-1], pixels.size)
    constant = found["constant"]
    assert (constant.low, constant.high) == (0, 1e-6)
    assert (constant.counts[0], constant.counts.sum()) == (pixels.size, pixels.size)


def test_bins_have_their_middles() -> None:
    assert Histogram(0.0, 2048.0, np.zeros(BINS, np.int64)).centres[[0, -1]].tolist() == [0.5, 2047.5]


def test_the_description_is_of_the_training_images(synthetic: LabelledImages) -> None:
    sample = calibration_sample(synthetic, 50, 3)
    assert describe_sample(sample, 3) == {"split": "train", "n": 50, "seed": 3, "sha256": sample.digest()}
    assert sample.ids != calibration_sample(synthetic, 50, 4).ids


def test_the_median_is_of_each_tensor_and_each_end() -> None:
    several = [{"a": (low, 9.0), "b": (0.0, -low)} for low in (-3.0, -1.0, -2.0)]
    assert median_ranges(several) == {"a": (-2.0, 9.0), "b": (0.0, 2.0)}


def test_entropy_leaves_the_zeros_of_a_relu_out() -> None:
    counts = np.zeros(BINS, np.int64)
    counts[1:256] = np.arange(1, 256)
    counts[0] = 10**6
    assert entropy(Histogram(0.0, 8.0, counts)) == (0.0, 1.0)
    assert entropy(Histogram(-4.0, 4.0, counts)) == (-4.0, -3.0)
    assert entropy(Histogram(1.0, 9.0, np.eye(1, BINS, dtype=np.int64)[0])) == (1.0, 9.0)


def test_every_method_gives_these_ranges() -> None:
    """Of a bell with a far value and zeros, to the digit: files that are made again come out the same."""
    values = np.random.RandomState(1).gamma(2.0, size=100_000)
    values[:20_000], values[-1] = 0, 60
    histogram = _histogram(values - 1)
    found = {name: np.round(method(histogram), 6).tolist() for name, method in METHODS.items()}
    assert found == {
        "minmax": [-1, 59],
        "percentile": [-1, 59],
        "least-squares": [-0.97, 57.23],
        "entropy": [-1, 15.875],
    }
    assert np.round(percentile(histogram, 0.99), 6).tolist() == [-1, 6.236328]


def _uneven(seed: int, low: float, high: float) -> Histogram:
    """Many values around 0, a few far out, and bins that none fell into."""
    random = np.random.RandomState(seed)
    values = np.concatenate([random.standard_t(1 + seed / 2, 3000) / 8, random.normal(size=200), [low, high]])
    return Histogram(low, high, np.histogram(values, BINS, (low, high))[0])


@pytest.mark.parametrize("scale", [0.1, 1.0])
@pytest.mark.parametrize("seed", range(8))
def test_least_squares_has_the_levels_that_lie_closest_of_all_shares_of_the_range(seed: int, scale: float) -> None:
    low, high = -1.5 * scale, 2.5 * scale
    found = replace(_uneven(seed, -1.5, 2.5), low=low, high=high)
    errors = []
    for hundredths in range(30, 101):
        levels = np.linspace(low * hundredths / 100, high * hundredths / 100, 256)
        middles = (levels[1:] + levels[:-1]) / 2
        nearest = levels[np.searchsorted(middles, found.centres)]
        errors.append(float((found.counts * (found.centres - nearest) ** 2).sum()))
    best = (30 + int(np.argmin(errors))) / 100
    assert least_squares(found) == pytest.approx((best * low, best * high), rel=1e-12)


def _lost(counts: list[int], kept: int) -> float:
    """The information lost by the first `kept` of the bins, on 256 levels, bin by bin."""
    clipped = [*counts[: kept - 1], sum(counts[kept - 1 :])]
    level = [place * 256 // kept for place in range(kept)]
    sums, filled = [0] * 256, [0] * 256
    for place in range(kept):
        sums[level[place]] += counts[place]
        filled[level[place]] += counts[place] > 0
    told = [sums[level[place]] / filled[level[place]] if counts[place] else 0 for place in range(kept)]
    whole, share = sum(counts), 1 / sum(told)
    return sum(p / whole * math.log(p / whole / max(q * share, 1e-9)) for p, q in zip(clipped, told, strict=True) if p)


@pytest.mark.parametrize("seed", range(6))
def test_entropy_loses_the_least_of_all_bounds(seed: int) -> None:
    random = np.random.RandomState(seed)
    counts = random.poisson(300 * np.exp(-np.arange(BINS) / (40 + 30 * seed))) + (random.uniform(size=BINS) < 0.01)
    counts[0] = 5000  # as a ReLU makes them
    best = min(range(256, 2049, 32), key=lambda kept: _lost([counts[1], *counts[1:].tolist()], kept))
    assert entropy(Histogram(-0.25, 2.5, counts)) == (-0.25, -0.25 + 2.75 * best / 2048)


def test_histograms_count_every_value_of_every_batch(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    histograms = activation_histograms(random_graph, synthetic)
    [name] = [node.output[0] for node in random_graph.graph.node if node.name == "conv_2"]
    values = np.concatenate([tensor for [tensor] in run_tensors(random_graph, [name], synthetic.images)])
    histogram = histograms[name]
    assert (histogram.low, histogram.high) == pytest.approx((values.min(), values.max()))
    assert histogram.counts.sum() == values.size


def test_every_tensor_gets_a_range(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    histograms = activation_histograms(random_graph, synthetic.take(np.arange(5)))
    assert ranges(histograms, "minmax").keys() == histograms.keys()


def test_only_what_is_computed_in_float_gets_a_range(random_graph: onnx.ModelProto, synthetic: LabelledImages) -> None:
    with_shape = onnx.ModelProto()
    with_shape.CopyFrom(random_graph)
    with_shape.graph.node.append(onnx.helper.make_node("Shape", ["logits"], ["sizes"], "shape"))
    images = synthetic.take(np.arange(5))
    assert activation_histograms(with_shape, images).keys() == activation_histograms(random_graph, images).keys()
