// Many samples of one predicted class: some are selected, and labelled by one key.

import { ClassBar } from "./bar.js";
import { button, el, own, percent, plural } from "./dom.js";
import { setOptions, Tiles } from "./sample.js";

const SIZES = [16, 36, 64];
const N_CHECKED = 12;

export class GalleryView {
  constructor(app) {
    this.app = app;
    this.tiles = new Tiles(app, "Samples", () => this.showSelection());
    this.above = [];
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
      { class: "accepting" },
      el("label", { for: "threshold" }, "Guesses above"),
      this.threshold,
      "%",
      this.acceptButton,
    );
    this.all = button("Select all", () => this.tiles.selectAll());
    this.selection = el("p", { class: "selection", "aria-live": "polite" });
    this.bar = new ClassBar((name) => this.choose(name));
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
      el("div", { class: "controls" }, this.selection, this.bar.element),
      this.dialog,
    );
    this.showClasses();
  }

  async refresh() {
    this.tiles.element.classList.add("is-loading");
    const label = this.group.value;
    const n = Number(this.size.value);
    const threshold = this.limit();
    try {
      await this.app.outbox.sending;
      const reply = label
        ? await this.app.transport.call("guesses", { label, n, threshold })
        : await this.app.transport.call("next", { n, exclude: this.app.outbox.ids() });
      if (label !== this.group.value) return;
      this.above = reply.above ?? [];
      this.tiles.fill(
        reply.samples,
        (sample) => (sample.probability === undefined ? null : percent(sample.probability)),
        label ? `No sample without a label is guessed to be ${label}.` : "No sample is left.",
      );
    } catch (error) {
      this.app.say(error.message, true);
    } finally {
      this.tiles.element.classList.remove("is-loading");
    }
    this.accepting.hidden = !label;
    this.acceptButton.textContent = `Check ${plural(this.above.length, "guess")}`;
    this.acceptButton.disabled = this.above.length === 0;
  }

  limit() {
    return Math.min(Math.max(Number(this.threshold.value) || 95, 0), 100) / 100;
  }

  showClasses() {
    const { classes, keys } = this.app;
    setOptions(this.group, "Most useful", classes, (name) => `Guessed ${name}`);
    this.bar.show(classes, keys);
  }

  showSelection() {
    const { size } = this.tiles.selected;
    this.selection.textContent = size
      ? `${plural(size, "sample")} selected: a class labels ${size === 1 ? "it" : "them"}.`
      : "Select samples by click, Shift and click, or arrows and Space; then press a class.";
    this.all.textContent =
      size && size === this.tiles.samples.length ? "Select none" : "Select all";
  }

  async choose(name) {
    const ids = this.tiles.ids();
    if (!ids.length) {
      this.app.say("No sample is selected.", true);
      return;
    }
    await this.label(ids, name);
  }

  async label(ids, name) {
    this.app.queue.drop(ids);
    if ((await this.app.act("answer", { ids, label: name })) === null) return;
    this.app.say(`${plural(ids.length, "sample")} labelled ${name}`);
    this.app.fillQueue();
    await this.refresh();
  }

  /** Show a random part of the guesses above the limit, before all are accepted. */
  async check() {
    const label = this.group.value;
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
