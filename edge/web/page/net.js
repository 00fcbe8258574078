// A model file opened in onnxruntime-web, on one thread of WebAssembly.

import { readCard } from "./model_card.js";

const INPUT = "image";
const OUTPUT = "logits";
const MOST_PIXELS = 2 ** 18; // that go through the net together

let runtime; // a Promise of onnxruntime-web, loaded once

/** Return the WebAssembly of onnxruntime-web: from the file, which may or may not be unpacked on its way. */
async function binary() {
  const answer = await fetch(new URL("ort/ort.wasm.gz", import.meta.url));
  if (!answer.ok) throw new Error("onnxruntime-web is not here");
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.buffer;
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** Load onnxruntime-web, if that isn't done; `wasm` is its WebAssembly, where that is at hand. */
export function loadRuntime(module = "./ort/ort.js", wasm = undefined) {
  runtime ??= (async () => {
    const [ort, wasmBinary] = await Promise.all([import(module), wasm ?? binary()]);
    Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary });
    ort.env.logLevel = "fatal"; // what is wrong arrives as an Error
    return ort;
  })();
  return runtime;
}

/** A model: its card, and the logits of pixels. */
export class Net {
  /** Open a model file's bytes. Throws an Error for a damaged one, or one that onnxruntime refuses. */
  static async open(bytes) {
    const card = readCard(bytes);
    const ort = await loadRuntime();
    try {
      const session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
      return new Net(ort, session, card);
    } catch (error) {
      throw new Error(`onnxruntime-web can't load it (${String(error.message ?? error).split("\n")[0]})`);
    }
  }

  constructor(ort, session, card) {
    Object.assign(this, { ort, session, card });
  }

  /** Return logits, Float32Array (n * classes), of n photos' pixels, Uint8Array (n * size * size * 4). */
  async logits(pixels, n = 1) {
    const { size } = this.card.wanted;
    const length = size * size * 4;
    const most = Math.max(1, Math.floor(MOST_PIXELS / size ** 2));
    const parts = [];
    for (let first = 0; first < n; first += most) {
      const count = Math.min(most, n - first);
      const some = new Uint8Array(pixels.buffer, pixels.byteOffset + first * length, count * length);
      const input = new this.ort.Tensor("uint8", some, [count, size, size, 4]);
      parts.push((await this.session.run({ [INPUT]: input }))[OUTPUT].data);
    }
    if (parts.length === 1) return parts[0];
    const all = new Float32Array(n * this.card.labels.length);
    parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    return all;
  }
}
