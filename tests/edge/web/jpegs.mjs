// Asked by jpegs.py: decodes files 0, 1, ... of a folder at the scales of asked.json, writes the pixels of each, and
// prints their sizes, or what was thrown, as JSON.

import { readFileSync, writeFileSync } from "node:fs";
import { argv } from "node:process";

const [page, folder] = argv.slice(2);
const { Jpeg, NotDecodedHere } = await import(`${page}/jpeg/jpeg.js`);

const said = JSON.parse(readFileSync(`${folder}/asked.json`)).map((scale, i) => {
  try {
    const { data, width, height } = new Jpeg(new Uint8Array(readFileSync(`${folder}/${i}`))).decode(scale);
    writeFileSync(`${folder}/${i}.pixels`, data);
    return { width, height };
  } catch (error) {
    if (error instanceof NotDecodedHere) return { kind: error.message };
    return { error: error.message, ours: error.constructor === Error };
  }
});
console.log(JSON.stringify(said));
