// Elements of the page, and what is written in them: always as text.

/** Return the element with an id. */
export const by = (id) => document.getElementById(id);

/** Return a new element with properties (`class` and `on...` among them) and children, elements or text. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "class") element.className = value;
    else if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

/** Return a share (0 to 1) in percent, with as many digits as tell it from none and from all. */
export function percent(share) {
  const shown = (100 * share).toFixed(1);
  if (shown === "100.0" && share < 1) return "> 99.9 %";
  return shown === "0.0" && share > 0 ? "< 0.1 %" : `${shown} %`;
}

/** Return milliseconds in words. */
export const ms = (time) => (time < 10 ? `${time.toFixed(1)} ms` : `${Math.round(time)} ms`);

/** Show what went wrong, until it is closed; the same words are shown once. */
export function notice(words) {
  const notices = by("notices");
  if ([...notices.children].some((each) => each.firstChild.textContent === words)) return;
  const close = make("button", { type: "button", onclick: () => shown.remove() }, "Close");
  const shown = make("div", { class: "warning" }, make("p", {}, words), close);
  notices.append(shown);
}

/** Say something to who can't see it. */
export const speak = (words) => {
  by("spoken").textContent = words;
};
