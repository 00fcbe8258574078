import numpy as np
import pytest
from edge_cifar.edge.validate import probability, whole_number


def test_numbers_of_any_kind_within_bounds_are_taken() -> None:
    assert [whole_number("n", value, 1, 9) for value in (1, 9, np.int64(3), np.uint8(4))] == [1, 9, 3, 4]
    assert whole_number("n", 10**30, 1) == 10**30
    assert [probability("p", value) for value in (0, 1, 0.5, np.float32(0.25))] == [0, 1, 0.5, 0.25]


@pytest.mark.parametrize("value", ["2", 2.0, True, None, [1], b"2", np.float64(2), np.bool_(True)])
def test_what_is_no_whole_number_is_a_type_error(value: int) -> None:
    with pytest.raises(TypeError, match="n: expected a whole number, 1 to 9, got "):
        whole_number("n", value, 1, 9)


@pytest.mark.parametrize("value", [0, 10, -(10**20)])
def test_a_whole_number_out_of_bounds_is_a_value_error(value: int) -> None:
    with pytest.raises(ValueError, match=f"n: expected a whole number, 1 to 9, got {value}"):
        whole_number("n", value, 1, 9)
    with pytest.raises(ValueError, match="n: expected a whole number, 1 or more, got 0"):
        whole_number("n", 0, 1)


@pytest.mark.parametrize("value", ["0.5", True, None, 1j, [0.5], b"1", np.bool_(True), np.array(False)])
def test_what_is_no_number_is_no_probability(value: float) -> None:
    with pytest.raises(TypeError, match="p: expected a probability, 0 to 1, got "):
        probability("p", value)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), float("inf"), -float("inf"), np.float32("nan")])
def test_a_number_outside_of_0_to_1_is_no_probability(value: float) -> None:
    with pytest.raises(ValueError, match="p: expected a probability, 0 to 1, got "):
        probability("p", value)
