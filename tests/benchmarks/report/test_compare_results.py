import json
from typing import Any

import pytest
from benchmark_results import measured, result, scored
from edge_cifar.benchmarks.report.compare_results import UNTOLD, Comparison, Difference, compare

NOT_REAL = "no real difference"


def differences(comparison: Comparison, model: int = 0) -> dict[str, Difference]:
    return {difference.what: difference for difference in comparison.models[model].differences}


def run(*net_ms: float, seed: int = 0, **changes: Any) -> dict[str, Any]:
    """A run of models `0.onnx`, `1.onnx`, ..., of which the first is what the others are compared with."""
    models = [
        measured(f"{i}.onnx", f"{i:08x}", time, base_ms=net_ms[0], seed=seed + i, **changes)
        for i, time in enumerate(net_ms)
    ]
    return json.loads(json.dumps(result(models)))


def test_a_model_that_became_slower_is_told_with_the_interval() -> None:
    net = differences(compare(run(1.0), run(1.3, seed=9)))["net alone, ms"]
    assert net.verdict == "SLOWER"
    assert net.ratio is not None
    assert 1.28 < net.ratio.low < net.ratio.median < net.ratio.high < 1.32
    assert differences(compare(run(1.3), run(1.0, seed=9)))["net alone, ms"].verdict == "faster"


@pytest.mark.parametrize("after", [1.0, 1.04])
def test_what_two_runs_of_the_same_thing_may_differ_by_is_no_difference(after: float) -> None:
    found = differences(compare(run(1.0), run(after, seed=9)))
    assert found["net alone, ms"].verdict == NOT_REAL
    assert found["JPEG to pixels, ms"].verdict == NOT_REAL
    assert found["first answer, ms"].verdict == NOT_REAL


def test_a_large_difference_of_rounds_that_scatter_more_is_no_difference() -> None:
    before, after = run(1.0), run(1.3)
    after["models"][0]["net_ms"]["rounds"] = [0.5, 2.1] * 10
    assert differences(compare(before, after))["net alone, ms"].verdict == NOT_REAL


def test_what_int8_gains_is_compared_by_its_ratios() -> None:
    laptop, pi = run(1.0, 0.4), run(8.0, 7.6)
    found = differences(compare(laptop, pi), model=1)
    assert (found["net / first model"].verdict, found["net / first model"].ratio) == ("GAINS LESS", None)
    assert differences(compare(pi, laptop), model=1)["net / first model"].verdict == "gains more"
    assert differences(compare(laptop, run(2.0, 0.8, seed=5)), model=1)["net / first model"].verdict == NOT_REAL
    assert "net / first model" not in differences(compare(laptop, pi), model=0)


def test_ratios_to_other_first_models_are_not_compared() -> None:
    before, after = run(1.0, 0.4), run(1.0, 0.4)
    after["models"].reverse()
    for pair in compare(before, after).models:
        assert "net / first model" not in [difference.what for difference in pair.differences]


def test_models_are_matched_by_content_then_by_name() -> None:
    before, after = run(1.0, 0.4, 0.5), run(1.0, 0.4, 0.5)
    before["models"][0]["model"], after["models"][0]["model"] = "old/name.onnx", "new/name-2.onnx"
    before["models"][1]["model"], after["models"][1]["model"] = "a/model.onnx", "b/model.onnx"
    after["models"][1]["digest"] = "new"
    before["models"][2]["model"], after["models"][2]["model"] = "gone.onnx", "come.onnx"
    after["models"][2]["digest"] = "other"
    comparison = compare(before, after)
    assert [(pair.name, pair.same_file) for pair in comparison.models] == [
        ("new/name-2.onnx", True),
        ("b/model.onnx", False),
    ]
    assert comparison.alone == (["gone.onnx"], ["come.onnx"])


def test_accuracy_on_the_same_images_is_compared_image_by_image() -> None:
    right = [True] * 900 + [False] * 100
    worse = [False] * 4 + [True] * 896 + [False] * 100  # the intervals of both overlap
    luck = [False] + [True] * 899 + [False] * 99 + [True]
    found = differences(compare(run(1.0, accuracy=scored(right)), run(1.0, accuracy=scored(worse))))["top-1, %"]
    assert (round(found.first, 9), round(found.second, 9), found.verdict) == (90, 89.6, "WORSE")
    assert found.p is not None
    assert found.p < 1e-6
    found = differences(compare(run(1.0, accuracy=scored(right)), run(1.0, accuracy=scored(luck))))["top-1, %"]
    assert (found.verdict, found.p) == (NOT_REAL, 1)


def test_accuracy_on_other_images_is_compared_by_the_intervals() -> None:
    right, worse = [True] * 900 + [False] * 100, [True] * 880 + [False] * 120
    near = [True] * 895 + [False] * 105
    before = run(1.0, accuracy=scored(right))
    found = differences(compare(before, run(1.0, accuracy=scored(worse, images="others"))))["top-1, %"]
    assert (found.verdict, found.p) == ("WORSE", None)
    found = differences(compare(before, run(1.0, accuracy=scored(near, images="others"))))["top-1, %"]
    assert found.verdict == NOT_REAL


def test_the_accuracy_of_one_run_alone_is_not_compared() -> None:
    assert "top-1, %" not in differences(compare(run(1.0, accuracy=scored([True])), run(1.0)))


def test_times_of_an_invalid_run_have_no_verdict_but_accuracy_has() -> None:
    models = [measured("0.onnx", "00000000", 2.0, base_ms=2.0, accuracy=scored([True, False]))]
    comparison = compare(run(1.0, accuracy=scored([True])), result(models, "load from elsewhere"))
    assert comparison.invalid == ((), ("load from elsewhere",))
    *times, accuracy = comparison.models[0].differences
    assert {difference.verdict for difference in times} == {UNTOLD}
    assert accuracy.verdict == "WORSE"


def test_machines_and_settings_are_compared_without_what_they_were_doing() -> None:
    models = [measured("0.onnx", "00000000", 1.0)]
    before = result(models, cpu="laptop", load=0.1, date="yesterday", celsius=40.0)
    after = result(models, cpu="pi", load=3.0, versions={**before["machine"]["versions"], "numpy": "0.1"})
    after["settings"]["rounds"] = 3
    comparison = compare(before, after)
    assert dict(comparison.machine) == {
        "cpu": ("laptop", "pi"),
        "numpy": (before["machine"]["versions"]["numpy"], "0.1"),
    }
    assert dict(comparison.settings) == {"rounds": (20, 3)}
