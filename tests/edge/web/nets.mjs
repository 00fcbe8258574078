// Asked by test_nets.py: opens a model file in onnxruntime-web and prints what it gives, as JSON.

import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { gunzipSync } from "node:zlib";

const [page, ort, model, photo] = argv.slice(2);
const { loadRuntime, Net } = await import(`${page}/net.js`);
const { compareGolden, goldenImages } = await import(`${page}/golden.js`);
const { predictionOf } = await import(`${page}/prediction.js`);
const { explain } = await import(`${page}/occlusion.js`);

await loadRuntime(`${ort}/ort.js`, gunzipSync(readFileSync(`${ort}/ort.wasm.gz`)));
const net = await Net.open(new Uint8Array(readFileSync(model)));
const pixels = new Uint8Array(readFileSync(photo));
const { size } = net.card.wanted;
const logits = await net.logits(pixels);
const golden = compareGolden(await net.logits(goldenImages(size), 16), net.card.golden);
const heat = await explain((some, n) => net.logits(some, n), pixels, size);
console.log(JSON.stringify({ logits: [...logits], prediction: predictionOf(logits, net.card, 3), golden, heat: [...heat] }));
