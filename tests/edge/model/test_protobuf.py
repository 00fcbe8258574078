import re
import struct

import pytest
from edge_cifar.benchmarks.robustness.protobuf_cases import field, varint
from edge_cifar.edge.model import protobuf
from edge_cifar.edge.model.protobuf import (
    Field,
    Message,
    RefusedError,
    Schema,
    float32,
    int32,
    int64,
    numbers,
    read_message,
    refused,
    text,
)

INNER: Schema = {1 << 3: Field("number", int64)}
SCHEMA: Schema = {
    1 << 3: Field("number", int64),
    2 << 3: Field("short", int32),
    3 << 3 | 2: Field("text", text),
    4 << 3 | 2: Field("bytes"),
    5 << 3 | 2: Field("inner", message=INNER),
    6 << 3 | 2: Field("inners", message=INNER, many=True),
    7 << 3: Field("many", int64, many=True),
    8 << 3 | 2: Field("packed", int32, packed=True),
    9 << 3 | 5: Field("float", float32),
    10 << 3 | 2: Field("floats", numbers("f")),
    11 << 3: Field("choice", int64),
    12 << 3 | 2: Field("choice", text),
    13 << 3 | 2: Field("never", refused("it is never")),
    14 << 3 | 1: Field("double"),
    16 << 3: Field("far", int64),
}
MINUS_ONE = varint(2**64 - 1)


def read(data: bytes) -> Message:
    return read_message(data, SCHEMA)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", {}),
        (b"\x08\0", {"number": 0}),
        (b"\x08" + varint(2**63 - 1), {"number": 2**63 - 1}),
        (b"\x08" + MINUS_ONE, {"number": -1}),
        (b"\x10" + MINUS_ONE, {"short": -1}),
        (b"\x10" + varint(2**64 - 2**31), {"short": -(2**31)}),
        (field(3 << 3 | 2, "\u732b".encode()), {"text": "\u732b"}),
        (field(4 << 3 | 2, b"\xff\0"), {"bytes": b"\xff\0"}),
        (field(5 << 3 | 2, b"\x08\x01"), {"inner": {"number": 1}}),
        (field(6 << 3 | 2, b"") * 2, {"inners": [{}, {}]}),
        (b"\x38\x02\x08\x05\x38\x01", {"many": [2, 1], "number": 5}),
        (field(8 << 3 | 2, b"\0\x7f"), {"packed": [0, 127]}),
        (field(8 << 3 | 2, b"\x80\x01" + MINUS_ONE + b"\x03"), {"packed": [128, -1, 3]}),
        (field(9 << 3 | 5, struct.pack("<f", 1.5)), {"float": 1.5}),
        (field(14 << 3 | 1, b"12345678"), {"double": b"12345678"}),
        (field(12 << 3 | 2, b"one"), {"choice": "one"}),
        (b"\x80\x01\x05", {"far": 5}),
    ],
    ids=lambda value: re.sub(r"\W+", "_", ascii(value)[:40]),
)
def test_a_message_is_read_by_its_schema(data: bytes, expected: Message) -> None:
    assert read(data) == expected


def test_packed_floats_are_read_as_numbers() -> None:
    assert list(read(field(10 << 3 | 2, struct.pack("<2f", 1.5, -2)))["floats"]) == [1.5, -2]


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00",  # field 0
        varint(17 << 3) + b"\0",  # no such field
        varint(1 << 32 | 1 << 3) + b"\0",  # one whose low 32 bits are a field
        varint(1 << 64 | 1 << 3) + b"\0",
        varint(1 << 3, longer=1) + b"\0",  # a tag longer than it need be
        varint(16 << 3, longer=3) + b"\0",
        b"\x0a\x01\0",  # another wire type
        b"\x18\x05",
        b"\x3a\x02\x01\x02",  # packed, where writers don't
        b"\x40\x01",  # not packed, where they do
        b"\x08\x80\0",  # a number longer than it need be
        b"\x08" + varint(2**64),  # and one of 65 bits
        b"\x08" + b"\xff" * 10 + b"\x01",  # of eleven bytes
        b"\x08" + b"\xff" * 100,
        b"\x10" + varint(2**31),  # more than 32 bits, which others cut
        b"\x10" + varint(2**32 + 1),
        b"\x10" + varint(2**64 - 2**31 - 1),
        field(8 << 3 | 2, varint(2**32 + 1)),
        field(8 << 3 | 2, b"\x80\0"),
        field(8 << 3 | 2, b"\x01\x80"),  # a packed number cut off
        field(8 << 3 | 2, b"\x80") + b"\x01",  # and one that goes on behind its field
        b"\x08\x01\x08\x01",  # twice
        field(3 << 3 | 2, b"a") * 2,
        field(5 << 3 | 2, b"\x08\x01") + field(5 << 3 | 2, b""),  # merged by others
        field(8 << 3 | 2, b"\x01") * 2,
        b"\x58\x01" + field(12 << 3 | 2, b"one"),  # two of a oneof
        field(3 << 3 | 2, b"\xff"),  # no UTF-8
        field(3 << 3 | 2, b"\xc0\x80"),
        field(3 << 3 | 2, b"\xed\xa0\x80"),
        b"\x1a\x02a",  # longer than the message
        b"\x1a" + varint(2**63) + b"a",
        b"\x1a\x81\0a",  # a length longer than it need be
        b"\x2a\x01\x08\x01",  # a number that goes on behind its message
        b"\x2a\x03\x1a\x05abcde",
        b"\x08",
        b"\x80",
        b"\x1a",
        b"\x4d\0\0\0",  # three bytes of four
        field(10 << 3 | 2, b"\0\0\0"),
        b"\x0b\x0c",  # a group
        b"\x0c",
        b"\x0e\0",  # wire types that don't exist
        b"\x0f\0",
    ],
    ids=lambda data: data[:12].hex(),
)
def test_what_readers_disagree_about_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        read(data)
    with pytest.raises((ValueError, IndexError)):
        read(b"\x08\x01" + field(3 << 3 | 2, b"before") + data)


