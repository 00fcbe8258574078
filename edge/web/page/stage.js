// What is looked at: a photo, upright as browsers show it, with the heat map over it, or the camera.

import { by } from "./dom.js";
import { taken } from "./preprocessing.js";

const LEAST = 320; // pixels of the longer side, and
const MOST = 1024;
const OPACITY = 0.7; // of the hottest place

/** Show a photo; one that this browser can't read leaves an empty stage. */
export async function showPhoto(file, words) {
  clearHeat();
  const canvas = by("shown");
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    canvas.hidden = true;
    by("stage").classList.add("empty");
    return;
  }
  const longer = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(Math.max(longer, LEAST), MOST) / longer;
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // what nets see behind transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = scale < 1; // the pixels of a tiny photo are what there is to see
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  canvas.setAttribute("aria-label", words);
  canvas.hidden = false;
  by("stage").classList.remove("empty");
}

/** Lay heat, (size * size), over the photo: from clear to red to yellow, where `wanted` takes its pixels. */
export function showHeat({ heat, size }, wanted) {
  const small = new OffscreenCanvas(size, size);
  const pixels = new ImageData(size, size);
  const highest = Math.max(1e-9, ...heat);
  heat.forEach((value, i) => {
    const share = Math.max(0, value) / highest;
    pixels.data.set([255, 255 * share ** 2, 0, 255 * OPACITY * share], 4 * i);
  });
  small.getContext("2d").putImageData(pixels, 0, 0);
  const photo = by("shown");
  const canvas = by("heat");
  Object.assign(canvas, { width: photo.width, height: photo.height });
  const [left, top, right, bottom] = taken(wanted, photo.width, photo.height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(small, left, top, right - left, bottom - top);
  canvas.style.setProperty("width", `${photo.clientWidth}px`);
  canvas.style.setProperty("height", `${photo.clientHeight}px`);
  canvas.hidden = false;
}

/** Take the heat map away. */
export function clearHeat() {
  by("heat").hidden = true;
}
