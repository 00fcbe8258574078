from dataclasses import replace
from pathlib import Path

import numpy as np
from edge_cifar.edge.report.doubtful_photos import LISTED, PICTURES, doubts_line, doubts_section
from edge_cifar.edge.stats.label_errors import HELD_OUT, LEARNED, Doubt
from elements import Elements

DOUBT = Doubt("test", "glass/<i>.jpg", "photos/glass/<i>.jpg", "glass", "metal & tin", 0.012, 0.957, HELD_OUT)


def section(doubts: list[Doubt]) -> str:
    return doubts_section(doubts, lambda *_: np.zeros((8, 8, 3), dtype=np.uint8))


def test_a_photo_is_shown_with_its_folder_what_it_looks_like_and_where_it_lies() -> None:
    page = section([DOUBT, replace(DOUBT, split="train", judged=LEARNED, path="photos/glass/b.jpg")])
    elements = Elements(page)
    for words in (
        "2 photos contradict their folders",
        "in glass",
        "looks like metal & tin, 96%",
        "photos/glass/<i>.jpg",
        "1.2%",
        "95.7%",
        "Test photos were judged by the net, which has not learned from them.",
        "Training photos were judged by the net that has learned them",
        "The same list is in doubtful.jsonl of the run.",
    ):
        assert words in elements.text
    assert len(elements.sources) == 2
    assert "i" not in elements.tags


def test_however_many_there_are_the_page_stays_small() -> None:
    elements = Elements(section([DOUBT] * 5000))
    assert len(elements.sources) == PICTURES
    assert elements.text.count("photos/glass/<i>.jpg") == LISTED
    assert "5,000 photos contradict their folders" in elements.text
    assert f"The {LISTED} worst of them; all are in doubtful.jsonl of the run." in elements.text


def test_a_photo_that_is_gone_is_only_listed(tmp_path: Path) -> None:
    page = doubts_section([DOUBT], lambda *_: tmp_path / "gone.jpg")
    assert Elements(page).sources == []
    assert "photos/glass" in page


def test_none_and_one_are_said_as_such() -> None:
    assert "No photo contradicts its folder." in section([])
    assert doubts_line([DOUBT]) == "1 photo contradicts its folder"
