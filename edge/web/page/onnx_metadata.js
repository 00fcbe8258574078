// What a model file says of itself: metadata_props of ONNX' ModelProto, read from its protobuf bytes alone.

const METADATA = 14; // ModelProto.metadata_props, each a StringStringEntryProto
const KEY = 1;
const VALUE = 2;
const VARINT = 0, EIGHT_BYTES = 1, LENGTH = 2, FOUR_BYTES = 5; // wire types

/** Return the metadata of a model file, a Map of text. Throws for bytes that are no protobuf. */
export function metadataOf(bytes) {
  const metadata = new Map();
  for (const [number, entry] of fields(bytes)) {
    if (number !== METADATA) continue;
    const values = new Map(fields(entry));
    metadata.set(text(values.get(KEY)), text(values.get(VALUE)));
  }
  return metadata;
}

/** Yield [number, bytes] of each field of a message; of those that are numbers no bytes. */
function* fields(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const [tag, start] = varint(bytes, at);
    const kind = tag % 8;
    let end = start;
    let content = start;
    if (kind === VARINT) [, end] = varint(bytes, start);
    else if (kind === EIGHT_BYTES) end = start + 8;
    else if (kind === FOUR_BYTES) end = start + 4;
    else if (kind === LENGTH) {
      const [length, after] = varint(bytes, start);
      [content, end] = [after, after + length];
    } else throw new Error("no protobuf");
    if (end > bytes.length) throw new Error("cut short");
    yield [Math.floor(tag / 8), kind === LENGTH ? bytes.subarray(content, end) : null];
    at = end;
  }
}

function varint(bytes, at) {
  let number = 0;
  for (let scale = 1; at < bytes.length && scale < 2 ** 70; scale *= 128) {
    const byte = bytes[at++];
    number += (byte % 128) * scale;
    if (byte < 128) return [number, at];
  }
  throw new Error("no protobuf");
}

function text(bytes) {
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes ?? new Uint8Array());
}
