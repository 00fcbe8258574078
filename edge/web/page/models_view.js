// The models that can be chosen, and whether this browser computes them rightly.

import { by, make, percent } from "./dom.js";

/** Show models; `changed` is called when others are chosen. Return {chosen, named}: names, and a summary by its name. */
export function modelsView(models, here, changed) {
  const boxes = models.map((model, i) => make("input", { type: "checkbox", value: model.name, checked: i === 0 }));
  for (const box of boxes) {
    box.addEventListener("change", () => {
      if (!boxes.some((each) => each.checked)) box.checked = true; // one has to answer
      changed();
    });
  }
  by("models").append(...models.map((model, i) => item(model, boxes[i], here)));
  return {
    chosen: () => boxes.filter((box) => box.checked).map((box) => box.value),
    named: (name) => models.find((model) => model.name === name),
  };
}

function item({ name, net, size, labels, precision, sha256 }, box, here) {
  const facts = make("div", { class: "note" }, `${net}, ${precision}: ${labels} classes, ${size} × ${size} pixels`);
  const digest = make("div", { class: "note" }, `SHA-256 ${sha256.slice(0, 16)}`);
  const shown = make("li", {}, make("label", {}, box, name), facts, digest);
  if (here) shown.append(verifier(name, here));
  return shown;
}

function verifier(name, here) {
  const verdict = make("p", { class: "note", role: "status" });
  const button = make("button", { type: "button", onclick: verify }, "Verify");
  button.setAttribute("aria-label", `Verify ${name}`);
  async function verify() {
    button.disabled = true;
    try {
      verdict.textContent = inWords(await here.verify(name), (await here.open(name)).accuracy);
    } catch ({ message }) {
      verdict.textContent = message;
    }
    button.disabled = false;
  }
  return make("div", {}, button, verdict);
}

/** Return a verdict on the golden images in a line, as `edge-cifar verify` does. */
function inWords({ passed, identical, n, difference, exact }, accuracy) {
  const wanted = exact ? "to the bit" : `within rounding, off by ${difference.toPrecision(2)}`;
  const right = accuracy?.test ? `; right on ${percent(accuracy.test.top1)} of its test images` : "";
  return `${passed ? "right" : "WRONG"}: ${identical} of ${n} golden images give the same logits ${wanted}${passed ? right : ""}`;
}