def test_what_is_named_to_be_refused_says_why() -> None:
    with pytest.raises(RefusedError, match="it is never"):
        read(field(13 << 3 | 2, b""))
    with pytest.raises(RefusedError, match=r"^it is old$"):
        read_message(b"\x08\x01", {1 << 3: Field("old", refused("it is old"))})


@pytest.mark.parametrize(
    "data",
    [b"\x38\x01" * 31, b"\x32\0" * 31, field(8 << 3 | 2, b"\x01" * 31), field(8 << 3 | 2, b"\x81\x01" * 31)],
    ids=["numbers", "messages", "packed", "packed, of two bytes"],
)
def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(protobuf, "MAX_NUMBERS", 30)
    with pytest.raises(RefusedError, match="more than 30 numbers"):
        read(data)
    monkeypatch.setattr(protobuf, "MAX_NUMBERS", 32)  # a length, too
    read(data)


def test_fixed_numbers_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_NUMBERS", 3)
    schema = {9 << 3 | 5: Field("floats", float32, many=True)}
    assert read_message(field(9 << 3 | 5, bytes(4)) * 3, schema) == {"floats": [0.0] * 3}
    with pytest.raises(RefusedError, match="more than 3 numbers"):
        read_message(field(9 << 3 | 5, bytes(4)) * 4, schema)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (varint(17 << 3) + b"\0", "no field has the tag 136"),
        (b"\x1a\x02a", "cut off"),
        (b"\x4d\0\0\0", "cut off"),
        (b"\x2a\x01\x08\x01", "cut off"),
        (field(8 << 3 | 2, b"\x80") + b"\x01", "cut off"),
        (field(10 << 3 | 2, b"\0\0\0"), "a number is cut off"),
        (b"\x08\x01\x08\x01", "number comes twice"),
        (b"\x10" + varint(2**31), "more than 32 bits"),
        (b"\x08\x80\0", "not the shortest form of a number of 64 bits"),
        (b"\x08" + b"\xff" * 11, "not the shortest form of a number of 64 bits"),
        (b"\x08" + b"\xff" * 10, "not the shortest form of a number of 64 bits"),  # not one byte more is read
    ],
    ids=lambda value: re.sub(r"\W+", "_", str(value)[:20]),
)
def test_what_is_wrong_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        read(data)


@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**14 - 1, 2**14, 2**56, 2**62 + 5, 2**63 - 1])
def test_numbers_of_every_length_are_read(number: int) -> None:
    assert read(b"\x08" + varint(number)) == {"number": number}
    assert read(b"\x08" + varint(2**64 - 1 - number)) == {"number": -1 - number}


def test_the_largest_number_of_32_bits_is_read() -> None:
    assert read(b"\x10" + varint(2**31 - 1)) == {"short": 2**31 - 1}


def test_what_needs_no_reader_is_left_as_it_is() -> None:
    schema: Schema = {1 << 3: Field("raw"), 2 << 3 | 2: Field("packed", packed=True), 3 << 3 | 5: Field("four")}
    data = b"\x08" + MINUS_ONE + field(2 << 3 | 2, b"\x80\x01") + field(3 << 3 | 5, b"abcd") + b""
    assert read_message(data, schema) == {"raw": 2**64 - 1, "packed": [128], "four": b"abcd"}


def test_doubles_are_read() -> None:
    data = field(1 << 3 | 2, struct.pack("<2d", 1.5, 1e300))
    assert list(read_message(data, {1 << 3 | 2: Field("doubles", numbers("d"))})["doubles"]) == [1.5, 1e300]
    with pytest.raises(ValueError, match=r"^a number is cut off$"):
        numbers("d")(memoryview(bytes(12)))


def test_exactly_as_much_work_as_is_allowed_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, data in [
        (2, b"\x08\x01\x10\x01"),
        (4, field(8 << 3 | 2, b"\x01" * 3)),
        (1, field(14 << 3 | 1, bytes(8))),
    ]:
        monkeypatch.setattr(protobuf, "MAX_NUMBERS", count)
        read(data)
        monkeypatch.setattr(protobuf, "MAX_NUMBERS", count - 1)
        with pytest.raises(RefusedError, match=f"^it holds more than {count - 1} numbers$"):
            read(data)
    monkeypatch.setattr(protobuf, "MAX_NUMBERS", 1000)
    with pytest.raises(RefusedError, match=r"^it holds more than 1,000 numbers$"):
        read(b"\x38\x01" * 1001)
