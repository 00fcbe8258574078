from collections.abc import Mapping
from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.foreign.ultralytics import ultralytics_facts

PATH = Path("yolo.onnx")
METADATA = {"task": "classify", "names": "{0: 'tench', 1: \"the dog's\"}", "imgsz": "[224, 224]", "stride": "1"}


def test_a_classifier_says_its_labels_and_size() -> None:
    facts = ultralytics_facts(METADATA, PATH)
    assert facts
    assert (facts.labels, facts.size) == (("tench", "the dog's"), 224)
    assert (facts.scale, facts.mean, facts.std, facts.channels) == (1 / 255, (0, 0, 0), (1, 1, 1), "rgb")
    assert (facts.fit, facts.filter, facts.crop_share) == ("crop", "bilinear", 1)


@pytest.mark.parametrize("metadata", [{}, {"names": "{0: 'a'}"}, {"task": "classify"}])
def test_files_of_others_say_nothing(metadata: Mapping[str, str]) -> None:
    assert ultralytics_facts(metadata, PATH) is None


@pytest.mark.parametrize(
    ("imgsz", "size"),
    [("224", 224), ("(96, 96)", 96), ("[224, 160]", None), ("None", None), ("[]", None), ("'big'", None)],
)
def test_the_size_is_that_of_a_square(imgsz: str, size: int | None) -> None:
    facts = ultralytics_facts(METADATA | {"imgsz": imgsz}, PATH)
    assert facts
    assert facts.size == size


def test_names_may_be_a_list() -> None:
    facts = ultralytics_facts(METADATA | {"names": "['a', 'b']"}, PATH)
    assert facts
    assert facts.labels == ("a", "b")


@pytest.mark.parametrize("task", ["detect", "segment", "pose", "obb"])
def test_a_net_of_another_task_is_refused(task: str) -> None:
    with pytest.raises(ModelError, match=f"Ultralytics net for the task '{task}'; expected 'classify'"):
        ultralytics_facts(METADATA | {"task": task}, PATH)


@pytest.mark.parametrize(
    "names",
    [
        "{0: 'a'",
        "open('x')",
        "__import__('os')",
        "{[]: 1}",
        "\0",
        pytest.param("{0: 'a'}" + " " * 2**20, id="long"),
        pytest.param("(" * 10_000, id="deep"),
        pytest.param("-" * 100_000, id="minus"),
    ],
)
def test_what_is_no_literal_is_not_evaluated(names: str) -> None:
    with pytest.raises(ModelError, match="damaged Ultralytics metadata"):
        ultralytics_facts(METADATA | {"names": names}, PATH)


def test_backslashes_are_no_remark() -> None:
    facts = ultralytics_facts(METADATA | {"names": r"{0: 'a\d'}"}, PATH)  # where warnings are errors
    assert facts
    assert facts.labels == (r"a\d",)
