// Exif's orientation (Exif 2.3, table 4): how a photo has to be turned to be upright.

// Where sample (x, y) of an upright image n pixels square lies in the stored one.
const STORED = {
  1: (x, y) => [x, y],
  2: (x, y, last) => [last - x, y],
  3: (x, y, last) => [last - x, last - y],
  4: (x, y, last) => [x, last - y],
  5: (x, y) => [y, x],
  6: (x, y, last) => [y, last - x],
  7: (x, y, last) => [last - y, last - x],
  8: (x, y, last) => [last - y, x],
};

/** Return a square image upright. */
export function turned(image, orientation) {
  const stored = STORED[orientation];
  if (!stored || orientation === 1) return image;
  const { data, width } = image;
  const upright = new Uint8ClampedArray(data.length);
  for (let y = 0, to = 0; y < width; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      const [column, row] = stored(x, y, width - 1);
      const at = 4 * (row * width + column);
      upright.set(data.subarray(at, at + 4), to);
    }
  }
  return { ...image, data: upright };
}
