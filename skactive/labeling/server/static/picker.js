// The classes to choose from: buttons, and a field for a new class or one of many.

import { ClassBar } from "./bar.js";
import { button, el, own } from "./dom.js";

// From this number of classes on, there is a field to find one.
const N_FOUND = 12;

export class ClassPicker {
  /** @param choose called with the name of a class, which may be new; it closes the field by `find` */
  constructor(app, choose) {
    this.app = app;
    this.mode = null;
    // Called after the field was left without a choice.
    this.onLeft = () => {};
    this.input = el("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      "aria-label": "Name of a class",
      oninput: () => this.show(),
      onkeydown: (event) => this.type(event),
    });
    this.form = el("div", { class: "find", hidden: true }, this.input);
    this.choose = choose;
    this.bar = new ClassBar(this.choose);
    this.element = el("div", { class: "picker" }, this.form, this.bar.element);
    this.commands = { new: () => this.find("new"), find: () => this.find("find") };
    this.show();
  }

  show() {
    const { classes, keys } = this.app;
    const name = this.input.value.trim();
    const sought = name.toLowerCase();
    const others = [];
    if (this.mode === null) {
      others.push(keyButton(this.app.keyOf("new"), "New class", this.commands.new));
      if (classes.length > N_FOUND) {
        others.push(keyButton(this.app.keyOf("find"), "Find", this.commands.find));
      }
    } else if (name && !classes.some((one) => one.name === name)) {
      const label = el("span", {}, "New class ", own(name, "strong"));
      others.push(button(label, () => this.choose(name), { class: "class is-new" }));
    }
    const isFound = (one) => this.mode === null || one.name.toLowerCase().includes(sought);
    this.bar.show(classes.filter(isFound), keys, others);
  }

  /** Open the field for the name of a class: a new one, or one of many; null closes it. */
  find(mode) {
    this.mode = mode;
    this.form.hidden = mode === null;
    this.input.value = "";
    this.input.placeholder = mode === "new" ? "Name of the new class, then Enter" : "Find a class, then Enter";
    this.show();
    if (mode === null) this.input.blur();
    else this.input.focus();
  }

  type(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.find(null);
      this.onLeft();
    } else if (event.key === "Enter") {
      const name = this.input.value.trim();
      if (!name) return;
      const found = this.found(name);
      if (found === null) this.app.say(`No class has this name. A new one is named after ${this.app.keyOf("new")}.`, true);
      else this.choose(found);
    }
  }

  /** Return the class that Enter chooses: a new name as it is, or one that is found by it. */
  found(name) {
    const names = this.app.classes.map((one) => one.name);
    if (this.mode === "new" || names.includes(name)) return name;
    const sought = name.toLowerCase();
    return (
      names.find((one) => one.toLowerCase() === sought) ??
      names.find((one) => one.toLowerCase().includes(sought)) ??
      null
    );
  }
}

function keyButton(key, title, action) {
  return el(
    "button",
    { type: "button", class: "class is-new", "aria-keyshortcuts": key, onclick: action },
    el("kbd", { "aria-hidden": "true" }, key),
    title,
  );
}
