// Answers, corrected by selection and a class.

import { button, el, labelText, own, percent, plural } from "./dom.js";
import { ClassPicker } from "./picker.js";
import { setOptions, Tiles } from "./sample.js";

const N = 60;
const KINDS = [
  ["labeled", "Labelled"],
  ["doubtful", "Doubtful"],
  ["skipped", "Skipped"],
  ["postponed", "Later"],
  ["unreadable", "Unreadable"],
];
const NOTHING = {
  labeled: "There are no labels.",
  doubtful: "No label is contradicted by the others.",
  skipped: "No sample is skipped.",
  postponed: "No sample is postponed.",
  unreadable: "All samples can be read.",
};

export class HistoryView {
  constructor(app) {
    this.app = app;
    this.start = 0;
    this.total = 0;
    this.tiles = new Tiles(app, "Answers", () => this.showSelection());
    const again = () => this.refresh(false, 0);
    this.kind = el(
      "select",
      { id: "kind", onchange: again },
      ...KINDS.map(([value, title]) => el("option", { value }, title)),
    );
    this.label = el("select", { id: "label", onchange: again });
    this.labelFilter = el("span", {}, el("label", { for: "label" }, "Class "), this.label);
    this.older = button("Older", () => this.refresh(false, this.start + N));
    this.newer = button("Newer", () => this.refresh(false, Math.max(this.start - N, 0)));
    this.count = el("span", { class: "count" });
    this.selection = el("p", { class: "selection", "aria-live": "polite" });
    this.picker = new ClassPicker(app, (label) => this.choose(label));
    this.commands = this.picker.commands;
    this.reopen = button("Ask again", () => this.askAgain());
    this.element = el(
      "div",
      { class: "view" },
      el(
        "div",
        { class: "filters" },
        el("label", { for: "kind" }, "Show"),
        this.kind,
        this.labelFilter,
        this.newer,
        this.older,
        this.count,
      ),
      el("div", { class: "scroll", tabindex: -1 }, this.tiles.element),
      el(
        "div",
        { class: "controls" },
        this.selection,
        this.picker.element,
        el("div", { class: "tools" }, this.reopen),
      ),
    );
    this.showClasses();
    this.showProgress();
  }

  /** Show how many samples cannot be read. */
  showProgress() {
    const n = this.app.progress?.n_unreadable;
    const [option] = [...this.kind.options].filter((one) => one.value === "unreadable");
    option.textContent = n ? `Unreadable (${n.toLocaleString("en")})` : "Unreadable";
  }

  /** Show samples of another kind. */
  show(kind) {
    this.kind.value = kind;
    this.refresh(false, 0);
  }

  async refresh(isKept = false, start = this.start) {
    this.tiles.element.classList.add("is-loading");
    const kind = this.kind.value;
    this.labelFilter.hidden = kind !== "labeled";
    try {
      const { transport } = this.app;
      await this.app.outbox.sending;
      const reply =
        kind === "doubtful"
          ? await transport.call("suspicious")
          : await transport.call("history", { status: kind, label: this.label.value, start, n: N });
      if (kind !== this.kind.value) return;
      this.start = start;
      this.total = reply.n;
      this.tiles.fill(reply.samples, (sample) => caption(sample), "", isKept);
      this.showPlace(kind, reply);
    } catch (error) {
      this.tiles.fill([]);
      this.app.say(error.message, true);
    } finally {
      this.tiles.element.classList.remove("is-loading");
    }
  }

  showPlace(kind, reply) {
    const shown = this.tiles.samples.length;
    this.older.hidden = this.newer.hidden = kind === "doubtful" || this.total <= N;
    this.older.disabled = this.start + shown >= this.total;
    this.newer.disabled = this.start === 0;
    let text = shown === 0 ? NOTHING[kind] : plural(this.total, "sample");
    if (kind === "doubtful" && reply.n_labeled < 10) {
      text = "From ten labels on, doubtful ones are listed here.";
    } else if (this.total > N && kind !== "doubtful") {
      text = `${this.start + 1} to ${this.start + shown} of ${plural(this.total, "sample")}`;
    }
    this.count.textContent = text;
  }

  showClasses() {
    setOptions(this.label, "All", this.app.classes, (name) => name);
    this.picker.show();
  }

  showSelection() {
    const { size } = this.tiles.selected;
    this.reopen.disabled = size === 0;
    const how = this.app.isMulti ? "their labels, and submit" : "their class";
    this.selection.textContent = size
      ? `${plural(size, "sample")} selected: ${this.effect()}.`
      : `Select samples, then press ${how}.`;
    this.picker.set(this.common(), size > 0);
  }

  /** Return the labels that all selected samples have; none if they differ. */
  common() {
    const labels = [...this.tiles.selected].map((at) => JSON.stringify(this.tiles.samples[at].label));
    const isSame = labels.length > 0 && labels.every((one) => one === labels[0]);
    return (isSame && JSON.parse(labels[0])) || [];
  }

  /** What a class does to the selected samples. */
  effect() {
    if (this.kind.value === "doubtful") return "the same class confirms a label, another one corrects it";
    if (this.kind.value === "unreadable") return "samples that cannot be read have no label";
    if (this.app.isMulti) return "the labels below become theirs";
    return this.kind.value === "labeled" ? "a class corrects or confirms the label" : "a class labels them";
  }

  async choose(label) {
    const ids = this.tiles.ids();
    if (!ids.length) {
      this.app.say("No sample is selected.", true);
      return;
    }
    if (this.kind.value === "unreadable") {
      this.app.say("A sample that cannot be read has no label.", true);
      return;
    }
    if (this.tiles.isComing()) return;
    if (!this.app.isUnsaved) this.picker.find(null);
    const isLabeled = ["labeled", "doubtful"].includes(this.kind.value);
    const isSame = [...this.tiles.selected].every((at) => isEqual(this.tiles.samples[at].label, label));
    const reply = await this.app.act(isLabeled ? "relabel" : "answer", { ids, label });
    if (reply === null) return;
    const done = isLabeled && isSame ? "confirmed as" : "labelled";
    this.app.say(`${plural(ids.length, "sample")} ${done} ${labelText(label)}`);
    await this.refresh();
  }

  async askAgain() {
    const ids = this.tiles.ids();
    if (!ids.length || (await this.app.act("reopen", { ids })) === null) return;
    this.app.say(`${plural(ids.length, "sample")} will be asked again`);
    await this.refresh();
  }
}

/** Whether two labels are the same: classes, or several in any order. */
function isEqual(one, other) {
  return JSON.stringify([one].flat().sort()) === JSON.stringify([other].flat().sort());
}

const STATUS = { skipped: "skipped", postponed: "later" };

function caption(sample) {
  if (sample.reason !== undefined) {
    const name = sample.text === null ? [own(sample.id, "strong"), ": "] : [];
    return el("span", {}, ...name, sample.reason);
  }
  const parts = [own(labelText(sample.label) ?? STATUS[sample.status])];
  if (sample.suggestion !== undefined) {
    parts.push(" → ", own(labelText(sample.suggestion)), ` (${percent(1 - sample.probability)} doubt)`);
  }
  if (sample.is_test) parts.push(" · test");
  return el("span", {}, ...parts);
}
