// Asked by webassembly.py: `node webassembly.mjs FOLDER`. Decodes the photos that are JPEGs, runs models on the pixels in
// onnxruntime-web, and leaves both.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { gunzipSync } from "node:zlib";

const folder = argv[2];
const { page, ort, models, jpegs } = JSON.parse(readFileSync(`${folder}/request.json`));
const [{ decode }, { loadRuntime, Net }, { photoPixels }] = await Promise.all(
  ["decode", "net", "photo_pixels"].map((name) => import(`${page}/${name}.js`)),
);

await loadRuntime(`${ort}/ort.js`, gunzipSync(readFileSync(`${ort}/ort.wasm.gz`)));
const nets = await Promise.all(models.map((model) => Net.open(new Uint8Array(readFileSync(model)))));
const pixels = nets.map((_, i) => new Uint8Array(readFileSync(`${folder}/pixels-${i}`))); // one photo after another

for (const [place, jpeg] of jpegs) {
  const { images, orientation, remark } = await decode(new Blob([readFileSync(jpeg)]), nets.map(({ card }) => card.wanted));
  if (remark) throw new Error(`${jpeg} is ${remark}`);
  for (const [i, { card }] of nets.entries()) {
    pixels[i].set(photoPixels(images[i], card.wanted, orientation), place * 4 * card.wanted.size ** 2);
  }
}
for (const [i, net] of nets.entries()) {
  const { size } = net.card.wanted;
  const logits = await net.logits(pixels[i], pixels[i].length / (4 * size * size));
  writeFileSync(`${folder}/pixels-${i}`, pixels[i]);
  writeFileSync(`${folder}/logits-${i}`, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
}
