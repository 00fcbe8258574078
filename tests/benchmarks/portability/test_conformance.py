import json
import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import typer
from edge_cifar.benchmarks.portability import conformance, conformance_child, emulated, emulators
from edge_cifar.benchmarks.portability.conformance_photos import choose_photos, describe_photos
from edge_cifar.benchmarks.portability.conformance_report import (
    SAME_BITS,
    Answer,
    Comparison,
    Failure,
    Row,
    Shown,
    compare,
    kind_of,
    markdown,
    problems,
    tables,
)
from edge_cifar.benchmarks.portability.emulators_setup import requirements
from edge_cifar.benchmarks.portability.full_range import write_full_range
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.export.proof.portability import Portability
from edge_cifar.export.proof.saturation import prove
from PIL import Image

LOGITS = np.array([[3, 1, 0], [0, 2, 1], [1, 0, 5], [7, 6, 0]], dtype=np.float32)
VERSIONS = {"onnxruntime": "1.31.1", "numpy": "2.4.6", "pillow": "13.0.0"}
SAME = Comparison(photos=4, same_pixels=True, same_answers=4, identical_logits=4, largest_difference=0)
OTHER = Comparison(photos=4, same_pixels=True, same_answers=3, identical_logits=1, largest_difference=1.25)


def _row(kind: str, comparison: Comparison, cpu: str = "haswell") -> Row:
    return Row(cpu, "newest", VERSIONS, f"models/a.{kind}.onnx", kind, comparison)


def test_equal_answers_are_identical() -> None:
    comparison = compare(Answer(LOGITS.copy(), "a"), Answer(LOGITS, "a"))
    assert comparison == SAME
    assert comparison.identical


def test_differences_are_counted_in_photos() -> None:
    logits = LOGITS.copy()
    logits[0, 2] += 0.5  # the answer stays
    logits[3] = [6, 7.25, 0]  # the answer changes
    comparison = compare(Answer(logits, "a"), Answer(LOGITS, "a"))
    assert (comparison.same_answers, comparison.identical_logits) == (3, 2)
    assert comparison.largest_difference == 1.25
    assert not comparison.identical


def test_logits_that_compare_equal_but_differ_in_a_bit_are_not_identical() -> None:
    logits = LOGITS.copy()
    logits[0, 2] = -0.0
    assert compare(Answer(logits, "a"), Answer(LOGITS, "a")).identical_logits == 3


def test_other_pixels_are_not_identical_even_when_the_logits_are() -> None:
    assert not compare(Answer(LOGITS, "b"), Answer(LOGITS, "a")).identical


def test_int8_must_be_identical_and_fp32_need_not() -> None:
    assert problems([_row("int8", SAME), _row("fp32", OTHER)], []) == []
    assert problems([_row("int8", OTHER)], []) == ["models/a.int8.onnx on haswell, newest: not identical to the bit"]


def test_int8_that_promises_less_is_only_measured(card: ModelCard) -> None:
    card = replace(card, precision="int8", portability=SAME_BITS)
    assert card.portability == Portability.PROVEN
    assert kind_of(card) == "int8"
    assert kind_of(replace(card, portability="")) == "int8"
    assert kind_of(replace(card, precision="fp32", portability=Portability.ROUNDING)) == "fp32"
    kind = kind_of(replace(card, portability=Portability.ROUNDING))
    assert kind == "int8, within rounding (float layers)"
    assert problems([_row(kind, OTHER)], []) == []


def test_the_control_must_differ_somewhere() -> None:
    assert problems([_row("control", SAME, "host"), _row("control", OTHER)], []) == []
    (line,) = problems([_row("control", SAME, "host"), _row("control", SAME)], [])
    assert "would not have noticed" in line


def test_a_cpu_without_an_answer_is_a_problem() -> None:
    assert problems([], [Failure("a72", "1.21.0", "exit status -4")]) == ["a72, 1.21.0: exit status -4"]


def test_each_model_gets_a_table() -> None:
    lines = tables([_row("fp32", SAME, "host"), _row("int8", SAME, "host"), _row("int8", OTHER)]).splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "## models/a.fp32.onnx (fp32), 4 photos",
        "## models/a.int8.onnx (int8), 4 photos",
    ]
    assert lines[-1] == "| haswell | AVX2, no VNNI | 1.31.1 | 2.4.6 | 13.0.0 | yes | 3 | 1 | 1.2 |"
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_the_page_names_the_problems_or_says_that_there_are_none() -> None:
    assert "- qemu: 10.0.2\n- problems: none\n\n## models" in markdown({"qemu": "10.0.2"}, [], [_row("int8", SAME)])
    assert "- **problem**: bad luck\n" in markdown({}, ["bad luck"], [])


def test_cpus_are_of_known_architectures_and_only_the_host_is_not_emulated() -> None:
    assert {cpu.machine for name, cpu in emulators.CPUS.items() if name != "host"} <= set(emulators.ARCHITECTURES)
    assert [name for name, cpu in emulators.CPUS.items() if cpu.qemu is None] == ["host"]
    assert not any("," in name for name in emulators.CPUS)


def test_cpus_are_chosen_by_name_with_the_host_first() -> None:
    assert emulated.choose_cpus("a72,haswell,a72") == ["host", "a72", "haswell"]
    with pytest.raises(EdgeCifarError, match=r"unknown CPU 'a73'; choose from host, .*arm-max"):
        emulated.choose_cpus("a73")


