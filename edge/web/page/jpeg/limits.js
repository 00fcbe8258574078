// What a JPEG may cost, as edge/photos/limits.py has it: most is known from its header.

const MOST_PIXELS = 64_000_000; // decoded
const MOST_REDUCED_PIXELS = 4 * MOST_PIXELS; // in the file
const MOST_BYTES = 300_000_000; // of memory: pixels of 4 bytes, and coefficients of 2 where they wait for the last scan
const MOST_SCANNED_PIXELS = 32 * MOST_PIXELS; // pixels times the scans over them
const SCAN = 2 ** 16; // what a scan's tables take, in such pixels

/** Throw an Error for a frame that is too large to be decoded at a scale. */
export function checkSize({ width, height, share }, scale, severalScans) {
  const pixels = Math.ceil(width / scale) * Math.ceil(height / scale);
  if (width * height > MOST_REDUCED_PIXELS) throw tooMany(`${width} x ${height} pixels`, MOST_REDUCED_PIXELS);
  if (pixels > MOST_PIXELS) throw tooMany(`${width} x ${height} pixels`, MOST_PIXELS);
  const needed = 4 * pixels + (severalScans ? 2 * share * width * height : 0);
  if (needed > MOST_BYTES) {
    const [millions, most] = [needed, MOST_BYTES].map((bytes) => Math.floor(bytes / 1e6));
    throw tooMany(`${width} x ${height} pixels as JPEG take ${millions} MB to decode`, most);
  }
}

/** Return a function to be called for each scan, which throws an Error when there are too many. */
export function scanCounter({ width, height }) {
  let scanned = 0;
  return () => {
    scanned += width * height + SCAN;
    if (scanned > MOST_SCANNED_PIXELS) throw new Error("a JPEG of too many scans; save it again, not progressive");
  };
}

function tooMany(what, limit) {
  return new Error(`${what}, more than the limit of ${limit}; shrink the photo first`);
}
