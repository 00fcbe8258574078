import pytest
import torch
from edge_cifar.train.nets.catalogue import NETS
from edge_cifar.train.nets.torch_modules import build_net, count_parameters

PUBLISHED_PARAMETERS = {
    "batchnorm": 309_290,
    "plain": 122_570,
    "plain-dropout": 122_570,
    "wide-kernel": 225_610,
    "single": 66_170,
    "augmented": 89_834,
    "deep": 666_026,
    "deep-augmented": 529_322,
    "plain-128": 167_818,
    "batchnorm-elu": 309_290,
    "resnet8": 78_666,
}


@pytest.mark.parametrize(("name", "parameters"), PUBLISHED_PARAMETERS.items())
def test_a_net_has_the_published_number_of_parameters(name: str, parameters: int) -> None:
    assert count_parameters(build_net(NETS[name])) == parameters


@pytest.mark.parametrize("name", NETS)
def test_every_net_gives_a_logit_for_each_class_at_any_size(name: str) -> None:
    net = build_net(NETS[name], size=40, classes=7).eval()
    assert net(torch.zeros((2, 40, 40, 4), dtype=torch.uint8)).shape == (2, 7)
