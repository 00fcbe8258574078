// A JPEG's markers, up to each scan: its frame, its tables, what its colours are (ITU-T T.81, annex B).

import { damaged, NotDecodedHere, truncated } from "./errors.js";
import { Frame } from "./frame.js";
import { HuffmanTable } from "./huffman.js";
import { ZIGZAG } from "./zigzag.js";

const BASELINE = 0xc0, PROGRESSIVE = 0xc2, LAST_FRAME = 0xcf;
const HUFFMAN = 0xc4, ARITHMETIC = 0xcc, EXTENSION = 0xc8; // among the numbers of frames
const FIRST_RESTART = 0xd0, START = 0xd8, END = 0xd9, SCAN = 0xda, QUANTIZATION = 0xdb, LINES = 0xdc, INTERVAL = 0xdd;
const NEVER_HERE = [START, 0xde, 0xdf]; // the others are of hierarchical JPEGs
const JFIF = 0xe0, ADOBE = 0xee, TEMPORARY = 0x01;
const TABLES = 4; // of each kind
const MOST_BLOCKS = 10; // of an MCU
const MOST_SHIFT = 13; // of a coefficient's lowest bit
const LARGEST_DC = 15, LARGEST_AC = 255; // symbols

/** What has been read of a file so far. */
export class Markers {
  frame = null;
  interval = 0; // MCUs between restart markers
  isJfif = false;
  adobe = null; // the colour transform that an Adobe marker tells
  ended = false; // by its marker

  constructor(bytes) {
    this.bytes = bytes;
    this.at = 2; // behind the start of image
    this.quantization = [];
    this.huffman = { dc: [], ac: [] };
  }

  /**
   * Read on to the next scan, and return it, null behind the last: {members: [{component, dc, ac}], first, last, high,
   * low, at}, which coefficients and which of their bits it tells (G.1.1.1), and where its data begin. Throws an Error
   * for what is damaged, NotDecodedHere for other kinds.
   */
  nextScan() {
    for (let marker; (marker = this.#marker()); ) {
      if (marker === END) {
        this.ended = true;
        return null;
      }
      if (marker === TEMPORARY || (marker >= FIRST_RESTART && marker < START)) continue; // which have no content
      if (marker < BASELINE || NEVER_HERE.includes(marker)) throw damaged();
      const content = this.#content();
      if (content === null && (marker >= JFIF || marker === LINES)) return null; // nothing of it is needed
      if (content === null) throw truncated();
      if (marker === SCAN) return this.#scan(content);
      this.#read(marker, content);
    }
    return null;
  }

  /** Return the next marker, whatever lies before it, and be behind it; 0 at the end of the file. */
  #marker() {
    const { bytes } = this;
    for (;;) {
      const found = bytes.indexOf(0xff, this.at);
      this.at = found < 0 ? bytes.length : found;
      while (bytes[this.at] === 0xff) this.at++;
      if (this.at >= bytes.length) return 0;
      const marker = bytes[this.at++];
      if (marker !== 0) return marker;
    }
  }

