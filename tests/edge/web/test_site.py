import json
import re
from pathlib import Path

import pytest
import typer
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.atomic_write import ForeignFileError
from edge_cifar.edge.model.shipped_models import model_file
from edge_cifar.edge.web.command import web
from edge_cifar.edge.web.site import PAGE, page_files, write_site

NAMES = re.compile(r"http://(www\.w3\.org/2000/svg|ns\.adobe\.com/xap/1\.0/)")  # of XML namespaces, which nothing loads
MODELS = {"nano": model_file("nano"), "small": model_file("small")}


@pytest.mark.usefixtures("runtime")
def test_a_site_has_the_page_the_models_and_the_runtime(tmp_path: Path) -> None:
    size = write_site(MODELS, tmp_path / "site")
    site = json.loads((tmp_path / "site" / "site.json").read_text())
    assert {path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*.*")} == {
        *site["files"],
        "site.json",
    }
    assert [model["url"] for model in site["models"]] == ["models/nano.onnx", "models/small.onnx"]
    assert (tmp_path / "site" / "models" / "nano.onnx").read_bytes() == MODELS["nano"].read_bytes()
    assert size < 15_000_000
    assert (site["server"], site["runtime"]) == (False, True)


@pytest.mark.usefixtures("runtime")
def test_a_site_replaces_itself_and_nothing_else(tmp_path: Path) -> None:
    write_site(MODELS, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    write_site({"nano": MODELS["nano"]}, tmp_path)
    assert not (tmp_path / "models" / "small.onnx").exists()
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "style.css").write_text("mine")
    with pytest.raises(ForeignFileError, match=r"style\.css: exists, not as edge-cifar wrote it"):
        write_site(MODELS, tmp_path)
    assert (tmp_path / "style.css").read_text() == "mine"


def test_without_the_runtime_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(EdgeCifarError, match="is not installed; run: npm pack onnxruntime-web@"):
        write_site(MODELS, tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_the_page_loads_nothing_from_elsewhere_and_styles_nothing_inline() -> None:
    for name, content in page_files().items():
        text = NAMES.sub("", content.decode())
        assert not re.search(r"(https?:)?//[a-z]+\.[a-z]", text), name
    page = page_files()["index.html"].decode()
    assert "style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    for loaded in re.findall(r'(?:src|href)="([^"]*)"', page):
        assert loaded in page_files()


def test_every_file_of_the_page_is_kept_for_when_the_server_is_gone() -> None:
    kept = re.search(r"const PAGE = \[(.*?)\];", (PAGE / "kept.js").read_text(), re.DOTALL)
    assert kept is not None
    names = set(re.findall(r'"([^"]+)"', kept[1])) - {"."}
    assert names == page_files().keys() - {"index.html", "service_worker.js"}


@pytest.mark.usefixtures("runtime")
def test_the_command_says_how_to_look_at_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    web(["nano", f"pets={MODELS['small']}"], tmp_path / "my site")
    told = r"written to .*my site: \d\.\d MB; try it: python3 -m http\.server --directory '.*my site'\n"
    assert re.fullmatch(told, capsys.readouterr().out)
    assert (tmp_path / "my site" / "models" / "pets.onnx").exists()
    with pytest.raises(typer.BadParameter, match="name the folder"):
        web(["nano"])
