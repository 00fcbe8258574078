// Golden images, as edge/model/golden_logits.py has them: whether this browser computes what the model file says.

import { MersenneTwister } from "./mersenne_twister.js";

const IMAGES = 16;

/** Return the generated images one after another, RGBX, Uint8Array (16 * size * size * 4). */
export function goldenImages(size) {
  const random = new MersenneTwister(0);
  const length = size * size * 4;
  const images = Uint8Array.from({ length: IMAGES * length }, () => random.next() & 255);
  for (let i = 0; i < IMAGES / 2; i++) {
    const side = 2 ** ((i % 4) + 1);
    drawBlocks(images.subarray(i * length, (i + 1) * length), size, side, random);
  }
  return images;
}

function drawBlocks(image, size, side, random) {
  const across = Math.ceil(size / side);
  const blocks = Uint8Array.from({ length: across * across * 4 }, () => 255 * (random.next() & 1));
  for (let y = 0, to = 0; y < size; y++) {
    for (let x = 0; x < size; x++, to += 4) {
      const from = 4 * (Math.floor(y / side) * across + Math.floor(x / side));
      image.set(blocks.subarray(from, from + 4), to);
    }
  }
}

/** Return {passed, identical, n, difference, exact} of logits (16 * classes) against a card's golden entry. */
export function compareGolden(logits, { logits: rows, exact, tolerance = 1e-3 }) {
  const classes = logits.length / IMAGES;
  let identical = 0;
  let difference = 0;
  rows.forEach((row, i) => {
    const off = row.map((expected, k) => Math.abs(logits[i * classes + k] - Math.fround(expected)));
    identical += off.every((distance) => distance === 0) ? 1 : 0;
    difference = Math.max(difference, ...off);
  });
  const whole = rows.length === IMAGES && rows.every((row) => row.length === classes);
  const passed = whole && (exact ? identical === IMAGES : difference <= tolerance);
  return { passed, identical, n: IMAGES, difference, exact };
}
