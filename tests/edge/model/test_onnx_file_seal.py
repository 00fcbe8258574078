import hashlib
from pathlib import Path

import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.onnx_file import UNSEALED, check_seal, seal


def test_a_seal_needs_exactly_one_place() -> None:
    for data in (b"no place", UNSEALED.encode() + b"two" + UNSEALED.encode()):
        with pytest.raises(ValueError, match="place is not unique"):
            seal(data)


@pytest.mark.parametrize("declared", ["0" * 63, "é" * 64, "a" * 64])
def test_no_other_seal_holds(declared: str) -> None:
    data = seal(b"before" + UNSEALED.encode() + b"after")
    with pytest.raises(ModelError, match="checksum differs"):
        check_seal(data, declared, Path("model.onnx"))
    check_seal(data, data[6:-5].decode(), Path("model.onnx"))


def test_the_digest_of_nothing_is_no_seal() -> None:
    digits = hashlib.sha256(b"").hexdigest()
    with pytest.raises(ModelError, match="checksum differs"):
        check_seal(f"{digits}, {digits}".encode(), digits, Path("model.onnx"))


def test_a_seal_is_the_digest_of_the_file_without_it() -> None:
    data = b"before" + UNSEALED.encode() + b"after"
    assert seal(data) == b"before" + hashlib.sha256(data).hexdigest().encode() + b"after"
    with pytest.raises(ModelError, match=r"^m: no edge-cifar checksum in it; export it with `edge-cifar export`$"):
        check_seal(data, "", Path("m"))
    words = r"^m: damaged or changed since it was exported \(its checksum differs\); copy it again$"
    with pytest.raises(ModelError, match=words):
        check_seal(seal(data) + b" ", seal(data)[6:-5].decode(), Path("m"))
    with pytest.raises(ValueError, match=r"^the checksum's place is not unique$"):
        seal(b"no place")
