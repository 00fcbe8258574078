from pathlib import Path

import pytest
from edge_cifar.benchmarks.publish import house_map
from edge_cifar.benchmarks.publish.house_map import arrows, imported_modules, with_map
from edge_cifar.edge.errors import EdgeCifarError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Three rooms in a row, the last of which imports both others."""
    for name, text in {
        "cellar/wine": "import os",
        "hall/door": "from ..cellar.wine import red",
        "roof/tiles": "def up():\n    from ..cellar import wine\n    from ..hall.door import bell",
        "top": "from .roof.tiles import up",
    }.items():
        path = tmp_path / "house" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").write_text(f'"""The {path.parent.name}."""')
    return tmp_path


def test_the_committed_map_is_what_the_imports_are() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    assert with_map(page, ROOT) == page, "draw it anew: python -m edge_cifar.benchmarks.publish.house_map"


def test_arrows_are_the_imports_of_rooms_wherever_they_stand(house: Path) -> None:
    assert arrows(house, "house") == {"cellar": set(), "hall": {"cellar"}, "roof": {"cellar", "hall"}}


def test_modules_and_names_of_modules_are_told_apart(house: Path) -> None:
    imported = imported_modules(house / "house" / "roof" / "tiles.py")
    assert set(imported) == {house / "house" / "cellar" / "wine.py", house / "house" / "hall" / "door.py"}


def test_arrows_that_follow_from_others_are_not_drawn(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house_map, "FOLDERS", ("house",))
    monkeypatch.setattr(house_map, "PHOTO", ("house.roof.tiles.up",))
    monkeypatch.setattr(house_map, "RUN", ())
    marks = "\n".join(f"{house_map.START.format(n)}\nold\n{house_map.END.format(n)}" for n in ("house", "photo", "run"))
    page = with_map(f"before\n{marks}\nafter", house)
    assert "- `house/cellar/`: The cellar.\n" in page
    assert "flowchart TD\n    hall --> cellar\n    roof --> hall\n```" in page
    assert 's0["house/roof/tiles.py<br/>up"]' in page
    assert "old" not in page


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(EdgeCifarError, match="no place for edge"):
        with_map("", ROOT)


def test_a_step_that_is_no_longer_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house_map, "PHOTO", ("edge.photos.pixels.nothing",))
    with pytest.raises(EdgeCifarError, match=r"edge\.photos\.pixels\.nothing: no such function"):
        with_map("", ROOT)
