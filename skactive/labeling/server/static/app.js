// The application: its views, keys and messages. It works in any element, with any transport.

import { ClassesView } from "./classes.js";
import { button, el, interval, own, plural } from "./dom.js";
import { GalleryView } from "./gallery.js";
import { HelpDialog } from "./help.js";
import { HistoryView } from "./history.js";
import { KeyMap, isTyping, keyOf } from "./keys.js";
import { LabelView } from "./label.js";
import { Outbox } from "./outbox.js";
import { ProgressView } from "./progress.js";
import { Queue } from "./queue.js";

const VIEWS = [
  ["label", "Label", LabelView],
  ["gallery", "Gallery", GalleryView],
  ["history", "History", HistoryView],
  ["classes", "Classes", ClassesView],
  ["progress", "Progress", ProgressView],
];
// Milliseconds between two looks at the progress, after answers and while samples are embedded.
const PROGRESS_MS = 1000;
// The next samples wait for the accuracies of a large pool: these are rare if they take long.
const PROGRESS_REST = 10;
const PROGRESS_MOST_MS = 5000;
// Milliseconds for which a message is shown that is no error.
const MESSAGE_MS = 2500;
// Milliseconds for which a refused answer is named at least, also if others follow at once.
const REFUSAL_MS = 3000;
// The test set has this many samples, but at most a fifth of those without a label.
const N_TEST = 20;
const TEST_SHARE = 0.2;

export class App {
  constructor(root, transport) {
    this.root = root;
    this.transport = transport;
    this.classes = [];
    this.progress = null;
    this.progressMs = 0;
    // The labels of samples that this page has answered, shown again after undo.
    this.answered = new Map();
    this.ended = new AbortController();
  }

  async start() {
    const state = await this.transport.call("state");
    this.transport.session = state.session;
    this.kind = state.kind;
    this.title = state.title;
    this.hasModel = state.has_model;
    this.isMulti = state.multi_label;
    this.keyMap = new KeyMap(state.session);
    this.outbox = new Outbox(
      this.transport,
      state.session,
      () => this.showFaults(),
      (entry, reply, refusal) => this.follow(entry, reply, refusal),
    );
    this.queue = new Queue(
      this.transport,
      () => this.outbox.ids(),
      () => this.showNext(),
    );
    this.build();
    this.showKeys();
    this.takeClasses(state.classes);
    this.open("label");
    // Answers that an earlier page could not send come first.
    await this.outbox.send();
    this.fillQueue();
    this.followProgress();
  }

  /** End: another page of the session, if there is one, goes on. */
  stop() {
    this.ended.abort();
    this.outbox?.stop();
    for (const timer of [this.refill, this.timer, this.silence]) clearTimeout(timer);
  }

  build() {
    this.heading = own(this.title, "h1");
    this.tabs = new Map(
      VIEWS.map(([name, title]) => [name, button(title, () => this.open(name))]),
    );
    this.helpButton = button("?", () => this.help.open(), { "aria-label": "Keys" });
    this.status = el("div", { class: "status" });
    this.live = el("div", { class: "live", "aria-live": "polite", role: "status" });
    this.faultText = el("span");
    this.fault = el(
      "p",
      { class: "fault", role: "alert", hidden: true },
      this.faultText,
      button("×", () => this.dismiss(), { "aria-label": "Close the message", title: "Close (Escape)" }),
    );
    this.banner = el("div", { class: "banner", role: "alert", hidden: true });
    this.main = el("main", { tabindex: -1 });
    this.help = new HelpDialog(this);
    this.root.classList.add("skactive");
    this.root.replaceChildren(
      el(
        "header",
        {},
        this.heading,
        el(
          "nav",
          { "aria-label": "Views" },
          ...this.tabs.values(),
          this.helpButton,
        ),
      ),
      this.banner,
      this.main,
      el("footer", {}, this.status, this.fault, this.live),
      this.help.element,
    );
    const target = this.root.ownerDocument.body === this.root.parentElement ? document : this.root;
    const { signal } = this.ended;
    target.addEventListener("keydown", (event) => this.press(event), { signal });
    // Another page has changed the keys.
    addEventListener("storage", ({ key }) => {
      if (this.keyMap.follow(key)) this.showKeys();
    }, { signal });
    // The browser asks before answers are lost.
    addEventListener("beforeunload", (event) => {
      if (this.outbox.isFleeting) event.preventDefault();
    }, { signal });
  }

