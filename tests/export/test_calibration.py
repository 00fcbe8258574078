import numpy as np
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.export.calibration import CalibrationImages


def test_the_sample_is_spread_over_the_classes(synthetic: LabelledImages) -> None:
    chosen = CalibrationImages(synthetic, 30, seed=0).images
    assert np.bincount(chosen.targets).tolist() == [3] * 10


def test_batches_hold_every_image_of_the_sample_once(synthetic: LabelledImages) -> None:
    calibration = CalibrationImages(synthetic, 100, seed=0)
    batches = []
    while (feed := calibration.get_next()) is not None:
        batches.append(feed["image"])
    assert [len(batch) for batch in batches] == [64, 36]
    assert np.array_equal(np.concatenate(batches), calibration.images.images)


def test_the_description_tells_one_sample_from_another(synthetic: LabelledImages) -> None:
    first, again, other = (CalibrationImages(synthetic, 50, seed).describe() for seed in (0, 0, 1))
    assert first == again
    assert first["sha256"] != other["sha256"]
    assert (first["split"], first["n"]) == ("train", 50)


def test_a_small_dataset_is_used_whole(synthetic: LabelledImages) -> None:
    assert CalibrationImages(synthetic, 10_000, seed=0).describe()["n"] == len(synthetic)
