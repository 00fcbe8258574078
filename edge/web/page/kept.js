// What the page needs to go on when the server is gone: kept by the browser, where it lets pages keep something.

const NAME = "edge-cifar";
const PAGE = [
  ".", "palette.css", "style.css", "icon.svg", "page.js", "answer_view.js", "camera.js", "decode.js", "dom.js", "exif.js", "golden.js",
  "here.js", "history.js", "jpeg/bits.js", "jpeg/colours.js", "jpeg/errors.js", "jpeg/frame.js", "jpeg/huffman.js", "jpeg/inverse_dct.js",
  "jpeg/jpeg.js", "jpeg/limits.js", "jpeg/markers.js", "jpeg/progressive.js", "jpeg/scan.js", "jpeg/sequential.js", "jpeg/upsampling.js",
  "jpeg/zigzag.js", "kept.js", "mersenne_twister.js", "model_card.js", "models_view.js", "net.js", "occlusion.js", "onnx_metadata.js",
  "orientation.js", "photo_pixels.js", "prediction.js", "preprocessing.js", "reduce.js", "resample.js", "server.js",
  "stage.js", "transparency.js", "worker.js",
];
const RUNTIME = ["ort/ort.js", "ort/ort.wasm.gz"];

const here = (name) => new URL(name, import.meta.url).href;

/**
 * Keep the page, and what runs nets, and return whether that can be: later visits without a server get it from the
 * service worker.
 */
export async function keepPage(runtime) {
  if (!("serviceWorker" in navigator)) return false;
  await navigator.serviceWorker.register(here("service_worker.js"));
  await navigator.serviceWorker.ready; // so that what is kept can be found
  await (await caches.open(NAME)).addAll([...PAGE, ...(runtime ? RUNTIME : [])].map(here));
  return true;
}

/** Fetch a file as the server has it now, else as it was when it was fetched last. */
export async function fetchKept(name, options = {}) {
  const url = here(name);
  const cache = globalThis.caches ? await caches.open(NAME) : null;
  try {
    const answer = await fetch(url, options);
    if (answer.ok) await cache?.put(url, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache?.match(url);
    if (kept) return kept;
    throw error;
  }
}
