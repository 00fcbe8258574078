// Reducing an image by whole factors: each pixel is the mean of a block, to the bit as Pillow's Image.reduce has it.

const BITS = 24; // of the fixed-point reciprocal that stands for a division, behind the 8 bits of a sample

/** Return {data, width, height}, RGBA, of an image reduced by whole factors; the last blocks may be narrower. */
export function reduce({ data, width, height }, across, down) {
  if (across === 1 && down === 1) return { data, width, height };
  const columns = Math.ceil(width / across);
  const rows = Math.ceil(height / down);
  const reduced = new Uint8ClampedArray(4 * columns * rows);
  const sums = new Uint32Array(4 * columns);
  for (let row = 0; row < rows; row++) {
    const first = row * down;
    const last = Math.min(first + down, height);
    sums.fill(0);
    for (let y = first; y < last; y++) addRow(sums, data, 4 * y * width, width, across);
    writeMeans(reduced, 4 * row * columns, sums, width, across, last - first);
  }
  return { data: reduced, width: columns, height: rows };
}

function addRow(sums, data, start, width, across) {
  for (let x = 0, at = start, to = 0; x < width; to += 4) {
    let red = 0, green = 0, blue = 0, alpha = 0;
    for (const end = Math.min(x + across, width); x < end; x++, at += 4) {
      red += data[at];
      green += data[at + 1];
      blue += data[at + 2];
      alpha += data[at + 3];
    }
    sums[to] += red;
    sums[to + 1] += green;
    sums[to + 2] += blue;
    sums[to + 3] += alpha;
  }
}

function writeMeans(reduced, start, sums, width, across, lines) {
  const whole = 4 * Math.floor(width / across);
  divide(reduced, start, sums, 0, whole, across * lines);
  divide(reduced, start, sums, whole, sums.length, (width % across) * lines);
}

/** Divide sums of `count` samples, rounded. */
function divide(reduced, start, sums, from, to, count) {
  const reciprocal = Math.floor(Math.fround(2 ** 32 / Math.fround(2 ** (32 - BITS) * count)));
  const half = count >> 1;
  for (let i = from; i < to; i++) reduced[start + i] = Math.imul(sums[i] + half, reciprocal) >>> BITS;
}
