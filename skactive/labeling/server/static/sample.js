// Samples as elements: large, and as tiles that can be selected.

import { button, el, own, percent } from "./dom.js";

// Longer texts are set in smaller type.
const LENGTHS = [
  [140, "short"],
  [600, "medium"],
];

// Milliseconds until a picture that the server did not send is fetched again.
const RETRY_MS = 1000;

/** Return a sample, as large as there is place. */
export function large(sample, app) {
  if (sample.text !== null) {
    const size = LENGTHS.find(([length]) => sample.text.length <= length)?.[1] ?? "long";
    return own(sample.text, "p", { class: `text ${size}`, tabindex: size === "long" ? 0 : null });
  }
  let image = app.queue.pictures.get(sample.id);
  if (!image) {
    image = new Image();
    app.transport.show(image, sample, "large");
  }
  image.alt = sample.id;
  image.draggable = false;
  if (!image.complete || image.naturalWidth === 0) {
    image.classList.add("is-coming");
    image.addEventListener("load", () => image.classList.remove("is-coming"), { once: true });
  }
  if (app.kind === "vector") image.classList.add("pixels");
  const zoom = button(image, () => toggleZoom(zoom, sample, app), {
    class: "picture",
    "aria-pressed": "false",
    title: `Zoom (${app.keyOf("zoom")})`,
  });
  let isRepeated = false;
  const fail = async () => {
    const { message, isLost, isAnswered } = await app.transport.pictureError(sample);
    if (isLost || (isAnswered && !isRepeated)) {
      // The server did not answer, or did so only now.
      isRepeated = isAnswered;
      setTimeout(() => app.transport.show(image, sample, "large"), RETRY_MS);
    } else {
      zoom.replaceWith(own(`${message} Skip it by ${app.keyOf("skip")}.`, "p", { class: "text medium broken" }));
    }
  };
  image.addEventListener("error", fail);
  // An image without an address is still to come.
  if (image.src && image.complete && image.naturalWidth === 0) fail();
  return zoom;
}

export function toggleZoom(zoom, sample, app) {
  const image = zoom.querySelector("img");
  // Its size is not known yet.
  if (image.classList.contains("is-coming")) return;
  const isZoomed = zoom.getAttribute("aria-pressed") !== "true";
  zoom.setAttribute("aria-pressed", String(isZoomed));
  const size = isZoomed && app.kind === "image" ? "full" : "large";
  if (size !== (image.dataset.size ?? "large")) app.transport.show(image, sample, size);
  image.dataset.size = size;
  image.style.width = "";
  if (isZoomed) {
    // Twice the size on the screen, or all pixels, whichever is larger.
    image.style.width = `${2 * image.clientWidth}px`;
    zoom.scrollTop = (zoom.scrollHeight - zoom.clientHeight) / 2;
    zoom.scrollLeft = (zoom.scrollWidth - zoom.clientWidth) / 2;
  }
}

/** A grid of samples, of which some are selected. */
export class Tiles {
  constructor(app, label, onSelect) {
    this.app = app;
    this.onSelect = onSelect;
    this.samples = [];
    this.selected = new Set();
    this.last = null;
    // Whether a person has selected or deselected a sample.
    this.isTouched = false;
    this.element = el("div", {
      class: "tiles",
      role: "group",
      "aria-label": label,
      onkeydown: (event) => this.move(event),
    });
  }

  /** Show samples. None is selected, except for those that were, if the selection is kept. */
  fill(samples, caption = () => null, empty = "", isKept = false) {
    this.element.dataset.empty = empty;
    const focused = [...this.element.children].indexOf(document.activeElement);
    const kept = new Set(isKept ? this.ids() : []);
    this.isTouched &&= isKept;
    const last = isKept ? this.samples[this.last]?.id : undefined;
    const placeOf = (id) => samples.findIndex((sample) => sample.id === id);
    this.samples = samples;
    this.selected.clear();
    this.last = last === undefined || placeOf(last) < 0 ? null : placeOf(last);
    this.element.replaceChildren(
      ...samples.map((sample, place) => this.tile(sample, place, caption(sample))),
    );
    samples.forEach((sample, place) => kept.has(sample.id) && this.set(place, true));
    // Who walks through the tiles by keys stays at the same place.
    if (focused >= 0) this.element.children[Math.min(focused, samples.length - 1)]?.focus();
    this.onSelect();
  }

