// Keys of commands and of classes, which the user can change.

export const COMMANDS = [
  { key: "u", name: "undo", title: "Undo, also answers of earlier days" },
  { key: "r", name: "redo", title: "Redo (also Shift and the key of undo)" },
  { key: "s", name: "skip", title: "Skip a sample that cannot be labelled" },
  { key: "l", name: "later", title: "Ask this sample later" },
  { key: "n", name: "new", title: "Label as a new class" },
  { key: "/", name: "find", title: "Find a class by its name" },
  { key: "w", name: "why", title: "Why this sample, and the guess" },
  { key: "Enter", name: "accept", title: "Label as guessed, while the guess is shown" },
  { key: "z", name: "zoom", title: "Zoom" },
  { key: "g", name: "gallery", title: "Gallery: label many at once" },
  { key: "h", name: "history", title: "History: see and correct labels" },
  { key: "c", name: "classes", title: "Classes: rename, merge, describe" },
  { key: "p", name: "progress", title: "Progress and export" },
  { key: "t", name: "test", title: "Test set: measure the accuracy" },
  { key: "?", name: "help", title: "Keys" },
  { key: "Escape", name: "back", title: "Back to the sample" },
];

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
const OWN = new Set(COMMANDS.map((command) => command.key));
// Letters that a command has given up come last: the other classes keep theirs.
const FREE = [
  ..."123456789",
  ...LETTERS.filter((letter) => !OWN.has(letter)),
  ...LETTERS.filter((letter) => OWN.has(letter)),
];
// The keys of commands are those of all sessions, the keys of classes belong to one.
const STORE = "skactive-keys";

/** The keys that are in effect. A key has one meaning. */
export class KeyMap {
  /** @param session the name of the session */
  constructor(session) {
    this.stores = { command: STORE, class: `${STORE}-${session}` };
    this.names = [];
    this.read();
  }

  /** Read the choices of the user, also those of another page. */
  read() {
    this.chosen = { command: stored(this.stores.command), class: stored(this.stores.class) };
    this.assign();
  }

  /**
   * Take over what another page has stored.
   * @param store the name of what has changed; null if it may be everything
   * @returns whether keys have changed
   */
  follow(store) {
    if (store !== null && !Object.values(this.stores).includes(store)) return false;
    const before = JSON.stringify([...this.commands, ...this.classes]);
    this.read();
    return before !== JSON.stringify([...this.commands, ...this.classes]);
  }

  /** Take the names of the classes. */
  setClasses(names) {
    this.names = names;
    this.assign();
  }

  assign() {
    const wanted = COMMANDS.map(({ name, key }) => [name, this.chosen.command.get(name), key]);
    this.commands = assigned(wanted, new Set(), []);
    const taken = new Set(this.commands.values());
    this.classes = assigned(
      this.names.map((name) => [name, this.chosen.class.get(name), ownKey(name)]),
      taken,
      FREE,
    );
  }

  /** Return the command or the class that has a key: its kind and name; null if none has. */
  owner(key) {
    for (const [kind, keys] of [["command", this.commands], ["class", this.classes]]) {
      for (const [name, one] of keys) if (one === key) return { kind, name };
    }
    return null;
  }

  /**
   * Give a command or a class another key. Two commands swap their keys, and so do two classes;
   * a class does not take the key of a command, which is that of all sessions.
   * @returns what has the key already, if it was swapped or refused; else null
   */
  change(kind, name, key) {
    const keys = kind === "command" ? this.commands : this.classes;
    const owner = this.owner(key);
    if (owner?.kind === kind && owner.name === name) return null;
    if (owner && owner.kind !== kind) return { ...owner, isSwapped: false };
    const before = keys.get(name);
    // All others keep theirs.
    for (const [one, own] of keys) if (kind === "class") this.chosen[kind].set(one, own);
    this.chosen[kind].set(name, key);
    if (owner && before) this.chosen[kind].set(owner.name, before);
    else if (owner) this.chosen[kind].delete(owner.name);
    this.keep(kind);
    return owner && { ...owner, isSwapped: true };
  }

  /** Keep the key of a class that gets another name, also if that is undone. */
  rename(before, after) {
    if (!this.chosen.class.has(before)) return;
    this.chosen.class.set(after, this.chosen.class.get(before));
    this.keep("class");
  }

  reset() {
    this.chosen = { command: new Map(), class: new Map() };
    this.keep("command");
    this.keep("class");
  }

  get isChanged() {
    return Object.values(this.chosen).some((keys) => keys.size > 0);
  }

  keep(kind) {
    try {
      const chosen = [...this.chosen[kind]];
      if (chosen.length) localStorage.setItem(this.stores[kind], JSON.stringify(chosen));
      else localStorage.removeItem(this.stores[kind]);
    } catch {
      // Storage is switched off: the choice is that of this page.
    }
    this.assign();
  }
}

/** Assign chosen keys first, then those of the names' own, then free ones; each of them once. */
function assigned(wanted, taken, free) {
  const keys = new Map(wanted.map(([name]) => [name, null]));
  const used = new Set(taken);
  const give = (name, key) => {
    if (!key || used.has(key) || keys.get(name)) return;
    keys.set(name, key);
    used.add(key);
  };
  for (const [name, chosen] of wanted) give(name, chosen);
  for (const [name, , own] of wanted) give(name, own);
  const left = free.filter((key) => !used.has(key));
  for (const [name] of wanted) if (!keys.get(name)) give(name, left.shift());
  return new Map([...keys].filter(([, key]) => key));
}

/** A class named by one digit or letter has that key. */
function ownKey(name) {
  const key = name.toLowerCase();
  return /^[0-9a-z]$/.test(key) ? key : null;
}

function stored(name) {
  try {
    const found = JSON.parse(localStorage.getItem(name)) ?? [];
    return new Map(found.filter(([, key]) => isKey(key)));
  } catch {
    return new Map();
  }
}

function isKey(key) {
  return typeof key === "string" && (["Enter", "Escape"].includes(key) || /^[^\s\p{Lu}]$/u.test(key));
}

/** Return the key of an event as a character, on keyboards of any script; null if it has none. */
export function keyOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (["Enter", "Escape", "?", "/"].includes(event.key)) return event.key;
  if (/^[0-9a-z]$/i.test(event.key)) return event.key.toLowerCase();
  if (event.key.length !== 1) return null;
  // The digits of a French keyboard need Shift, and letters may be Cyrillic.
  const [, found] = /^(?:Digit|Key)([0-9A-Z])$/.exec(event.code ?? "") ?? [];
  const key = (found ?? event.key).toLowerCase();
  return isKey(key) ? key : null;
}

/** Return whether keys are text for a field. */
export function isTyping(target) {
  return Boolean(target?.closest?.("input, textarea, select, [contenteditable]"));
}
