// The orientation that a JPEG's metadata tell (Exif 2.3, table 4; XMP's tiff:Orientation where Exif has none), as the
// photo path reads them. Browsers turn what they decode, but photos are resized as they are stored, and turned then.

const ORIENTATION = 0x0112;
const START_OF_SCAN = 0xda;
const APP1 = 0xe1;
const SHORT = 3, LONG = 4; // a tag's type: two or four bytes
const EXIF = "Exif\0\0";
const XMP = "http://ns.adobe.com/xap/1.0/\0";

/** Return the orientation of a JPEG, 1 to 8, and make it 1 in these bytes, so that no browser turns them. */
export function takeOrientation(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const { exif, xmp } = metadata(bytes, view);
    const entry = exif && findEntry(view, exif);
    const told = entry ? take(view, entry) : Number(/tiff:Orientation(?:="|>)([0-9])/.exec(xmp)?.[1]);
    return told >= 1 && told <= 8 ? told : 1;
  } catch (error) {
    if (error instanceof RangeError) return 1; // cut short
    throw error;
  }
}

/** Return where the content of Exif begins, and the text of XMP, of those that are there. */
function metadata(bytes, view) {
  const found = {};
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
    const marker = bytes[at + 1];
    if (marker === START_OF_SCAN) break;
    if (marker !== APP1) continue;
    if (startsWith(bytes, at + 4, EXIF)) found.exif ??= at + 4 + EXIF.length;
    if (startsWith(bytes, at + 4, XMP)) {
      found.xmp = new TextDecoder().decode(bytes.subarray(at + 4 + XMP.length, at + 2 + view.getUint16(at + 2)));
    }
  }
  return found;
}

function startsWith(bytes, at, text) {
  return [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
}

/** Return where the tag stands in a TIFF header's first directory, and which byte order that has. */
function findEntry(view, start) {
  const little = view.getUint16(start) === 0x4949; // "II"
  const directory = start + view.getUint32(start + 4, little);
  const entries = view.getUint16(directory, little);
  for (let at = directory + 2; at < directory + 2 + 12 * entries; at += 12) {
    if (view.getUint16(at, little) === ORIENTATION) return { at, little };
  }
  return null;
}

function take(view, { at, little }) {
  const kind = view.getUint16(at + 2, little);
  if (kind !== SHORT && kind !== LONG) return 1;
  const told = kind === SHORT ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little);
  if (kind === SHORT) view.setUint16(at + 8, 1, little);
  else view.setUint32(at + 8, 1, little);
  return told;
}
