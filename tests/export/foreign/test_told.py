from typing import Any

import pytest
from edge_cifar.export.foreign.told import LIKE, Like, Told


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"mean": (1.0, 2.0)}, "--mean has one number, or three"),
        ({"mean": (float("nan"),)}, "--mean"),
        ({"std": ()}, "--std"),
        ({"std": (1.0, 0.0, 1.0)}, "--std divides"),
        ({"std": (-1.0,)}, "--std divides"),
        ({"scale": 0.0}, "--scale"),
        ({"scale": float("inf")}, "--scale"),
        ({"size": 0}, "--size"),
        ({"size": 1025}, "--size"),
        ({"crop_share": 0.0}, "--crop-share is above 0"),
        ({"crop_share": 1.1}, "--crop-share is above 0"),
        ({"crop_share": 0.9, "fit": "squash"}, "--crop-share means nothing"),
        ({"filter": "nearest"}, "--filter is one of bilinear, bicubic, lanczos"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_option(said: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Told(**said)


def test_one_number_is_for_all_channels() -> None:
    (facts,) = Told(mean=(0.5,), std=(1.0, 2.0, 3.0)).facts()
    assert (facts.mean, facts.std, facts.scale) == ((0.5, 0.5, 0.5), (1, 2, 3), None)


def test_a_share_means_a_crop() -> None:
    assert Told(crop_share=0.9).facts()[0].fit == "crop"


@pytest.mark.parametrize("name", LIKE)
def test_a_usual_set_comes_after_what_is_said(name: Like) -> None:
    first, second = Told(like=name, scale=2.0).facts()
    assert (first.scale, second) == (2, LIKE[name])
    assert second.source == f"--like {name}"


@pytest.mark.parametrize(("name", "black", "white"), [("tf", -1, 1), ("unit", 0, 1), ("imagenet", -2.117904, 2.248908)])
def test_usual_sets_bring_pixels_to_their_range(name: Like, black: float, white: float) -> None:
    facts = LIKE[name]
    assert facts.scale
    assert facts.mean
    assert facts.std
    ends = [(pixel * facts.scale - facts.mean[0]) / facts.std[0] for pixel in (0, 255)]
    assert ends == pytest.approx([black, white])
