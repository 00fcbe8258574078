import pytest
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.splits.name_groups import group_by_name

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
