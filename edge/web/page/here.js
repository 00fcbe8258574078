// Classifying in this browser: the worker is asked, and answers with Promises.

import { fetchKept } from "./kept.js";

// (module (func (result v128) (i8x16.splat (i32.const 0)))): valid where WebAssembly has SIMD.
const SIMD = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11]);

/** Return why this browser can't run nets, "" if it can. */
export function whyNot(site) {
  if (!site.runtime) {
    return "This server has no onnxruntime-web, so it classifies alone; how to install it is said where it was started.";
  }
  const able = globalThis.WebAssembly && WebAssembly.validate(SIMD) && globalThis.OffscreenCanvas && globalThis.DecompressionStream;
  return able ? "" : "This browser is too old to run nets itself (no WebAssembly with SIMD); the server classifies.";
}

/** Models that are run here. Each is fetched and opened when it is first needed. */
export class Here {
  place = "here";

  /** `fetchModel` gives a Promise of the Response with a model's file. */
  constructor(models, fetchModel) {
    Object.assign(this, { models, fetchModel, opened: new Map(), waiting: new Map(), asked: 0 });
    this.worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
    this.worker.addEventListener("message", ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    this.worker.addEventListener("error", ({ message }) => {
      for (const { reject } of this.waiting.values()) reject(new Error(message || "the worker could not start"));
      this.waiting.clear();
    });
  }

  /** Return the card of a model, opened. Throws an Error that names it. */
  open(name) {
    if (!this.opened.has(name)) {
      const opening = this.#open(this.models.find((model) => model.name === name));
      this.opened.set(name, opening);
      opening.catch(() => this.opened.delete(name)); // so that it may be tried again
    }
    return this.opened.get(name);
  }

  /** Return each model's answer to a photo, {file} or {frame}. */
  async classify(names, photo, top) {
    await Promise.all(names.map((name) => this.open(name)));
    return this.#ask("classify", { names, top, ...photo }, photo.frame ? [photo.frame] : []);
  }

  /** Return where a model looks in a photo: {heat, size}. */
  async explain(name, file) {
    await this.open(name);
    return this.#ask("explain", { name, file });
  }

  /** Return whether this browser computes a model rightly. */
  async verify(name) {
    await this.open(name);
    return this.#ask("verify", { name });
  }

  async #open({ name, sha256 }) {
    try {
      const bytes = new Uint8Array(await (await this.fetchModel(name)).arrayBuffer());
      if ((await digest(bytes)) !== sha256 && globalThis.crypto.subtle) throw new Error("damaged on its way (another SHA-256)");
      return await this.#ask("open", { name, bytes }, [bytes.buffer]);
    } catch (error) {
      throw new Error(`${name}: ${error.message}`);
    }
  }

  #ask(task, given, transferred = []) {
    const id = ++this.asked;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, task, ...given }, transferred);
    });
  }
}

/** Return the SHA-256 of bytes in hex, "" where pages may not compute it: over HTTP from another machine. */
async function digest(bytes) {
  if (!globalThis.crypto.subtle) return "";
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
