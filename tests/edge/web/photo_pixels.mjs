// Asked by test_photo_pixels.py: reads a list of images and what they are wanted as, writes the pixels of each.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

const [page, folder] = argv.slice(2);
const { parseRule } = await import(`${page}/preprocessing.js`);
const { photoPixels } = await import(`${page}/photo_pixels.js`);

for (const { name, width, height, size, rule, orientation } of JSON.parse(readFileSync(`${folder}/asked.json`))) {
  const data = new Uint8ClampedArray(readFileSync(`${folder}/${name}`));
  writeFileSync(`${folder}/${name}.pixels`, photoPixels({ data, width, height }, parseRule(size, rule), orientation));
}
