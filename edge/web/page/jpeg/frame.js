// A frame: the photo's size, and its components, each with how far it is reduced while it is decoded.

import { damaged, NotDecodedHere } from "./errors.js";

const SIDE = 8; // of a block
const EMPTY = 128; // a sample of which nothing was told
const MOST_SAMPLING = 4;

/** A frame as its header has it (ITU-T T.81, B.2.2). */
export class Frame {
  /** Read the header's content. Throws an Error for a damaged one, and for photos of other kinds. */
  constructor(content, progressive) {
    const count = content[5];
    if (content.length < 6 || content.length !== 6 + 3 * count) throw damaged();
    if (content[0] !== 8) throw new NotDecodedHere(`a JPEG of ${content[0]} bits`);
    if (count === 4) throw new NotDecodedHere("a JPEG in CMYK");
    if (count !== 1 && count !== 3) throw new NotDecodedHere(`a JPEG of ${count} components`);
    this.height = 256 * content[1] + content[2];
    this.width = 256 * content[3] + content[4];
    if (this.width === 0 || this.height === 0) throw damaged();
    this.progressive = progressive;
    this.components = Array.from({ length: count }, (_, i) => new Component(content.subarray(6 + 3 * i, 9 + 3 * i)));
    this.across = Math.max(...this.components.map(({ across }) => across)); // blocks of an MCU
    this.down = Math.max(...this.components.map(({ down }) => down));
    this.mcusAcross = Math.ceil(this.width / (SIDE * this.across));
    this.mcusDown = Math.ceil(this.height / (SIDE * this.down));
    for (const component of this.components) component.place(this);
  }

  /** Samples of all components together, against one for each pixel. */
  get share() {
    return this.components.reduce((sum, { across, down }) => sum + across * down, 0) / (this.across * this.down);
  }

  /** Choose the scale, 1/1, 1/2, 1/4 or 1/8, and take the memory for samples, and for all coefficients if needed. */
  prepare(scale) {
    this.reduced = { width: Math.ceil(this.width / scale), height: Math.ceil(this.height / scale) };
    for (const component of this.components) component.prepare(this, SIDE / scale);
  }
}

/** A component; `across` and `down` are its sampling factors, `blocksAcross` and `blocksDown` its blocks that show. */
class Component {
  constructor([id, factors, table]) {
    Object.assign(this, { id, table, across: factors >> 4, down: factors & 15 });
    for (const factor of [this.across, this.down]) if (factor < 1 || factor > MOST_SAMPLING) throw damaged();
  }

  place({ width, height, across, down, mcusAcross, mcusDown }) {
    this.blocksAcross = Math.ceil((width * this.across) / (SIDE * across));
    this.blocksDown = Math.ceil((height * this.down) / (SIDE * down));
    this.storedAcross = mcusAcross * this.across;
    this.storedDown = mcusDown * this.down;
  }

  /**
   * Choose the side of a decoded block, `least` or larger: where colours are stored at a fraction of the size, they
   * are reduced less instead of being enlarged afterwards (libjpeg's jdmaster.c, jpeg_calc_output_dimensions).
   */
  prepare(frame, least) {
    const [right, lower] = [(frame.across * least) / this.across, (frame.down * least) / this.down];
    this.side = least;
    while (this.side < SIDE && right % (2 * this.side) === 0 && lower % (2 * this.side) === 0) this.side *= 2;
    this.enlarged = { across: right / this.side, down: lower / this.side };
    if (!Number.isInteger(this.enlarged.across) || !Number.isInteger(this.enlarged.down)) {
      throw new NotDecodedHere("a JPEG whose colours are stored at an odd fraction of its size");
    }
    this.width = Math.ceil((frame.width * this.across * this.side) / (SIDE * frame.across));
    this.height = Math.ceil((frame.height * this.down * this.side) / (SIDE * frame.down));
    this.stride = this.storedAcross * this.side;
    this.samples = new Uint8ClampedArray(this.stride * this.storedDown * this.side).fill(EMPTY);
    if (frame.progressive) {
      this.coefficients = new Int16Array(this.storedAcross * this.storedDown * SIDE * SIDE);
      this.told = new Int8Array(SIDE * SIDE).fill(-1); // the lowest bit of each coefficient that a scan told
    }
  }
}
