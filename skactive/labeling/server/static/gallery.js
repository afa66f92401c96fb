// Many samples of one predicted class, or of one group of similar samples: some are selected, and
// labelled by one key.

import { button, el, labelText, own, percent, plural } from "./dom.js";
import { ClassPicker } from "./picker.js";
import { Tiles } from "./sample.js";

const SIZES = [4, 9, 16, 36, 64];
const N_CHECKED = 12;

export class GalleryView {
  constructor(app) {
    this.app = app;
    this.tiles = new Tiles(app, "Samples", () => this.showSelection());
    this.above = [];
    // The number of refreshes: a later one replaces those before.
    this.turn = 0;
    // The sizes of the groups; null until they are known.
    this.sizes = null;
    this.group = el("select", { id: "group", onchange: () => this.refresh() });
    this.size = el(
      "select",
      { id: "size", onchange: () => this.refresh() },
      ...SIZES.map((n) => el("option", { value: n, selected: n === 36 }, String(n))),
    );
    this.threshold = el("input", {
      type: "number",
      id: "threshold",
      min: 50,
      max: 100,
      value: 95,
      onchange: () => this.refresh(),
    });
    this.acceptButton = button("", () => this.check());
    this.accepting = el(
      "span",
      { class: "accepting", hidden: true },
      el("label", { for: "threshold" }, "Guesses above"),
      this.threshold,
      "%",
      this.acceptButton,
    );
    this.all = button("Select all", () => {
      this.tiles.isTouched = true;
      this.tiles.selectAll();
    });
    this.selection = el("p", { class: "selection", "aria-live": "polite" });
    this.picker = new ClassPicker(app, (label) => this.choose(label));
    this.commands = this.picker.commands;
    this.dialog = el("dialog", { class: "check", "aria-labelledby": "check-title" });
    this.element = el(
      "div",
      { class: "view" },
      el(
        "div",
        { class: "filters" },
        el("label", { for: "group" }, "Show"),
        this.group,
        el("label", { for: "size" }, "Number"),
        this.size,
        this.all,
        this.accepting,
      ),
      el("div", { class: "scroll", tabindex: -1 }, this.tiles.element),
      el("div", { class: "controls" }, this.selection, this.picker.element),
      this.dialog,
    );
    this.showClasses();
  }

  async refresh(isKept = false) {
    const { tiles } = this;
    this.turn += 1;
    const { turn } = this;
    // Other samples are wanted.
    if (!isKept) tiles.isTouched = false;
    tiles.element.classList.add("is-loading");
    const n = Number(this.size.value);
    try {
      await this.app.outbox.sending;
      await this.findGroups();
      const [kind, name] = this.choice();
      const reply = await this.fetch(kind, name, n);
      // A later refresh fills the tiles.
      if (turn !== this.turn || this.group.value !== `${kind}${name}`) return;
      this.above = reply.above ?? [];
      if (reply.sizes) this.showGroups(reply.sizes);
      if (kind === "group" && !reply.samples.length && this.goOn()) return;
      // What a person selected stays, unless it was answered on another page.
      const isChosen = isKept && tiles.isTouched;
      const samples = isChosen ? await this.stillOpen(tiles.samples) : reply.samples;
      if (turn !== this.turn) return;
      tiles.element.className = `tiles of-${n}`;
      tiles.fill(
        samples,
        (sample) => (sample.probability === undefined ? null : percent(sample.probability)),
        kind === "class" ? `No sample without a label is guessed to be ${name}.` : "No sample is left.",
        isKept,
      );
      // Those that do not belong to the group are fewer.
      if (kind === "group" && !isChosen) tiles.selectAll(true);
      // A guess about one label says nothing of the others.
      this.accepting.hidden = kind !== "class" || this.app.isMulti;
    } catch (error) {
      this.app.say(error.message, true);
    } finally {
      tiles.element.classList.remove("is-loading");
    }
    this.acceptButton.textContent = `Check ${plural(this.above.length, "guess")}`;
    this.acceptButton.disabled = this.above.length === 0;
  }

  fetch(kind, name, n) {
    const { transport, outbox } = this.app;
    if (kind === "class") return transport.call("guesses", { label: name, n, threshold: this.limit() });
    if (kind === "group") return transport.call("cluster", { place: Number(name), n });
    return transport.call("next", { n, exclude: outbox.ids() });
  }

  /** Return those of the samples that have no answer yet. */
  async stillOpen(samples) {
    const ids = samples.map((sample) => sample.id);
    const reply = await this.app.transport.call("samples", { ids });
    return samples.filter((_, place) => isOpen(reply.samples[place]));
  }

  /** Return what is shown: "class" and its name, "group" and its place, or two empty texts. */
  choice() {
    const [, kind, name] = /^(class|group)?(.*)$/s.exec(this.group.value);
    return [kind ?? "", name];
  }

  // ---- Groups.

