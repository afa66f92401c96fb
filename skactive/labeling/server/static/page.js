// The page of `skactive label`: access by the token of the address, then the application.

import { App } from "./app.js";
import { el } from "./dom.js";
import { HttpTransport } from "./transport.js";

const root = document.getElementById("root");
const transport = new HttpTransport();

async function start() {
  const token = location.hash.slice(1);
  try {
    if (token) {
      // Neither the history nor a copied address keeps the secret.
      history.replaceState(null, "", "/");
      await transport.enter(token);
    }
    const app = new App(root, transport);
    await app.start();
    document.title = `${app.title} – skactive`;
  } catch (error) {
    root.replaceChildren(
      el("main", { class: "message" }, el("h1", {}, "skactive"), el("p", {}, error.message)),
    );
  }
}

// The address of another start of the server, opened in this tab.
addEventListener("hashchange", () => location.reload());
start();
