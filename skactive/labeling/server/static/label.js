// One sample, large, and the classes.

import { ClassBar } from "./bar.js";
import { button, el, own } from "./dom.js";
import { chances, large, Tiles, toggleZoom } from "./sample.js";

const EMPTY = {
  first: "Loading the first sample …",
  done: "No sample is left: all have a label, are skipped, or belong to the test set.",
  test: "All test samples have a label. Go on teaching by ",
  lost: "The next sample comes as soon as the server answers.",
};
// From this number of classes on, there is a field to find one.
const N_FOUND = 12;

export class LabelView {
  constructor(app) {
    this.app = app;
    this.shown = null;
    this.mode = null;
    this.explanation = null;
    this.stage = el("div", { class: "stage" });
    this.chip = el("p", { class: "chip", hidden: true }, "Test set · these answers are not taught");
    this.panel = el("aside", { class: "why", hidden: true, "aria-label": "Why this sample" });
    this.input = el("input", {
      type: "text",
      autocomplete: "off",
      spellcheck: "false",
      dir: "auto",
      "aria-label": "Name of a class",
      oninput: () => this.showClasses(),
      onkeydown: (event) => this.type(event),
    });
    this.form = el("div", { class: "find", hidden: true }, this.input);
    this.bar = new ClassBar((name) => this.choose(name));
    const tool = (title, command) =>
      button(el("span", {}, title), () => app.run(command), {
        "aria-keyshortcuts": app.keyOf(command),
        title: `${title} (${app.keyOf(command)})`,
      });
    this.whyButton = tool("Why?", "why");
    this.whyButton.setAttribute("aria-expanded", "false");
    this.testButton = tool("Test set", "test");
    this.tools = el(
      "div",
      { class: "tools", role: "group", "aria-label": "Actions" },
      tool("Undo", "undo"),
      tool("Redo", "redo"),
      tool("Skip", "skip"),
      tool("Later", "later"),
      this.whyButton,
      this.testButton,
    );
    this.element = el(
      "div",
      { class: "view" },
      this.chip,
      el("div", { class: "scene" }, this.stage, this.panel),
      el("div", { class: "controls" }, this.form, this.bar.element, this.tools),
    );
    this.commands = {
      skip: () => this.close("skip", "Skipped"),
      later: () => this.close("postpone", "Later"),
      new: () => this.find("new"),
      find: () => this.find("find"),
      why: () => this.toggleWhy(),
      accept: () => this.accept(),
      zoom: () => this.zoom(),
      back: () => this.find(null),
    };
    this.showClasses();
  }

  /** Show the current sample. */
  refresh() {
    const { queue } = this.app;
    const { current } = queue;
    this.chip.hidden = !queue.isTest;
    this.testButton.setAttribute("aria-pressed", String(queue.isTest));
    if (current && this.shown === current) return;
    this.shown = current;
    if (!current) {
      const isLost = this.app.outbox?.state === "lost" || this.app.outbox?.state === "locked";
      const empty = isLost ? "lost" : !queue.isDone ? "first" : queue.isTest ? "test" : "done";
      const key = empty === "test" ? `${this.app.keyOf("test")}.` : "";
      this.stage.replaceChildren(el("p", { class: "empty" }, `${EMPTY[empty]}${key}`));
    } else {
      this.stage.replaceChildren(large(current, this.app));
    }
    this.explanation = null;
    if (!this.panel.hidden) this.explain();
  }

  // ---- Answers.

  choose(name) {
    const sample = this.shown;
    if (!sample || this.app.root.classList.contains("is-unsaved")) return;
    this.bar.flash(name);
    this.find(null);
    this.app.act("answer", { ids: [sample.id], label: name });
    this.next();
    this.app.say(`Labelled ${name}`);
  }

  close(kind, word) {
    const sample = this.shown;
    if (!sample || this.app.root.classList.contains("is-unsaved")) return;
    this.app.act(kind, { ids: [sample.id] });
    this.next();
    this.app.say(word);
  }

