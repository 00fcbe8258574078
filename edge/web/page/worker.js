// What answers photos in the browser, beside the page's own thread: messages {id, task, ...} in, {id, result} or
// {id, error} out.

import { decode, samples } from "./decode.js";
import { compareGolden, goldenImages } from "./golden.js";
import { Net } from "./net.js";
import { explain } from "./occlusion.js";
import { photoPixels } from "./photo_pixels.js";
import { predictionOf } from "./prediction.js";

const nets = new Map(); // by name

const TASKS = {
  /** Open a model file. */
  async open({ name, bytes }) {
    const net = await Net.open(bytes);
    nets.set(name, net);
    return net.card;
  },

  /** Classify a photo, or a frame, with each of the models: what `predict` says, and the milliseconds it took. */
  async classify({ names, file, frame, top }) {
    const started = performance.now();
    const photo = frame ? { image: samples(frame), orientation: 1 } : await decode(file);
    const decoded = performance.now() - started;
    const answers = [];
    for (const name of names) answers.push(await answer(nets.get(name), photo, decoded, top));
    return answers;
  },

  /** Say where a model looked: {heat, size}. */
  async explain({ name, file }) {
    const net = nets.get(name);
    const { image, orientation, isJpeg } = await decode(file);
    const pixels = photoPixels(image, net.card.wanted, orientation, isJpeg);
    const { size } = net.card.wanted;
    return { heat: await explain((some, n) => net.logits(some, n), pixels, size), size };
  },

  /** Run a model's golden images. */
  async verify({ name }) {
    const net = nets.get(name);
    if (!net.card.golden) throw new Error("carries no golden logits to verify; export it again");
    return compareGolden(await net.logits(goldenImages(net.card.wanted.size), 16), net.card.golden);
  },
};

async function answer(net, { image, orientation, isJpeg }, decoded, top) {
  const started = performance.now();
  const pixels = photoPixels(image, net.card.wanted, orientation, isJpeg);
  const resized = performance.now();
  const logits = await net.logits(pixels);
  const done = performance.now();
  const { threshold } = net.card;
  return { ...predictionOf(logits, net.card, top), threshold, decode: decoded + resized - started, net: done - resized };
}

let last = Promise.resolve(); // one after another: what is measured is not disturbed

self.addEventListener("message", ({ data: { id, task, ...given } }) => {
  last = last.then(async () => {
    try {
      self.postMessage({ id, result: await TASKS[task](given) });
    } catch (error) {
      self.postMessage({ id, error: String(error?.message ?? error) });
    }
  });
});
