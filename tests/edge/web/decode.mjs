// Asked by test_decode.py: makes the pixels of files 0, 1, ... of a folder by the rules of asked.json, writes those of
// each, and prints what was said of it, as JSON.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

const [page, folder] = argv.slice(2);
const { decode } = await import(`${page}/decode.js`);
const { parseRule } = await import(`${page}/preprocessing.js`);
const { photoPixels } = await import(`${page}/photo_pixels.js`);

const said = [];
for (const [i, rules] of JSON.parse(readFileSync(`${folder}/asked.json`)).entries()) {
  const wanted = rules.map(([size, rule]) => parseRule(size, rule));
  const { images, orientation, remark } = await decode(new Blob([readFileSync(`${folder}/${i}`)]), wanted);
  images.forEach((image, k) => writeFileSync(`${folder}/${i}.${k}`, photoPixels(image, wanted[k], orientation)));
  said.push(remark);
}
console.log(JSON.stringify(said));
