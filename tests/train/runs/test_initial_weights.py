from pathlib import Path

import numpy as np
import pytest
import torch
from edge_cifar.edge.data.cifar import CIFAR10_LABELS
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import ModelError, RunError
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.shipped_models import SHIPPED_FP32, model_file
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.layers import scaled
from edge_cifar.train.nets.torch_modules import Sum, build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.runs.initial_weights import load_teacher, load_weights, teacher_sources, weights_file
from edge_cifar.train.runs.run_folder import Run

CPU = torch.device("cpu")
IMAGES = torch.randint(0, 256, (8, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def _trained(folder: Path, labels: tuple[str, ...], net: str = "single") -> Run:
    run = Run(folder, Recipe(data="synthetic", net=net), {"name": "x", "labels": list(labels), "splits": {}}, {})
    run.create()
    torch.manual_seed(1)
    run.save_weights(build_net(NETS[net], classes=len(labels)), epoch=1, val_accuracy=0.5)
    return run


def test_weights_of_a_run_with_the_same_classes_are_taken_whole(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"))
    net = build_net(NETS["single"], classes=2)
    assert load_weights(net, str(run.folder), ("cat", "dog"), IMAGES)
    assert all(torch.equal(tensor, run.load_net().state_dict()[name]) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize("labels", [("cat", "cow"), ("cat", "dog", "owl")])
def test_other_classes_keep_a_head_of_their_own(tmp_path: Path, labels: tuple[str, ...]) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"))
    net = build_net(NETS["single"], classes=len(labels))
    head = net[-1].weight.clone()
    assert not load_weights(net, str(run.folder), labels, IMAGES)
    assert torch.equal(net[1].weight, run.load_net()[1].weight)
    assert torch.equal(net[-1].weight, head)


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"), net="plain")
    with pytest.raises(RunError, match="another net or size"):
        load_weights(build_net(NETS["single"], classes=2), str(run.folder), ("cat", "dog"), IMAGES)
    same_shapes = _trained(tmp_path / "elu", ("cat", "dog"), net="batchnorm-elu")
    with pytest.raises(RunError, match="another net or size"):
        load_weights(build_net(NETS["batchnorm"], classes=2), str(same_shapes.folder), ("cat", "dog"), IMAGES)
    with pytest.raises(RunError, match="the shipped model is a batchnorm net"):
        load_weights(build_net(NETS["single"]), "shipped", ("cat", "dog"), IMAGES)
    with pytest.raises(RunError, match="the shipped model is a batchnorm net of width 1"):
        load_weights(build_net(scaled(NETS["batchnorm"], 0.5)), "shipped", ("cat", "dog"), IMAGES)


def test_a_net_deeper_by_residual_blocks_computes_at_first_what_the_other_does(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"), net="large-plain")
    net = build_net(NETS["large"], classes=2)
    load_weights(net, str(run.folder), ("cat", "dog"), IMAGES)
    with torch.inference_mode():
        assert torch.equal(net.eval()(IMAGES), run.load_net()(IMAGES))
    blocks = [module for module in net if isinstance(module, Sum)]
    assert len(blocks) == 2
    assert all(block.body[0].weight.any() for block in blocks)  # which can learn


def test_weights_of_a_deeper_net_are_refused(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"), net="large")
    with pytest.raises(RunError, match="another net or size"):
        load_weights(build_net(NETS["large-plain"], classes=2), str(run.folder), ("cat", "dog"), IMAGES)


def test_the_shipped_weights_compute_what_the_shipped_file_computes(synthetic: LabelledImages) -> None:
    net = build_net(NETS["batchnorm"])
    assert load_weights(net, "shipped", CIFAR10_LABELS, IMAGES)
    expected = Model(SHIPPED_FP32, threads=1).logits(synthetic.images)
    with torch.inference_mode():
        logits = net.eval()(torch.from_numpy(synthetic.images)).numpy()
    assert abs(logits - expected).max() < 1e-3


def test_the_shipped_batchnorms_have_the_statistics_of_the_images(synthetic: LabelledImages) -> None:
    net = build_net(NETS["batchnorm"], classes=3)
    images = torch.from_numpy(synthetic.images[..., :3].copy())
    assert not load_weights(net, "shipped", ("a", "b", "c"), images)
    with torch.inference_mode():
        evaluated, trained = net.eval()(images), net.train()(images)
    assert torch.allclose(evaluated, trained, atol=0.05 * float(evaluated.abs().max()))


def test_identity_is_a_start_of_its_own() -> None:
    net = build_net(NETS["wide"], classes=2)
    load_weights(net, "identity", ("cat", "dog"), IMAGES)
    assert torch.equal(net[4 - 1].weight[:24, :, 1, 1], torch.eye(24))


def test_a_teacher_answers_as_its_run_would(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"))
    teacher = load_teacher(str(run.folder), ("cat", "dog"), 32, CPU, None)
    with torch.inference_mode():
        assert torch.equal(teacher(IMAGES), run.load_net()(IMAGES))
    with pytest.raises(RunError, match="other classes or another size"):
        load_teacher(str(run.folder), ("dog", "cat"), 32, CPU, None)


def test_a_model_file_is_a_teacher_too(tiny_int8_model: Path) -> None:
    model = Model(tiny_int8_model)
    teacher = load_teacher(str(tiny_int8_model), model.card.labels, model.card.size, CPU, None)
    rgbx = torch.cat([IMAGES, torch.full_like(IMAGES[..., :1], 255)], 3)
    assert np.array_equal(teacher(IMAGES), model.logits(rgbx.numpy()))
    with pytest.raises(RunError, match="other classes or another size"):
        load_teacher(str(tiny_int8_model), ("dog", "cat"), 32, CPU, None)
    with pytest.raises(ModelError, match=r"nowhere\.onnx"):
        load_teacher("nowhere.onnx", ("dog", "cat"), 32, CPU, None)


def test_a_model_of_the_package_is_a_teacher_by_its_name() -> None:
    teacher = load_teacher("nano", CIFAR10_LABELS, 32, CPU, None)
    assert torch.equal(teacher(IMAGES), load_teacher(str(model_file("nano")), CIFAR10_LABELS, 32, CPU, None)(IMAGES))


def test_several_teachers_answer_with_the_mean_of_their_logits() -> None:
    nano, small, both = (load_teacher(name, CIFAR10_LABELS, 32, CPU, None) for name in ("nano", "small", "nano, small"))
    assert torch.allclose(both(IMAGES), (nano(IMAGES) + small(IMAGES)) / 2)
    with pytest.raises(RunError, match="nowhere: no run here"):
        load_teacher("nano,nowhere", CIFAR10_LABELS, 32, CPU, None)


def test_a_path_with_a_comma_is_one_teacher(tmp_path: Path) -> None:
    run = _trained(tmp_path / "lr=0.1,seed=1", ("cat", "dog"))
    assert teacher_sources(str(run.folder)) == [str(run.folder)]
    assert teacher_sources("nano, small") == ["nano", "small"]


def test_the_file_behind_a_source_is_what_is_hashed(tmp_path: Path) -> None:
    run = _trained(tmp_path / "run", ("cat", "dog"))
    assert weights_file(str(run.folder)) == run.weights
    assert weights_file("some/model.onnx") == Path("some/model.onnx")
    assert weights_file("shipped").name == "batchnorm.fp32.onnx"
    assert weights_file("nano") == model_file("nano")
