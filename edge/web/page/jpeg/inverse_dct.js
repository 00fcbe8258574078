// The inverse discrete cosine transform of blocks of 8 x 8 coefficients, whole or reduced, in the integers of libjpeg's
// accurate one ("islow"): columns, then rows, by constants of 13 bits, with 2 bits more in between.

const SIDE = 8;
const BITS = 13; // of a constant, behind the point
const MORE_BITS = 2; // of what lies between columns and rows
const NORM_BITS = 3; // each pass gives sqrt(8) times its transform
const MIDDLE = 128 << NORM_BITS; // samples are told as what they differ from 128

// sqrt(2) * cos(k * pi / 16). No constant lies near a half before it is rounded, so engines need not agree on cosines.
const C = Array.from({ length: SIDE }, (_, k) => Math.SQRT2 * Math.cos((k * Math.PI) / 16));
const fixed = (number) => Math.round(number * 2 ** BITS);

// At full size: the algorithm of Loeffler, Ligtenberg and Moschytz (ICASSP 1989, figure 1), its sums of rounded
// products multiplied out, which changes no bit of a sum of integers. Coefficients 2 and 6 are a rotation.
const TURN = fixed(C[6]);
const EVEN_22 = TURN + fixed(C[2] - C[6]), EVEN_66 = TURN - fixed(C[2] + C[6]);
// Coefficients 1, 3, 5 and 7 are a symmetric matrix.
const ODD = fixed(C[3]);
const ODD_17 = ODD - fixed(C[3] - C[7]), ODD_35 = ODD - fixed(C[1] + C[3]);
const ODD_37 = ODD - fixed(C[3] + C[5]), ODD_15 = ODD - fixed(C[3] - C[5]);
const ODD_11 = fixed(C[1] + C[3] - C[5] - C[7]) + ODD_17 + ODD_15 - ODD;
const ODD_33 = fixed(C[1] + C[3] + C[5] - C[7]) + ODD_35 + ODD_37 - ODD;
const ODD_55 = fixed(C[1] + C[3] - C[5] + C[7]) + ODD_35 + ODD_15 - ODD;
const ODD_77 = fixed(C[3] + C[5] - C[1] - C[7]) + ODD_17 + ODD_37 - ODD;

// Reduced: sums of neighbouring samples of a full one (libjpeg's jidctred.c), in which other coefficients vanish.
const cosine = (x, k) => Math.SQRT2 * Math.cos(((2 * x + 1) * k * Math.PI) / 16);
const sumOf = (...samples) => (k) => fixed(samples.reduce((sum, x) => sum + cosine(x, k), 0));
const [OUTER_1, OUTER_2, OUTER_3, OUTER_5, OUTER_6, OUTER_7] = [1, 2, 3, 5, 6, 7].map(sumOf(0, 1));
const [INNER_1, INNER_3, INNER_5, INNER_7] = [1, 3, 5, 7].map(sumOf(2, 3));
const [HALF_1, HALF_3, HALF_5, HALF_7] = [1, 3, 5, 7].map(sumOf(0, 1, 2, 3));

const work = new Int32Array(SIDE * SIDE);

/** Write the samples of a block, whose coefficients begin at `from`, where it lies in its component. */
export function inverseDct(component, coefficients, from, row, column) {
  const { side, stride, samples, quantization } = component;
  const to = (row * stride + column) * side;
  if (side === 1) {
    samples[to] = (coefficients[from] * quantization[0] + MIDDLE + (1 << (NORM_BITS - 1))) >> NORM_BITS;
    return;
  }
  for (let i = 0; i < SIDE * SIDE; i++) work[i] = coefficients[from + i] * quantization[i];
  work[0] += MIDDLE;
  if (side === 8) transform(eight, 8, 0);
  else if (side === 4) transform(four, 4, 1);
  else transform(two, 2, 2);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) samples[to + y * stride + x] = work[SIDE * y + x]; // clipped by their array
  }
}

/** Transform all columns, then the rows that are left; sums are of 2 ** `sumBits` samples. */
function transform(line, side, sumBits) {
  for (let x = 0; x < SIDE; x++) line(x, SIDE, BITS - MORE_BITS + sumBits);
  for (let y = 0; y < side; y++) line(SIDE * y, 1, BITS + MORE_BITS + NORM_BITS + sumBits);
}

function eight(at, step, shift) {
  const at1 = at + step, at2 = at1 + step, at3 = at2 + step, at4 = at3 + step;
  const at5 = at4 + step, at6 = at5 + step, at7 = at6 + step;
  const c0 = work[at], c1 = work[at1], c2 = work[at2], c3 = work[at3];
  const c4 = work[at4], c5 = work[at5], c6 = work[at6], c7 = work[at7];
  const half = 1 << (shift - 1);
  if ((c1 | c2 | c3 | c4 | c5 | c6 | c7) === 0) {
    const same = ((c0 << BITS) + half) >> shift;
    work[at] = work[at1] = work[at2] = work[at3] = work[at4] = work[at5] = work[at6] = work[at7] = same;
    return;
  }
  const sum = ((c0 + c4) << BITS) + half;
  const difference = ((c0 - c4) << BITS) + half;
  const outer = EVEN_22 * c2 + TURN * c6;
  const inner = TURN * c2 + EVEN_66 * c6;
  const even0 = sum + outer, even1 = difference + inner, even2 = difference - inner, even3 = sum - outer;
  const odd0 = ODD_11 * c1 + ODD * c3 + ODD_15 * c5 + ODD_17 * c7;
  const odd1 = ODD * c1 + ODD_33 * c3 + ODD_35 * c5 + ODD_37 * c7;
  const odd2 = ODD_15 * c1 + ODD_35 * c3 + ODD_55 * c5 + ODD * c7;
  const odd3 = ODD_17 * c1 + ODD_37 * c3 + ODD * c5 + ODD_77 * c7;
  work[at] = (even0 + odd0) >> shift;
  work[at1] = (even1 + odd1) >> shift;
  work[at2] = (even2 + odd2) >> shift;
  work[at3] = (even3 + odd3) >> shift;
  work[at4] = (even3 - odd3) >> shift;
  work[at5] = (even2 - odd2) >> shift;
  work[at6] = (even1 - odd1) >> shift;
  work[at7] = (even0 - odd0) >> shift;
}

function four(at, step, shift) {
  const c1 = work[at + step], c2 = work[at + 2 * step], c3 = work[at + 3 * step];
  const c5 = work[at + 5 * step], c6 = work[at + 6 * step], c7 = work[at + 7 * step];
  const middle = (work[at] << (BITS + 1)) + (1 << (shift - 1));
  const even = OUTER_2 * c2 + OUTER_6 * c6;
  const outer = OUTER_1 * c1 + OUTER_3 * c3 + OUTER_5 * c5 + OUTER_7 * c7;
  const inner = INNER_1 * c1 + INNER_3 * c3 + INNER_5 * c5 + INNER_7 * c7;
  work[at] = (middle + even + outer) >> shift;
  work[at + step] = (middle - even + inner) >> shift;
  work[at + 2 * step] = (middle - even - inner) >> shift;
  work[at + 3 * step] = (middle + even - outer) >> shift;
}

function two(at, step, shift) {
  const middle = (work[at] << (BITS + 2)) + (1 << (shift - 1));
  const c1 = work[at + step], c3 = work[at + 3 * step], c5 = work[at + 5 * step], c7 = work[at + 7 * step];
  const half = HALF_1 * c1 + HALF_3 * c3 + HALF_5 * c5 + HALF_7 * c7;
  work[at] = (middle + half) >> shift;
  work[at + step] = (middle - half) >> shift;
}
