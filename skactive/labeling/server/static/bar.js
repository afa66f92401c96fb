// The classes as buttons, with their keys and numbers of labels.

import { el, own, plural } from "./dom.js";

// More are found by their names.
const N_SHOWN = 60;

export class ClassBar {
  /** @param choose called with the name of the class whose button is pressed, and the event */
  constructor(choose) {
    this.choose = choose;
    this.known = null;
    this.element = el("div", { class: "class-bar", role: "group", "aria-label": "Classes" });
  }

  /** Show classes, and other buttons after them. Only numbers change as long as the names stay. */
  show(classes, keys, others = []) {
    const shown = classes.slice(0, N_SHOWN);
    const known = JSON.stringify([
      shown.map((one) => [one.name, one.description, keys.get(one.name)]),
      others.map((other) => other.textContent),
    ]);
    if (known === this.known) {
      shown.forEach((one, place) => setCount(this.element.children[place], one.n));
      return;
    }
    this.known = known;
    const focused = document.activeElement?.dataset?.name;
    this.element.replaceChildren(...shown.map((one) => this.button(one, keys)), ...others);
    // The button that was pressed keeps the focus.
    if (focused !== undefined) this.find(focused)?.focus();
  }

  find(name) {
    return [...this.element.children].find((child) => child.dataset.name === name);
  }

  button(one, keys) {
    const key = keys.get(one.name);
    const parts = [own(one.name, "span", { class: "name" }), el("span", { class: "n" })];
    if (key) parts.unshift(el("kbd", { "aria-hidden": "true" }, key));
    const properties = {
      type: "button",
      class: "class",
      "data-name": one.name,
      "aria-keyshortcuts": key,
      title: one.description || null,
      onclick: (event) => this.choose(one.name, event),
    };
    const made = el("button", properties, ...parts);
    setCount(made, one.n);
    return made;
  }

  /** Show which classes are chosen, if there can be several. */
  press(names) {
    for (const child of this.element.children) {
      const { name } = child.dataset;
      if (name !== undefined) child.setAttribute("aria-pressed", String(names.has(name)));
    }
  }

  /** Mark a class for a moment. */
  flash(name) {
    const chosen = this.find(name);
    chosen?.classList.remove("is-chosen");
    // A class that is added in the same frame would not start the animation again.
    requestAnimationFrame(() => chosen?.classList.add("is-chosen"));
  }
}

function setCount(made, n) {
  const count = made.querySelector(".n");
  count.textContent = n.toLocaleString("en");
  count.title = plural(n, "label");
}
