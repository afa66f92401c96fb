// The classes: added, renamed, merged, described and removed.

import { button, el, plural } from "./dom.js";

export class ClassesView {
  constructor(app) {
    this.app = app;
    this.rows = el("tbody");
    this.added = el("input", {
      type: "text",
      dir: "auto",
      id: "added",
      placeholder: "Name",
      autocomplete: "off",
      onkeydown: (event) => event.key === "Enter" && !event.isComposing && this.add(),
    });
    this.element = el(
      "div",
      { class: "view page" },
      el("h2", {}, "Classes"),
      el(
        "table",
        { class: "table" },
        el(
          "thead",
          {},
          el("tr", {}, ...["Key", "Name", "Description", "Labels", ""].map((title) => el(title ? "th" : "td", title ? { scope: "col" } : {}, title))),
        ),
        this.rows,
      ),
      el(
        "p",
        { class: "adding" },
        el("label", { for: "added" }, "New class "),
        this.added,
        " ",
        button("Add", () => this.add()),
      ),
      el("p", { class: "hint" }, "A class that is renamed to an existing one is merged with it. Undo takes everything back."),
    );
    this.known = "";
    this.showClasses();
  }

  refresh() {
    this.showClasses();
  }

  showClasses() {
    const known = JSON.stringify([this.app.classes, [...this.app.keys]]);
    // A field that is being edited stays.
    if (known === this.known || this.rows.contains(document.activeElement)) return;
    this.known = known;
    this.rows.replaceChildren(...this.app.classes.map((one) => this.row(one)));
  }

  row(one) {
    const name = el("input", {
      type: "text",
      dir: "auto",
      value: one.name,
      "aria-label": `Name of ${one.name}`,
      onchange: () => this.rename(one, name),
    });
    const description = el("input", {
      type: "text",
      dir: "auto",
      value: one.description,
      placeholder: "When a sample belongs to it",
      "aria-label": `Description of ${one.name}`,
      onchange: () => this.act("describe_class", { name: one.name, description: description.value }),
    });
    const remove = button("Remove", () => this.act("remove_class", { name: one.name }), {
      "aria-label": `Remove ${one.name}`,
    });
    const key = this.app.keys.get(one.name);
    return el(
      "tr",
      {},
      el("td", {}, el("kbd", {}, key ?? this.app.keyOf("find"))),
      el("td", {}, name),
      el("td", {}, description),
      el("td", { class: "number" }, String(one.n)),
      el("td", {}, one.n ? null : remove),
    );
  }

  async add() {
    const name = this.added.value.trim();
    if (!name) return;
    this.added.value = "";
    await this.act("add_class", { name });
  }

  async rename(one, input) {
    const to = input.value.trim();
    if (!to || to === one.name) {
      input.value = one.name;
      return;
    }
    const other = this.app.classes.find((two) => two.name === to);
    if (!other) {
      this.app.keyMap.rename(one.name, to);
      await this.act("rename_class", { name: one.name, to });
      return;
    }
    const question = `Merge ${one.name} with ${to}? ${plural(one.n, "label")} ${one.n === 1 ? "becomes" : "become"} ${to}.`;
    if (window.confirm(question)) await this.act("merge_classes", { name: one.name, to });
    else input.value = one.name;
  }

  async act(kind, given) {
    document.activeElement?.blur();
    const reply = await this.app.act(kind, given);
    this.known = "";
    this.showClasses();
    if (reply !== null) this.app.say("Saved");
  }
}
