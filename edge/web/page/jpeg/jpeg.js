// Decoding JPEGs, baseline and progressive (ITU-T T.81), to the bit as the photo path has it: as libjpeg-turbo does at
// its default settings, at 1/1, 1/2, 1/4 or 1/8 of the size.

import { Bits } from "./bits.js";
import { colours } from "./colours.js";
import { damaged, NotDecodedHere, truncated } from "./errors.js";
import { inverseDct } from "./inverse_dct.js";
import { checkSize, scanCounter } from "./limits.js";
import { Markers } from "./markers.js";
import { progressive } from "./progressive.js";
import { readBlocks } from "./scan.js";
import { sequential } from "./sequential.js";
import { rowsOf } from "./upsampling.js";

export { NotDecodedHere };

const SIDE = 8; // of a block

/**
 * A JPEG, `width` x `height` pixels. Opening and decoding throw NotDecodedHere for kinds that are left to the browser
 * (CMYK, 12 bits, arithmetic coding, lossless, scans that never come), and an Error in the photo path's words for a
 * damaged file, or one beyond the limits.
 */
export class Jpeg {
  constructor(bytes) {
    this.bytes = bytes;
    const { frame } = this.#begin();
    Object.assign(this, { width: frame.width, height: frame.height });
  }

  /** Return {data, width, height}, RGBA, at 1/1, 1/2, 1/4 or 1/8 of the size: `scale` is 1, 2, 4 or 8. */
  decode(scale) {
    const { markers, scan, frame } = this.#begin();
    checkSize(frame, scale, frame.progressive || scan.members.length < frame.components.length);
    frame.prepare(scale);
    const colour = colours(markers);
    readScans(markers, scan);
    if (frame.progressive) transformAll(frame, markers.ended);
    return rgba(frame, colour, SIDE / scale);
  }

  /** Read up to the first scan. */
  #begin() {
    const markers = new Markers(this.bytes);
    const scan = markers.nextScan();
    if (scan === null) throw markers.ended ? damaged() : truncated();
    return { markers, scan, frame: markers.frame };
  }
}

function readScans(markers, first) {
  const { frame } = markers;
  const countScan = scanCounter(frame);
  const bits = new Bits(markers.bytes);
  for (let scan = first; scan !== null; scan = markers.nextScan()) {
    countScan();
    bits.open(scan.at);
    const coder = (frame.progressive ? progressive : sequential)(bits, scan);
    readBlocks(bits, scan, frame, markers.interval, coder);
    markers.at = bits.next - 1; // at the marker behind it
  }
}

function transformAll({ components }, ended) {
  for (const component of components) {
    if (component.told.some((bit) => bit !== 0)) {
      throw ended ? new NotDecodedHere("a progressive JPEG that lacks scans") : truncated();
    }
    for (let row = 0; row < component.blocksDown; row++) {
      for (let column = 0; column < component.blocksAcross; column++) {
        const from = 64 * (row * component.storedAcross + column);
        inverseDct(component, component.coefficients, from, row, column);
      }
    }
    component.coefficients = null;
  }
}

function rgba({ components, reduced: { width, height } }, colour, side) {
  const data = new Uint8ClampedArray(4 * width * height);
  const rows = components.map((component) => rowsOf(component, width, side));
  for (let y = 0; y < height; y++) colour(data, 4 * y * width, width, ...rows.map((row) => row(y)));
  return { data, width, height };
}
