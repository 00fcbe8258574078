import numpy as np
from edge_cifar.export.cleanup.draft import Draft, set_attributes
from foreign_graphs import draft, graph, kinds, node, weights
from onnx import helper, numpy_helper


def test_constants_of_nodes_and_initializers_are_arrays() -> None:
    values = {
        "value": numpy_helper.from_array(np.array([[1.5]], np.float32)),
        "value_int": 3,
        "value_ints": [1, 2],
        "value_float": 0.5,
        "value_floats": [1.0, 2.0],
    }
    nodes = [helper.make_node("Constant", [], [key], **{key: value}) for key, value in values.items()]
    made = Draft(graph(*nodes, node("Add", "x w", "y"), w=weights(3, 1, 1)), (2, 3, 8, 8))
    assert kinds(made) == ["Add"]
    assert made.constants["value"] == 1.5
    assert {name: array.dtype.name for name, array in made.constants.items() if name != "w"} == {
        **dict.fromkeys(("value", "value_float", "value_floats"), "float32"),
        **dict.fromkeys(("value_int", "value_ints"), "int64"),
    }
    assert made.constants["value_ints"].tolist() == [1, 2]


def test_shapes_are_told_without_the_weights() -> None:
    conv = node("Conv", "x w", "c", kernel_shape=[3, 3], strides=[2, 2])
    made = draft(conv, node("Reshape", "c to", "y"), w=weights(5, 3, 3, 3), to=np.array([0, -1]))
    shapes = made.shapes()
    assert (shapes["x"], shapes["w"], shapes["c"], shapes["y"]) == ((2, 3, 8, 8), (5, 3, 3, 3), (2, 5, 3, 3), (2, 45))


def test_a_node_that_is_bypassed_leaves_its_input_to_all_readers_and_the_output() -> None:
    made = draft(
        node("Relu", "x", "a"), node("Identity", "a", "b"), node("Add", "b b", "c"), node("Identity", "c", "y")
    )
    for name in ("b", "y"):
        identity = made.maker(name, "Identity")
        assert identity is not None
        made.bypass(identity)
    assert kinds(made) == ["Relu", "Add"]
    assert (list(made.nodes[1].input), made.output) == (["a", "a"], "c")


def test_what_nothing_reads_is_removed_and_names_are_new() -> None:
    made = draft(node("Relu", "x", "a"), node("Mul", "x w", "b"), node("Neg", "a", "y"), w=weights(1), y_0=weights(1))
    assert made.fresh("y") != made.fresh("y")
    assert made.add_constant("y", 1.0) not in ("y", "y_0")
    made.remove_unread()
    assert kinds(made) == ["Relu", "Neg"]
    assert made.constants == {}


def test_a_tensor_has_an_only_reader_unless_it_is_an_output() -> None:
    made = draft(node("Relu", "x", "a"), node("Neg", "a", "y"))
    relu, neg = made.nodes
    assert made.is_only_reader(neg, "a")
    assert not made.is_only_reader(relu, "a")
    made.output = "a"
    assert not made.is_only_reader(neg, "a")
    assert made.maker("", "Relu") is None


def test_attributes_are_set_replaced_and_taken_away() -> None:
    conv = node("Conv", "x w", "y", auto_pad="VALID", pads=[1, 1, 1, 1])
    set_attributes(conv, auto_pad=None, pads=[0, 0, 0, 0], group=2)
    assert {entry.name: helper.get_attribute_value(entry) for entry in conv.attribute} == {"pads": [0] * 4, "group": 2}
