// Keys of commands and of classes.

export const COMMANDS = [
  { key: "u", name: "undo", title: "Undo, also answers of earlier days" },
  { key: "r", name: "redo", title: "Redo (also Shift+u)" },
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

const TAKEN = new Set(COMMANDS.map((command) => command.key));
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"].filter((letter) => !TAKEN.has(letter));
const FREE = [..."123456789", ...LETTERS];

/** Return the key of each class: a class named by one digit or letter has that key. */
export function classKeys(names) {
  const keys = new Map();
  const used = new Set();
  for (const name of names) {
    const key = name.toLowerCase();
    if (/^[0-9a-z]$/.test(key) && !TAKEN.has(key) && !used.has(key)) {
      keys.set(name, key);
      used.add(key);
    }
  }
  const free = FREE.filter((key) => !used.has(key));
  for (const name of names) {
    if (!keys.has(name) && free.length) keys.set(name, free.shift());
  }
  return keys;
}

/** Return the key of an event as a character, on keyboards of any script; null if it has none. */
export function keyOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (event.shiftKey && event.key.toLowerCase() === "u") return "r";
  if (["Enter", "Escape", "?", "/"].includes(event.key)) return event.key;
  if (/^[0-9a-z]$/i.test(event.key)) return event.key.toLowerCase();
  // The digits of a French keyboard need Shift, and letters may be Cyrillic.
  const [, found] = /^(?:Digit|Key)([0-9A-Z])$/.exec(event.code ?? "") ?? [];
  return found && event.key.length === 1 ? found.toLowerCase() : null;
}

/** Return whether keys are text for a field. */
export function isTyping(target) {
  return Boolean(target?.closest?.("input, textarea, select, [contenteditable]"));
}
