import matplotlib
import pytest
from edge_cifar.train.report import fonts
from edge_cifar.train.report.fonts import FAMILY, drawable
from edge_cifar.train.report.plot_style import picture
from matplotlib.figure import Figure


@pytest.fixture(autouse=True)
def other_settings() -> object:
    with matplotlib.rc_context({"font.family": [FAMILY]}):
        yield


def test_what_the_own_font_has_is_drawn_in_it() -> None:
    assert drawable("Straße, žlutý, кот…") == "Straße, žlutý, кот…"
    assert matplotlib.rcParams["font.family"] == [FAMILY]


def test_a_letter_that_no_font_has_is_escaped_and_never_a_box() -> None:
    assert drawable("cat \U0010fffd") == "cat \\U0010fffd"


def test_a_letter_is_taken_from_another_font_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_has", lambda path, letter: letter == "a" or "STIXGeneral" in path)
    fonts._family.cache_clear()
    assert drawable("a猫") == "a猫"
    assert matplotlib.rcParams["font.family"] == [FAMILY, "STIXGeneral"]
    fonts._family.cache_clear()


def test_a_picture_with_any_names_warns_of_nothing() -> None:
    @picture
    def drawn() -> Figure:
        figure = Figure(figsize=(2, 1))
        figure.text(0, 0, drawable("猫 고양이 ねこ \U0010fffd"))
        return figure

    assert drawn().startswith(b"\x89PNG")
