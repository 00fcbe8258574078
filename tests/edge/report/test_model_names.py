from edge_cifar.edge.report.model_names import short_names, shortened


def test_a_name_is_the_last_part_with_as_much_before_it_as_tells_it_from_others() -> None:
    paths = ["models/net.fp32.onnx", "runs/a/model.onnx", "runs/b/model.onnx", "x/runs/b/model.onnx"]
    assert short_names(paths) == ["net.fp32", "a/model", "runs/b/model", "x/runs/b/model"]


def test_one_file_given_twice_and_an_empty_path_have_names() -> None:
    assert short_names(["a.onnx", "a.onnx"]) == ["a", "a"]
    assert short_names([".onnx"]) == [".onnx"]


def test_of_a_long_name_both_ends_are_kept() -> None:
    assert shortened("abcdefghij", 5) == "ab…ij"
    assert short_names(["x" * 100])[0].count("x") < 50
