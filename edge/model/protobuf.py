"""Reading a protobuf message by a schema, more strictly than anybody else does (protobuf.dev, "Encoding").

Readers of protobuf forgive: they skip what they don't know, cut numbers to 32 bits, let the last of two values win and
merge messages that come twice, each a little differently, so that a file checked by one of them can be another file to
the next. Here a message is what its schema says, written in the one way that writers write it, or it is refused.
What is left has one meaning. A schema without a circle bounds the depth, `MAX_NUMBERS` the work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from struct import calcsize, unpack
from typing import Any, Literal

MAX_NUMBERS = 200_000
"""Numbers read in one message, lengths among them: the largest model of the package has 4,000."""

Message = dict[str, Any]
Read = Callable[[Any], Any]


class RefusedError(Exception):
    """The message holds something that its schema names in order to refuse it."""


@dataclass(frozen=True, slots=True)
class Field:
    """How the value under one tag is read: by `read`, or as a message of the schema `message`.

    Two tags of one name exclude each other unless `many` (a oneof). `packed`: the value is many varints.
    """

    name: str
    read: Read | None = None
    message: "Schema | None" = None
    many: bool = False
    packed: bool = False


Schema = Mapping[int, Field]
"""Fields by tag: 8 times the field's number and its wire type, so that a wrong wire type is an unknown tag."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types; groups (3, 4) are in no schema


def int64(value: int) -> int:
    """Return the signed number in a varint of 64 bits."""
    return value if value < 2**63 else value - 2**64


def int32(value: int) -> int:
    """Return the signed number in a varint. Raises ValueError for what other readers would cut to 32 bits."""
    signed = int64(value)
    if not -(2**31) <= signed < 2**31:
        raise ValueError("more than 32 bits")
    return signed


def text(value: memoryview) -> str:
    """Return UTF-8 text."""
    return str(value, "utf-8")


def float32(value: memoryview) -> float:
    """Return the little-endian float in 4 bytes."""
    number: float = unpack("<f", value)[0]
    return number


def numbers(code: Literal["f", "d"]) -> Read:
    """Return a reader of packed numbers of one size, by the codes of `struct`."""
    size = calcsize(code)

    def read(value: memoryview) -> Sequence[float]:
        if len(value) % size:
            raise ValueError("a number is cut off")
        return value.cast(code)

    return read


def read_message(data: bytes, schema: Schema) -> Message:
    """Return the values of a serialised message by name; bytes as views on `data`, repeated fields as lists.

    Raises ValueError or IndexError when it is anything but a message of this schema, and RefusedError when it holds
    a field that `refused` stands for.
    """
    return _Reader(data).message(0, len(data), schema)


def refused(reason: str) -> Read:
    """Return a reader that raises RefusedError."""

    def read(_value: object) -> None:
        raise RefusedError(reason)

    return read


class _Reader:
    def __init__(self, data: bytes):
        self.data = data
        self.view = memoryview(data)
        self.left = MAX_NUMBERS

    def message(self, position: int, end: int, schema: Schema) -> Message:
        """Return the message between two places."""
        data, message = self.data, Message()
        while position < end:
            tag = data[position]
            position += 1
            if tag >= 0x80:
                tag, position = self.varint(position - 1)
            field = schema.get(tag)
            if field is None:
                raise ValueError(f"no field has the tag {tag}")
            value: Any
            kind = tag & 7
            if kind == VARINT:
                value, position = self.varint(position)
                if field.read:
                    value = field.read(value)
            else:
                if kind == BYTES:
                    length, start = self.varint(position)
                    position = start + length
                else:
                    self.count(1)
                    start = position
                    position += 8 if kind == FIXED64 else 4
                if position > end:
                    raise ValueError("cut off")
                if field.message is not None:
                    value = self.message(start, position, field.message)
                elif field.packed:
                    value = self.varints(start, position, field.read)
                else:
                    value = self.view[start:position]
                    if field.read:
                        value = field.read(value)
            if field.many:
                message.setdefault(field.name, []).append(value)
            elif field.name in message:
                raise ValueError(f"{field.name} comes twice")
            else:
                message[field.name] = value
        if position > end:
            raise ValueError("cut off")
        return message

    def varints(self, position: int, end: int, read: Read | None) -> list[int]:
        """Return the packed numbers between two places."""
        packed = self.data[position:end]
        if packed.isascii():  # all of one byte, as most are: `read` changes none so small
            self.count(len(packed))
            return list(packed)
        values = []
        while position < end:
            value, position = self.varint(position)
            values.append(read(value) if read else value)
        if position > end:
            raise ValueError("cut off")
        return values

    def varint(self, position: int) -> tuple[int, int]:
        """Return the number at a place, at most 64 bits in as few bytes as it needs, and the place behind it."""
        self.count(1)
        byte = self.data[position]
        if byte < 0x80:
            return byte, position + 1
        value = byte & 0x7F
        for shift in range(7, 70, 7):
            position += 1
            byte = self.data[position]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 or value >= 2**64:
                    break
                return value, position + 1
        raise ValueError("not the shortest form of a number of 64 bits")

    def count(self, numbers: int) -> None:
        """Raise RefusedError when that many more are too many."""
        self.left -= numbers
        if self.left < 0:
            raise RefusedError(f"it holds more than {MAX_NUMBERS:,} numbers")
