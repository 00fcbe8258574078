import pytest
from edge_cifar.benchmarks.measure.accuracy import Scores
from edge_cifar.benchmarks.report.verdict import choose, verdict
from measured import accuracy, model

FLOAT = model("float", scores=accuracy())


def test_the_fastest_that_loses_nothing_is_shipped() -> None:
    models = [FLOAT, model("a", 0.5, scores=accuracy(0.1, 0.4)), model("b", 0.4, scores=accuracy(-0.1, 0.4))]
    told = verdict(models, ["float", "a", "b"])
    assert told.startswith("Ship b: 1.4 times as fast as float from photo to label, 2.5 times as fast in the net;")
    assert "can't be told apart (0.10 points, p = 0.4, 10,000 images)" in told


def test_a_faster_one_that_loses_accuracy_is_not_shipped_but_named() -> None:
    told = verdict([FLOAT, model("fast", 0.2, scores=accuracy(2.5, 1e-6))], ["float", "fast"])
    assert told.startswith("Ship float: none of the others")
    assert told.endswith("fast is 1.7 times as fast as float, but loses 2.50 points.")


def test_a_slower_one_that_is_more_accurate_is_named() -> None:
    told = verdict([FLOAT, model("good", 2, scores=accuracy(-1.5, 1e-6))], ["float", "good"])
    assert told.endswith("good is 1.50 points more accurate, but 1.5 times as slow as float.")


def test_of_equally_fast_ones_the_smaller_is_shipped() -> None:
    small = model("small", 1.01, 300_000, accuracy(0.1, 0.5))
    assert choose([FLOAT, small]) is small
    assert "no slower than float, and 3.3 times smaller" in verdict([FLOAT, small], ["float", "small"])
    assert choose([FLOAT, model("large", 1.01, 2_000_000, accuracy())]) is FLOAT


def test_a_difference_in_speed_within_the_noise_is_none() -> None:
    assert choose([FLOAT, model("same", 0.99, scores=accuracy())]) is FLOAT


@pytest.mark.parametrize(
    ("scores", "words"), [(None, "in the net."), (accuracy(), "right on 90.00% of 10,000 images.")]
)
def test_one_model_alone_is_described(scores: Scores | None, words: str) -> None:
    told = verdict([model("only", scores=scores)], ["only"])
    assert told.startswith("only takes 2.00 ms from a JPEG file to its label, 0.500 ms of it in the net.")
    assert told.endswith(words)


def test_without_data_speed_decides_and_the_lack_is_told() -> None:
    told = verdict([model("float"), model("fast", 0.5)], ["float", "fast"])
    assert told.startswith("Ship fast")
    assert "accuracy was not measured" in told
