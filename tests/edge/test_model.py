import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.model import SHIPPED_DEFAULT, Model, default_model, usable_cores
from edge_cifar.edge.model_card import ModelCard
from onnx import TensorProto, helper

Change = Callable[[onnx.ModelProto], object]
WriteSealed = Callable[[onnx.ModelProto, ModelCard], Path]


def fixed_batch(model: onnx.ModelProto) -> None:
    for tensor in (*model.graph.input, *model.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_value = 1


def float_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def second_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("float", TensorProto.FLOAT, ["N", 2, 2, 4]))


def other_name(model: onnx.ModelProto) -> None:
    model.graph.input[0].name = model.graph.node[0].input[0] = "photo"


def test_known_weights_give_the_expected_logits(small_model: Path) -> None:
    pixels = np.zeros((3, 2, 2, 4), np.uint8)
    pixels[:, 0, 0] = [(0, 0, 0, 255), (100, 100, 100, 255), (255, 255, 255, 7)]
    logits = Model(small_model).logits(pixels)
    assert logits.dtype == np.float32
    assert logits.tolist() == [[0, -300], [0, 0], [0, 465]]


@pytest.mark.parametrize("kind", ["tiny_fp32_model", "tiny_int8_model"])
def test_a_batch_gives_what_its_images_give_one_by_one(
    kind: str, request: pytest.FixtureRequest, synthetic: LabelledImages
) -> None:
    model = Model(request.getfixturevalue(kind), threads=1)
    images = synthetic.images[:8]
    one_by_one = np.concatenate([model.logits(images[i : i + 1]) for i in range(8)])
    assert model.logits(images) == pytest.approx(one_by_one, abs=1e-4)


def test_int8_logits_do_not_depend_on_the_number_of_threads(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    one, two = (Model(tiny_int8_model, threads=threads).logits(synthetic.images) for threads in (1, 2))
    assert np.array_equal(one, two)


def test_the_x_channel_is_ignored(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    model = Model(tiny_int8_model)
    changed = synthetic.images.copy()
    changed[..., 3] = 0
    assert np.array_equal(model.logits(changed), model.logits(synthetic.images))


@pytest.mark.parametrize("change", [fixed_batch, float_input, second_output, other_name])
def test_a_model_off_the_contract_is_refused(
    write_sealed: WriteSealed, small_graph: onnx.ModelProto, small_card: ModelCard, change: Change
) -> None:
    change(small_graph)
    path = write_sealed(small_graph, small_card)
    with pytest.raises(ModelError, match=r"expected input 'image', uint8 \(N, 2, 2, 4\), and output 'logits'"):
        Model(path)


@pytest.mark.parametrize("change", [{"labels": ("cat", "dog", "cow")}, {"size": 3}])
def test_a_card_of_another_graph_is_refused(
    write_sealed: WriteSealed, small_graph: onnx.ModelProto, small_card: ModelCard, change: dict[str, object]
) -> None:
    path = write_sealed(small_graph, replace(small_card, **change))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="expected input 'image'"):
        Model(path)


def test_a_graph_that_onnxruntime_refuses_is_named_quietly(
    write_sealed: WriteSealed,
    small_graph: onnx.ModelProto,
    small_card: ModelCard,
    capfd: pytest.CaptureFixture[str],
) -> None:
    small_graph.graph.node[0].op_type = "NoSuchOperator"
    path = write_sealed(small_graph, small_card)
    with pytest.raises(ModelError, match=r"model\.onnx: onnxruntime .* can't load it .*NoSuchOperator"):
        Model(path)
    assert capfd.readouterr() == ("", "")


def test_usable_cores_are_those_allowed() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


def test_without_runs_the_shipped_model_is_the_default(tmp_path: Path) -> None:
    assert default_model(tmp_path / "runs") == SHIPPED_DEFAULT


def test_the_newest_export_names_the_default(tmp_path: Path) -> None:
    for age, name in enumerate(("newest", "older", "oldest")):
        summary = tmp_path / name / "export.json"
        summary.parent.mkdir()
        summary.write_text(json.dumps({"default": f"{name}.onnx"}))
        os.utime(summary, (1e9 - age, 1e9 - age))
    assert default_model(tmp_path) == tmp_path / "newest" / "newest.onnx"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"default": 3}', '{"default": "../../elsewhere.onnx"}'])
def test_a_damaged_export_summary_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "export.json").write_text(text)
    with pytest.raises(ModelError, match=r"export\.json: damaged; export the run again"):
        default_model(tmp_path)
