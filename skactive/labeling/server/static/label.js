// One sample, large, and the classes.

import { button, el, labelText, own } from "./dom.js";
import { ClassPicker } from "./picker.js";
import { chances, large, Tiles, toggleZoom } from "./sample.js";

const EMPTY = {
  first: "Loading the first sample …",
  done: "No sample is left: all have a label, are skipped, cannot be read, or belong to the test set.",
  test: "All test samples have a label. Go back to the others by ",
  lost: "The next sample comes as soon as skactive runs again.",
};

export class LabelView {
  constructor(app) {
    this.app = app;
    this.shown = null;
    this.explanation = null;
    this.stage = el("div", { class: "stage" });
    this.chip = el(
      "p",
      { class: "chip", hidden: true },
      "Test set: the classifier does not learn from these answers. ",
      el("kbd", {}, app.keyOf("test")),
      " ends the test.",
    );
    this.panel = el("aside", { class: "why", hidden: true, tabindex: 0, "aria-label": "Why this sample" });
    this.picker = new ClassPicker(app, (label) => this.choose(label));
    this.picker.onLeft = () => this.refresh();
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
      el("div", { class: "controls" }, this.picker.element, this.tools),
    );
    this.commands = {
      skip: () => this.close("skip", "Skipped"),
      later: () => this.close("postpone", "Later"),
      ...this.picker.commands,
      why: () => this.toggleWhy(),
      accept: () => this.accept(),
      zoom: () => this.zoom(),
      back: () => this.picker.find(null),
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
    // A name that is typed is for the sample that is shown, also if another page has answered it.
    if (this.shown && this.picker.mode !== null) return;
    this.shown = current;
    this.picker.set(this.app.answered.get(current?.id) ?? [], Boolean(current));
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

  choose(label) {
    const sample = this.shown;
    if (!sample || this.app.isUnsaved) return;
    if (this.stage.querySelector(".broken")) {
      this.app.say(`A picture that cannot be read has no label. Skip it by ${this.app.keyOf("skip")}.`, true);
      return;
    }
    if (this.isComing()) return;
    this.picker.find(null);
    if (this.app.isMulti) this.app.answered.set(sample.id, label);
    else this.picker.bar.flash(label);
    this.app.act("answer", { ids: [sample.id], label });
    this.next();
    this.app.say(this.app.isMulti ? `Labelled: ${labelText(label)}` : `Labelled ${label}`);
  }

  /** Whether the picture is not shown yet; the reason is said. */
  isComing() {
    const isComing = this.stage.querySelector(".is-coming") !== null;
    if (isComing) {
      this.app.say(`This picture is not shown yet. Wait for it, or ask it later by ${this.app.keyOf("later")}.`, true);
    }
    return isComing;
  }

  close(kind, word) {
    const sample = this.shown;
    if (!sample || this.app.isUnsaved) return;
    if (kind === "skip" && this.isComing()) return;
    this.picker.find(null);
    this.app.act(kind, { ids: [sample.id] });
    this.next();
    this.app.say(word);
  }

  next() {
    if (this.shown === this.app.queue.current) this.app.queue.advance();
    this.app.fillQueue();
    this.refresh();
  }

  zoom() {
    const picture = this.stage.querySelector(".picture");
    if (picture) toggleZoom(picture, this.shown, this.app);
  }

  showClasses() {
    this.picker.show();
  }

  // ---- Why this sample.

  toggleWhy() {
    this.panel.hidden = !this.panel.hidden;
    this.whyButton.setAttribute("aria-expanded", String(!this.panel.hidden));
    if (!this.panel.hidden) this.explain();
  }

  /** Explain again if the sample had no guess: it may be read now. */
  showProgress() {
    if (!this.panel.hidden && this.explanation?.classes.length === 0) this.explain();
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
    if (!this.panel.hasChildNodes()) this.panel.replaceChildren(el("p", { class: "hint" }, "Waiting for the reasons …"));
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
      if (!this.app.isMulti) {
        parts.push(el("p", { class: "hint" }, el("kbd", {}, this.app.keyOf("accept")), " labels it as guessed"));
      }
    }
    if (nearest.length) {
      const tiles = new Tiles(this.app, "Similar labelled samples", () => {});
      tiles.fill(nearest.slice(0, 4), (sample) => own(labelText(sample.label) ?? ""));
      const isText = nearest[0].text !== null;
      // They are shown, not selected.
      const shown = [...tiles.element.children].map((tile) =>
        el("figure", { class: "tile" }, ...tile.childNodes),
      );
      parts.push(el("h2", {}, "Similar labelled samples"), el("div", { class: isText ? "nearest texts" : "nearest" }, ...shown));
    }
    parts.push(el("h2", {}, "Why this sample"));
    parts.push(...sentences.map((sentence) => own(sentence, "p")));
    return parts;
  }

  accept() {
    if (this.app.isMulti) {
      this.picker.submit();
      return;
    }
    const [guess] = this.explanation?.classes ?? [];
    if (guess && !this.panel.hidden) this.choose(guess.name);
  }
}
