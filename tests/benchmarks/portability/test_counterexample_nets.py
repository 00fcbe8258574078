import onnx
import pytest
from edge_cifar.benchmarks.portability.counterexample_nets import examples
from edge_cifar.benchmarks.portability.example_net import pixels
from edge_cifar.export.graph.run_graph import open_session
from edge_cifar.export.proof.portability import Portability, portability

EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_counter_example_is_called_proven(name: str) -> None:
    example = EXAMPLES[name]
    assert portability(example.broken) is example.promise


@pytest.mark.parametrize("name", [name for name, example in EXAMPLES.items() if example.sound])
def test_the_same_net_within_the_rule_is_proven(name: str) -> None:
    sound = EXAMPLES[name].sound
    assert sound is not None
    assert portability(sound) is Portability.PROVEN


def test_every_example_runs() -> None:
    models: list[onnx.ModelProto] = []
    for example in EXAMPLES.values():
        models += [model for model in (example.broken, example.sound) if model is not None]
    for model in models:
        [given] = open_session(model, 1).run(None, {"input": pixels(model)})
        assert given.size
