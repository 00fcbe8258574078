// Asking the server: with its token, if it has one.

import { by } from "./dom.js";
import { fetchKept } from "./kept.js";

const TOKEN = "edge-cifar token"; // in sessionStorage: until the tab is closed

/** The server that the page comes from. */
export class Server {
  place = "server";

  /** Return all models' summaries, the default first. */
  async models() {
    return (await this.#get("models")).json();
  }

  /** Return the Response with a model's file. */
  model(name) {
    return this.#get(`models/${name}/file`);
  }

  /** Return each model's answer to a photo, {file} or {frame}. */
  async classify(names, { file, frame }, top) {
    const body = file ?? (await encoded(frame));
    return Promise.all(names.map((name) => this.#classify(name, body, top)));
  }

  async #classify(model, body, top) {
    const started = performance.now();
    const query = new URLSearchParams({ model, top });
    const headers = { "Content-Type": "application/octet-stream" };
    const answer = await this.#answered((more) => fetch(`predict?${query}`, { method: "POST", body, headers: { ...headers, ...more } }));
    const said = await answer.json();
    const total = performance.now() - started;
    if (said.error) throw new Error(said.error.replace(/^(<Stdin>|-): /, ""));
    return { ...said, ...serverTiming(answer), total };
  }

  #get(name) {
    return this.#answered((headers) => fetchKept(name, { headers }));
  }

  /** Send a request, asking for the token until the server takes it. Throws an Error for any other refusal. */
  async #answered(send) {
    for (let wrong = false; ; wrong = true) {
      const token = sessionStorage.getItem(TOKEN);
      let answer;
      try {
        answer = await send(token ? { Authorization: `Bearer ${token}` } : {});
      } catch {
        throw new Error("the server can't be reached");
      }
      if (answer.ok || answer.status === 422) return answer;
      if (answer.status !== 401) throw new Error(await reason(answer));
      sessionStorage.setItem(TOKEN, await askToken(wrong && token));
    }
  }
}

/** Return what the server says that it took, {queue, decode, net} in ms among them; nothing where a proxy left it out. */
function serverTiming(answer) {
  const told = (answer.headers.get("Server-Timing") ?? "").matchAll(/(\w+);dur=([\d.]+)/g);
  return Object.fromEntries(Array.from(told, ([, name, time]) => [name, Number(time)]));
}

async function reason(answer) {
  const said = await answer.json().catch(() => ({}));
  return said.error ?? `the server answered ${answer.status}`;
}

async function encoded(frame) {
  const canvas = new OffscreenCanvas(frame.width, frame.height);
  canvas.getContext("2d").drawImage(frame, 0, 0);
  frame.close();
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
}

let asking; // a Promise: several requests may be refused at once

function askToken(wrong) {
  asking ??= new Promise((resolve) => {
    if (wrong) by("token-why").textContent = "That was not the server's token. It is in the file that the server was started with.";
    const form = by("token-form");
    form.onsubmit = (event) => {
      event.preventDefault();
      asking = undefined;
      by("ask-token").close();
      resolve(by("token").value.trim());
    };
    by("ask-token").oncancel = (event) => event.preventDefault(); // without it nothing works
    by("ask-token").showModal();
  });
  return asking;
}
