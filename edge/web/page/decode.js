// From a photo's bytes, or a camera's frame, to RGBA samples, by the browser's own decoders.

import { asStored } from "./exif.js";

const MOST_PIXELS = 64_000_000; // more are refused before they are drawn: 256 MB of samples

// As the photo path: colour profiles and the browser's own resizing are left out.
const AS_IT_IS = { colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** Return {image: {data, width, height}, orientation, isJpeg} of a file. Throws an Error that says what is wrong. */
export async function decode(file) {
  if (file.size === 0) throw new Error("empty (0 bytes)");
  const { orientation, blob, isJpeg } = await asStored(file);
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, AS_IT_IS);
  } catch {
    throw new Error("damaged, or of a kind that this browser doesn't read");
  }
  return { image: samples(bitmap), orientation, isJpeg };
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
