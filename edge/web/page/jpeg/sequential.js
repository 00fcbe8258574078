// Blocks of a sequential scan (ITU-T T.81, F.2): all of a block's coefficients at once, and its samples from them.

import { inverseDct } from "./inverse_dct.js";
import { ZIGZAG } from "./zigzag.js";

/** Return {block, restarted} for `readBlocks`, which write the samples of `members`' components. */
export function sequential(bits, { members }) {
  const coefficients = new Int16Array(64);
  const restarted = () => members.forEach((member) => (member.dcBefore = 0));

  function block(member, row, column) {
    coefficients.fill(0);
    const size = bits.symbol(member.dc);
    if (size) member.dcBefore += bits.signed(size);
    coefficients[0] = member.dcBefore;
    readAc(bits, member.ac, coefficients);
    inverseDct(member.component, coefficients, 0, row, column);
  }

  restarted();
  return { block, restarted };
}

function readAc(bits, table, coefficients) {
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(table);
    const size = symbol & 15;
    k += symbol >> 4;
    if (size) coefficients[ZIGZAG[k]] = bits.signed(size);
    else if (symbol !== 0xf0) return; // no run of 16 zeros: the end of the block
  }
}
