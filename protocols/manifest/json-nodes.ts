/** Strict JSON with the place of every value, for findings by line and column. Never throws. */
import type { Place } from "./sheet.ts";

export type JsonNode = { readonly at: Place } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "number"; readonly value: number; readonly text: string }
  | { readonly kind: "word"; readonly text: "true" | "false" | "null" }
  | { readonly kind: "list"; readonly items: readonly JsonNode[] }
  | { readonly kind: "object"; readonly entries: readonly JsonEntry[] }
);

export interface JsonEntry {
  readonly name: string;
  readonly at: Place;
  readonly node: JsonNode;
}

export type JsonNodes =
  | { readonly kind: "read"; readonly root: JsonNode }
  | { readonly kind: "refused"; readonly at: Place; readonly what: string };

const DEPTH_MAX = 8;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])/y;
const WORD = /(?:true|false|null)(?![\w.+-])/y;
/** What stands there instead, for the message. */
const STUMBLE = /[^\s,:[\]{}"]{1,24}|[^]/y;

class Refused extends Error {
  readonly offset: number;
  constructor(offset: number, what: string) {
    super(what);
    this.offset = offset;
  }
}

/** A byte order mark is passed over. */
export function readJsonNodes(given: string): JsonNodes {
  const text = given.startsWith("\uFEFF") ? given.slice(1) : given;
  const placeOf = placeFinder(text);
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const skipBlanks = (): void => {
    while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at += 1;
  };
  const refuse = (wanted: string): never => {
    const from = at;
    const found = take(STUMBLE);
    throw new Refused(
      from,
      found === undefined
        ? `the file ends where ${wanted} should stand`
        : `${JSON.stringify(found)} where ${wanted} should stand`,
    );
  };

  function string(wanted: string): string {
    const from = at;
    const found = take(STRING);
    if (found !== undefined) return JSON.parse(found) as string;
    if (text[from] !== '"') return refuse(wanted);
    throw new Refused(from, "a text is opened here and not closed in its line, or holds a character that needs a \\");
  }

  function value(depth: number): JsonNode {
    skipBlanks();
    const place = placeOf(at);
    if (depth > DEPTH_MAX) throw new Refused(at, `nested more than ${DEPTH_MAX} levels deep`);
    const first = text[at];
    if (first === '"') return { kind: "text", at: place, text: string("a value") };
    if (first === "[") return { kind: "list", at: place, items: list("]", () => value(depth + 1)) };
    if (first === "{") return { kind: "object", at: place, entries: list("}", () => entry(depth)) };
    const from = at;
    const number = take(NUMBER);
    if (number !== undefined) {
      if (!Number.isFinite(Number(number))) throw new Refused(from, `${number.slice(0, 40)} is beyond every number`);
      return { kind: "number", at: place, value: Number(number), text: number };
    }
    const word = take(WORD);
    if (word === "true" || word === "false" || word === "null") return { kind: "word", at: place, text: word };
    return refuse("a value");
  }

  function entry(depth: number): JsonEntry {
    skipBlanks();
    const place = placeOf(at);
    const name = string("a name in double quotes");
    skipBlanks();
    if (text[at] !== ":") refuse("a colon");
    at += 1;
    return { name, at: place, node: value(depth + 1) };
  }

  function list<Item>(end: "]" | "}", item: () => Item): readonly Item[] {
    const items: Item[] = [];
    at += 1;
    skipBlanks();
    if (text[at] === end) {
      at += 1;
      return items;
    }
    for (;;) {
      items.push(item());
      skipBlanks();
      if (text[at] === end) {
        at += 1;
        return items;
      }
      if (text[at] !== ",") refuse(`a comma or ${end}`);
      at += 1;
    }
  }

  try {
    const root = value(0);
    skipBlanks();
    if (at < text.length) refuse("the end of the file");
    return { kind: "read", root };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { kind: "refused", at: placeOf(error.offset), what: error.message };
  }
}

/** Lines and columns of offsets, from 1. */
function placeFinder(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}
