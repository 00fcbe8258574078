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
    const asked = names.map((name) => nets.get(name));
    const photo = frame ? ofFrame(frame, asked) : await decode(file, asked.map((net) => net.card.wanted));
    const decoded = performance.now() - started;
    const answers = [];
    for (const [i, net] of asked.entries()) answers.push(await answer(net, photo.images[i], photo, decoded, top));
    return answers;
  },

  /** Say where a model looked: {heat, size}. */
  async explain({ name, file }) {
    const net = nets.get(name);
    const { wanted } = net.card;
    const { images, orientation } = await decode(file, [wanted]);
    const pixels = photoPixels(images[0], wanted, orientation);
    return { heat: await explain((some, n) => net.logits(some, n), pixels, wanted.size), size: wanted.size };
  },

  /** Run a model's golden images. */
  async verify({ name }) {
    const net = nets.get(name);
    if (!net.card.golden) throw new Error("carries no golden logits to verify; export it again");
    return compareGolden(await net.logits(goldenImages(net.card.wanted.size), 16), net.card.golden);
  },
};

function ofFrame(frame, asked) {
  const image = samples(frame);
  return { images: asked.map(() => image), orientation: 1, remark: "" };
}

async function answer(net, image, { orientation, remark }, decoded, top) {
  const started = performance.now();
  const pixels = photoPixels(image, net.card.wanted, orientation);
  const resized = performance.now();
  const logits = await net.logits(pixels);
  const done = performance.now();
  const { threshold } = net.card;
  const took = { decode: decoded + resized - started, net: done - resized };
  return { ...predictionOf(logits, net.card, top), threshold, remark, ...took };
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
