import pytest
from edge_cifar.edge.photos.left_out import LINK, LeftOut, file_kind, is_searched, photo_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.HEIC", "HEIC"), ("a.nef", "raw"), ("a.txt", ".txt"), (".a.heic", "hidden"), ("README", "without suffix")],
)
def test_a_file_is_counted_as_its_kind(name: str, kind: str) -> None:
    assert file_kind(name) == kind


def test_only_photos_that_are_not_read_have_a_kind_of_photo() -> None:
    assert [photo_kind(name) for name in ("a.heif", "a.txt", "a.jpg", "._a.heic")] == ["HEIC", None, None, None]


@pytest.mark.parametrize("name", ["__MACOSX", "@eaDir", ".thumbnails", "$RECYCLE.BIN"])
def test_folders_that_no_one_put_photos_into_are_not_searched(name: str) -> None:
    assert not is_searched(name)
    assert is_searched(f"a{name}")


def test_kinds_are_told_with_their_numbers_the_most_frequent_first() -> None:
    left_out = LeftOut(["raw", "HEIC", "HEIC", LINK])
    assert str(left_out) == "2 HEIC, 1 raw, 1 link to a folder"
    left_out.update([LINK, LINK] * 1000)
    assert str(left_out) == "2,001 links to folders, 2 HEIC, 1 raw"
    assert not LeftOut()
