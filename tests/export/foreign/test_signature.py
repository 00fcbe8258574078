from pathlib import Path

import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.foreign.pixel_rule import Layout
from edge_cifar.export.foreign.signature import Shape, Signature, image_layout, image_size, read_signature
from foreign import net, value
from onnx import TensorProto, helper

PATH = Path("net.onnx")
NCHW: Shape = ("N", 3, 8, 8)


def relu(**rest: object) -> onnx.ModelProto:
    return net([helper.make_node("Relu", ["image"], ["scores"])], **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16])
def test_a_classifier_has_an_image_and_a_number_for_each_class(kind: int) -> None:
    signature = read_signature(net(kind=kind, image=("N", 3, None, "W")), PATH)
    assert signature == Signature("image", "scores", ("N", 3, "?", "W"), 4)


def test_weights_that_are_inputs_too_are_none() -> None:
    model = net(inputs=[value("weight", (4, 3, 3, 3))])
    assert read_signature(model, PATH).input == "image"


def test_classes_may_be_channels_of_one_pixel() -> None:
    assert read_signature(relu(image=("N", 3, 1, 1), given=("N", 3, 1, 1)), PATH).classes == 3


@pytest.mark.parametrize("given", [None, ("N", "classes")])
def test_classes_that_the_file_does_not_say_are_inferred(given: Shape | None) -> None:
    assert read_signature(net(given=given), PATH).classes == 4


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            net(inputs=[value("mask", (1, 7), TensorProto.INT64)]),
            r"takes 'image' float \(N, 3, 8, 8\), 'mask' int64 \(1, 7\) ",
        ),
        (net(outputs=[value("boxes", ("N", 100, 4))]), r"gives 'scores' float \(N, 4\), 'boxes' float \(N, 100, 4\);"),
        (relu(image=(1, 128), kind=TensorProto.INT64), r"takes 'image' int64 \(1, 128\) and"),
        (relu(image=NCHW, given=NCHW), r"gives 'scores' float \(N, 3, 8, 8\); expected one float image"),
        (relu(image=(1, 1, 28, 28), given=(1, 10)), r"\(1, 1, 28, 28\)"),
        (relu(image=(1, 3, 8), given=(1, 10)), r"takes 'image' float \(1, 3, 8\)"),
        (relu(image=None, given=(1, 10)), "takes 'image' float of any shape"),
        (net(kind=TensorProto.UINT8), "takes 'image' uint8"),
        (relu(image=("n" * 100, 3), given=(1, 10)), r"takes 'image' float \(n{60}\.\.\., 3\)"),
        (net(outputs=[value("o" * 100, (1,))]), r", 'o{60}\.\.\.' float \(1\);"),
        (net(inputs=[value(f"m{i}", ()) for i in range(9)]), "'m2' float .*, 6 more and gives"),
    ],
)
def test_what_classifies_no_images_is_told_what_it_is(model: onnx.ModelProto, words: str) -> None:
    with pytest.raises(ModelError, match=words) as raised:
        read_signature(model, PATH)
    assert "expected one float image (N, 3, H, W) or (N, H, W, 3) in and one float (N, classes) out" in str(
        raised.value
    )


def test_inputs_that_are_no_tensors_are_named() -> None:
    model = net()
    model.graph.input[0].CopyFrom(helper.make_tensor_sequence_value_info("photos", TensorProto.FLOAT, None))
    with pytest.raises(ModelError, match="takes 'photos', no tensor and gives"):
        read_signature(model, PATH)


@pytest.mark.parametrize("classes", [1, 10_001])
def test_there_are_as_many_classes_as_a_card_can_have(classes: int) -> None:
    with pytest.raises(ModelError, match=f"gives {classes} numbers for an image; expected 2 to 10,000"):
        read_signature(relu(given=("N", classes)), PATH)


@pytest.mark.parametrize(
    ("image", "layout"),
    [
        (NCHW, "nchw"),
        ((1, 3, "H", "W"), "nchw"),
        ((1, "C", 8, 8), "nchw"),
        ((1, 8, 8, 3), "nhwc"),
        (("N", "H", "W", 3), "nhwc"),
        (("N", 8, 8, "C"), "nhwc"),
    ],
)
def test_channels_are_where_there_are_three(image: Shape, layout: Layout) -> None:
    assert image_layout(image, None, PATH) == layout
    assert image_layout(image, layout, PATH) == layout
    with pytest.raises(ModelError, match="leave --layout out"):
        image_layout(image, "nhwc" if layout == "nchw" else "nchw", PATH)


@pytest.mark.parametrize("image", [("N", "?", "?", "?"), (1, 3, 3, 3)])
def test_a_layout_that_may_be_either_is_asked_for(image: Shape) -> None:
    with pytest.raises(ModelError, match="--layout nchw is usual for PyTorch, nhwc for Keras"):
        image_layout(image, None, PATH)
    assert image_layout(image, "nhwc", PATH) == "nhwc"
    assert image_layout(image, "nchw", PATH) == "nchw"


@pytest.mark.parametrize(
    ("image", "layout", "size"),
    [
        (NCHW, "nchw", 8),
        ((1, 9, 9, 3), "nhwc", 9),
        ((1, 3, "H", "W"), "nchw", None),
        ((1, 3, 7, "W"), "nchw", 7),
    ],
)
def test_the_size_is_that_of_the_square(image: Shape, layout: Layout, size: int | None) -> None:
    assert image_size(image, layout, PATH) == size


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ((1, 3, 8, 16), "are 8 pixels high and 16 wide; only squares"),
        ((1, 3, 1025, 1025), "1,025 pixels a side; at most 1,024"),
        ((1, 3, 0, "W"), "0 pixels a side"),
    ],
)
def test_images_are_squares_of_a_size_that_a_card_can_have(image: Shape, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        image_size(image, "nchw", PATH)
