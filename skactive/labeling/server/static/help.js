// The list of keys, each of which can be changed.

import { button, el, own } from "./dom.js";
import { COMMANDS, keyOf } from "./keys.js";

const HINT = "Click a key below to change it.";
const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "Dead", "Process"];

export class HelpDialog {
  constructor(app) {
    this.app = app;
    this.waiting = null;
    this.list = el("div");
    this.message = el("p", { class: "hint", "aria-live": "polite" });
    this.reset = button("Reset all keys", () => this.resetAll());
    this.element = el(
      "dialog",
      {
        class: "help",
        "aria-labelledby": "help-title",
        onkeydown: (event) => this.press(event),
        onclose: () => this.wait(null),
        onfocusout: () => this.wait(null),
      },
      el("h2", { id: "help-title" }, "Keys"),
      this.message,
      this.list,
      el(
        "div",
        { class: "tools" },
        this.reset,
        button("Close", () => this.element.close(), { autofocus: true }),
      ),
    );
  }

  open() {
    this.message.replaceChildren(HINT);
    this.show();
    this.element.showModal();
    // The focus is at the end of the list.
    this.element.scrollTop = 0;
  }

  show() {
    const { commands, classes } = this.app.keyMap;
    const rows = this.app.classes.map(({ name }) => ["class", name, name, classes.get(name)]);
    const titleOf = ({ name, title }) => (name === "accept" && this.app.isMulti ? "Submit the labels" : title);
    const others = COMMANDS.map((one) => ["command", one.name, titleOf(one), commands.get(one.name)]);
    this.rows = new Map();
    this.list.replaceChildren(...[rows, others].filter((some) => some.length).map((some) => this.part(some)));
    this.reset.disabled = !this.app.keyMap.isChanged;
  }

  part(rows) {
    return el("dl", { class: "keys" }, ...rows.map((row) => el("div", {}, el("dt", {}, this.key(...row)), own(row[2], "dd"))));
  }

  key(kind, name, title, key) {
    const label = `${title}: ${key ? `key ${key}` : "no key"}. Change`;
    const made = button(el("kbd", {}, key ?? "–"), () => this.wait({ kind, name }), { class: "key", "aria-label": label });
    this.rows.set(`${kind} ${name}`, made);
    return made;
  }

  row({ kind, name }) {
    return this.rows.get(`${kind} ${name}`);
  }

  /** Wait for the new key of a row, or no longer. */
  wait(row) {
    const isEnd = row === null && this.waiting !== null;
    if (this.waiting) this.row(this.waiting)?.classList.remove("is-waiting");
    this.waiting = row;
    if (row) {
      this.row(row).classList.add("is-waiting");
      this.message.replaceChildren("Press the new key of ", named(row), ". Escape keeps the old one.");
    } else if (isEnd) {
      this.message.replaceChildren(HINT);
    }
  }

  press(event) {
    const row = this.waiting;
    if (!row || MODIFIERS.includes(event.key)) return;
    // Tab leaves the row.
    if (event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") {
      this.wait(null);
      return;
    }
    const key = keyOf(event);
    if (key === null) {
      this.message.replaceChildren("This key cannot be used. Press a letter, a digit or a sign.");
      return;
    }
    const { kind, name } = row;
    const before = this.app.keyMap.owner(key);
    const other = this.app.keyMap.change(kind, name, key);
    this.wait(null);
    if (other && !other.isSwapped) {
      this.message.replaceChildren(sign(key), " is the key of ", named(before), ". Change that first.");
      return;
    }
    this.app.showKeys();
    this.show();
    this.row(row).focus();
    const parts = [named(row), " has the key ", sign(key)];
    if (other) {
      const own = this.app.keyMap[kind === "class" ? "classes" : "commands"].get(other.name);
      parts.push(", and ", named(other), own ? " has " : " has none", own ? sign(own) : "");
    }
    this.message.replaceChildren(...parts, ".");
  }

  resetAll() {
    this.app.keyMap.reset();
    this.app.showKeys();
    this.show();
    this.message.replaceChildren("All keys are those of the beginning.");
    this.element.querySelector(".tools button:last-child").focus();
  }
}

function named({ kind, name }) {
  if (kind === "class") return own(name, "strong");
  const { title } = COMMANDS.find((command) => command.name === name);
  return el("strong", {}, title.split(/[:,(]/)[0].trim());
}

function sign(key) {
  return el("kbd", {}, key);
}
