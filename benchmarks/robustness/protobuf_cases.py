"""Model files that are wrong, or unusual, in their protobuf: made from small right ones, field by field.

A message is taken apart into its fields by the descriptors of the onnx package, a few of them are changed in the ways
that readers of protobuf are known to differ in, and the messages around it get lengths that fit, so that most damage
lies where the readers look.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any

import numpy as np
from onnx import AttributeProto, ModelProto, TensorProto, helper, numpy_helper

Parts = list[bytes]  # the encoded fields of one message

SMALL = (0, 1, 2, 3, 4, 5, 7, 8, 13, 127, 128, 300)
LARGE = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**63 - 1, 2**63)
LARGEST = (2**64 - 2**31, 2**64 - 2**31 - 1, 2**64 - 1, 2**64, 2**64 + 1, 2**69)
NUMBERS = SMALL + LARGE + LARGEST
WORDS = (b"", b"image", b"x", b"ai.onnx", b"com.microsoft", b"evil", b"edge_cifar.card", b"location", b"\0")
LETTERS = ("\u00e9\u732b".encode(), b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82")
VARINT, FIXED64, BYTES, OPEN, CLOSE, FIXED32 = range(6)  # wire types


@dataclass(frozen=True)
class Known:
    """A field of onnx.proto: its tag, whether it repeats, and its message or None."""

    tag: int
    repeats: bool
    message: Any


@dataclass(frozen=True)
class Taken:
    """A field taken from a message: as it was encoded, and by its parts when it is a message itself."""

    tag: int
    encoded: bytes
    inner: "Sequence[Taken] | None"
    descriptor: Any


def varint(value: int, longer: int = 0) -> bytes:
    """Return a number as a varint that is `longer` by so many bytes than it needs to be."""
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    if longer:
        encoded[-1] |= 0x80
        encoded += b"\x80" * (longer - 1) + b"\0"
    return bytes(encoded)


def field(tag: int, payload: bytes) -> bytes:
    """Return an encoded field; `payload` gets its length where the tag asks for one."""
    return varint(tag) + (varint(len(payload)) if tag & 7 == BYTES else b"") + payload


@cache
def known(descriptor: Any) -> Sequence[Known]:
    """Return the fields that onnx.proto has for a message."""
    wires = {1: FIXED64, 2: FIXED32, 9: BYTES, 11: BYTES, 12: BYTES}  # FieldDescriptor.TYPE_*; all others: varints
    return tuple(
        Known(
            one.number << 3 | (BYTES if one.is_packed else wires.get(one.type, VARINT)),
            one.is_repeated,
            one.message_type,
        )
        for one in descriptor.fields
    )


def take_apart(message: Any) -> Sequence[Taken]:
    """Return the fields of a message of the onnx package, in its order."""
    taken = []
    for descriptor, value in message.ListFields():
        tag = next(one.tag for one in known(message.DESCRIPTOR) if one.tag >> 3 == descriptor.number)
        if descriptor.message_type:
            for one in value if descriptor.is_repeated else [value]:
                encoded = field(tag, one.SerializeToString())
                taken.append(Taken(tag, encoded, take_apart(one), descriptor.message_type))
            continue
        values = value if descriptor.is_repeated and not descriptor.is_packed else None
        for one in [value] if values is None else [[one] for one in values]:
            alone = type(message)()
            if descriptor.is_repeated:
                getattr(alone, descriptor.name).extend(one)
            else:
                setattr(alone, descriptor.name, one)
            taken.append(Taken(tag, alone.SerializeToString(), None, None))
    return tuple(taken)


def changed(message: Sequence[Taken], descriptor: Any, random: Random) -> bytes:
    """Return the message with a few fields of it, or of a message somewhere in it, changed."""
    parts = [one.encoded for one in message]
    nested = [index for index, one in enumerate(message) if one.inner is not None]
    again = random.random()
    if nested and again < 0.85:
        index = random.choice(nested)
        one = message[index]
        content = changed(one.inner or (), one.descriptor, random)
        length = varint(len(content))
        if random.random() < 0.02:
            length = random.choice((varint(len(content), 1), varint(len(content) + random.randrange(-2, 3) & 0xFFFF)))
        parts[index] = varint(one.tag) + length + content
    if not nested or again > 0.8:
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            random.choice(CHANGES)(parts, descriptor, random)
    return b"".join(parts)


def value(one: Known, random: Random) -> bytes:
    """Return a payload that a field may have, usual or not."""
    if one.tag & 7 == VARINT:
        return varint(random.choice(NUMBERS))
    if one.tag & 7 in (FIXED32, FIXED64):
        return random.randbytes(4 if one.tag & 7 == FIXED32 else 8)
    if one.message is not None:
        inner = random.choice(known(one.message))
        return b"" if random.random() < 0.3 or inner.message else field(inner.tag, value(inner, random))
    return random.choice((*WORDS, *LETTERS, random.randbytes(4), random.randbytes(8), varint(random.choice(NUMBERS))))


def add(parts: Parts, descriptor: Any, random: Random) -> None:
    """Add a field that onnx.proto knows, wherever."""
    one = random.choice(known(descriptor))
    parts.insert(random.randint(0, len(parts)), field(one.tag, value(one, random)))


def add_strange(parts: Parts, descriptor: Any, random: Random) -> None:
    """Add a field under a tag that is too long, too large, of another wire type, or unknown."""
    one = random.choice(known(descriptor))
    content = field(one.tag, value(one, random))[len(varint(one.tag)) :]
    number = random.choice((one.tag >> 3, 0, 17, 18, 19, 100, 2**29 - 1, 2**29))
    tags = (
        varint(one.tag, random.randint(1, 9)),
        varint(one.tag | 1 << random.choice((32, 33, 35, 40, 62, 63, 64))),
        varint(one.tag & ~7 | random.randrange(8)),
        varint(number << 3 | one.tag & 7),
    )
    parts.insert(random.randint(0, len(parts)), random.choice(tags) + content)


def add_group(parts: Parts, descriptor: Any, random: Random) -> None:
    """Put some fields into a group, or one end of a group anywhere."""
    number = random.choice(known(descriptor)).tag >> 3 << 3
    place = random.randint(0, len(parts))
    parts.insert(place, varint(number | OPEN))
    if random.random() < 0.8:
        parts.insert(random.randint(place + 1, len(parts)), varint(number | CLOSE))


def drop(parts: Parts, _descriptor: Any, random: Random) -> None:
    """Leave a field out."""
    if parts:
        del parts[random.randrange(len(parts))]


def double(parts: Parts, _descriptor: Any, random: Random) -> None:
    """Repeat a field anywhere, though it may not."""
    if parts:
        parts.insert(random.randint(0, len(parts)), random.choice(parts))


def reorder(parts: Parts, _descriptor: Any, random: Random) -> None:
    """Write the fields in another order."""
    random.shuffle(parts)


def replace(parts: Parts, descriptor: Any, random: Random) -> None:
    """Write another value into a field, where it is or anew."""
    one = random.choice(known(descriptor))
    _drop_first(parts, one.tag)
    parts.insert(random.randint(0, len(parts)), field(one.tag, value(one, random)))


def renumber(parts: Parts, descriptor: Any, random: Random) -> None:
    """Write another number into a field of one, in more bytes than it needs now and then."""
    one = random.choice([one for one in known(descriptor) if one.tag & 7 == VARINT] or known(descriptor))
    _drop_first(parts, one.tag)
    longer = random.choice((0, 0, 0, 1, 4))
    parts.insert(random.randint(0, len(parts)), varint(one.tag) + varint(random.choice(NUMBERS), longer))


def _drop_first(parts: Parts, tag: int) -> None:
    """Leave the first field with a tag out."""
    for index, part in enumerate(parts):
        if part.startswith(varint(tag)):
            del parts[index]
            return


def pack(parts: Parts, descriptor: Any, random: Random) -> None:
    """Write repeated numbers the other way: in one field, or one by one."""
    repeated = [one for one in known(descriptor) if one.repeats and one.message is None]
    if repeated:
        one = random.choice(repeated)
        values = [varint(random.choice(SMALL)) for _ in range(random.randrange(4))]
        if random.random() < 0.5:
            parts.append(field(one.tag & ~7 | BYTES, b"".join(values)))
        else:
            parts.extend(varint(one.tag & ~7 | VARINT) + number for number in values)


def bend(parts: Parts, _descriptor: Any, random: Random) -> None:
    """Turn a bit of a field, or cut it off."""
    if parts:
        index = random.randrange(len(parts))
        part = bytearray(parts[index])
        place = random.randrange(len(part)) if part else 0
        if part and random.random() < 0.7:
            part[place] ^= 1 << random.randrange(8)
        else:
            del part[place:]
        parts[index] = bytes(part)


CHANGES: Sequence[Callable[[Parts, Any, Random], None]] = (
    *(
        add,
        add,
        add,
        add_strange,
        add_strange,
        add_group,
        drop,
        double,
        reorder,
        replace,
        replace,
        renumber,
        renumber,
        pack,
        bend,
    ),
)


def seed_models() -> Iterator[ModelProto]:
    """Yield small models, one after another with everything that a file may hold."""
    shape = helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", 2, 2, 4], "a photo")
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])
    weight = numpy_helper.from_array(np.array([1.5, np.nan], np.float32), "w")
    node = helper.make_node("Gemm", ["image", "w"], ["logits"], name="n", alpha=0.5, transB=1)
    yield _model([node], [weight], [shape], [logits])
    everything = helper.make_node(
        "Op", ["a", ""], ["b"], domain="com.microsoft", doc_string="d", f=1.5, i=-1, s=b"\xff"
    )
    for values in ([1.5, float("inf")], [1, -1, 2**40], ["a", "b"], weight):
        everything.attribute.append(helper.make_attribute(f"of {len(everything.attribute)}", values))
    everything.attribute.append(AttributeProto(name="empty", type=AttributeProto.INTS))
    yield _model([everything], [], [shape], [])
    kinds = [("FLOAT", 1.5), ("DOUBLE", 2.5), ("INT64", -1), ("INT8", -1), ("UINT64", 2**63), ("FLOAT16", 0.5)]
    tensors = [helper.make_tensor(name, getattr(TensorProto, name), [2], [number] * 2) for name, number in kinds]
    yield _model([], tensors[:3], [], [logits])
    yield _model([], [*tensors[3:], helper.make_tensor("scalar", TensorProto.UINT8, [], [200])], [], [])


def _model(nodes: Any, weights: Any, inputs: Any, outputs: Any) -> ModelProto:
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights, value_info=outputs[:1])
    model: ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    helper.set_model_props(model, {"edge_cifar.card": "{}"})
    return model
