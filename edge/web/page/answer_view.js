// An answer as it is seen: the label, the bars of the most probable ones, how long it took.

import { make, ms, percent } from "./dom.js";

/** Return an element with a model's answer; `explain` is called for its heat map, if there can be one. */
export function answerView(model, answer, explain) {
  const view = make("article", { class: answer.abstained ? "unsure" : "" }, make("h3", {}, model.name), verdict(answer));
  if (answer.abstained) view.append(make("p", { class: "note" }, whyUnknown(answer)));
  if (answer.remark) view.append(make("p", { class: "note" }, whyByBrowser(answer.remark)));
  view.append(make("ol", { class: "bars" }, ...answer.top.map(bar)), make("p", { class: "note" }, timeTaken(answer)));
  if (explain) view.append(make("button", { type: "button", onclick: explain }, "Where does it look?"));
  return view;
}

/** Return an element that says why there is no answer. */
export function errorView(words) {
  return make("article", {}, make("p", { class: "verdict" }, "This photo can't be read"), make("p", {}, words));
}

/** Return an answer in a few words. */
export function inWords({ label, confidence, guess, abstained }) {
  return abstained ? `unknown, perhaps ${guess} (${percent(confidence)})` : `${label} (${percent(confidence)})`;
}

function verdict({ label, confidence, abstained }) {
  const sure = abstained ? [] : [make("span", { class: "soft" }, ` ${percent(confidence)}`)];
  return make("p", { class: "verdict" }, make("strong", {}, label), ...sure);
}

function whyUnknown({ guess, confidence, threshold }) {
  return (
    `It would guess ${guess}, but at ${percent(confidence)} it is less sure than the ${percent(threshold)} that it ` +
    "was told to ask for. The photo may show none of its classes."
  );
}

function whyByBrowser(kind) {
  return `This is ${kind}, which the browser decoded: edge-cifar elsewhere may see slightly other pixels.`;
}

function bar({ label, probability }) {
  const length = make("i");
  length.style.setProperty("width", `${100 * probability}%`);
  return make("li", {}, make("span", {}, label), make("span", {}, percent(probability)), make("div", { class: "bar" }, length));
}

/** Return the time an answer took, and what of; `total` and `queue` are told of a server's answer alone. */
export function timeTaken({ decode, net, queue, total }) {
  if (decode === undefined) return ms(total); // of a server behind a proxy that leaves the parts out
  const parts = `${ms(decode)} to decode, ${ms(net)} in the net`;
  if (total === undefined) return `${ms(decode + net)}: ${parts}`;
  const way = Math.max(0, total - decode - net - queue);
  return `${ms(total)}: ${parts} and ${ms(queue)} in the queue on the server, ${ms(way)} on the way`;
}
