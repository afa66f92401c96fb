// The classes to choose from: buttons, and a field for a new class or one of many. If samples have
// several labels, a class is switched on or off, and a button submits them.

import { ClassBar } from "./bar.js";
import { button, el, labelText, own } from "./dom.js";

// From this number of classes on, there is a field to find one.
const N_FOUND = 12;

export class ClassPicker {
  /**
   * @param choose called with the name of a class, which may be new, or with the names of several
   *   labels; it closes the field by `find`
   */
  constructor(app, choose) {
    this.app = app;
    this.mode = null;
    this.choose = choose;
    // The labels that are switched on, if there can be several.
    this.chosen = new Set();
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
    this.bar = new ClassBar((name, event) => this.pick(name, event));
    this.submitText = el("span");
    this.submitButton = el(
      "button",
      { type: "button", class: "submit primary", hidden: !app.isMulti, onclick: () => this.submit() },
      el("kbd", { "aria-hidden": "true" }, app.keyOf("accept")),
      this.submitText,
    );
    this.element = el("div", { class: "picker" }, this.form, this.bar.element, this.submitButton);
    this.commands = { new: () => this.find("new"), find: () => this.find("find") };
    if (app.isMulti) this.commands.accept = () => this.submit();
    this.show();
  }

  /** Choose a class; if there can be several labels, switch it on or off. */
  pick(name, event) {
    if (!this.app.isMulti) {
      this.choose(name);
      return;
    }
    // Enter submits, and does not press the button again that was clicked last.
    if (event?.detail) this.app.main.focus();
    if (!this.app.classes.some((one) => one.name === name)) this.app.act("add_class", { name });
    if (!this.chosen.delete(name)) this.chosen.add(name);
    if (this.mode !== null) this.find(null);
    this.showChosen();
  }

  /** Switch these labels on, and all others off; without samples, nothing can be submitted. */
  set(names, isActive = true) {
    this.chosen = new Set(names);
    this.submitButton.disabled = !isActive;
    this.showChosen();
  }

  submit() {
    this.choose([...this.chosen]);
  }

  showChosen() {
    if (!this.app.isMulti) return;
    this.bar.press(this.chosen);
    this.submitText.textContent = this.chosen.size ? `Submit ${labelText([...this.chosen])}` : "Submit without a label";
  }

  show() {
    const { classes, keys } = this.app;
    const known = new Set(classes.map((one) => one.name));
    // A class may have been renamed or removed.
    for (const one of this.chosen) if (!known.has(one)) this.chosen.delete(one);
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
      others.push(button(label, () => this.pick(name), { class: "class is-new" }));
    }
    const isFound = (one) => this.mode === null || one.name.toLowerCase().includes(sought);
    this.bar.show(classes.filter(isFound), keys, others);
    this.showChosen();
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
      else this.pick(found);
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
