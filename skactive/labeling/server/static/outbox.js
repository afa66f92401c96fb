// Numbered requests. Each is stored until the server has acknowledged it, and sent in order, so
// that no key press is lost if the server ends or the page is closed.

const RETRY_MS = 1000;

export class Outbox {
  /**
   * @param transport sends messages
   * @param session the session's name: requests of another one stay where they are
   * @param onChange called with the state: "sent", "lost", "full" or "locked"
   * @param onOther called with a request of another page of this browser, its reply, or a refusal
   */
  constructor(transport, session, onChange, onOther) {
    this.transport = transport;
    this.prefix = `skactive-${session}-`;
    this.onChange = onChange;
    this.onOther = onOther;
    // Pages send the stored requests of each other, too.
    this.channel = new BroadcastChannel(this.prefix);
    this.channel.onmessage = ({ data }) => this.take(data);
    this.promises = new Map();
    this.memory = new Map();
    this.sending = null;
    this.state = "sent";
    this.reason = "";
    this.isStopped = false;
  }

  /** Send nothing more. Stored requests are sent by another page of the session. */
  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.channel.close();
  }

  /** Store a request and send it. The promise has the reply, or the sentence of a refusal. */
  add(kind, given = {}) {
    const request = `${this.time()}-${Math.random().toString(36).slice(2, 10)}`;
    const entry = { ...given, kind, request };
    try {
      localStorage.setItem(this.prefix + request, JSON.stringify(entry));
    } catch {
      this.memory.set(this.prefix + request, JSON.stringify(entry));
    }
    const promise = new Promise((resolve, reject) =>
      this.promises.set(request, { resolve, reject }),
    );
    this.send();
    return promise;
  }

  /** Return the time of a request that comes after all stored ones, also if the clock is set back. */
  time() {
    const last = this.pending().at(-1)?.request ?? "0";
    return String(Math.max(Date.now(), parseInt(last, 10) + 1)).padStart(15, "0");
  }

  /** Return the stored requests in their order. Other content stays where it is. */
  pending() {
    const names = [...this.memory.keys()];
    try {
      for (let place = 0; place < localStorage.length; place += 1) {
        const name = localStorage.key(place);
        if (name.startsWith(this.prefix)) names.push(name);
      }
    } catch {
      // Storage is switched off.
    }
    return names.sort().map((name) => this.read(name)).filter(Boolean);
  }

  /** Whether requests are lost if the page is closed, since the browser stores nothing. */
  get isFleeting() {
    return this.memory.size > 0;
  }

  /** Return the ids of samples that stored requests are about. */
  ids() {
    return this.pending().flatMap((entry) => entry.ids ?? []);
  }

  /** Return the different labels of stored answers, and classes that are added. */
  labels() {
    const named = (entry) => (entry.kind === "add_class" ? entry.name : (entry.label ?? []));
    return [...new Set(this.pending().flatMap(named))];
  }

  /** Return the request that is stored by a name; null if it is none. */
  read(name) {
    try {
      const entry = JSON.parse(this.memory.get(name) ?? localStorage.getItem(name));
      return isRequest(entry, name.slice(this.prefix.length)) ? entry : null;
    } catch {
      return null;
    }
  }

  remove(request) {
    this.memory.delete(this.prefix + request);
    try {
      localStorage.removeItem(this.prefix + request);
    } catch {
      // Storage is switched off.
    }
  }

  /** Send all stored requests, until they are sent or one cannot be. */
  send() {
    this.sending ??= this.sendNow().finally(() => {
      this.sending = null;
      if (this.state === "sent" && !this.isStopped && this.pending().length) this.send();
    });
    return this.sending;
  }

  async sendNow() {
    clearTimeout(this.timer);
    try {
      await this.alone(() => this.sendAll());
      this.change("sent");
    } catch (error) {
      if (this.isStopped) return;
      this.change(
        error.isNotStored ? "full" : error.needsAccess ? "locked" : "lost",
        error.message,
      );
      this.timer = setTimeout(() => this.send(), RETRY_MS);
    }
  }

  async sendAll() {
    for (let entry = this.pending()[0]; entry; entry = this.pending()[0]) {
      const sent = { entry, reply: null, refusal: null };
      try {
        sent.reply = await this.transport.call("act", entry);
      } catch (error) {
        if (!error.isRefusal) throw error;
        sent.refusal = error.message;
      }
      this.remove(entry.request);
      if (this.isStopped) return;
      this.take(sent);
      this.channel.postMessage(sent);
    }
  }

  /** Settle the promise of a request that was sent, or follow that of another page. */
  take({ entry, reply, refusal }) {
    const promise = this.promises.get(entry.request);
    this.promises.delete(entry.request);
    if (!promise) this.onOther(entry, reply, refusal);
    else if (refusal === null) promise.resolve(reply);
    else promise.reject(new Error(refusal));
  }

  /** One page at a time sends. */
  alone(action) {
    if (!navigator.locks) return action();
    return navigator.locks.request(`${this.prefix}outbox`, action);
  }

  change(state, reason = "") {
    this.state = state;
    this.reason = reason;
    this.onChange(state, reason);
  }
}

/** Return whether content is a request as `add` stores it. */
function isRequest(entry, request) {
  return (
    /^\d{15}-/.test(request) &&
    entry?.request === request &&
    typeof entry.kind === "string" &&
    (entry.label === undefined || [entry.label].flat().every((name) => typeof name === "string")) &&
    (entry.ids ?? []).every((id) => typeof id === "string")
  );
}
