import pytest
from benchmark_results import measured, result, scored
from edge_cifar.benchmarks.measure.model_measurements import Measured
from edge_cifar.benchmarks.report.text_tables import describe, short


@pytest.fixture
def models() -> list[Measured]:
    accuracy = scored([True] * 9 + [False])
    deep = f"{'deep/' * 20}model.int8.onnx"
    return [
        measured("model.fp32.onnx", "a1b2c3d4", 1.0, accuracy=accuracy),
        measured(deep, "e5f6a7b8", 0.4, accuracy=accuracy),
    ]


def test_there_is_a_table_for_each_thing_that_was_measured(models: list[Measured]) -> None:
    blocks = describe(result(models)).split("\n\n")
    assert [block.split("  ")[0].split("\n")[0] for block in blocks] == [
        "cpu",
        "file",
        "net alone, threads 1",
        "JPEG of 1024 x 768 to pixels",
        "JPEG of 1024 x 768 to label",
        "first answer of a fresh process",
        "images a second",
        "accuracy on 10,000 images",
        "valid: nothing was seen to disturb this run",
    ]
    assert "40,123,456  a1b2c3d4a1b2" in blocks[1]
    assert "0.402 (0.401-0.404)" in blocks[2]
    assert "ratio" not in blocks[3]
    assert blocks[6].splitlines()[2].split() == ["model.fp32.onnx", "2", "2,000", "2,000", "2,000"]
    assert "90.00%    89.50-90.50" in blocks[7]


def test_every_line_fits_a_terminal_of_100_columns(models: list[Measured]) -> None:
    report = result(models, "rounds disagree: " + "a figure " * 20, cpu="a CPU with a name " * 10)
    report["minutes"] = [{"minute": 1, "celsius": None, "mhz": 1500.0, "net_ms": [1.0, 0.4]}]
    lines = describe(report).splitlines()
    assert max(map(len, lines)) <= 100
    assert any(line.endswith("/model.int8.onnx") or "/model.int8.onnx " in line for line in lines)


def test_without_labelled_images_there_is_no_accuracy() -> None:
    text = describe(result([measured("a.onnx", "a1b2c3d4", 1.0)]))
    assert "accuracy" not in text


def test_a_card_that_does_not_count_multiplications_leaves_a_dash(models: list[Measured]) -> None:
    report = result(models)
    report["models"][0]["macs"] = None
    assert "309,290           -  a1b2" in describe(report)


def test_minutes_have_a_line_each(models: list[Measured]) -> None:
    report = result(models)
    report["minutes"] = [
        {"minute": 1, "celsius": 48.7, "mhz": 1500.0, "net_ms": [1.0, 0.4]},
        {"minute": 2, "celsius": None, "mhz": None, "net_ms": [1.5, 0.6]},
    ]
    lines = describe(report).split("\n\n")[-2].splitlines()
    assert lines[0].split() == [
        "minute,",
        "medians",
        "in",
        "ms",
        "degrees",
        "MHz",
        "model.fp32.onnx",
        "model.int8.onnx",
    ]
    assert [line.split() for line in lines[1:]] == [
        ["1", "48.7", "1,500", "1.000", "0.400"],
        ["2", "-", "-", "1.500", "0.600"],
    ]


def test_an_invalid_run_says_so_at_the_end(models: list[Measured]) -> None:
    text = describe(result(models, "throttling: it is throttled", "rounds disagree"))
    assert text.endswith("INVALID: throttling: it is throttled\nINVALID: rounds disagree")


def test_long_paths_show_their_end() -> None:
    assert short("x" * 40 + "/model.onnx", 20) == "...xxxxxx/model.onnx"
    assert short("a\x1bb.onnx").isprintable()
