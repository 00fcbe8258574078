// The page: where photos come from, who answers them, and what is seen of it.

import { answerView, errorView, inWords } from "./answer_view.js";
import { Camera } from "./camera.js";
import { by, make, notice, speak } from "./dom.js";
import { Here, whyNot } from "./here.js";
import { download, remember } from "./history.js";
import { fetchKept, keepPage } from "./kept.js";
import { modelsView } from "./models_view.js";
import { Server } from "./server.js";
import { clearHeat, showHeat, showPhoto } from "./stage.js";

const TOP = 5;
const PROMISES = {
  here: "Photos stay on this device: this page computes the answers itself, with the same model files, to the same bits.",
  server: "Photos are sent to the server that this page comes from. It keeps none.",
};
const HEAT = " Where a net looks is still computed by this page.";

let engine; // what answers: Here or Server
let here; // null where this browser runs no nets
let models; // a list of those that can be asked, and which are chosen
const camera = new Camera();

async function start() {
  const site = await (await fetchKept("site.json")).json();
  const server = site.server ? new Server() : null;
  const all = site.models ?? (await server.models());
  const why = whyNot(site);
  const fetchModel = (name) => (server ? server.model(name) : fetchKept(all.find((model) => model.name === name).url));
  here = why ? null : new Here(all, fetchModel);
  if (!here && !server) throw new Error("This browser is too old to run nets (no WebAssembly with SIMD); try a newer one.");
  models = modelsView(all, here, again);
  chooseWhere(server, why);
  await here?.open(models.chosen()[0]);
  if (here) keepPage(site.runtime).then(sayKept, () => {}); // not kept, it needs its server, that is all
}

function sayKept(kept) {
  by("kept").textContent = kept ? "This browser has kept the page: it works without a network from now on." : "";
}

/** Let the user choose where photos are classified, where there is a choice. */
function chooseWhere(server, why) {
  const engines = { here, server };
  for (const radio of document.querySelectorAll('[name="where"]')) {
    radio.disabled = !engines[radio.value];
    radio.addEventListener("change", () => use(engines[radio.value]));
  }
  by("where").hidden = !server;
  by("where").disabled = false; // a choice made before would be lost
  by("why").textContent = why;
  use(here ?? server);
}

function use(chosen) {
  engine = chosen;
  document.querySelector(`[name="where"][value="${engine.place}"]`).checked = true;
  by("promise").textContent = PROMISES[engine.place] + (here && engine !== here ? HEAT : "");
  again();
}

// Photos

let current = null; // the file that is shown
let told = new Set(); // which models answered it, and where
let last; // a Promise: photos are answered one after another, the first when the page has started

/** Classify files, and show the last one. */
function add(files) {
  stopCamera();
  for (const file of files) last = last.then(() => classify(file)).catch(({ message }) => notice(message));
}

/** Classify what is shown anew, as when other models were chosen. */
function again() {
  if (current && !camera.running) add([current]);
}

async function classify(file) {
  if (!engine) return; // which was said
  const names = models.chosen();
  const where = engine.place;
  if (file !== current) told = new Set();
  current = file;
  const shown = showPhoto(file, file.name);
  try {
    const answers = await engine.classify(names, { file }, TOP);
    await shown;
    show(names, answers, file);
    names.forEach((name, i) => rememberOnce(file, where, name, answers[i]));
    speak(`${file.name}: ${answers.map(inWords).join(", ")}`);
  } catch ({ message }) {
    by("answers").replaceChildren(errorView(message));
    remember(file.name, where, undefined, { error: message });
    speak(`${file.name}: ${message}`);
  }
  by("shown").setAttribute("aria-label", file.name);
}

/** Put an answer into the history, unless it is there since the same photo was shown with other models, too. */
function rememberOnce(file, where, name, answer) {
  if (!told.has(`${where} ${name}`)) remember(file.name, where, models.named(name), answer);
  told.add(`${where} ${name}`);
}

function show(names, answers, file) {
  const views = names.map((name, i) => {
    const explain = here && file ? ({ currentTarget }) => explainHere(currentTarget, name, file) : null;
    return answerView(models.named(name), answers[i], explain);
  });
  by("answers").replaceChildren(...views);
}

/** Show the heat map, or take it away. */
async function explainHere(button, name, file) {
  if (button.getAttribute("aria-pressed") === "true") {
    clearHeat();
    button.setAttribute("aria-pressed", "false");
    return;
  }
  button.disabled = true;
  try {
    const [heat, { wanted }] = [await here.explain(name, file), await here.open(name)];
    for (const other of by("answers").querySelectorAll("[aria-pressed]")) other.setAttribute("aria-pressed", "false");
    showHeat(heat, wanted);
    button.setAttribute("aria-pressed", "true");
    speak("The heat map lies over the photo: the warmer, the more the answer rests on what is there.");
  } catch ({ message }) {
    notice(message);
  }
  button.disabled = false;
}

function listen() {
  for (const input of document.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = ""; // so that the same photo may be chosen again
    });
  }
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) add(files);
  });
  const stage = by("stage");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    stage.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => !event.relatedTarget && stage.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    stage.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  by("download").addEventListener("click", download);
  by("camera").addEventListener("click", () => (camera.running ? stopCamera() : startCamera()));
  by("keep").addEventListener("click", async () => add([await camera.frame()]));
}

// The camera

const SPEAK_EVERY = 2000; // milliseconds: what changes with each frame can't be listened to

async function startCamera() {
  by("camera").disabled = true;
  let [frames, since, spoken, said] = [0, performance.now(), 0, ""];
  const rate = make("p", { class: "note" });
  try {
    await camera.start(async (frame) => {
      const names = models.chosen();
      const answers = await engine.classify(names, { frame }, TOP);
      if (!camera.running) return;
      show(names, answers, null);
      by("answers").append(rate);
      const now = performance.now();
      frames += 1;
      if (now - since >= 1000) {
        rate.textContent = `${Math.round((1000 * frames) / (now - since))} frames/s`;
        [frames, since] = [0, now];
      }
      const words = answers.map(inWords).join(", ").replace(/ \([^)]*\)/g, "");
      if (words !== said && now - spoken > SPEAK_EVERY) {
        speak(words);
        [said, spoken] = [words, now];
      }
    }, (error) => {
      stopCamera();
      notice(error.message);
    });
    clearHeat();
    by("shown").hidden = true;
    by("stage").classList.remove("empty");
    by("camera").textContent = "Stop the camera";
    by("camera").setAttribute("aria-pressed", "true");
    by("keep").hidden = false;
  } catch ({ message }) {
    notice(message);
  }
  by("camera").disabled = false;
}

function stopCamera() {
  if (!camera.running) return;
  camera.stop();
  by("camera").textContent = "Live camera";
  by("camera").setAttribute("aria-pressed", "false");
  by("keep").hidden = true;
  by("stage").classList.toggle("empty", by("shown").hidden);
}

last = start().catch(({ message }) => notice(message));
listen();
