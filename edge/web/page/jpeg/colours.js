// From rows of components to RGBA: gray, RGB as it is stored, or YCbCr as JFIF has it (ITU-T T.871, section 7), by
// constants of 16 bits, rounded as libjpeg does (jdcolor.c).

const BITS = 16;
const HALF = 1 << (BITS - 1);
const fixed = (number) => Math.round(number * 2 ** BITS);
const RED_CR = fixed(1.402), GREEN_CB = fixed(0.34414), GREEN_CR = fixed(0.71414), BLUE_CB = fixed(1.772);
const MIDDLE = 128;

/** Return the function (data, to, width, ...rows) that writes a row of RGBA for what the file says of its colours. */
export function colours({ frame, isJfif, adobe }) {
  const { components } = frame;
  if (components.length === 1) return fromGray;
  const ids = components.map(({ id }) => id);
  const named = String.fromCharCode(...ids) === "RGB";
  const isRgb = !isJfif && (adobe === null ? named : adobe === 0);
  return isRgb ? fromRgb : fromYCbCr;
}

function fromGray(data, to, width, gray) {
  for (let x = 0; x < width; x++, to += 4) {
    data[to] = data[to + 1] = data[to + 2] = gray[x];
    data[to + 3] = 255;
  }
}

function fromRgb(data, to, width, red, green, blue) {
  for (let x = 0; x < width; x++, to += 4) {
    data[to] = red[x];
    data[to + 1] = green[x];
    data[to + 2] = blue[x];
    data[to + 3] = 255;
  }
}

function fromYCbCr(data, to, width, luma, blueness, redness) {
  for (let x = 0; x < width; x++, to += 4) {
    const y = luma[x];
    const cb = blueness[x] - MIDDLE;
    const cr = redness[x] - MIDDLE;
    data[to] = y + ((RED_CR * cr + HALF) >> BITS); // clipped by its array
    data[to + 1] = y + ((HALF - GREEN_CB * cb - GREEN_CR * cr) >> BITS);
    data[to + 2] = y + ((BLUE_CB * cb + HALF) >> BITS);
    data[to + 3] = 255;
  }
}
