// Asked by webassembly.py: `node webassembly.mjs FOLDER`. Runs models on pixels in onnxruntime-web and leaves their logits.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { gunzipSync } from "node:zlib";

const folder = argv[2];
const { page, ort, models } = JSON.parse(readFileSync(`${folder}/request.json`));
const { loadRuntime, Net } = await import(`${page}/net.js`);

await loadRuntime(`${ort}/ort.js`, gunzipSync(readFileSync(`${ort}/ort.wasm.gz`)));
for (const [i, model] of models.entries()) {
  const net = await Net.open(new Uint8Array(readFileSync(model)));
  const pixels = new Uint8Array(readFileSync(`${folder}/pixels-${i}`));
  const { size } = net.card.wanted;
  const logits = await net.logits(pixels, pixels.length / (4 * size * size));
  writeFileSync(`${folder}/logits-${i}`, new Uint8Array(logits.buffer, logits.byteOffset, logits.byteLength));
}
