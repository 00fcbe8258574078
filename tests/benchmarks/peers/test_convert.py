from edge_cifar.benchmarks.peers.catalogue import PEERS
from edge_cifar.benchmarks.peers.convert import CONVERSIONS, _padding


def test_every_file_that_a_peer_wants_is_made_by_a_conversion() -> None:
    assert {peer.source for peer in PEERS.values() if peer.file} == set(CONVERSIONS)


def test_padding_has_a_name_where_tensorflow_has_one() -> None:
    assert _padding({"pads": [1, 1, 1, 1], "kernel_shape": [3, 3]}) == "SAME"
    assert _padding({"pads": [0, 0, 0, 0], "kernel_shape": [3, 3]}) == "VALID"


def test_padding_with_strides_is_spelled_out() -> None:
    # at stride 2 TensorFlow's SAME pads 3 x 3 windows below and right only
    spelled = [[0, 0], [1, 1], [1, 1], [0, 0]]
    assert _padding({"pads": [1, 1, 1, 1], "kernel_shape": [3, 3], "strides": [2, 2]}) == spelled
