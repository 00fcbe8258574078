// The photo contract for a decoded image: what edge/photos/pixels.py makes of the same samples, to the bit.

import { reducingGap, taken } from "./preprocessing.js";
import { reduce } from "./reduce.js";
import { resample } from "./resample.js";
import { isTransparent, onWhite, premultiplied, straight } from "./transparency.js";
import { turned } from "./orientation.js";

/**
 * Return RGBX samples, Uint8ClampedArray (size * size * 4), of an image {data, width, height} in RGBA as it is stored
 * in its file; `extent` [width, height] is its size in fractions, where it was reduced while it was decoded, and
 * `orientation` (1 to 8, Exif 2.3) says how it has to be turned.
 */
export function photoPixels(image, wanted, orientation = 1) {
  const { extent = [image.width, image.height] } = image;
  const small = isTransparent(image.data)
    ? onWhite(shrink(image, extent, wanted, premultiplied, straight))
    : shrink(image, extent, wanted);
  return turned(small, orientation).data;
}

/**
 * Reduce an image, which is `extent` [width, height] large, by whole factors, then resize; each step mixes what
 * `before` makes of its samples, and is undone by `after`.
 */
function shrink(image, extent, wanted, before = same, after = same) {
  const { size, filter } = wanted;
  const [left, top, right, bottom] = taken(wanted, ...extent);
  if (isWhole(image, size, [left, top, right, bottom])) return image;
  const across = factor(right - left, size);
  const down = factor(bottom - top, size);
  const reduced = across * down > 1 ? after(reduce(before(image), across, down)) : image;
  const box = [left / across, top / down, right / across, bottom / down];
  return isWhole(reduced, size, box) ? reduced : after(resample(before(reduced), size, filter, box));
}

function factor(side, size) {
  return Math.max(1, Math.trunc(side / size / reducingGap(size)));
}

/** Return whether an image has its size already, and a box is all of it. */
function isWhole({ width, height }, size, [left, top, right, bottom]) {
  return width === size && height === size && left === 0 && top === 0 && right === size && bottom === size;
}

function same(image) {
  return image;
}
