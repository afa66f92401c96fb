// The application in the output of a notebook: keys are its own while the focus is inside.

import { App } from "./app.js";
import { el } from "./dom.js";
import { WidgetTransport } from "./transport.js";

// Milliseconds until a kernel that is busy is asked again.
const RETRY_MS = 1000;

/** Show the application of a widget; a view of it may be shown several times. */
export function render({ model, el: output }) {
  const ended = new AbortController();
  const { signal } = ended;
  const root = el("div", {
    class: "skactive in-notebook",
    tabindex: 0,
    role: "group",
    "aria-label": "Labelling",
  });
  const tell = (text) => root.replaceChildren(el("main", { class: "message" }, el("p", {}, text)));
  const transport = new WidgetTransport(model, (reason) => {
    end();
    tell(reason);
  });
  const app = new App(root, transport);
  const end = () => {
    ended.abort();
    app.stop();
    transport.stop();
  };
  keepKeys(root, signal);
  keepFocus(root, signal);
  followTheme(root, signal);
  tell("Loading …");
  output.append(root);
  start(app, tell, signal);
  return end;
}

async function start(app, tell, signal) {
  while (!signal.aborted) {
    try {
      await app.start();
      return;
    } catch (error) {
      if (signal.aborted) return;
      tell(error.message);
      if (!error.isLost) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Keep plain keys from the notebook, in which they would change cells. It gets all others. */
function keepKeys(root, signal) {
  const isOwn = ({ ctrlKey, metaKey, altKey, key }) => !ctrlKey && !metaKey && !altKey && key !== "Tab";
  // JupyterLab sees keys before the element that has the focus, and follows this attribute.
  const mark = (event) => root.toggleAttribute("data-lm-suppress-shortcuts", isOwn(event));
  window.addEventListener("keydown", mark, { capture: true, signal });
  root.addEventListener("keydown", (event) => isOwn(event) && event.stopPropagation());
}

/** Keep the focus, until it goes elsewhere: the element that had it may be replaced by others. */
function keepFocus(root, signal) {
  let isInside = false;
  const keep = () => {
    const { activeElement, body } = document;
    if (isInside && (activeElement === body || !activeElement)) root.focus({ preventScroll: true });
  };
  const follow = ({ target }) => (isInside = root.contains(target));
  document.addEventListener("focusin", follow, { capture: true, signal });
  const leave = ({ target }) => (isInside &&= root.contains(target));
  document.addEventListener("pointerdown", leave, { capture: true, signal });
  root.addEventListener("keydown", ({ key }) => key === "Tab" && (isInside = false), { signal });
  root.addEventListener("focusout", () => setTimeout(keep), { signal });
  const observer = new MutationObserver(keep);
  observer.observe(root, { childList: true, subtree: true });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** Follow the colours of the notebook: Jupyter and VS Code name them, others are the system's. */
function followTheme(root, signal) {
  const { body } = document;
  const show = () => {
    const { jpThemeLight, vscodeThemeKind } = body.dataset;
    const isLight = jpThemeLight === "true" || Boolean(vscodeThemeKind?.endsWith("light"));
    const isKnown = jpThemeLight !== undefined || vscodeThemeKind !== undefined;
    root.classList.toggle("is-light", isKnown && isLight);
    root.classList.toggle("is-dark", isKnown && !isLight);
  };
  const observer = new MutationObserver(show);
  observer.observe(body, { attributes: true });
  signal.addEventListener("abort", () => observer.disconnect());
  show();
}
