// Transparency, to the bit as Pillow has it: colours times alpha while pixels are mixed, then on white.

/** Return whether any pixel of RGBA data isn't opaque. */
export function isTransparent(data) {
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true;
  return false;
}

/** Return an image whose colours are multiplied by their alpha, rounded. */
export function premultiplied({ data, width, height }) {
  const scaled = new Uint8ClampedArray(data.length);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let k = 0; k < 3; k++) scaled[i + k] = by255(data[i + k] * alpha + 128);
    scaled[i + 3] = alpha;
  }
  return { data: scaled, width, height };
}

/** Return an image whose colours are divided by their alpha again, rounded down. */
export function straight({ data, width, height }) {
  const divided = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 0 || alpha === 255) continue;
    for (let k = 0; k < 3; k++) divided[i + k] = Math.floor((255 * data[i + k]) / alpha);
  }
  return { data: divided, width, height };
}

const SHARE_BITS = 7; // of a colour's share, behind the 8 of a sample

/** Return an opaque image: what shows when it lies on white. */
export function onWhite({ data, width, height }) {
  const shown = new Uint8ClampedArray(data.length).fill(255);
  for (let i = 0; i < data.length; i += 4) {
    const share = data[i + 3] << SHARE_BITS;
    const rest = (255 << SHARE_BITS) - share;
    for (let k = 0; k < 3 && share; k++) {
      shown[i + k] = by255(data[i + k] * share + 255 * rest + (128 << SHARE_BITS)) >> SHARE_BITS;
    }
  }
  return { data: shown, width, height };
}

/** Return a number, of which a half was added, divided by 255. */
function by255(number) {
  return ((number >> 8) + number) >> 8;
}
