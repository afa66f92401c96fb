// Messages by HTTP, or over the channel of a notebook's widget: the same methods.

export class RequestError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  /** Whether the server has refused the request, so that repeating it is of no use. */
  get isRefusal() {
    return this.status === 400 || this.status === 409;
  }

  /** Whether the answer could not be written. */
  get isNotStored() {
    return this.status === 507;
  }

  /** Whether the server did not answer, so that repeating the request may be of use. */
  get isLost() {
    return this.status === 0;
  }

  /** Whether the server has answered, with content that is of no use. */
  get isAnswered() {
    return this.status === 200;
  }

  get needsAccess() {
    return this.status === 401 || this.status === 403;
  }
}

// The storage belongs to this port, in contrast to the cookie.
const KEY = "page-key";
const UNSHOWN = "The picture cannot be shown by this browser.";
const LOST = "skactive does not answer. Start it again by the same command in the terminal.";

export class HttpTransport {
  key = "";
  // Another session may have this port later, and its key the storage.
  session = null;

  /** Exchange the token of the address for the cookie and a key. */
  async enter(token) {
    ({ key: this.key } = await this.call("access", { token }));
    try {
      localStorage.setItem(KEY, this.key);
    } catch {
      // Storage is switched off: another tab needs the address.
    }
  }

  get headers() {
    let stored = null;
    try {
      stored = localStorage.getItem(KEY);
    } catch {
      // Storage is switched off.
    }
    const own = this.session === null ? {} : { "X-Skactive-Session": this.session };
    // Another program of this port may have stored something else.
    const key = /^[0-9a-f]{64}$/.test(stored) ? stored : this.key;
    return { "X-Skactive": key, ...own };
  }

  async call(name, given = {}) {
    const response = await this.fetch(`/api/${name}`, {
      method: "POST",
      headers: { ...this.headers, "Content-Type": "application/json" },
      body: JSON.stringify(given),
    });
    return response.json();
  }

  /** Show the picture of a sample in an image. */
  show(image, sample, size) {
    image.src = address(sample, size);
  }

  /** Return why a picture cannot be shown. */
  async pictureError(sample) {
    try {
      await this.fetch(address(sample, "large"), { headers: this.headers });
      return new RequestError(200, UNSHOWN);
    } catch (error) {
      return error;
    }
  }

  /** Save an export as a file. */
  async download(suffix) {
    const response = await this.fetch(`/api/export/${suffix}`, { headers: this.headers });
    const [, name] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition")) ?? [];
    save(await response.blob(), name ?? `labels.${suffix}`);
  }

  async fetch(path, options) {
    let response;
    try {
      response = await fetch(path, { credentials: "same-origin", ...options });
    } catch {
      throw new RequestError(0, LOST);
    }
    if (response.ok) return response;
    let reason = `The server answers with status ${response.status}.`;
    try {
      reason = (await response.json()).error ?? reason;
    } catch {
      // The answer is not from the page's server.
    }
    throw new RequestError(response.status, reason);
  }
}

function address(sample, size) {
  return `/picture/${sample.picture}?size=${size}`;
}

/** Save content as a file. */
function save(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  // Some notebooks look for clicks on links of the page.
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// Milliseconds until the kernel counts as busy.
const BUSY_MS = 3000;
const BUSY = "The kernel is busy, or not connected.";
const RESTARTED = "The kernel was restarted. Run the cell again.";
// Bytes of pictures that are kept.
const MAX_KEPT = 32_000_000;

export class WidgetTransport {
  /**
   * @param model sends messages to the widget in the kernel, and receives replies
   * @param onClosed called with a sentence if the widget was closed
   */
  constructor(model, onClosed) {
    this.model = model;
    this.onClosed = onClosed;
    this.isRestarted = false;
    // All views of a widget receive the replies to each of them.
    this.view = Math.random().toString(36).slice(2);
    this.n = 0;
    this.waiting = new Map();
    this.late = new Map();
    this.kept = new Map();
    this.onMessage = (content, buffers) => this.take(content, buffers);
    this.onConnection = () => this.lose();
    model.on("msg:custom", this.onMessage);
    model.on("comm_live_update", this.onConnection);
  }

  stop() {
    this.model.off("msg:custom", this.onMessage);
    this.model.off("comm_live_update", this.onConnection);
    this.kept.clear();
  }

  async call(name, given = {}) {
    const message = { name, given: JSON.stringify(given) };
    const key = JSON.stringify(message);
    // While the kernel is busy, a message that is repeated is not sent again.
    const sent = this.late.get(key) ?? this.send(message);
    this.late.delete(key);
    const isLate = Symbol("late");
    let timer;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, BUSY_MS, isLate)));
    try {
      const reply = await Promise.race([sent, late]);
      if (reply !== isLate) return reply.values;
    } finally {
      clearTimeout(timer);
    }
    sent.catch(() => {});
    this.late.set(key, sent);
    throw new RequestError(0, this.isRestarted ? RESTARTED : BUSY);
  }

  /** Show the picture of a sample in an image, as soon as it is there. */
  async show(image, sample, size) {
    try {
      const content = await this.picture(sample, size);
      const source = URL.createObjectURL(content);
      const end = () => URL.revokeObjectURL(source);
      for (const event of ["load", "error"]) image.addEventListener(event, end, { once: true });
      image.src = source;
    } catch {
      // An empty picture, so that the image has an error.
      image.src = "data:,";
    }
  }

  /** Return why a picture cannot be shown. */
  async pictureError(sample) {
    try {
      await this.picture(sample, "large");
      return new RequestError(200, UNSHOWN);
    } catch (error) {
      return error;
    }
  }

  async picture(sample, size) {
    const key = `${sample.picture} ${size}`;
    let content = this.kept.get(key);
    this.kept.delete(key);
    if (!content) {
      const { values, buffers } = await this.send({ picture: sample.picture, size });
      content = new Blob(buffers, { type: values.type });
    }
    // The ones that were shown last stay.
    this.kept.set(key, content);
    let n = 0;
    for (const [one, { size: bytes }] of [...this.kept].reverse()) {
      n += bytes;
      if (n > MAX_KEPT) this.kept.delete(one);
    }
    return content;
  }

  /** Save an export as a file. */
  async download(suffix) {
    const { values, buffers } = await this.send({ export: suffix });
    save(new Blob(buffers), values.name);
  }

  /** Send a message, and return the values and buffers of its reply. */
  send(message) {
    this.n += 1;
    const id = `${this.view} ${this.n}`;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      try {
        this.model.send({ ...message, id }, undefined, []);
      } catch {
        // The channel ended with the kernel.
        this.lose();
      }
    });
  }

  take({ id, status, json, closed }, buffers) {
    if (closed !== undefined) {
      this.onClosed(closed);
      return;
    }
    const promise = this.waiting.get(id);
    if (!promise) return;
    this.waiting.delete(id);
    this.isRestarted = false;
    const values = JSON.parse(json);
    if (status === 200) {
      promise.resolve({ values, buffers });
    } else {
      if (status === 410) this.onClosed(values);
      promise.reject(new RequestError(status, values));
    }
  }

  /** Give up all messages: the kernel that was to reply has ended. */
  lose() {
    this.isRestarted = true;
    this.late.clear();
    for (const { reject } of this.waiting.values()) reject(new RequestError(0, RESTARTED));
    this.waiting.clear();
  }
}
