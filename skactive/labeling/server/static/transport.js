// Messages by HTTP. A notebook has another transport with the same methods.

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
const LOST = "skactive does not answer. Start it again by the same command in the terminal.";

export class HttpTransport {
  key = "";

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
    return { "X-Skactive": stored ?? this.key };
  }

  async call(name, given = {}) {
    const response = await this.fetch(`/api/${name}`, {
      method: "POST",
      headers: { ...this.headers, "Content-Type": "application/json" },
      body: JSON.stringify(given),
    });
    return response.json();
  }

  /** Return the address of a picture. */
  picture(sample, size) {
    return `/picture/${sample.picture}?size=${size}`;
  }

  /** Return why a picture cannot be shown. */
  async pictureError(sample) {
    try {
      await this.fetch(this.picture(sample, "large"), { headers: this.headers });
      return new RequestError(200, "The picture cannot be shown by this browser.");
    } catch (error) {
      return error;
    }
  }

  /** Save an export as a file. */
  async download(suffix) {
    const response = await this.fetch(`/api/export/${suffix}`, { headers: this.headers });
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement("a");
    link.href = address;
    const [, name] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition")) ?? [];
    link.download = name ?? `labels.${suffix}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
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
