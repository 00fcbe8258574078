// A model's card, as edge/model/card.py has it: what is needed to use the model, and checked before it is used.

import { metadataOf } from "./onnx_metadata.js";
import { parseRule } from "./preprocessing.js";

const CARD = "edge_cifar.card";
const GOLDEN = "edge_cifar.golden";
const FORMAT = 1;
const MOST_PIXELS = 1024; // wide and high

/**
 * Return {net, labels, precision, accuracy, wanted, temperature, threshold, golden} of a model file's bytes; `golden`
 * is null where the file carries nothing to verify. Throws an Error that says what is wrong.
 */
export function readCard(bytes) {
  let metadata;
  try {
    metadata = metadataOf(bytes);
  } catch (error) {
    throw new Error(`damaged model file (${error.message})`);
  }
  if (!metadata.has(CARD)) throw new Error("no edge-cifar model card in it");
  try {
    return { ...checked(JSON.parse(metadata.get(CARD))), golden: JSON.parse(metadata.get(GOLDEN) ?? "null") };
  } catch (error) {
    throw new Error(`damaged model card (${error.message})`);
  }
}

function checked(card) {
  const { format, labels, size, temperature = 1, abstain_threshold: threshold = 0, resize = "squash-bicubic" } = card;
  const { net, precision, accuracy } = card;
  require(format === FORMAT, `format ${format}`);
  require(Array.isArray(labels) && labels.length > 1 && labels.every((label) => typeof label === "string"), "labels");
  require(Number.isInteger(size) && size > 0 && size <= MOST_PIXELS, `size ${size}`);
  require(temperature >= 0.01 && temperature <= 100, `temperature ${temperature}`);
  require(threshold >= 0 && threshold <= 1, `threshold ${threshold}`);
  return { net, labels, precision, accuracy, wanted: parseRule(size, resize), temperature, threshold };
}

function require(holds, what) {
  if (!holds) throw new Error(what);
}
