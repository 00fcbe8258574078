// Where the net looked, as edge/inference/occlusion.py has it: a gray square is moved over the photo, and the more the
// guess's logit falls where it lies, the more the guess rests on what it hides.

const PARTS = 4; // the square's side is the photo's divided by this
const STEPS = 4; // places that it is moved to within its own side
const TOGETHER = 32; // photos with a square that go through the net together

/**
 * Return how far the guess's logit falls on average when a pixel is hidden, Float64Array (size * size).
 * `logits` gives a Promise of (n, classes) of n photos one after another.
 */
export async function explain(logits, pixels, size) {
  const whole = await logits(pixels, 1);
  const best = whole.indexOf(Math.max(...whole));
  const heat = new Float64Array(size * size);
  const times = new Float64Array(size * size);
  const places = placesOf(size);
  const mean = meanColour(pixels);
  for (let first = 0; first < places.length; first += TOGETHER) {
    const some = places.slice(first, first + TOGETHER);
    const hidden = new Uint8Array(some.length * pixels.length);
    some.forEach((place, i) => hide(hidden.subarray(i * pixels.length, (i + 1) * pixels.length), pixels, size, place, mean));
    const after = await logits(hidden, some.length);
    some.forEach((place, i) => {
      const fall = whole[best] - after[i * whole.length + best];
      for (const at of within(place, size)) {
        heat[at] += fall;
        times[at] += 1;
      }
    });
  }
  return heat.map((sum, at) => sum / times[at]);
}

/** Return {left, top, side} of all squares, which cover every pixel. */
function placesOf(size) {
  const side = Math.max(1, Math.floor(size / PARTS));
  const step = Math.max(1, Math.floor(side / STEPS));
  const starts = [];
  for (let start = 0; start < size - side; start += step) starts.push(start);
  starts.push(size - side);
  return starts.flatMap((top) => starts.map((left) => ({ left, top, side })));
}

function* within({ left, top, side }, size) {
  for (let y = top; y < top + side; y++) for (let x = left; x < left + side; x++) yield y * size + x;
}

function meanColour(pixels) {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < pixels.length; i++) sums[i % 4] += pixels[i];
  return sums.map((sum) => Math.floor(sum / (pixels.length / 4)));
}

function hide(hidden, pixels, size, place, mean) {
  hidden.set(pixels);
  for (const at of within(place, size)) hidden.set(mean, 4 * at);
}
