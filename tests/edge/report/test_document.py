from pathlib import Path

import numpy as np
from edge_cifar.edge.report.charts.svg import chart
from edge_cifar.edge.report.charts.thumbnails import thumbnail, thumbnails
from edge_cifar.edge.report.document import document, section, table
from edge_cifar.edge.report.page_style import DARK, LIGHT, page_style
from edge_cifar.edge.report.svg_file import picture
from elements import Elements
from PIL import Image


def test_a_section_of_nothing_is_nothing() -> None:
    assert section("empty", "", "") == ""
    assert "<h2>full</h2>" in section("full", "", "text")


def test_text_is_shown_as_it_is_and_controls_are_written_out() -> None:
    page = Elements(document("a <b> & \x00", table(["<i>"], ["\u202e"])))
    assert {"b", "i"} & set(page.tags) == set()
    assert "a <b> & \\x00" in page.text
    assert "\\u202e" in page.text


def test_a_row_of_one_cell_is_a_title_across_the_table() -> None:
    assert '<th colspan="3">group' in table(["", "a", "b"], ["group"], ["x", "1", "2"])


def test_light_and_dark_name_the_same_colours_and_the_style_uses_no_other() -> None:
    assert LIGHT.keys() == DARK.keys()
    used = {part.split(")")[0] for part in page_style().split("var(--")[1:]}
    assert used <= {*LIGHT, "font"}


def test_a_chart_becomes_a_file_of_its_own_with_its_colours() -> None:
    svg = picture(chart("title", "words", 100), DARK)
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
    assert DARK["ink"] in svg
    assert LIGHT["ink"] not in svg


def test_small_photos_are_shown_pixel_by_pixel_and_large_ones_shrunk(tmp_path: Path) -> None:
    small = thumbnail(np.zeros((32, 32, 4), np.uint8), "black")
    assert 'class="pixels" src="data:image/png' in small
    Image.effect_noise((2000, 1000), 50).save(tmp_path / "large.png")
    large = thumbnail(tmp_path / "large.png", "noise", "a note")
    assert 'src="data:image/jpeg' in large
    assert "<span>a note</span>" in large
    assert len(large) < 60_000


def test_what_cannot_be_opened_is_left_out(tmp_path: Path) -> None:
    assert thumbnail(tmp_path / "missing.png", "x") == ""
    assert thumbnails([""]) == ""