  next() {
    this.app.queue.advance();
    this.app.fillQueue();
    this.refresh();
  }

  zoom() {
    const picture = this.stage.querySelector(".picture");
    if (picture) toggleZoom(picture, this.shown, this.app);
  }

  // ---- Classes.

  showClasses() {
    const { classes, keys } = this.app;
    const name = this.input.value.trim();
    const sought = name.toLowerCase();
    const others = [];
    if (this.mode === null) {
      others.push(keyButton(this.app.keyOf("new"), "New class", () => this.find("new")));
      if (classes.length > N_FOUND) {
        others.push(keyButton(this.app.keyOf("find"), "Find", () => this.find("find")));
      }
    } else if (name && !classes.some((one) => one.name.toLowerCase() === sought)) {
      const label = el("span", {}, "New class ", own(name, "strong"));
      others.push(button(label, () => this.choose(name), { class: "class is-new" }));
    }
    const isFound = (one) => this.mode === null || one.name.toLowerCase().includes(sought);
    this.bar.show(classes.filter(isFound), keys, others);
  }

  /** Open the field for the name of a class: a new one, or one of many. */
  find(mode) {
    this.mode = mode;
    this.form.hidden = mode === null;
    this.input.value = "";
    this.input.placeholder = mode === "new" ? "Name of the new class, then Enter" : "Find a class, then Enter";
    this.showClasses();
    if (mode === null) this.input.blur();
    else this.input.focus();
  }

  type(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.find(null);
    } else if (event.key === "Enter") {
      const name = this.input.value.trim();
      if (!name) return;
      const { classes } = this.app;
      const same = classes.find((one) => one.name.toLowerCase() === name.toLowerCase());
      const [first] = classes.filter((one) => one.name.toLowerCase().includes(name.toLowerCase()));
      this.choose((same ?? (this.mode === "find" ? first : undefined))?.name ?? name);
    }
  }

  // ---- Why this sample.

  toggleWhy() {
    this.panel.hidden = !this.panel.hidden;
    this.whyButton.setAttribute("aria-expanded", String(!this.panel.hidden));
    if (!this.panel.hidden) this.explain();
  }

  async explain() {
    const sample = this.shown;
    if (!sample) {
      this.panel.replaceChildren();
      return;
    }
    if (this.app.queue.isTest) {
      // A guess that is seen first would bias the measurement.
      this.panel.replaceChildren(el("p", {}, "Test samples are drawn at random. Their guess stays hidden."));
      return;
    }
    let content;
    try {
      const explanation = await this.app.transport.call("explain", { id: sample.id });
      if (sample !== this.shown) return;
      this.explanation = explanation;
      content = this.reasons(explanation);
    } catch (error) {
      if (sample !== this.shown) return;
      content = [own(error.message, "p")];
    }
    this.panel.replaceChildren(...content);
  }

  reasons({ sentences, classes, nearest }) {
    const parts = [];
    if (classes.length) {
      parts.push(el("h2", {}, "Guess"), chances(classes));
      parts.push(el("p", { class: "hint" }, el("kbd", {}, this.app.keyOf("accept")), " labels it as guessed"));
    }
    if (nearest.length) {
      const tiles = new Tiles(this.app, "Nearest labelled samples", () => {});
      tiles.fill(nearest.slice(0, 4), (sample) => own(sample.label ?? ""));
      const isText = nearest[0].text !== null;
      // They are shown, not selected.
      const shown = [...tiles.element.children].map((tile) =>
        el("figure", { class: "tile" }, ...tile.childNodes),
      );
      parts.push(el("h2", {}, "Nearest labels"), el("div", { class: isText ? "nearest texts" : "nearest" }, ...shown));
    }
    parts.push(el("h2", {}, "Why this sample"));
    parts.push(...sentences.map((sentence) => own(sentence, "p")));
    return parts;
  }

  accept() {
    const [guess] = this.explanation?.classes ?? [];
    if (guess && !this.panel.hidden) this.choose(guess.name);
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