  /** Find out which groups there are. They are shown first as long as nothing can be guessed. */
  async findGroups() {
    if (this.sizes !== null) return;
    this.sizes = [];
    const call = this.app.transport.call("cluster", { place: 0, n: 1 });
    const shown = call.then(({ sizes }) => this.showGroups(sizes));
    if (this.canGuess()) {
      shown.catch(() => {});
      return;
    }
    await shown;
    const first = this.sizes.findIndex((size) => size > 0);
    if (first >= 0 && !this.group.value) this.group.value = `group${first}`;
  }

  /** Look for groups again after there were no vectors yet. */
  showProgress() {
    if (this.sizes?.length !== 0 || !this.app.progress.n_embedded || this.tiles.selected.size) return;
    this.sizes = null;
    this.refresh(true);
  }

  showGroups(sizes) {
    this.sizes = sizes;
    this.showClasses();
  }

  /** Show the next group after an empty one, if there is one. */
  goOn() {
    const next = this.sizes.findIndex((size) => size > 0);
    if (next < 0) return false;
    this.group.value = `group${next}`;
    this.refresh();
    return true;
  }

  canGuess() {
    return this.app.classes.filter((one) => one.n > 0).length > 1;
  }

  limit() {
    const given = this.threshold.value === "" ? 95 : Number(this.threshold.value);
    return Math.min(Math.max(given, 0), 100) / 100;
  }

  showClasses() {
    const guesses = this.canGuess() ? this.app.classes.map(({ name }) => [`class${name}`, `Guessed ${name}`]) : [];
    const groups = this.sizes?.map((size, place) => [`group${place}`, `Group ${place + 1} (${size.toLocaleString("en")})`]) ?? [];
    const known = JSON.stringify([guesses, groups]);
    if (known !== this.known) {
      this.known = known;
      const { value } = this.group;
      this.group.replaceChildren(
        el("option", { value: "" }, "Most useful"),
        ...options("Guesses", guesses),
        ...options("Similar samples", groups),
      );
      this.group.value = [...guesses, ...groups].some(([one]) => one === value) ? value : "";
    }
    this.picker.show();
  }

  showSelection() {
    const { size } = this.tiles.selected;
    const what = this.app.isMulti ? "their labels, and submit" : "a class";
    const effect = this.app.isMulti ? "press their labels, and submit" : `a class labels ${size === 1 ? "it" : "them"}`;
    this.selection.textContent = size
      ? `${plural(size, "sample")} selected: ${effect}.`
      : `Select samples, then press ${what}.`;
    this.picker.submitButton.disabled = size === 0;
    this.all.textContent =
      size && size === this.tiles.samples.length ? "Select none" : "Select all";
  }

  async choose(label) {
    const ids = this.tiles.ids();
    if (!ids.length) {
      this.app.say("No sample is selected.", true);
      return;
    }
    if (this.tiles.isComing()) return;
    if (!this.app.isUnsaved) this.picker.find(null);
    await this.label(ids, label);
    this.picker.set([], this.tiles.selected.size > 0);
  }

  async label(ids, label) {
    this.app.queue.drop(ids);
    if ((await this.app.act("answer", { ids, label })) === null) return;
    this.app.say(`${plural(ids.length, "sample")} labelled ${labelText(label)}`);
    this.app.fillQueue();
    await this.refresh();
  }

  /** Show a random part of the guesses above the limit, before all are accepted. */
  async check() {
    const [, label] = this.choice();
    let reply;
    try {
      const given = { label, n: N_CHECKED, threshold: this.limit(), check: true };
      reply = await this.app.transport.call("guesses", given);
    } catch (error) {
      this.app.say(error.message, true);
      return;
    }
    const tiles = new Tiles(this.app, "Random guesses", () => {});
    tiles.fill(reply.samples, (sample) => percent(sample.probability));
    const shown = [...tiles.element.children].map((tile) =>
      el("figure", { class: "tile" }, ...tile.childNodes),
    );
    const n = reply.above.length;
    this.dialog.replaceChildren(
      el("h2", { id: "check-title" }, `${plural(n, "guess")}: `, own(label)),
      el(
        "p",
        {},
        `These ${reply.samples.length} are drawn at random. If one of them is wrong, so are about ` +
          `${percent(1 / reply.samples.length)} of all.`,
      ),
      el("div", { class: "tiles" }, ...shown),
      el(
        "div",
        { class: "tools" },
        button("Cancel", () => this.dialog.close(), { autofocus: true }),
        button(
          `Label ${plural(n, "sample")}`,
          () => {
            this.dialog.close();
            this.label(reply.above, label);
          },
          { class: "primary" },
        ),
      ),
    );
    this.dialog.showModal();
  }
}

function isOpen(sample) {
  return sample.status === "open" && !sample.is_test;
}

function options(title, rows) {
  if (!rows.length) return [];
  return [el("optgroup", { label: title }, ...rows.map(([value, text]) => own(text, "option", { value })))];
}
