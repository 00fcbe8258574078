import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.contract import Model
from onnx import TensorProto, helper, numpy_helper

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


def nonzero_places(model: onnx.ModelProto) -> None:
    """Let the logits be the places of what isn't zero: as many rows as the photos make."""
    model.graph.node[-1].output[0] = "two"
    model.graph.node.extend(
        [
            helper.make_node("NonZero", ["two"], ["places"]),
            helper.make_node("Transpose", ["places"], ["rows"]),
            helper.make_node("Cast", ["rows"], ["logits"], to=TensorProto.FLOAT),
        ]
    )


def shape_from_the_photo(model: onnx.ModelProto) -> None:
    """Let the logits be reshaped to whatever the photos make: it can't be done."""
    model.graph.node[-1].output[0] = "two"
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1]), "flat shape"))
    model.graph.node.extend(
        [
            helper.make_node("NonZero", ["two"], ["places"]),
            helper.make_node("Reshape", ["places", "flat shape"], ["shape"]),
            helper.make_node("Reshape", ["two", "shape"], ["logits"]),
        ]
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (nonzero_places, r"it gives logits of shape \(2, 2\)"),
        (shape_from_the_photo, r"onnxruntime can't run it \(.*Reshape.*\)"),
    ],
)
def test_a_graph_that_shows_its_fault_when_it_runs_is_named_quietly(
    write_sealed: WriteSealed,
    small_graph: onnx.ModelProto,
    small_card: ModelCard,
    capfd: pytest.CaptureFixture[str],
    change: Change,
    reason: str,
) -> None:
    change(small_graph)
    model = Model(write_sealed(small_graph, small_card))
    pixels = np.zeros((3, 2, 2, 4), np.uint8)
    pixels[0, 0, 0] = 100  # its logits are zeros
    with pytest.raises(ModelError, match=rf"model\.onnx: {reason}; export it again"):
        model.logits(pixels)
    assert capfd.readouterr() == ("", "")


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


def test_threads_may_share_a_model(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    model = Model(tiny_int8_model, threads=2)
    batches = np.split(synthetic.images[:64], 16)
    expected = [model.logits(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for logits, own in zip(pool.map(model.logits, batches * 10), expected * 10, strict=True):
            assert np.array_equal(logits, own)


@pytest.mark.parametrize(
    ("threads", "error"),
    [(0, ValueError), (257, ValueError), (-(10**10), ValueError), ("2", TypeError), (True, TypeError)],
)
def test_threads_that_are_no_number_of_cores_are_refused(
    small_model: Path, threads: int, error: type[Exception]
) -> None:
    with pytest.raises(error, match="threads: expected a whole number, 1 to 256"):
        Model(small_model, threads)


@pytest.mark.parametrize("bias", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_an_error(
    bias: float,
    small_graph: onnx.ModelProto,
    small_card: ModelCard,
    write_sealed: Callable[[onnx.ModelProto, ModelCard], Path],
) -> None:
    held = next(tensor for tensor in small_graph.graph.initializer if tensor.name == "bias")
    held.CopyFrom(numpy_helper.from_array(np.array([0, bias], np.float32), "bias"))
    with Model(write_sealed(small_graph, small_card)) as model, pytest.raises(ModelError, match="that are no numbers"):
        model.logits(np.zeros((1, 2, 2, 4), np.uint8))


def test_a_pickled_model_is_opened_anew_wherever_the_process_works(
    small_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(small_model.parent)
    model = Model(small_model.name, threads=2)
    pickled = pickle.dumps(model)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = pickle.loads(pickled)
    assert again._session._session.get_session_options().intra_op_num_threads == 2
    pixels = np.zeros((1, 2, 2, 4), np.uint8)
    assert np.array_equal(again.logits(pixels), model.logits(pixels))


def test_a_closed_model_says_so(small_model: Path) -> None:
    with Model(small_model) as model:
        assert model.logits(np.zeros((1, 2, 2, 4), np.uint8)).shape == (1, 2)
    with pytest.raises(ValueError, match="the model is closed"):
        model.logits(np.zeros((1, 2, 2, 4), np.uint8))
