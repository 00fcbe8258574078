from edge_cifar.benchmarks.peers.catalogue import PEERS
from edge_cifar.benchmarks.peers.convert import CONVERSIONS, _padding


def test_every_file_that_a_peer_wants_is_made_by_a_conversion() -> None:
    assert {peer.source for peer in PEERS.values() if peer.file} == set(CONVERSIONS)


def test_padding_has_a_name_where_tensorflow_has_one() -> None:
    assert _padding({"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}, 32) == "SAME"
    assert _padding({"pads": [0, 0, 0, 0], "kernel_shape": [3, 3]}, 32) == "VALID"
    assert _padding({"pads": [0, 0, 1, 1], "kernel_shape": [3, 3], "strides": [2, 2]}, 224) == "SAME"
    assert _padding({"pads": [1, 1, 1, 1], "kernel_shape": [3, 3], "strides": [2, 2]}, 7) == "SAME"


def test_other_padding_is_spelled_out() -> None:
    # at stride 2 TensorFlow's SAME pads 3 x 3 windows of even sides below and right only
    spelled = [[0, 0], [1, 1], [1, 1], [0, 0]]
    assert _padding({"pads": [1, 1, 1, 1], "kernel_shape": [3, 3], "strides": [2, 2]}, 32) == spelled
