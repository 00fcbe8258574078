import pytest
import torch
from edge_cifar.benchmarks.runtime import step_rate as module
from edge_cifar.train.loop.training import Training
from edge_cifar.train.recipe.recipe import Recipe


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEPS", 2)


def test_it_prints_both_rates_and_their_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    module.step_rate(batch_size=4, rounds=1)
    header, bare, loop, share = capsys.readouterr().out.splitlines()
    assert header.startswith("batchnorm, batch 4, ")
    assert bare.endswith("images/s")
    assert loop.endswith("images/s")
    assert "% of the bare rate" in share


@pytest.mark.parametrize("make_task", [module._loop, module._bare_steps])
def test_both_sides_take_the_same_number_of_optimizer_steps(make_task) -> None:
    images = module._images(2 * 4)
    training = Training(Recipe(batch_size=4), images, torch.device("cpu"))
    steps = []
    training.optimizer.register_step_post_hook(lambda *_: steps.append(1))
    before = training.net[1].weight.clone()
    make_task(training)(0)
    assert len(steps) == 2
    assert not torch.equal(before, training.net[1].weight)
