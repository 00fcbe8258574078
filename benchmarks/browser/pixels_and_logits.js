// Asked by same_answers.py: what the browser makes of photos. All bytes go through as base64.

import { decode } from "./decode.js";
import { Net } from "./net.js";
import { photoPixels } from "./photo_pixels.js";

const nets = new Map(); // by their URLs

export default async function ({ model, pixels, photo }) {
  if (!nets.has(model)) nets.set(model, await Net.open(new Uint8Array(await (await fetch(model)).arrayBuffer())));
  const net = nets.get(model);
  const given = await net.logits(bytes(pixels));
  const { images, orientation } = await decode(new Blob([bytes(photo)]), [net.card.wanted]);
  const own = new Uint8Array(photoPixels(images[0], net.card.wanted, orientation));
  return { given: text(given), pixels: text(own), own: text(await net.logits(own)) };
}

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const text = ({ buffer, byteOffset, byteLength }) =>
  btoa(Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) => String.fromCharCode(byte)).join(""));
