// Counts, accuracies, when to stop, and exports.

import { CurveFigure } from "./curve.js";
import { button, el, interval, own, plural } from "./dom.js";

const FORMATS = [
  ["csv", "CSV"],
  ["jsonl", "JSON lines"],
  ["parquet", "Parquet"],
  ["json", "Label Studio"],
];

// How samples are compared without a model.
const COMPARED = {
  image: "The images are compared by their colours and shapes alone. A pretrained model, which knows objects",
  text: "The texts are compared by their words alone. A pretrained model, which knows what words mean",
};

export class ProgressView {
  constructor(app) {
    this.app = app;
    this.content = el("div");
    this.curve = new CurveFigure();
    this.advice = el("section", { class: "advice", "aria-labelledby": "advice", hidden: true });
    // Its button keeps the focus when the numbers change.
    this.nUnreadable = el("span");
    this.unreadable = el(
      "p",
      { class: "unreadable", hidden: true },
      this.nUnreadable,
      button("Show the reasons", () => this.showUnreadable()),
    );
    this.element = el(
      "div",
      { class: "view page" },
      el("h2", {}, "Progress"),
      this.advice,
      this.curve.element,
      this.content,
      this.unreadable,
      el("h2", {}, "Export"),
      el("p", {}, "Labels, and predictions with probabilities for all other samples."),
      el(
        "div",
        { class: "tools" },
        ...FORMATS.map(([suffix, title]) => button(title, () => this.download(suffix))),
      ),
      el(
        "p",
        {},
        app.kind === "image"
          ? "Copies of the labelled photos in a folder per class, and the classifier for Python."
          : "The classifier, for programs in Python.",
      ),
      el(
        "div",
        { class: "tools" },
        app.kind === "image" ? button("Photos (ZIP)", () => this.download("zip")) : "",
        button("Classifier (joblib)", () => this.download("joblib")),
      ),
    );
    this.showProgress();
  }

  refresh() {
    this.app.followProgress();
  }

  showProgress() {
    const { progress } = this.app;
    if (!progress) return;
    this.showAdvice(progress.advice);
    if (progress.curve) this.curve.show(progress.curve);
    const n = progress.n_unreadable;
    this.unreadable.hidden = n === 0;
    this.nUnreadable.textContent = `${plural(n, "sample")} cannot be read, and ${n === 1 ? "is" : "are"} not asked. `;
    const rows = [
      ["Labels", progress.n_labeled],
      ["Samples", progress.n_samples],
      ["Test set", `${progress.n_test_labeled} of ${progress.n_test}`],
      ["Skipped", progress.n_skipped],
      ["Later", progress.n_postponed],
      ["Unreadable", progress.n_unreadable],
      ["Labels per minute", progress.labels_per_minute?.toFixed(0) ?? "–"],
    ];
    const numbers = rows.map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value.toLocaleString("en"))),
    );
    this.content.replaceChildren(
      el("dl", { class: "numbers" }, ...numbers),
      this.accuracies(),
      this.balance(),
      this.app.hasModel
        ? ""
        : el(
            "p",
            { class: "hint" },
            `${COMPARED[this.app.kind]}, needs fewer labels: see --model in the user guide.`,
          ),
    );
  }

  /** Show whether labelling can stop, and the verdicts of the criteria in words. */
  showAdvice({ stop, sentence, verdicts }) {
    this.advice.hidden = sentence === null;
    if (sentence === null) return;
    const reasons = verdicts.map((one) => `${capital(one.reason)}.`);
    // A sentence about the samples left is from no criterion.
    if (!verdicts.some((one) => sentence.includes(one.reason))) {
      reasons.unshift(capital(sentence.slice(sentence.indexOf(" ") + 1)));
    }
    this.advice.classList.toggle("is-stop", stop);
    this.advice.replaceChildren(
      el("h3", { id: "advice" }, stop ? "You can stop" : "Continue labelling"),
      ...reasons.map((reason) => el("p", {}, reason)),
      el("p", { class: "hint" }, "After every ten answers the guesses for all samples are compared with those before. The agreement is 1 if none has changed."),
    );
  }

  showUnreadable() {
    this.app.open("history");
    this.app.view.show("unreadable");
  }

  accuracies() {
    const { accuracy, test_accuracy: test, n_test: n, n_embedded: read, n_samples: all } = this.app.progress;
    const soFar = this.app.isWhole ? "" : " so far";
    const rest = ` Only ${read.toLocaleString("en")} of ${plural(all, "sample")} are read: it can change.`;
    const end = this.app.isWhole ? "" : rest;
    return el(
      "div",
      { class: "accuracies" },
      figure(
        test ? `Test accuracy${soFar}` : "Test accuracy",
        test,
        test
          ? `Measured on ${plural(test.n_labeled, "random sample")}, from which the classifier does not learn.${end}`
          : n
            ? `Label the test samples by ${this.app.keyOf("test")}.`
            : `Press ${this.app.keyOf("test")} to label random samples that measure the accuracy.`,
      ),
      figure(
        accuracy ? `Estimated accuracy${soFar}` : "Estimated accuracy",
        accuracy,
        accuracy
          ? `Estimated from ${plural(accuracy.n_labeled, "label")}, for the samples without one.${end}`
          : this.app.isMulti
            ? "It is not estimated if samples have several labels."
            : "It is estimated as soon as there are ten labels of two classes.",
      ),
    );
  }

  balance() {
    const { classes } = this.app;
    const most = Math.max(1, ...classes.map((one) => one.n));
    return el(
      "dl",
      { class: "chances balance" },
      ...classes.map((one) => {
        const bar = el("span", { class: "bar" });
        bar.style.width = `${(100 * one.n) / most}%`;
        return el(
          "div",
          {},
          own(one.name, "dt"),
          el("dd", {}, el("span", { class: "track" }, bar), String(one.n)),
        );
      }),
    );
  }

  async download(suffix) {
    try {
      await this.app.transport.download(suffix);
    } catch (error) {
      this.app.say(error.message, true);
    }
  }
}

function figure(title, accuracy, hint) {
  return el(
    "div",
    {},
    el("h3", {}, title),
    el("p", { class: "figure" }, accuracy ? interval(accuracy) : "–"),
    el("p", { class: "hint" }, hint),
  );
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
