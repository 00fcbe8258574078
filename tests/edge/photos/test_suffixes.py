import pytest
from edge_cifar.edge.photos.suffixes import NOT_READ, SUFFIXES, named_like_photo


@pytest.mark.parametrize("name", ["a.jpg", "A.JPG", "a.jfif", "b.pjpeg", "c.png", "d.AVIF", "e.tar.webp"])
def test_names_of_photos_are_found_whatever_their_case(name: str) -> None:
    assert named_like_photo(name)


@pytest.mark.parametrize("name", [".a.jpg", "a", "a.heic", "a.jpg.txt", "jpg", ".jpg"])
def test_hidden_files_and_other_kinds_are_not(name: str) -> None:
    assert not named_like_photo(name)


def test_no_kind_is_both_read_and_not_read() -> None:
    assert not SUFFIXES & NOT_READ.keys()
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in SUFFIXES | NOT_READ.keys())
