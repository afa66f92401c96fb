// The curve of a session: accuracies by the number of labels, as a drawing and as a table.

import { el, percent, plural, svg } from "./dom.js";

const HEIGHT = 240;
const MARGIN = { left: 52, right: 14, top: 10, bottom: 40 };
// About this many numbers along the axis of labels, each as wide as this.
const TICKS = 6;
const TICK_WIDTH = 56;
const SERIES = [
  ["accuracy", "Estimated accuracy"],
  ["test_accuracy", "Test accuracy"],
];

export class CurveFigure {
  constructor() {
    this.points = [];
    this.drawing = el("div", { class: "drawing" });
    this.legend = el("p", { class: "legend hint" });
    this.rows = el("tbody");
    this.table = el(
      "details",
      {},
      el("summary", {}, "Numbers of the curve"),
      el(
        "div",
        { class: "points", tabindex: 0, role: "group", "aria-label": "Numbers of the curve" },
        el(
          "table",
          {},
          el(
            "thead",
            {},
            el("tr", {}, ...["Labels", ...SERIES.map(([, title]) => title)].map((title) => el("th", { scope: "col" }, title))),
          ),
          this.rows,
        ),
      ),
    );
    this.element = el("figure", { class: "curve" }, this.drawing, this.legend, this.table);
    new ResizeObserver(() => this.draw()).observe(this.drawing);
  }

  show(points) {
    const isSame = JSON.stringify(points) === JSON.stringify(this.points);
    this.points = points;
    if (!isSame) this.fill();
    this.draw();
  }

  fill() {
    this.rows.replaceChildren(
      ...this.points.map((point) =>
        el(
          "tr",
          {},
          el("td", {}, point.n_labeled.toLocaleString("en")),
          ...SERIES.map(([name]) => el("td", {}, point[name] ? range(point[name]) : "–")),
        ),
      ),
    );
    this.legend.replaceChildren(
      ...SERIES.filter(([name]) => this.series(name).length).map(([name, title]) =>
        el(
          "span",
          { class: name },
          svg("svg", { width: 26, height: 10, "aria-hidden": "true" }, svg("path", { d: "M1 5H25", class: `line ${name}` })),
          `${title}, with its margin of error (95 %)`,
        ),
      ),
    );
  }

  series(name) {
    return this.points
      .filter((point) => point[name])
      .map((point) => ({ n: point.n_labeled, ...point[name] }));
  }

  draw() {
    this.element.hidden = this.points.length === 0;
    const width = this.drawing.clientWidth;
    if (!width || !this.points.length || (width === this.width && this.points === this.drawn)) return;
    this.width = width;
    this.drawn = this.points;
    this.drawing.replaceChildren(this.figureOf(width));
  }

  figureOf(width) {
    const most = Math.max(...this.points.map((point) => point.n_labeled), 1);
    const all = SERIES.flatMap(([name]) => this.series(name));
    const wide = Math.min(...all.map((one) => one.lower)) < 0.5;
    const least = wide ? 0 : Math.floor(10 * Math.min(...all.map((one) => one.lower))) / 10;
    const x = (n) => MARGIN.left + (n / most) * (width - MARGIN.left - MARGIN.right);
    const y = (share) => MARGIN.top + ((1 - share) / (1 - least || 1)) * (HEIGHT - MARGIN.top - MARGIN.bottom);
    return svg(
      "svg",
      { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": this.summary() },
      ...axes(width, most, least, wide ? 0.2 : 0.1, x, y),
      ...SERIES.flatMap(([name]) => this.shapes(name, x, y)),
    );
  }

  shapes(name, x, y) {
    const points = this.series(name);
    if (!points.length) return [];
    const last = points[points.length - 1];
    const path = (ends) => ends.map(([n, share]) => `${x(n).toFixed(1)} ${y(share).toFixed(1)}`).join("L");
    const upper = points.map((one) => [one.n, one.upper]);
    const lower = points.map((one) => [one.n, one.lower]).reverse();
    return [
      svg("path", { class: `band ${name}`, d: `M${path([...upper, ...lower])}Z` }),
      svg("path", { class: `line ${name}`, d: `M${path(points.map((one) => [one.n, one.value]))}` }),
      svg("path", { class: `line end ${name}`, d: `M${path([[last.n, last.lower], [last.n, last.upper]])}` }),
      svg("circle", { class: `point ${name}`, cx: x(last.n).toFixed(1), cy: y(last.value).toFixed(1), r: 4 }),
    ];
  }

  /** Return the drawing in words. */
  summary() {
    const parts = SERIES.map(([name, title]) => {
      const points = this.series(name);
      if (!points.length) return null;
      const [first, last] = [points[0], points[points.length - 1]];
      const text = `${title}: ${percent(last.value)} with ${plural(last.n, "label")}`;
      return first.n === last.n ? text : `${text}, after ${percent(first.value)} with ${first.n}`;
    });
    return parts.filter(Boolean).join(". ");
  }
}

function axes(width, most, least, step, x, y) {
  const shapes = [];
  for (let share = least; share < 1 + step / 2; share += step) {
    const at = y(share).toFixed(1);
    shapes.push(svg("path", { class: "grid", d: `M${MARGIN.left} ${at}H${width - MARGIN.right}` }));
    shapes.push(svg("text", { x: MARGIN.left - 8, y: at, dy: "0.35em", "text-anchor": "end" }, percent(share)));
  }
  const between = tickStep(most, Math.min(TICKS, Math.floor(width / TICK_WIDTH)));
  for (let n = 0; n <= most; n += between) {
    const at = x(n).toFixed(1);
    shapes.push(svg("path", { class: "grid", d: `M${at} ${HEIGHT - MARGIN.bottom}v5` }));
    shapes.push(svg("text", { x: at, y: HEIGHT - MARGIN.bottom + 18, "text-anchor": "middle" }, n.toLocaleString("en")));
  }
  const middle = (MARGIN.left + width - MARGIN.right) / 2;
  shapes.push(svg("text", { x: middle, y: HEIGHT - 4, "text-anchor": "middle" }, "labels"));
  return shapes;
}

/** Return a round number between the ticks of an axis. */
function tickStep(most, n) {
  const least = Math.max(most / n, 1);
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((one) => one * power).find((one) => one >= least);
}

function range({ value, lower, upper }) {
  const shown = [value, lower, upper].map((share) => (100 * share).toFixed(1));
  return `${shown[0]} % (${shown[1]} to ${shown[2]} %)`;
}
