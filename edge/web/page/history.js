// What was classified in this visit: a table, and a file of it.

import { timeTaken } from "./answer_view.js";
import { by, make, percent } from "./dom.js";

const MOST_SHOWN = 200; // rows; the file has all
const RISKY = /^[=+\-@\t\r]/; // a cell that begins so is a formula to spreadsheets (OWASP, CSV injection)
const COLUMNS = [
  "time", "photo", "model", "model_sha256", "where", "label", "confidence", "guess", "abstained", "threshold", "error",
  "decode_ms", "net_ms", "total_ms",
];
const records = [];

/** Add what came of a photo: a model's answer, or an error. */
export function remember(photo, where, model, answer) {
  const { decode, net, total } = answer;
  const took = total ?? decode + net;
  records.push({
    time: new Date().toISOString(), photo, where, model: model?.name, model_sha256: model?.sha256.slice(0, 16), ...answer,
    decode_ms: decode, net_ms: net, total_ms: took,
  });
  const seen = answer.error ?? answer.label;
  const sure = answer.error === undefined ? percent(answer.confidence) : "";
  const cells = [photo, model?.name ?? "", seen, sure, answer.error === undefined ? timeTaken(answer).split(":")[0] : "", where];
  by("rows").prepend(make("tr", {}, ...cells.map((text) => make("td", {}, text))));
  if (by("rows").children.length > MOST_SHOWN) by("rows").lastChild.remove();
  by("visit").hidden = false;
}

/** Return all as CSV (RFC 4180). */
export function asCsv(rows = records) {
  const lines = rows.map((row) => COLUMNS.map((column) => cell(row[column])).join(","));
  return [COLUMNS.join(","), ...lines, ""].join("\r\n");
}

function cell(value) {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = RISKY.test(value ?? "") ? `'${value}` : (value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Let the browser save the file. */
export function download() {
  const url = URL.createObjectURL(new Blob([asCsv()], { type: "text/csv" }));
  make("a", { href: url, download: "edge-cifar.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
