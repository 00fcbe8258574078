from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from edge_cifar.benchmarks.zoo.files import EXPORTERS, KERAS, NETS, ZooFile, export_torch, zoo_files
from edge_cifar.benchmarks.zoo.keras_file import keras_file
from edge_cifar.benchmarks.zoo.nets import TORCHVISION, ULTRALYTICS, build, settle
from onnx import checker

INPUTS = torch.from_numpy(np.random.default_rng(0).normal(size=(24, 3, 32, 32)).astype(np.float32))
TARGETS = torch.arange(24) % 4


def test_settled_statistics_are_those_of_all_photos_by_the_trained_weights() -> None:
    net = settle(build(ULTRALYTICS, 4), INPUTS[:16], TARGETS[:16], steps=2)

    first = net.get_submodule("body.0")
    assert isinstance(first, torch.nn.Sequential)
    with torch.no_grad():
        entering = first[0](INPUTS[:16])
    assert torch.allclose(first[1].running_mean, entering.mean((0, 2, 3)), atol=1e-5)  # type: ignore[arg-type]
    untrained = build(ULTRALYTICS, 4).get_parameter("linear.weight")
    assert not torch.equal(net.get_parameter("linear.weight"), untrained)
    assert torch.allclose(net(INPUTS).sum(1), torch.ones(24))  # used, it gives probabilities


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_torch_files_take_any_batch_and_compute_what_torch_does(exporter: str) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(3600, 5))
    model = export_torch(net.eval(), INPUTS, EXPORTERS[exporter])

    session = onnxruntime.InferenceSession(model.SerializeToString())
    for count in (1, 3):
        logits = session.run(["output"], {"input": INPUTS[:count].numpy()})[0]
        np.testing.assert_allclose(logits, net(INPUTS[:count]).detach().numpy(), atol=1e-5)


def test_the_file_like_keras_has_channels_last_and_gives_probabilities() -> None:
    model = keras_file(size=64, classes=7)
    checker.check_model(model, full_check=True)

    session = onnxruntime.InferenceSession(model.SerializeToString())
    inputs = np.random.default_rng(0).uniform(-1, 1, (2, 64, 64, 3)).astype(np.float32)
    answers = session.run(["predictions"], {"input_1": inputs})[0]

    assert answers.shape == (2, 7)
    np.testing.assert_allclose(answers.sum(1), 1, atol=1e-5)
    assert np.abs(answers[0] - answers[1]).max() > 1e-4  # it looks at the image


def test_files_come_with_what_their_owner_tells(tmp_path: Path) -> None:
    pretrained, keras = zoo_files(["efficientnet-lite0", KERAS], [], tmp_path)

    assert pretrained == ZooFile("efficientnet-lite0", "its package", "efficientnet-lite0")
    assert Path(keras.source).is_file()
    assert keras.told[:6] == ("--like", "tf", "--resize", "squash", "--labels", str(tmp_path / "labels.txt"))
    assert keras.told[6:] == ("--max-drop", "100")
    assert len((tmp_path / "labels.txt").read_text().splitlines()) == 1000


def test_all_nets_are_in_the_zoo() -> None:
    assert len(TORCHVISION) == 14
    assert {"efficientnet-lite0", KERAS, ULTRALYTICS, *TORCHVISION} == set(NETS)