  /** Return a segment's content, null if it is cut short. */
  #content() {
    const { bytes, at } = this;
    const end = at + 256 * bytes[at] + bytes[at + 1];
    if (!(end <= bytes.length)) return null;
    if (end < at + 2) throw damaged();
    this.at = end;
    return bytes.subarray(at + 2, end);
  }

  #read(marker, content) {
    if (marker === QUANTIZATION) this.#readQuantization(content);
    else if (marker === HUFFMAN) this.#readHuffman(content);
    else if (marker === INTERVAL) this.interval = 256 * content[0] + content[1];
    else if (marker === JFIF) this.isJfif ||= content.length >= 14 && text(content, 5) === "JFIF\0";
    else if (marker === ADOBE && content.length >= 12 && text(content, 5) === "Adobe") this.adobe = content[11];
    else if (marker === ARITHMETIC || marker === EXTENSION) throw new NotDecodedHere("a JPEG in arithmetic coding");
    else if (marker >= BASELINE && marker <= LAST_FRAME) this.#readFrame(marker, content);
  }

  #readFrame(marker, content) {
    if (this.frame) throw damaged();
    if (marker > PROGRESSIVE) throw new NotDecodedHere("a JPEG in lossless or arithmetic coding");
    this.frame = new Frame(content, marker === PROGRESSIVE);
  }

  /** Read factors of 8 or 16 bits, in zigzag order (B.2.4.1). */
  #readQuantization(content) {
    for (let at = 0; at < content.length; ) {
      const bytes = content[at] >> 4 ? 2 : 1;
      const number = content[at++] & 15;
      if (number >= TABLES || at + 64 * bytes > content.length) throw damaged();
      const table = new Int32Array(64);
      for (let k = 0; k < 64; k++, at += bytes) {
        table[ZIGZAG[k]] = bytes === 2 ? 256 * content[at] + content[at + 1] : content[at];
      }
      this.quantization[number] = table;
    }
  }

  /** Read how many codes of each length there are, and what they stand for (B.2.4.2). */
  #readHuffman(content) {
    for (let at = 0; at < content.length; ) {
      const number = content[at] & 15;
      const tables = [this.huffman.dc, this.huffman.ac][content[at] >> 4];
      const counts = content.subarray(at + 1, at + 17);
      const total = counts.reduce((sum, count) => sum + count, 0);
      if (!tables || number >= TABLES || total > 256 || at + 17 + total > content.length) throw damaged();
      const symbols = new Uint8Array(256);
      symbols.set(content.subarray(at + 17, at + 17 + total));
      tables[number] = { counts, symbols, largest: Math.max(...symbols.subarray(0, total)) };
      at += 17 + total;
    }
  }

  /** Read which components are in the scan, and what of them (B.2.3). */
  #scan(content) {
    const count = content[0];
    const { frame } = this;
    if (!frame || count < 1 || count > TABLES || content.length !== 4 + 2 * count) throw damaged();
    const [first, last, bits] = content.subarray(1 + 2 * count);
    const scan = { first, last, high: bits >> 4, low: bits & 15, at: this.at };
    if (frame.progressive) checkProgression(scan, count);
    scan.members = [];
    for (let i = 0; i < count; i++) scan.members.push(this.#member(content[1 + 2 * i], content[2 + 2 * i], scan));
    const blocks = scan.members.reduce((sum, { component: { across, down } }) => sum + across * down, 0);
    if (count > 1 && blocks > MOST_BLOCKS) throw damaged();
    return scan;
  }

  #member(id, tables, { members, first, last, high }) {
    const isNew = (component) => members.every((member) => member.component !== component);
    const component = this.frame.components.find((each) => each.id === id && isNew(each));
    const quantization = component && (component.quantization ??= this.quantization[component.table]);
    if (!quantization) throw damaged();
    const { progressive } = this.frame;
    const needsDc = !progressive || (first === 0 && high === 0);
    const needsAc = !progressive || last > 0;
    const dc = needsDc ? code(this.huffman.dc[tables >> 4], LARGEST_DC) : null;
    const ac = needsAc ? code(this.huffman.ac[tables & 15], LARGEST_AC) : null;
    return { component, dc, ac };
  }
}

function code(table, most) {
  if (!table) throw new NotDecodedHere("a JPEG without its Huffman tables");
  if (table.largest > most) throw damaged();
  return new HuffmanTable(table);
}

/** Throw an Error unless a progressive scan tells what one may (G.1.1.1). */
function checkProgression({ first, last, high, low }, count) {
  const band = first === 0 ? last === 0 : first <= last && last < 64 && count === 1;
  if (!band || low > MOST_SHIFT || (high !== 0 && high !== low + 1)) throw damaged();
}

function text(content, length) {
  return String.fromCharCode(...content.subarray(0, length));
}
