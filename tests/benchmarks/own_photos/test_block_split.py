from pathlib import Path

from edge_cifar.benchmarks.own_photos.block_split import in_order, split_by_blocks


def test_the_highest_numbers_of_each_class_are_the_test_split(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(1, 11):
            (tmp_path / "photos" / label / f"{label}{number}.jpg").write_text(f"{label} {number}")

    for _ in range(2):  # again is no error
        folder = split_by_blocks(tmp_path / "photos", tmp_path / "split")
    assert sorted(path.read_text() for path in folder.glob("test/*/*")) == ["cat 10", "cat 9", "dog 10", "dog 9"]
    assert len(list(folder.glob("train/*/*"))) == 16


def test_numbers_are_counted_not_spelt() -> None:
    assert in_order(["a/b10.jpg", "a/b9.jpg", "a/b1-2.jpg"]) == ["a/b1-2.jpg", "a/b9.jpg", "a/b10.jpg"]
