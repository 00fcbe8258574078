import json
from pathlib import Path
from xml.etree import ElementTree

import measured
import pytest
from edge_cifar.benchmarks.publish.figures import END, PAGES, START, figures, pictures, with_tables
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.files.own_mark import marked

ROOT = Path(__file__).resolve().parents[3]
RESULTS = ROOT / "benchmarks/results"
NAMES = [name for names in PAGES.values() for name in names]


def places(names: list[str]) -> str:
    """A page with a place for each of these tables."""
    return "".join(f"before\n{START.format(name)}\nold\n{END.format(name)}\nafter\n" for name in names)


MACHINE = {"cpu": "Cortex-A76", "int8_instructions": ["asimd", "asimddp"], "date": "2026-11-20T15:00:01+00:00"}
PEERS = {
    "machine": MACHINE,
    "rounds": 30,
    "rows": [
        {
            "name": name,
            "net": net,
            "precision": "int8",
            "version": "1.0",
            "threads": threads,
            "ms": {"p50": ms},
            "to_ours": {"median": ms, "low": ms - 0.1, "high": ms + 0.1},
        }
        for name, net, threads, ms in (
            *(("Slow", "batchnorm", 1, 2.0), ("Fast", "batchnorm", 1, 0.5)),
            *(("Two threads", "batchnorm", 2, 1.0), ("Other net", "resnet8", 1, 1.0)),
        )
    ],
}
FAMILY = {
    "machine": MACHINE,
    "rounds": 30,
    "rows": [
        {
            "name": name,
            "parameters": parameters,
            "macs": macs,
            "bytes": size,
            "top1": top1,
            "interval": [top1 - 0.01, top1 + 0.01],
            "ms": {"p50": ms},
            "ms_interval": {"median": ms, "low": ms, "high": ms},
            "to_unit": {"median": ms / 0.1, "low": ms / 0.1 - spread, "high": ms / 0.1 + spread},
        }
        for name, parameters, macs, size, top1, ms, spread in (
            ("ResNet-8 on LiteRT", None, None, 93_000, 0.86, 0.1, 0.0),
            ("nano", 76_586, 6_800_000, 87_500, 0.87, 0.05, 0.05),
        )
    ],
}
CONFORMANCE = {
    "machine": MACHINE,
    "photos": {"n": 200},
    "rows": [
        {
            "cpu": cpu,
            "kind": kind,
            "comparison": {"identical_logits": same, "same_answers": answers, "largest_difference": 3.75},
        }
        for cpu, kind, same, answers in (
            *(("host", "int8", 200, 200), ("host", "control", 200, 200), ("host", "fp32", 0, 200)),
            *(("haswell", "int8", 200, 200), ("haswell", "control", 9, 190), ("haswell", "control", 2, 183)),
        )
    ],
}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "benchmark.json").write_text(json.dumps(measured.report()))
    for name in ("notebooks.json", "own_photos.json"):
        (tmp_path / name).write_bytes((RESULTS / name).read_bytes())
    (tmp_path / "peers.json").write_text(json.dumps(PEERS))
    (tmp_path / "family.json").write_text(json.dumps(FAMILY))
    (tmp_path / "conformance.json").write_text(json.dumps(CONFORMANCE))
    return tmp_path


def test_tables_replace_what_stood_between_their_marks_and_nothing_else(results: Path) -> None:
    text = with_tables(places(NAMES), results, NAMES)
    assert "old" not in text
    assert (text.count("before"), text.count("after")) == (6, 6)
    assert "| `nano` | 76,586 | 6.8 | 87.00 % (86.00 - 88.00) | 0.050 ms | 0.50 (0.45 - 0.55) | 87,500 |" in text
    assert "| ResNet-8 on LiteRT | - | - | 86.00 % (85.00 - 87.00) | 0.100 ms | 1.00 (1.00 - 1.00) | 93,000 |" in text
    assert "90.00 %; 0.20 (3 images broken, 1 fixed; McNemar p = 0.5)" in text
    assert "| `deep` | 666,026 | 69.9 % | **83.65 %** (82.9 - 84.4) | 83.72 % |" in text
    assert with_tables(text, results, NAMES) == text


def test_other_runtimes_stand_fastest_first_with_their_ratio_to_ours(results: Path) -> None:
    lines = with_tables(places(NAMES), results, NAMES).splitlines()
    fast = lines.index("| Fast 1.0 | int8 | 0.500 ms | 0.50 (0.40 - 0.60) |")
    assert lines[fast + 1] == "| Slow 1.0 | int8 | 2.000 ms | 2.00 (1.90 - 2.10) |"
    assert lines[fast + 3].startswith("Cortex-A76 (asimd, asimddp), 2026-11-20;")
    assert not any("Two threads" in line or "Other net" in line for line in lines)


def test_conformance_is_told_by_the_worst_row_of_each_cpu(results: Path) -> None:
    text = with_tables(places(NAMES), results, NAMES)
    assert "| this machine: Cortex-A76 (asimd, asimddp) | 200 of 200 | 200 of 200 |" in text
    assert "| Haswell: AVX2, no VNNI | 200 of 200 | **2** of 200, off by up to 3.8, 17 other answers |" in text


def test_a_table_without_a_place_is_named(results: Path) -> None:
    with pytest.raises(EdgeCifarError, match="put a line <!-- family: by `make figures` -->"):
        with_tables("nothing", results, NAMES[:1])


def test_pictures_are_svg_files_of_their_own_light_and_dark(results: Path) -> None:
    drawn = {path.name: svg for path, svg in pictures(results).items()}
    assert sorted(drawn) == [
        f"{name}-{look}.svg" for name in ("accuracy_latency", "photo_time") for look in ("dark", "light")
    ]
    for svg in drawn.values():
        assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert drawn["photo_time-dark.svg"] != drawn["photo_time-light.svg"]


def test_the_command_writes_all_of_it(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for page, names in PAGES.items():
        (results / page).parent.mkdir(exist_ok=True)
        (results / page).write_text(places(names))
    figures(results, results)
    assert len(capsys.readouterr().out.splitlines()) == 4 + len(PAGES)
    for page, names in PAGES.items():
        assert (results / page).read_text() == with_tables(places(names), results, names)


@pytest.mark.parametrize(("page", "names"), PAGES.items(), ids=PAGES)
def test_a_page_is_up_to_date_with_the_results(page: str, names: list[str]) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert with_tables(text, RESULTS, names) == text, "run `make figures`"


def test_pictures_are_up_to_date_with_the_results() -> None:
    for path, drawn in pictures(RESULTS).items():
        assert path.read_bytes() == marked(drawn.encode(), ".svg"), "run `make figures`"
