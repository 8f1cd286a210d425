/** Keys by name: `left`, `enter`, `ctrl-c`, `shift-tab`, or the letter itself. Pure. */

/** The part of ink's key that is used. */
export interface RawKey {
  readonly upArrow: boolean;
  readonly downArrow: boolean;
  readonly leftArrow: boolean;
  readonly rightArrow: boolean;
  readonly pageUp: boolean;
  readonly pageDown: boolean;
  readonly home: boolean;
  readonly end: boolean;
  readonly return: boolean;
  readonly escape: boolean;
  readonly tab: boolean;
  readonly shift: boolean;
  readonly backspace: boolean;
  readonly delete: boolean;
  readonly ctrl: boolean;
  readonly meta: boolean;
}

const NAMED = [
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
  ["return", "enter"],
  ["escape", "escape"],
  ["backspace", "backspace"],
  ["delete", "backspace"],
] as const satisfies readonly (readonly [keyof RawKey, string])[];

/** What arrives at once is at most this many keys in a row; longer is a paste, which must not set off commands. */
const TYPED_AT_ONCE_MAX = 3;

export type Pressed =
  | { readonly kind: "keys"; readonly names: readonly string[] }
  | { readonly kind: "pasted"; readonly text: string };

export function pressed(input: string, key: RawKey): Pressed {
  if (key.tab) return { kind: "keys", names: [key.shift ? "shift-tab" : "tab"] };
  for (const [flag, name] of NAMED) if (key[flag]) return { kind: "keys", names: [name] };
  if (key.ctrl) return { kind: "keys", names: input === "" ? [] : [`ctrl-${input}`] };
  if (key.meta) return { kind: "keys", names: [] };
  const letters = Array.from(input.replace(/\r\n?|\n/g, "\r"));
  if (letters.length > TYPED_AT_ONCE_MAX) return { kind: "pasted", text: input.replace(/\p{Cc}/gu, " ").trim() };
  return { kind: "keys", names: letters.map((letter) => (letter === "\r" ? "enter" : letter)).filter(isPrintable) };
}

function isPrintable(name: string): boolean {
  return name === "enter" || !/\p{Cc}/u.test(name);
}

/** The letter that a key writes into a text field; null for any other key. */
export function letterOf(name: string): string | null {
  return Array.from(name).length === 1 ? name : null;
}

/** A line of text after a key; null where the key is none of its own. */
export function edited(text: string, name: string, lengthMax = 120): string | null {
  if (name === "backspace") return Array.from(text).slice(0, -1).join("");
  if (name === "ctrl-u") return "";
  if (name === "ctrl-w") return text.replace(/\S*\s*$/, "");
  const letter = letterOf(name);
  if (letter === null) return null;
  return text.length + letter.length > lengthMax ? text : text + letter;
}
