from dataclasses import replace

import pytest
import torch
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.train.loop.memory_needed import NotEnoughMemory, check_memory, least_bytes, patience, within_memory
from edge_cifar.train.loop.training import Training
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net
from edge_cifar.train.recipe.recipe import Recipe
from edge_cifar.train.transfer.frozen import frozen_layers

CPU = torch.device("cpu")


@pytest.mark.parametrize("net", NETS)
def test_weights_are_counted_and_nothing_is_overstated(net: str) -> None:
    recipe = Recipe(net=net, amp=False)
    parameters = list(build_net(recipe.layers).parameters())
    floor = 12 * sum(p.numel() for p in parameters if p.dim() > 1)  # weights, gradients and momentum, without biases
    without_images = least_bytes(recipe, 0, 10, CPU)
    assert floor <= without_images <= floor + 12 * sum(p.numel() for p in parameters if p.dim() == 1)
    assert least_bytes(recipe, 10, 10, CPU) > without_images + 4 * 10 * 3 * 32**2
    assert least_bytes(recipe, 10**6, 10, CPU) == least_bytes(recipe, recipe.batch_size, 10, CPU)


def _kept(net: torch.nn.Module, images: torch.Tensor) -> int:
    """Return the bytes that the way back needs again of what is computed of images, each value once."""
    kept = dict[int, int]()

    def keep(value: torch.Tensor) -> torch.Tensor:
        kept[value.untyped_storage().data_ptr()] = value.untyped_storage().nbytes()
        return value

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda it: it):
        net(images)
    weights = {parameter.untyped_storage().data_ptr() for parameter in net.parameters()}
    return sum(count for place, count in kept.items() if place not in weights)


@pytest.mark.parametrize(("net", "most"), [("batchnorm", 2), ("efficientnet-lite0", 1.4), ("mobilenet-v3-small", 1.1)])
def test_what_a_step_keeps_is_at_least_what_is_said(net: str, most: float) -> None:
    recipe = Recipe(net=net, size=32, amp=False)
    kept = _kept(build_net(recipe.layers), torch.zeros((4, 32, 32, 3), dtype=torch.uint8))
    values = least_bytes(recipe, 4, 10, CPU) - least_bytes(recipe, 0, 10, CPU)
    assert values < kept < most * values


def test_a_training_that_cannot_fit_is_refused_at_once(synthetic: LabelledImages) -> None:
    recipe = Recipe(net="deep", width=8, size=256, batch_size=10**9)
    with pytest.raises(NotEnoughMemory, match=r"needs too much memory: [\d.,]+ GB at least, .* --width"):
        check_memory(recipe, 10**9, 1000, CPU)
    with pytest.raises(NotEnoughMemory):
        Training(Recipe(net="deep", width=8, size=256), replace(synthetic, labels=tuple(map(str, range(10**6)))), CPU)
    check_memory(Recipe(), 50_000, 10, CPU)


def test_all_that_is_as_large_as_the_weights_counts() -> None:
    weights = least_bytes(Recipe(momentum=0), 0, 10, CPU) / 2
    assert least_bytes(Recipe(), 0, 10, CPU) == 3 * weights
    assert least_bytes(Recipe(optimizer="adamw"), 0, 10, CPU) == 4 * weights
    assert least_bytes(Recipe(ema=0.9), 0, 10, CPU) == 4 * weights


def test_frozen_layers_need_neither_gradients_nor_what_a_way_back_needs() -> None:
    whole, half = Recipe(init="shipped", amp=False), Recipe(init="shipped", amp=False, freeze=0.5)
    net, front = build_net(whole.layers), frozen_layers(whole.layers, 0.5)
    frozen = sum(p.numel() for p in net[: front + 1].parameters() if p.dim() > 1)
    spared = least_bytes(whole, 0, 10, CPU) - least_bytes(half, 0, 10, CPU)
    assert 8 * frozen <= spared <= 8 * frozen * 1.1  # gradients and momentum
    assert least_bytes(half, 8, 10, CPU) - least_bytes(half, 0, 10, CPU) < least_bytes(whole, 2, 10, CPU)


def test_features_for_the_head_are_held_for_all_images() -> None:
    recipe = Recipe(init="shipped", freeze=1.0, epochs=4)
    assert least_bytes(recipe, 10**6, 10, CPU) - least_bytes(recipe, 0, 10, CPU) == 4 * 4 * 10**6 * 2048


def test_a_training_that_takes_long_is_said_to_before_it_is_built() -> None:
    assert patience(Recipe(), 50_000, 10, CPU) is None
    large = Recipe(net="deep", width=8, size=256)
    assert patience(large, 50_000, 2, CPU) == (
        "this net has 1.1 billion weights and needs 8 million million multiply-accumulates a step, which takes a CPU a "
        "while; for a faster one try a smaller --batch-size, --size or --width, or another --net"
    )
    assert "a step" not in str(patience(large, 50_000, 2, torch.device("meta")))


def test_memory_that_cannot_be_had_is_one_line() -> None:
    with pytest.raises(NotEnoughMemory, match="out of memory; try a smaller --batch-size"), within_memory():
        torch.empty(2**60, dtype=torch.uint8)
    with pytest.raises(RuntimeError, match="size mismatch"), within_memory():
        raise RuntimeError("size mismatch")
