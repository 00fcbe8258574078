import pytest
from edge_cifar.edge.text_table import text_table


def test_columns_are_as_wide_as_their_widest_cell_numbers_to_the_right() -> None:
    assert text_table(("class", "images"), [("cat", "7"), ("airplane", "12,345,678")]) == [
        "class         images",
        "cat                7",
        "airplane  12,345,678",
    ]


def test_words_go_to_the_left_where_that_is_asked_for() -> None:
    rows = [("a", "1", "same bits"), ("b", "", "")]
    assert text_table(("file", "bytes", "on other CPUs"), rows, left=(0, 2)) == [
        "file  bytes  on other CPUs",
        "a         1  same bits",
        "b",
    ]


def test_a_row_that_lacks_a_cell_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        text_table(("a", "b"), [("1",)])
