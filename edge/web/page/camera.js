// The live camera: its frames, one after another, as fast as they are answered.

import { by } from "./dom.js";

const WANTED = { video: { facingMode: "environment", width: { ideal: 640 }, height: { ideal: 480 } } };
const REFUSED = {
  NotAllowedError: "The camera was refused: allow it for this page in the browser, then try again.",
  NotFoundError: "No camera was found.",
  OverconstrainedError: "No camera was found.", // so says WebKitGTK where there is none: nothing is demanded of one
  NotReadableError: "The camera is in use by another program.",
};

/** The camera while it runs; `look` is called with each frame (ImageBitmap), and awaited before the next. */
export class Camera {
  running = false;

  /** Start it; `fail` is called with what ends it. Throws an Error that says why it can't be had. */
  async start(look, fail) {
    if (!navigator.mediaDevices) throw new Error("Browsers give a camera only to pages over HTTPS, or of this machine.");
    try {
      this.stream = await navigator.mediaDevices.getUserMedia(WANTED);
    } catch (error) {
      throw new Error(REFUSED[error.name] ?? `The camera can't be used (${error.message}).`);
    }
    const video = by("video");
    video.srcObject = this.stream;
    video.hidden = false;
    await video.play();
    this.running = true;
    this.#watch(look).catch(fail);
  }

  /** Stop it. */
  stop() {
    this.running = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    Object.assign(by("video"), { srcObject: null, hidden: true });
  }

  /** Return the frame that is shown as a file. */
  async frame() {
    const { videoWidth: width, videoHeight: height } = by("video");
    const canvas = new OffscreenCanvas(width, height);
    canvas.getContext("2d").drawImage(by("video"), 0, 0);
    return new File([await canvas.convertToBlob({ type: "image/png" })], "camera.png", { type: "image/png" });
  }

  async #watch(look) {
    while (this.running) {
      await nextFrame(by("video"));
      if (this.running) await look(await createImageBitmap(by("video")));
    }
  }
}

function nextFrame(video) {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
    setTimeout(resolve, 500); // of a camera that was unplugged no frame comes
  });
}
