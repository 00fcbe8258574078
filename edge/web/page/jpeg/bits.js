// Bits of the entropy-coded data between two markers (ITU-T T.81, B.1.1.5), and how decoding goes on at the next one.

import { truncated } from "./errors.js";
import { LONGEST, LOOKUP_BITS } from "./huffman.js";

const PADDING = 4096; // bytes of zeros behind the data: an MCU of ten blocks asks for less
const FIRST_MARKER = 0xc0; // lower ones are reserved
const RESTART = 0xd0; // RST0

/**
 * The bits from one marker to the next. Behind them are zeros, and `spent` says that some were needed: what remains of
 * a photo up to a marker is left as it is, as libjpeg does it, which has no error for it either.
 */
export class Bits {
  constructor(file) {
    this.file = file;
    this.data = new Uint8Array(file.length + PADDING); // without the bytes that were stuffed into it
    this.view = new DataView(this.data.buffer);
    this.length = 0; // of the data; all bytes behind it are 0
  }

  /** Go to the data that begins at a place in the file. */
  open(start) {
    const { file, data } = this;
    let [from, length] = [start, 0];
    this.marker = undefined; // where the file ends
    for (; from < file.length; from++) {
      const byte = file[from];
      if (byte === 0xff) {
        while (file[from] === 0xff) from++;
        if (file[from] !== 0) {
          this.marker = file[from];
          break;
        }
      }
      data[length++] = byte;
    }
    data.fill(0, length, this.length);
    this.length = length;
    this.next = from; // the place of the marker's second byte
    this.at = 0;
    this.end = 8 * length;
    this.spent = false;
  }

  /** Say that an MCU has been read. Throws an Error if the file ended within it. */
  endMcu() {
    if (this.at <= this.end) return;
    this.spent = true;
    if (this.marker === undefined) throw truncated();
  }

  /**
   * Go on behind restart marker 0 to 7. Where another one stands, data was lost: by the rule of libjpeg's
   * jpeg_resync_to_restart an earlier marker is passed over, and one that is soon to come, or no restart, waited for.
   */
  restart(number) {
    for (;;) {
      const ahead = (this.marker - RESTART - number) & 7;
      const isRestart = this.marker >= RESTART && this.marker < RESTART + 8;
      if (this.marker === undefined) throw truncated();
      if (isRestart ? ahead === 1 || ahead === 2 : this.marker >= FIRST_MARKER) {
        this.at = this.end;
        return;
      }
      this.open(this.next + 1);
      if (isRestart && ahead < 6) return;
    }
  }

  /** Return the symbol of the next code; 0 for bits that are none. */
  symbol(table) {
    const word = this.#word();
    const found = table.lookup[word >>> (32 - LOOKUP_BITS)];
    if (found === 0) return this.#longSymbol(table, word);
    this.at += found >> 8;
    return found & 255;
  }

  /** Return the next 1 to 16 bits as a number. */
  unsigned(size) {
    const word = this.#word();
    this.at += size;
    return word >>> (32 - size);
  }

  /** Return the next 1 to 16 bits as T.81 writes a difference or coefficient (F.2.2.1: a first bit 0 is negative). */
  signed(size) {
    const word = this.#word();
    this.at += size;
    const number = word >>> (32 - size);
    return word < 0 ? number : number + 1 - (1 << size);
  }

  /** Return the next bits, 25 at least, the first as the highest of 32. */
  #word() {
    return this.view.getUint32(this.at >>> 3) << (this.at & 7);
  }

  #longSymbol({ last, offset, symbols }, word) {
    let length = LOOKUP_BITS + 1;
    while (length <= LONGEST && word >>> (32 - length) > last[length]) length++;
    this.at += length;
    return length <= LONGEST ? symbols[(word >>> (32 - length)) + offset[length]] : 0;
  }
}
