// Blocks of a progressive scan (ITU-T T.81, annex G): some coefficients of each block, or one more bit of them.

import { ZIGZAG } from "./zigzag.js";

/** Return {block, restarted} for `readBlocks`, which add to the coefficients of `members`' components. */
export function progressive(bits, { members, first, last, high, low }) {
  for (const { component } of members) component.told.fill(low, first, last + 1);
  const more = 1 << low; // what the bit that is told is worth
  let blocksLeft = 0; // that have no further coefficient in this scan

  function restarted() {
    blocksLeft = 0;
    for (const member of members) member.dcBefore = 0;
  }

  function firstDc(member, row, column) {
    const size = bits.symbol(member.dc);
    if (size) member.dcBefore += bits.signed(size);
    member.component.coefficients[start(member, row, column)] = member.dcBefore << low;
  }

  function refineDc(member, row, column) {
    if (bits.unsigned(1)) member.component.coefficients[start(member, row, column)] |= more;
  }

  function firstAc(member, row, column) {
    if (blocksLeft > 0) {
      blocksLeft--;
      return;
    }
    const { coefficients } = member.component;
    const block = start(member, row, column);
    for (let k = first; k <= last; k++) {
      const symbol = bits.symbol(member.ac);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0 && run < 15) {
        blocksLeft = endOfBand(run) - 1;
        return;
      }
      k += run;
      if (size) coefficients[block + ZIGZAG[k]] = bits.signed(size) << low;
    }
  }

  function refineAc(member, row, column) {
    const { coefficients } = member.component;
    const block = start(member, row, column);
    let k = first;
    while (blocksLeft === 0 && k <= last) {
      const symbol = bits.symbol(member.ac);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0 && run < 15) {
        blocksLeft = endOfBand(run);
        break;
      }
      const value = size && (bits.unsigned(1) ? more : -more);
      k = refine(coefficients, block, k, run);
      if (value) coefficients[block + ZIGZAG[k]] = value;
      k++;
    }
    if (blocksLeft > 0) {
      refine(coefficients, block, k, 64);
      blocksLeft--;
    }
  }

  /** Refine what is not zero from `k` on, past a run of zeros, and return the place of the zero behind it. */
  function refine(coefficients, block, k, run) {
    for (; k <= last; k++) {
      const at = block + ZIGZAG[k];
      const known = coefficients[at];
      if (known === 0) {
        if (run-- === 0) break;
      } else if (bits.unsigned(1) && (known & more) === 0) {
        coefficients[at] += known > 0 ? more : -more;
      }
    }
    return k;
  }

  /** Return how many blocks, this one first, have no more coefficients (G.1.2.2). */
  function endOfBand(run) {
    return run ? (1 << run) + bits.unsigned(run) : 1;
  }

  restarted();
  const [beginning, refining] = first === 0 ? [firstDc, refineDc] : [firstAc, refineAc];
  return { block: high === 0 ? beginning : refining, restarted };
}

function start({ component }, row, column) {
  return 64 * (row * component.storedAcross + column);
}
