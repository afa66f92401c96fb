// Elements are built here, and texts are only ever set as text.

/** Return an element: properties that begin with "on" are listeners, others attributes. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Return text of a user: names and samples may be in any script, in either direction. */
export function own(text, tag = "span", properties = {}) {
  return el(tag, { dir: "auto", ...properties }, visible(text));
}

/** Return text without the halves of characters that file names may contain. */
function visible(text) {
  return text.toWellFormed ? text.toWellFormed() : text;
}

export function button(label, action, properties = {}) {
  return el("button", { type: "button", onclick: action, ...properties }, label);
}

export function plural(n, noun) {
  return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/** Return a label as text: a class, or the names of several. */
export function labelText(label) {
  return Array.isArray(label) ? label.join(", ") || "no label" : label;
}

export function percent(share) {
  return `${(100 * share).toFixed(0)} %`;
}

/** Return "about 93 % (88 to 96 %)". */
export function interval(accuracy) {
  const { value, lower, upper } = accuracy;
  return `${percent(value)} (${(100 * lower).toFixed(0)} to ${percent(upper)})`;
}

/** Return an element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
