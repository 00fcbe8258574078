// Resizing with antialiasing: a filter as wide as what is left out, horizontally, then vertically, with 8 bits in
// between. To the bit as Pillow's Image.resize has it: weights in fixed point, sums rounded and clipped.

const WEIGHT_BITS = 22; // behind the point: 32 less 8 of a sample and 2 for what the negative lobes may add
const ONE = 2 ** WEIGHT_BITS;
const HALF = ONE / 2;

const FILTERS = {
  bilinear: { support: 1, weight: triangle },
  bicubic: { support: 2, weight: cubic },
  lanczos: { support: 3, weight: lanczos },
};

/** Return {data, width, height}, RGBA, `size` square, of the box [left, top, right, bottom] of an image. */
export function resample({ data, width, height }, size, filter, box) {
  const [left, top, right, bottom] = box.map(Math.fround);
  let image = { data, width, height };
  if (width !== size || left !== 0 || right !== size) {
    image = horizontally(image, size, weights(width, left, right, size, FILTERS[filter]));
  }
  if (height !== size || top !== 0 || bottom !== size) {
    image = vertically(image, size, weights(height, top, bottom, size, FILTERS[filter]));
  }
  return image;
}

function triangle(x) {
  return Math.max(0, 1 - Math.abs(x));
}

/** Return Keys' cubic convolution with a = -1/2 (1981, equation 4). */
function cubic(x) {
  const a = -0.5;
  const far = Math.abs(x);
  if (far < 1) return ((a + 2) * far - (a + 3)) * far * far + 1;
  if (far < 2) return (((far - 5) * far + 8) * far - 4) * a;
  return 0;
}

function lanczos(x) {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Return for each of `size` outputs its first sample, how many it sums, and their weights in fixed point. */
function weights(length, from, to, size, { support, weight }) {
  const scale = Math.fround(to - from) / size;
  const stretch = Math.max(1, scale);
  const reach = support * stretch;
  const most = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(size);
  const count = new Int32Array(size);
  const fixed = new Int32Array(size * most);
  const shares = new Float64Array(most);
  for (let i = 0; i < size; i++) {
    const centre = from + (i + 0.5) * scale;
    first[i] = Math.max(0, Math.trunc(centre - reach + 0.5));
    count[i] = Math.min(length, Math.trunc(centre + reach + 0.5)) - first[i];
    let sum = 0;
    for (let k = 0; k < count[i]; k++) {
      shares[k] = weight((k + first[i] - centre + 0.5) * (1 / stretch));
      sum += shares[k];
    }
    for (let k = 0; k < count[i]; k++) {
      const share = (sum === 0 ? shares[k] : shares[k] / sum) * ONE;
      fixed[i * most + k] = Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    }
  }
  return { first, count, fixed, most };
}

function horizontally({ data, width, height }, size, { first, count, fixed, most }) {
  const resized = new Uint8ClampedArray(4 * size * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < size; x++, to += 4) {
      sumInto(resized, to, data, 4 * (y * width + first[x]), 4, fixed, x * most, count[x]);
    }
  }
  return { data: resized, width: size, height };
}

function vertically({ data, width }, size, { first, count, fixed, most }) {
  const resized = new Uint8ClampedArray(4 * width * size);
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < width; x++, to += 4) {
      sumInto(resized, to, data, 4 * (first[y] * width + x), 4 * width, fixed, y * most, count[y]);
    }
  }
  return { data: resized, width, height: size };
}

/** Write the weighted sum of `count` pixels, `step` samples apart; a clamped array cuts it to 0 to 255. */
function sumInto(resized, to, data, at, step, fixed, weight, count) {
  let red = HALF, green = HALF, blue = HALF, alpha = HALF;
  for (let k = 0; k < count; k++, at += step) {
    const share = fixed[weight + k];
    red = (red + Math.imul(data[at], share)) | 0;
    green = (green + Math.imul(data[at + 1], share)) | 0;
    blue = (blue + Math.imul(data[at + 2], share)) | 0;
    alpha = (alpha + Math.imul(data[at + 3], share)) | 0;
  }
  resized[to] = red >> WEIGHT_BITS;
  resized[to + 1] = green >> WEIGHT_BITS;
  resized[to + 2] = blue >> WEIGHT_BITS;
  resized[to + 3] = alpha >> WEIGHT_BITS;
}
