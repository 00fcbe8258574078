// How a photo becomes a net's pixels, as edge/photos/preprocessing.py has it.

const FITS = ["squash", "crop"];
const FILTERS = ["bilinear", "bicubic", "lanczos"];

/** Return {size, fit, filter, cropShare} of a card's size and resize rule ("crop-bilinear-0.875"). Throws for others. */
export function parseRule(size, rule) {
  const [fit, filter, ...share] = rule.split("-");
  const cropShare = share.length ? Number(share.join("-")) : 1; // "1e-05"
  if (!FITS.includes(fit) || !FILTERS.includes(filter) || !(cropShare > 0 && cropShare <= 1)) {
    throw new Error(`resize rule ${rule}`);
  }
  return { size, fit, filter, cropShare };
}

/** Return how many times its size a photo keeps at least while it is reduced by whole factors. */
export function reducingGap(size) {
  return size < 128 ? 3 : 1.5;
}

/** Return [left, top, right, bottom] of what of a photo becomes pixels. */
export function taken({ fit, cropShare }, width, height) {
  if (fit === "squash") return [0, 0, width, height];
  const side = Math.min(width, height) * cropShare;
  const left = (width - side) / 2;
  const top = (height - side) / 2;
  return [left, top, left + side, top + side];
}

/** Return the scale, 1/1 to 1/8, at which a JPEG is decoded: its smallest that leaves enough to resize. */
export function draftScale({ size, cropShare }, width, height) {
  const enough = roundHalfEven((size * reducingGap(size)) / cropShare);
  const most = Math.min(Math.floor(width / enough), Math.floor(height / enough));
  return [8, 4, 2].find((scale) => most >= scale) ?? 1;
}

/** Round as Python does. */
function roundHalfEven(number) {
  const below = Math.floor(number);
  return number - below === 0.5 ? below + (below % 2) : Math.round(number);
}