  tile(sample, place, caption) {
    const { app } = this;
    let content;
    if (sample.text !== null) {
      content = own(sample.text, "span", { class: "excerpt" });
    } else {
      content = el("img", {
        alt: sample.id,
        class: app.kind === "vector" ? "pixels" : null,
        draggable: "false",
      });
      app.transport.show(content, sample, this.samples.length > 9 ? "small" : "large");
    }
    const parts = [content];
    if (caption !== null) parts.push(el("span", { class: "caption" }, caption));
    return el(
      "button",
      {
        type: "button",
        class: "tile",
        "aria-pressed": "false",
        onclick: (event) => this.toggle(place, event.shiftKey),
      },
      ...parts,
    );
  }

  /** Select or deselect a sample; with Shift, all from the last one on. */
  toggle(place, isRange) {
    this.isTouched = true;
    const isSelected = !this.selected.has(place);
    const first = isRange && this.last !== null ? Math.min(this.last, place) : place;
    const last = isRange && this.last !== null ? Math.max(this.last, place) : place;
    for (let at = first; at <= last; at += 1) this.set(at, isRange || isSelected);
    this.last = place;
    this.onSelect();
  }

  set(place, isSelected) {
    if (isSelected) this.selected.add(place);
    else this.selected.delete(place);
    this.element.children[place].setAttribute("aria-pressed", String(isSelected));
  }

  /** Whether a selected picture is not shown yet; the reason is said. */
  isComing() {
    const images = [...this.selected].map((at) => this.element.children[at].querySelector("img"));
    const isSome = images.some((one) => one && !(one.complete && one.hasAttribute("src")));
    if (isSome) this.app.say("Some of these pictures are not shown yet. Label them as soon as you see them.", true);
    return isSome;
  }

  get isWhole() {
    return this.selected.size === this.samples.length;
  }

  selectAll(isSelected = !this.isWhole) {
    this.samples.forEach((_, place) => this.set(place, isSelected));
    this.onSelect();
  }

  ids() {
    return [...this.selected].sort((a, b) => a - b).map((place) => this.samples[place].id);
  }

  move(event) {
    const tiles = [...this.element.children];
    const place = tiles.indexOf(document.activeElement);
    if (place < 0) return;
    const row = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
    const next = tiles[place + (steps[event.key] ?? NaN)];
    if (!next) return;
    event.preventDefault();
    next.focus();
    if (event.shiftKey) this.toggle(place + steps[event.key], true);
  }
}

/** Offer classes in a select, after a first choice; an open one is left alone if none is new. */
export function setOptions(select, first, classes, title) {
  const names = classes.map((one) => one.name);
  const known = [...select.options].slice(1).map((option) => option.value);
  if (select.options.length && JSON.stringify(known) === JSON.stringify(names)) return;
  const { value } = select;
  select.replaceChildren(
    el("option", { value: "" }, first),
    ...names.map((name) => own(title(name), "option", { value: name })),
  );
  select.value = names.includes(value) ? value : "";
}

/** Return a class with its probability, as bars. */
export function chances(classes, n = 5) {
  const shown = classes.slice(0, n).filter((one, place) => place === 0 || one.probability >= 0.005);
  return el(
    "dl",
    { class: "chances" },
    ...shown.map((one) => {
      const bar = el("span", { class: "bar" });
      bar.style.width = percent(one.probability).replace(" ", "");
      return el(
        "div",
        {},
        own(one.name, "dt"),
        el("dd", {}, el("span", { class: "track" }, bar), percent(one.probability)),
      );
    }),
  );
}
