// The orientation that a JPEG's Exif tells (Exif 2.3, table 4), and the same file without it: browsers turn what they
// decode, but photos are resized as they are stored, and turned then.

const ORIENTATION = 0x0112;
const START_OF_IMAGE = 0xffd8;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
const SHORT = 3; // a tag's type: two bytes

/** Return {orientation, blob, isJpeg}: 1 to 8, and the photo to be decoded as it is stored. */
export async function asStored(blob) {
  const start = new DataView(await blob.slice(0, 1 << 18).arrayBuffer());
  const isJpeg = start.byteLength > 2 && start.getUint16(0) === START_OF_IMAGE;
  const found = isJpeg ? place(start) : null;
  const orientation = found ? start.getUint16(found.at, found.little) : 1;
  if (orientation < 2 || orientation > 8) return { orientation: 1, blob, isJpeg };
  const one = new Uint8Array(found.little ? [1, 0] : [0, 1]);
  const parts = [blob.slice(0, found.at), one, blob.slice(found.at + 2)];
  return { orientation, blob: new Blob(parts, { type: blob.type }), isJpeg };
}

/** Return where the orientation stands and whether its first byte is the lower one; nothing if there is none. */
function place(view) {
  try {
    return inJpeg(view);
  } catch (error) {
    if (error instanceof RangeError) return null; // cut short
    throw error;
  }
}

function inJpeg(view) {
  for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (marker === START_OF_SCAN) return null;
    if (marker === APP1 && view.getUint32(at + 4) === 0x45786966 /* "Exif" */) return inTiff(view, at + 10);
  }
  return null;
}

function inTiff(view, start) {
  const little = view.getUint16(start) === 0x4949; // "II"
  const directory = start + view.getUint32(start + 4, little);
  const entries = view.getUint16(directory, little);
  for (let entry = directory + 2; entry < directory + 2 + 12 * entries; entry += 12) {
    if (view.getUint16(entry, little) !== ORIENTATION) continue;
    return view.getUint16(entry + 2, little) === SHORT ? { at: entry + 8, little } : null;
  }
  return null;
}
