// The sample that is shown, and the next ones, fetched before they are needed.

const N_AHEAD = 3;

export class Queue {
  /**
   * @param transport fetches samples
   * @param isBusy returns ids of samples whose answers are on their way
   * @param onFilled called if there is a current sample after there was none
   */
  constructor(transport, isBusy, onFilled) {
    this.transport = transport;
    this.isBusy = isBusy;
    this.onFilled = onFilled;
    this.isTest = false;
    this.current = null;
    this.ahead = [];
    this.isDone = false;
    this.pictures = new Map();
    this.filling = null;
  }

  /** Go to the next sample, if there is one yet; `fill` fetches others. */
  advance() {
    if (this.current) this.pictures.delete(this.current.id);
    this.current = this.ahead.shift() ?? null;
  }

  /** Show a sample now, and the present one after it. */
  show(sample) {
    this.drop([sample.id]);
    if (this.current) this.ahead.unshift(this.current);
    this.current = sample;
    this.load(sample);
  }

  /** Remove samples that were answered. */
  drop(ids) {
    this.ahead = this.ahead.filter((sample) => !ids.includes(sample.id));
    if (this.current && ids.includes(this.current.id)) this.current = this.ahead.shift() ?? null;
  }

  /** Forget all samples, and fetch those that are now the most useful. */
  async restart(isTest = this.isTest) {
    this.isTest = isTest;
    this.pictures.clear();
    this.current = null;
    this.ahead = [];
    // A fetch that is under way is for the former samples.
    await this.filling?.catch(() => {});
    this.current = null;
    this.ahead = [];
    await this.fill();
  }

  fill() {
    this.filling ??= this.fillNow().finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  async fillNow() {
    const shown = () => [this.current, ...this.ahead].filter(Boolean).map((sample) => sample.id);
    while (this.ahead.length < N_AHEAD || !this.current) {
      const { isTest } = this;
      const n = N_AHEAD + 1 - shown().length;
      const exclude = [...shown(), ...this.isBusy()];
      const { samples } = await this.transport.call("next", { n, exclude, test: isTest });
      if (isTest !== this.isTest) continue;
      const known = new Set([...shown(), ...this.isBusy()]);
      const fresh = samples.filter((sample) => !known.has(sample.id));
      this.ahead.push(...fresh);
      fresh.forEach((sample) => this.load(sample));
      const wasEmpty = !this.current;
      this.current ??= this.ahead.shift() ?? null;
      this.isDone = !this.current;
      if (wasEmpty) this.onFilled();
      if (samples.length < n || fresh.length === 0) break;
    }
  }

  load(sample) {
    if (sample.text !== null || this.pictures.has(sample.id)) return;
    const image = new Image();
    Promise.resolve(this.transport.show(image, sample, "large"))
      .then(() => image.decode?.())
      .catch(() => {});
    this.pictures.set(sample.id, image);
  }
}
