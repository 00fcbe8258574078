// From a photo's bytes, or a camera's frame, to RGBA samples: JPEGs to the bit as the photo path has them, all else by
// the browser's own decoders.

import { takeOrientation } from "./exif.js";
import { Jpeg, NotDecodedHere } from "./jpeg/jpeg.js";
import { draftScale } from "./preprocessing.js";
import { reduce } from "./reduce.js";

const MOST_BYTES = 256_000_000; // of a file
const MOST_PIXELS = 64_000_000; // more are refused before they are drawn: 256 MB of samples
const JPEG = [0xff, 0xd8, 0xff]; // its first bytes

// As the photo path: colour profiles and the browser's own resizing are left out.
const AS_IT_IS = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/**
 * Return {images, orientation, remark} of a file: for each net, of which `wanted` says what it takes, an image
 * {data, width, height, extent} as it is stored, large JPEGs reduced; 1 to 8 (Exif 2.3); and what kind of photo it is
 * whose pixels may not be the photo path's, "" where they are. Throws an Error that says what is wrong.
 */
export async function decode(file, wanted) {
  if (file.size === 0) throw new Error("empty (0 bytes)");
  if (file.size > MOST_BYTES) throw new Error(`${file.size} bytes, more than the limit of ${MOST_BYTES}; shrink the photo first`);
  const bytes = await jpegBytes(file);
  if (bytes) return jpegImages(bytes, wanted);
  const image = samples(await bitmapOf(file));
  return { images: wanted.map(() => image), orientation: 1, remark: "" };
}

async function jpegImages(bytes, wanted) {
  const orientation = takeOrientation(bytes);
  try {
    const jpeg = new Jpeg(bytes);
    return { images: atScales(jpeg, wanted, (scale) => jpeg.decode(scale)), orientation, remark: "" };
  } catch (error) {
    if (!(error instanceof NotDecodedHere)) throw error;
    const image = samples(await bitmapOf(new Blob([bytes])));
    return { images: atScales(image, wanted, (scale) => reduce(image, scale, scale)), orientation, remark: error.message };
  }
}

/** Return the content of a file that begins as a JPEG, null of any other. */
async function jpegBytes(file) {
  const start = new Uint8Array(await file.slice(0, 3).arrayBuffer());
  const isJpeg = JPEG.every((byte, i) => start[i] === byte);
  return isJpeg ? new Uint8Array(await file.arrayBuffer()) : null;
}

/** Return a JPEG's image for each net: at 1/1, 1/2, 1/4 or 1/8 of its size, as the photo path has it decoded. */
function atScales({ width, height }, wanted, decodeAt) {
  const made = new Map();
  return wanted.map((each) => {
    const scale = draftScale(each, width, height);
    if (!made.has(scale)) made.set(scale, { ...decodeAt(scale), extent: [width / scale, height / scale] });
    return made.get(scale);
  });
}

async function bitmapOf(blob) {
  try {
    return await createImageBitmap(blob, AS_IT_IS);
  } catch {
    throw new Error("damaged, or of a kind that this browser doesn't read");
  }
}

let canvas; // kept, since a camera's frames all have one size

/** Return {data, width, height} of a bitmap, which is closed. Throws an Error for one that is too large. */
export function samples(bitmap) {
  const { width, height } = bitmap;
  try {
    if (width * height > MOST_PIXELS) throw new Error(`${width} x ${height} pixels; shrink the photo first`);
    if (canvas?.width !== width || canvas?.height !== height) canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return context.getImageData(0, 0, width, height);
  } finally {
    bitmap.close();
  }
}
