import edge_cifar.edge
import pytest


def test_the_public_names_are_these() -> None:
    assert sorted(edge_cifar.edge.__all__) == [
        "Classifier",
        "EdgeCifarError",
        "ModelError",
        "PhotoError",
        "Prediction",
        "Ranked",
    ]
    for name in edge_cifar.edge.__all__:
        assert getattr(edge_cifar.edge, name).__name__ == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = edge_cifar.edge.Nonsense
