import pytest
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.name_groups import check_pattern, group_by_name, on_both_sides

NAMES = ["cat/kitchen-01.jpg", "dog/kitchen-02.jpg", "dog/garden-03.jpg", "dog/x.jpg"]


def test_groups_of_the_pattern_say_what_belongs_together() -> None:
    assert group_by_name(r"/(\w+)-", NAMES) == ["kitchen", "kitchen", "garden", None]
    assert group_by_name(r"^(\w+)/(\w+)-", NAMES) == ["cat/kitchen", "dog/kitchen", "dog/garden", None]
    assert group_by_name(r"kitchen|garden", NAMES) == ["kitchen", "kitchen", "garden", None]
    assert group_by_name(r"(cat)|(x)", NAMES) == ["cat/", None, None, "/x"]


def test_a_pattern_that_is_none_or_finds_nothing_is_refused() -> None:
    with pytest.raises(DataError, match=r"--split-by \(: no regular expression \(missing \), unterminated"):
        group_by_name("(", NAMES)
    with pytest.raises(DataError, match=r"--split-by day.: matches none of 4 names, 'cat/kitchen-01.jpg' for one"):
        group_by_name("day.", NAMES)
    assert group_by_name("day.", []) == []


@pytest.mark.parametrize("pattern", ["(", "a{99999999999}", "(" * 5000 + ")" * 5000])
def test_patterns_can_be_checked_before_there_are_names(pattern: str) -> None:
    with pytest.raises(DataError, match=r"^--split-by .*: no regular expression \(.+\)$"):
        check_pattern(pattern)
    assert check_pattern("(k.)").fullmatch("ka")


def test_groups_on_several_sides_are_told_a_few_by_name() -> None:
    train, val, test = ["d", "b", "b", "a", "c"], ["e", "e"], ["a", "f"]
    words = "--split-by: on both sides of the split, since a class has few others: "
    assert on_both_sides([train, val, test]) == [f"{words}a"]
    assert on_both_sides([train, [*val, "c", "b"], test]) == [f"{words}a, b, c"]
    assert on_both_sides([train, [*val, "c", "b"], [*test, "d", "d"]]) == [f"{words}a, b, c, ..."]
    assert on_both_sides([["a", "a"], ["b", "b"], []]) == []
