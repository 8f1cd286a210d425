/**
 * JSON text with the line of what is wrong in it. JSON.parse reads; where it refuses, a scan of its own finds the
 * place, since what the runtime says of it differs from version to version and often names none.
 */

export type JsonText =
  | { readonly kind: "json"; readonly value: unknown }
  /** `line` counts from 1. */
  | { readonly kind: "refused"; readonly line: number; readonly what: string };

/** A byte order mark is passed over. */
export function parseJsonText(text: string): JsonText {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { kind: "json", value: JSON.parse(clean) };
  } catch (error) {
    const problem = findProblem(clean);
    if (problem !== undefined) return { kind: "refused", line: lineAt(clean, problem.at), what: problem.what };
    return { kind: "refused", line: 1, what: error instanceof Error ? error.message : String(error) };
  }
}

/** Line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

interface Problem {
  readonly at: number;
  readonly what: string;
}

const BLANK = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?![\w.+-])/y;
/** What stands there instead, for the message. */
const WORD = /[^\s,:[\]{}"]{1,24}|./y;

type Wanted = "value" | "first item" | "key" | "first key" | "colon" | "more" | "end";

/** The first place at which the text stops being JSON; undefined when there is none. */
function findProblem(text: string): Problem | undefined {
  const open: ("{" | "[")[] = [];
  let at = 0;
  let wanted: Wanted = "value";
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const closed = (): Wanted => (open.length === 0 ? "end" : "more");
  for (;;) {
    take(BLANK);
    const char = text[at];
    if (char === undefined) return wanted === "end" ? undefined : { at, what: endText(open, wanted) };
    if ((char === "}" && wanted === "first key") || (char === "]" && wanted === "first item")) {
      at += 1;
      open.pop();
      wanted = closed();
    } else if (wanted === "value" || wanted === "first item") {
      if (char === "{" || char === "[") {
        at += 1;
        open.push(char);
        wanted = char === "{" ? "first key" : "first item";
      } else if (take(STRING) !== undefined || take(SCALAR) !== undefined) wanted = closed();
      else return { at, what: valueProblem(char, take(WORD) ?? char) };
    } else if (wanted === "key" || wanted === "first key") {
      if (take(STRING) === undefined) return { at, what: keyProblem(char, take(WORD) ?? char) };
      wanted = "colon";
    } else if (wanted === "colon") {
      if (char !== ":") return { at, what: `a colon is missing before ${take(WORD) ?? char}` };
      at += 1;
      wanted = "value";
    } else {
      const inner = open.at(-1);
      const end = inner === "{" ? "}" : "]";
      if (inner === undefined) return { at, what: `the document is over, but ${take(WORD) ?? char} follows` };
      if (char === ",") wanted = inner === "{" ? "key" : "value";
      else if (char === end) {
        open.pop();
        wanted = closed();
      } else return { at, what: `a comma or ${end} is missing before ${take(WORD) ?? char}` };
      at += 1;
    }
  }
}

function endText(open: readonly string[], wanted: Wanted): string {
  const inner = open.at(-1);
  if (inner === undefined) return wanted === "value" ? "the text is empty" : "the text ends too early";
  return `the text ends and a ${inner} is still open`;
}

function valueProblem(char: string, word: string): string {
  if (char === '"') return "a text is not closed, or holds a character that JSON does not allow in one";
  if (char === "'") return "texts stand in double quotes";
  if (",]}:".includes(char)) return `a value is missing before ${char}`;
  return `${word} is no JSON value`;
}

function keyProblem(char: string, word: string): string {
  if (char === "}") return "there is a comma too many before }";
  if (char === '"') return "a key is not closed, or holds a character that JSON does not allow in one";
  return `a key in double quotes is expected, not ${word}`;
}
