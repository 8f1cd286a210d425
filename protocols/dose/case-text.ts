/** Reads the JSON text of a case, and names the field when a number in it is none. */
import { Fault } from "../base/fault.ts";
import { lineAt, parseJsonText } from "../input/json-text.ts";

/** A string, or a word that some programs write for a number but JSON does not know. */
const STRING_OR_BARE_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

export interface CaseText {
  /** The parsed value; a bare NaN or Infinity stands in it as that word, which no field takes for a number. */
  readonly json: unknown;
  /** Line of the first such word, from 1: the text is not JSON, whatever the fields say. Null without one. */
  readonly bareWordLine: number | null;
}

/** Throws Fault `file.syntax` with file and line when the text cannot be read even so. */
export function readCaseText(text: string, fileName: string): CaseText {
  const read = parseJsonText(text);
  if (read.kind === "json") return { json: read.value, bareWordLine: null };
  let firstWord = -1;
  const quoted = text.replace(STRING_OR_BARE_WORD, (found, offset: number) => {
    if (found.startsWith('"')) return found;
    if (firstWord < 0) firstWord = offset;
    return `"${found}"`;
  });
  const again = firstWord < 0 ? read : parseJsonText(quoted);
  if (again.kind === "json") return { json: again.value, bareWordLine: lineAt(text, firstWord) };
  // the first refusal says more: it is about the text as written
  throw new Fault("file.syntax", `${fileName}:${read.line}`, `is not JSON: ${read.what}`, { line: read.line });
}

/** What is said of a text whose fields did not already refuse such a word. */
export function bareWordFault(fileName: string, line: number): Fault {
  return new Fault("file.syntax", `${fileName}:${line}`, "is not JSON: NaN and Infinity are no JSON values", { line });
}
