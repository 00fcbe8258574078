// The order in which an 8 x 8 block's coefficients are stored (ITU-T T.81, figure A.6).

const SIDE = 8;
const BEYOND = 16; // places behind the last that damaged data may reach: all of them are the last

/** Place in a block, row * 8 + column, by place in the file. */
export const ZIGZAG = new Uint8Array(SIDE * SIDE + BEYOND).fill(SIDE * SIDE - 1);

for (let diagonal = 0, k = 0; diagonal < 2 * SIDE - 1; diagonal++) {
  const first = Math.max(0, diagonal - SIDE + 1);
  const last = Math.min(diagonal, SIDE - 1);
  for (let i = first; i <= last; i++, k++) {
    const row = diagonal % 2 ? i : first + last - i;
    ZIGZAG[k] = SIDE * row + (diagonal - row);
  }
}