  open(name) {
    const [, , View] = VIEWS.find(([one]) => one === name);
    for (const [one, tab] of this.tabs) {
      if (one === name) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    this.viewName = name;
    this.hush();
    this.view = new View(this);
    this.main.className = name;
    this.main.replaceChildren(this.view.element);
    this.view.refresh?.();
  }

  // ---- Keys.

  press(event) {
    if (this.root.querySelector("dialog[open]")) return;
    const key = keyOf(event);
    if (key === null) return;
    if (isTyping(event.target)) {
      // A field keeps its keys; Escape leaves it.
      if (key === "Escape") event.target.blur();
      return;
    }
    if (key === "Escape" && !this.fault.hidden) {
      this.dismiss();
      return;
    }
    // The space bar selects a tile, too.
    const pressed = this.isMulti ? "button:not(.tile), a, summary" : "button, a, summary";
    if (key === "Enter" && event.target.closest(pressed)) return;
    const owner = this.keyMap.owner(key);
    if (!owner) return;
    event.preventDefault();
    const isRedo = event.shiftKey && owner.name === "undo" && /^[a-z]$/.test(key);
    const command = owner.kind === "command" ? (isRedo ? "redo" : owner.name) : null;
    // A key that is held down answers once.
    if (event.repeat && !["undo", "redo"].includes(command)) return;
    if (command) this.run(command);
    else this.choose(owner.name);
  }

  /** Answer by a class, in the view that is open. */
  choose(name) {
    this.view.picker?.pick(name);
  }

  run(command) {
    if (this.view.commands?.[command]) {
      this.view.commands[command]();
    } else if (this.tabs.has(command)) {
      this.open(this.viewName === command ? "label" : command);
    } else if (command === "back") {
      this.open("label");
    } else if (command === "help") {
      this.help.open();
    } else if (command === "undo" || command === "redo") {
      this.revert(command);
    } else if (command === "test") {
      this.toggleTest();
    }
  }

  // ---- Actions.

  /** Send an action; a refusal is shown, and the promise has null. */
  async act(kind, given) {
    this.hush();
    if (this.outbox.state === "full") {
      this.say("Answers are not saved now. No answer is taken.", true);
      return null;
    }
    const replied = this.outbox.add(kind, given);
    // A new class has its key before the server has replied.
    if (given?.label !== undefined || kind === "add_class") this.takeClasses(this.classes);
    try {
      const reply = await replied;
      this.takeClasses(reply.classes);
      this.takeCounts(reply);
      return reply;
    } catch (error) {
      this.say(error.message, true, REFUSAL_MS);
      return null;
    } finally {
      this.progressSoon();
    }
  }

  /** Take over an action of another page: its samples are not asked here, too. */
  follow({ ids = [] }, reply, refusal) {
    if (refusal !== null) {
      this.say(refusal, true, REFUSAL_MS);
      return;
    }
    this.takeClasses(reply.classes);
    const closed = reply.samples.filter(
      (sample) => sample.status !== "open" || sample.is_test !== this.queue.isTest,
    );
    this.queue.drop([...ids, ...closed.map((sample) => sample.id)]);
    this.fillQueue();
    this.view.refresh?.(true);
    this.progressSoon();
  }

  async revert(kind) {
    const reply = await this.act(kind);
    if (reply === null) return;
    const word = kind === "undo" ? "Undone" : "Done again";
    const what = { 0: ": a change of the classes", 1: "" }[reply.n] ?? `: ${plural(reply.n, "sample")}`;
    this.say(`${word}${what}`);
    const closed = reply.samples.filter((sample) => sample.status !== "open");
    this.queue.drop(closed.map((sample) => sample.id));
    const [first] = reply.samples;
    if (reply.n === 1 && first.status === "open") {
      if (first.is_test !== this.queue.isTest) {
        await this.queue.restart(first.is_test).catch(() => this.fillQueue());
      }
      if (this.queue.current?.id !== first.id) {
        this.queue.ahead = this.queue.ahead.filter((sample) => sample.id !== first.id);
        this.queue.show(first);
      }
    } else {
      this.fillQueue();
    }
    this.view.refresh?.(true);
  }

  /** Ask samples of the test set, or the others again. */
  async toggleTest() {
    const isTest = !this.queue.isTest;
    try {
      if (isTest && !(await this.drawTest())) return;
      this.open("label");
      await this.queue.restart(isTest);
    } catch (error) {
      this.say(error.message, true);
      return;
    }
    this.view.refresh();
    this.say(isTest ? "Test set: the classifier does not learn from these answers." : "The classifier learns again.");
  }

  /** Draw test samples unless some have no label yet. */
  async drawTest() {
    await this.outbox.sending;
    const { samples } = await this.transport.call("next", { n: 1, test: true });
    if (samples.length) return true;
    const { n_samples: all, n_labeled: labeled } = await this.transport.call("progress");
    const n = Math.max(1, Math.min(N_TEST, Math.floor(TEST_SHARE * (all - labeled))));
    return (await this.act("hold_out", { n })) !== null;
  }

  /** Fetch the next samples, and try again until the server answers. */
  async fillQueue() {
    clearTimeout(this.refill);
    try {
      await this.queue.fill();
      if (this.isStarved) this.hush();
      this.isStarved = false;
    } catch (error) {
      if (this.ended.signal.aborted) return;
      if (!this.queue.current) this.showNext();
      // Once: each attempt fails in the same way.
      if (this.outbox.state === "sent" && !this.isStarved) {
        this.isStarved = true;
        this.say(error.message, true);
      }
      this.refill = setTimeout(() => this.fillQueue(), PROGRESS_MS);
    }
  }

  /** Take over the classes of a reply, and add those of answers that are on their way. */
  takeClasses(classes) {
    const names = new Set(classes.map((one) => one.name));
    const coming = this.outbox.labels().filter((name) => !names.has(name));
    this.classes = [...classes, ...coming.map((name) => ({ name, n: 0, description: "" }))];
    this.keyMap.setClasses(this.classes.map((one) => one.name));
    this.view?.showClasses?.();
  }

  /** Whether answers cannot be saved now. */
  get isUnsaved() {
    return this.outbox.state === "full";
  }

  /** Return the keys of the classes, by their names. */
  get keys() {
    return this.keyMap.classes;
  }

  /** Return the key of a command. */
  keyOf(command) {
    return this.keyMap.commands.get(command);
  }

  /** Show the keys everywhere, after some have changed. */
  showKeys() {
    for (const [name, tab] of [...this.tabs, ["help", this.helpButton]]) {
      const key = this.keyOf(name === "label" ? "back" : name);
      tab.setAttribute("aria-keyshortcuts", key);
      tab.title = key;
    }
    if (this.viewName) this.open(this.viewName);
  }

  /** Show the next sample as soon as it is there. Other views do not depend on it. */
  showNext() {
    if (this.viewName === "label") this.view?.refresh();
  }

  /** Show the numbers of labels at once; accuracies follow. */
  takeCounts({ n_labeled, n_test, n_test_labeled }) {
    if (!this.progress) return;
    Object.assign(this.progress, { n_labeled, n_test, n_test_labeled });
    this.showProgress();
  }

  // ---- Messages.

  /**
   * Show a message for a moment, and tell it to screen readers. An error stays until it is closed,
   * or until the next action after some milliseconds.
   */
  say(text, isError = false, leastMs = 0) {
    if (isError) {
      this.faultText.textContent = text;
      this.fault.hidden = false;
      this.faultEnd = performance.now() + leastMs;
      return;
    }
    const message = own(text, "p");
    this.live.replaceChildren(message);
    clearTimeout(this.silence);
    this.silence = setTimeout(() => message.remove(), MESSAGE_MS);
  }

  /** Remove an error that was shown long enough. */
  hush() {
    if (performance.now() >= (this.faultEnd ?? 0)) this.fault.hidden = true;
  }

  /** Close an error. */
  dismiss() {
    this.fault.hidden = true;
    this.main.focus();
  }

  /** Show what stays wrong: answers that are not saved, and samples that cannot be read or learnt. */
  showFaults() {
    const { state, reason } = this.outbox;
    this.root.classList.toggle("is-unsaved", state === "full");
    const faults = [];
    if (state !== "sent") {
      const n = this.outbox.pending().length;
      const until = this.outbox.isFleeting ? "sent later if this page stays open" : "kept and sent later";
      faults.push(state === "full" ? `${reason} No further answers are taken.` : reason);
      if (n) faults.push(`${plural(n, "answer")} ${n === 1 ? "is" : "are"} ${until}.`);
    }
    const error = this.progress?.error;
    if (error) faults.push(error.endsWith(".") ? error : `${error}.`, "Answers are saved all the same.");
    this.banner.hidden = !faults.length;
    const shown = faults.join(" ");
    if (this.banner.textContent !== shown) this.banner.textContent = shown;
  }

  /** Look at the progress in a second or more, also if further answers follow before. */
  progressSoon() {
    if (this.ended.signal.aborted) return;
    const rest = Math.min(Math.max(PROGRESS_MS, PROGRESS_REST * this.progressMs), PROGRESS_MOST_MS);
    this.timer ??= setTimeout(() => this.followProgress(), rest);
  }

  async followProgress() {
    clearTimeout(this.timer);
    this.timer = null;
    const start = performance.now();
    try {
      const given = { curve: this.viewName === "progress" };
      this.progress = await this.transport.call("progress", given);
      this.progressMs = performance.now() - start;
    } catch {
      this.progressSoon();
      return;
    }
    this.takeClasses(this.progress.classes);
    this.showProgress();
    this.view.showProgress?.();
    if (!this.isWhole && !this.progress.error) {
      this.progressSoon();
    }
  }

  /** Whether all samples are read, so that accuracies are those of all. */
  get isWhole() {
    return this.progress.n_embedded === this.progress.n_samples;
  }

  showProgress() {
    const { progress } = this;
    const { labels_per_minute: speed, accuracy, test_accuracy: test } = progress;
    const items = [el("span", {}, plural(progress.n_labeled, "label"))];
    if (progress.n_test) {
      const { n_test: all, n_test_labeled: n } = progress;
      items.push(el("span", { class: "minor" }, `test set ${n} of ${all}`));
    }
    const soFar = this.isWhole ? "" : " so far";
    // A narrow page leaves out what is minor.
    if (speed) items.push(el("span", { class: "minor" }, `${speed.toFixed(0)} per minute`));
    if (accuracy) {
      const text = `estimated accuracy${soFar} ${interval(accuracy)}`;
      items.push(el("span", { class: test ? "minor" : null }, text));
    }
    if (test) {
      const on = ` on ${plural(test.n_labeled, "sample")}`;
      items.push(el("span", {}, `test accuracy${soFar} ${interval(test)}`, el("span", { class: "minor" }, on)));
    }
    if (!this.isWhole && !progress.error) items.push(this.embedding());
    this.status.replaceChildren(...items);
    this.showFaults();
  }

  embedding() {
    const { n_embedded: n, n_samples: all } = this.progress;
    const noun = { image: "images", text: "texts", vector: "samples" }[this.kind];
    return el(
      "label",
      { class: "embedding" },
      `reading ${noun}: ${n.toLocaleString("en")} of ${all.toLocaleString("en")} `,
      el("progress", { max: all, value: n }),
    );
  }
}
