// Huffman codes, from the numbers of codes of each length (ITU-T T.81, annex C).

import { damaged } from "./errors.js";

/** How many bits are looked up at once; few codes are longer. */
export const LOOKUP_BITS = 10;
export const LONGEST = 16;

/** A code: `lookup` has length << 8 | symbol by the next bits, 0 for a longer code, which `last` and `offset` tell. */
export class HuffmanTable {
  /** `counts` are the numbers of codes of 1 to 16 bits, `symbols` what they stand for. Throws an Error for no code. */
  constructor({ counts, symbols }) {
    this.lookup = new Uint16Array(1 << LOOKUP_BITS);
    this.last = new Int32Array(LONGEST + 1).fill(-1); // code of each length
    this.offset = new Int32Array(LONGEST + 1); // from a code to the place of its symbol
    this.symbols = symbols;
    let place = 0;
    for (let length = 1, code = 0; length <= LONGEST; length++, code *= 2) {
      this.offset[length] = place - code;
      const end = place + counts[length - 1];
      for (; place < end; place++, code++) this.#add(length, code, symbols[place]);
      if (counts[length - 1]) this.last[length] = code - 1;
      if (counts[length - 1] && code >= 1 << length) throw damaged(); // no code consists of ones alone
    }
  }

  #add(length, code, symbol) {
    const free = LOOKUP_BITS - length;
    if (free >= 0) this.lookup.fill((length << 8) | symbol, code << free, (code + 1) << free);
  }
}