def test_a_run_ends_in_its_table_and_fails_by_its_problems(capsys: pytest.CaptureFixture[str]) -> None:
    emulated.conclude("| table |\n", [])
    assert capsys.readouterr() == ("| table |\n", "")
    with pytest.raises(typer.Exit) as ended:
        emulated.conclude("| table |", ["one", "two"])
    assert ended.value.exit_code == 1
    assert capsys.readouterr() == ("| table |\n", "one\ntwo\n")


def test_a_missing_emulator_is_answered_by_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(EdgeCifarError, match=r"^\S*qemu-aarch64 is not there yet; run again with --prepare [^\n]*$"):
        emulators.check_prepared([emulators.CPUS["a72"]], ["newest"])


def test_the_oldest_packages_are_those_that_the_project_declares() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    declared = dict(re.findall(r"(\w+)>=([\d.]+)", " ".join(project["dependencies"])))
    oldest = [f"{name}=={declared[name]}" for name in ("onnxruntime", "numpy", "pillow")]
    assert requirements("newest") == ["onnxruntime", "numpy", "pillow"]
    assert requirements("oldest") == oldest
    assert requirements("1.20.1") == ["onnxruntime==1.20.1", *oldest[1:]]


def test_photos_are_rendered_and_then_taken_from_each_class_in_turn(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label, count in (("cat", 1), ("dog", 3)):
            (tmp_path / "data" / split / label).mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (2, 2)).save(tmp_path / "data" / split / label / f"{i}.png")
    photos = choose_photos(tmp_path / "photos", str(tmp_path / "data"), 13)
    assert [photo.suffix for photo in photos] == [".jpg"] * 10 + [".png"] * 3
    assert [f"{photo.parent.name}/{photo.stem}" for photo in photos[10:]] == ["cat/0", "dog/0", "dog/1"]
    described = describe_photos(photos, str(tmp_path / "data"))
    assert described.n == 13
    assert described.chosen.startswith("10 JPEGs rendered")
    assert described.chosen.endswith("3 test images of data, one of each class in turn")
    photos[12].write_bytes(photos[12].read_bytes() + b"\0")
    changed = describe_photos(photos, str(tmp_path / "data"))
    assert changed.sha256 != described.sha256
    assert changed == replace(described, sha256=changed.sha256)
    (tmp_path / "labels.csv").write_text("path,label\ndata/test/dog/2.png,dog\ndata/train/cat/0.png,cat\n")
    shown = choose_photos(tmp_path / "photos", str(tmp_path / "labels.csv"), 13)[10:]
    assert shown == [tmp_path / "data/train/cat/0.png", tmp_path / "data/test/dog/2.png"]


def test_without_data_all_photos_are_rendered(tmp_path: Path) -> None:
    photos = choose_photos(tmp_path, None, 12)
    assert len(set(photos)) == 12
    assert describe_photos(photos, None).chosen.startswith("12 JPEGs rendered")


def test_the_report_names_the_photos_and_the_models_by_their_hashes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conformance, "qemu_version", lambda: "10.0.2")
    photos = describe_photos(choose_photos(tmp_path / "photos", None, 2), None)
    shown = Shown(photos, {"models/a.int8.onnx": "abc"})
    conformance.write_report(tmp_path / "out.json", shown, [_row("int8", SAME)], [])
    report = json.loads((tmp_path / "out.json").read_text())
    assert report["photos"] == {"n": 2, "chosen": photos.chosen, "sha256": photos.sha256}
    assert report["models"] == {"models/a.int8.onnx": "abc"}
    page = (tmp_path / "out.md").read_text()
    assert photos.sha256 in page
    assert "- models/a.int8.onnx: SHA-256 abc\n" in page


def test_the_child_leaves_what_the_model_answers(tmp_path: Path, tiny_int8_model: Path) -> None:
    photos = write_photos(tmp_path / "photos", per_label=1, seed=0)[:2]
    request = {"models": [str(tiny_int8_model)], "photos": list(map(str, photos))}
    (tmp_path / "request.json").write_text(json.dumps(request))
    conformance_child.main(tmp_path)
    pixels = np.stack([read_photo(photo, 32) for photo in photos])
    assert np.array_equal(np.load(tmp_path / "logits-0.npy"), Model(tiny_int8_model, threads=1).logits(pixels))
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert set(answer["versions"]) == set(VERSIONS)
    assert len(answer["pixels_sha256"]) == 1


def test_a_cpu_that_fails_is_recorded_unless_it_is_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: set[str] = {"a72"}

    def ask(
        name: str, stack: str, models: Sequence[Path], photos: Sequence[Path]
    ) -> tuple[dict[str, str], list[Answer]]:
        if name in broken:
            raise EdgeCifarError(f"no {stack} packages for {len(photos)} photos")
        return VERSIONS, [Answer(LOGITS, "a") for _ in models]

    monkeypatch.setattr(conformance, "ask", ask)
    rows, failures = conformance.measure(["host", "a72"], ["newest"], {Path("models/a.int8.onnx"): "int8"}, [])
    assert rows == [_row("int8", SAME, "host")]
    assert failures == [Failure("a72", "newest", "no newest packages for 0 photos")]
    broken.add("host")
    with pytest.raises(EdgeCifarError):
        conformance.measure(["host", "a72"], ["newest"], {Path("models/a.int8.onnx"): "int8"}, [])


def test_the_control_can_saturate(tmp_path: Path, tiny_fp32_model: Path, synthetic: LabelledImages) -> None:
    write_full_range(tiny_fp32_model, synthetic.images[:10], tmp_path / "control.onnx")
    assert not any(proof.portable for proof in prove(onnx.load(tmp_path / "control.onnx")))
    assert Model(tmp_path / "control.onnx").card.precision == "int8"
