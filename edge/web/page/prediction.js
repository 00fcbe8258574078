// From logits to an answer, as edge/inference/classifier.py has it; JavaScript's numbers are float64, too.

const UNKNOWN = "unknown";

/** Return probabilities of logits divided by a temperature. */
export function softmax(logits, temperature) {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const highest = scaled.reduce((a, b) => Math.max(a, b));
  const powers = scaled.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** Return what `predict --json` says of a photo: {label, confidence, top, guess, abstained}. */
export function predictionOf(logits, { labels, temperature, threshold }, top) {
  const probabilities = softmax(logits, temperature);
  const best = labels.map((_, i) => i).sort((a, b) => probabilities[b] - probabilities[a]);
  const ranked = best.slice(0, top).map((i) => ({ label: labels[i], probability: probabilities[i] }));
  const { label: guess, probability: confidence } = ranked[0];
  const abstained = confidence < threshold;
  return { label: abstained ? UNKNOWN : guess, confidence, top: ranked, guess, abstained };
}
