import pytest
import torch
from edge_cifar.edge.errors import RunError
from edge_cifar.train.transfer.fit_head import DECAYS, Examples, fit_head

CENTRES = 3 * torch.eye(3, 5) + 40  # far from 0, and with features that say nothing


def _examples(count: int, noise: float, seed: int) -> Examples:
    generator = torch.Generator().manual_seed(seed)
    targets = torch.arange(count) % 3
    return Examples(CENTRES[targets] + noise * torch.randn(count, 5, generator=generator), targets)


def _logits(train: Examples, val: Examples, weights: torch.Tensor | None = None) -> torch.Tensor:
    head = fit_head(train, val, 3, weights, 0.0)
    return val.features @ head.weight.T + head.bias


def test_the_head_is_right_where_classes_lie_apart() -> None:
    val = _examples(30, 0.3, seed=1)
    assert torch.equal(_logits(_examples(60, 0.3, seed=0), val).argmax(1), val.targets)


def test_the_decay_is_the_one_that_suits_the_validation_photos() -> None:
    clear = fit_head(_examples(60, 0.3, seed=0), _examples(60, 0.3, seed=1), 3, None, 0.0)
    noisy = fit_head(_examples(12, 6.0, seed=0), _examples(300, 6.0, seed=1), 3, None, 0.0)
    assert clear.decay < noisy.decay
    assert {clear.decay, noisy.decay} <= set(DECAYS)


def test_a_class_of_more_weight_is_answered_more_often() -> None:
    train, val = _examples(90, 4.0, seed=0), _examples(90, 4.0, seed=1)
    answers = [
        int((_logits(train, val, weights).argmax(1) == 2).sum()) for weights in (None, torch.tensor([1.0, 1.0, 5.0]))
    ]
    assert answers[1] > answers[0] + 10


def test_nothing_is_gained_by_another_head() -> None:
    train = _examples(90, 4.0, seed=0)
    head = fit_head(train, _examples(90, 4.0, seed=1), 3, None, 0.1)
    scale = train.features.var(0, correction=0).mean().sqrt()
    weight, bias = (tensor.clone().requires_grad_() for tensor in (head.weight, head.bias))
    error = torch.nn.functional.cross_entropy(train.features @ weight.T + bias, train.targets, label_smoothing=0.1)
    (error + head.decay / 2 * (weight * scale).square().sum()).backward()
    assert float(bias.grad.abs().max()) < 1e-3
    assert float(weight.grad.abs().max()) < 1e-3 * float(train.features.max())


def test_features_that_are_no_numbers_are_refused() -> None:
    train = _examples(9, 1.0, seed=0)
    for broken in (float("nan"), float("inf")):
        none = Examples(train.features * broken, train.targets)
        for learned, validated in ((none, train), (train, none)):
            with pytest.raises(RunError, match="no finite numbers"):
                fit_head(learned, validated, 3, None, 0.0)
