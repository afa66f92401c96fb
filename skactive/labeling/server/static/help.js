// The list of keys.

import { button, el, own } from "./dom.js";
import { COMMANDS } from "./keys.js";

export class HelpDialog {
  constructor(app) {
    this.app = app;
    this.element = el("dialog", { class: "help", "aria-labelledby": "help-title" });
  }

  open() {
    const { classes, keys } = this.app;
    const rows = [
      ...classes
        .filter((one) => keys.has(one.name))
        .slice(0, 36)
        .map((one) => [keys.get(one.name), one.name]),
      ...COMMANDS.map((command) => [command.key, command.title]),
    ];
    this.element.replaceChildren(
      el("h2", { id: "help-title" }, "Keys"),
      el(
        "dl",
        { class: "keys" },
        ...rows.map(([key, title]) => el("div", {}, el("dt", {}, el("kbd", {}, key)), own(title, "dd"))),
      ),
      el("div", { class: "tools" }, button("Close", () => this.element.close(), { autofocus: true })),
    );
    this.element.showModal();
  }
}
