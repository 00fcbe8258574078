// Run in the page by same_answers.py: what the browser makes of photos. All bytes go through as base64.

async (asked) => {
  const [{ decode }, { Net }, { photoPixels }] = await Promise.all(
    ["decode", "net", "photo_pixels"].map((name) => import(new URL(`${name}.js`, location.href))),
  );
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const text = ({ buffer, byteOffset, byteLength }) =>
    btoa(Array.from(new Uint8Array(buffer, byteOffset, byteLength), (byte) => String.fromCharCode(byte)).join(""));
  const open = async (url) => Net.open(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  globalThis.opened ??= new Map();
  if (!opened.has(asked.model)) opened.set(asked.model, await open(asked.model));
  const net = opened.get(asked.model);
  const given = await net.logits(bytes(asked.pixels));
  const { images, orientation } = await decode(new Blob([bytes(asked.photo)]), [net.card.wanted]);
  const own = new Uint8Array(photoPixels(images[0], net.card.wanted, orientation));
  return { given: text(given), pixels: text(own), own: text(await net.logits(own)) };
};
