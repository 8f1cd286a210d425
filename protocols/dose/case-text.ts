/** Reads the JSON text of a case, and names the field when a number in it is none. */
import { Fault } from "../base/fault.ts";

/** A string, or a word that some programs write for a number but JSON does not know. */
const STRING_OR_BARE_WORD = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

export interface CaseText {
  /** The parsed value; a bare NaN or Infinity stands in it as that word, which no field takes for a number. */
  readonly json: unknown;
  /** Such words were found: the text is not JSON, whatever the fields say. */
  readonly hasBareWords: boolean;
}

/** Throws Fault `file.syntax` with file and line when the text cannot be read even so. */
export function readCaseText(text: string, fileName: string): CaseText {
  const clean = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { json: JSON.parse(clean), hasBareWords: false };
  } catch (error) {
    const quoted = clean.replace(STRING_OR_BARE_WORD, (found) => (found.startsWith('"') ? found : `"${found}"`));
    try {
      if (quoted !== clean) return { json: JSON.parse(quoted), hasBareWords: true };
    } catch {
      // the first error says more: it is about the text as written
    }
    throw syntaxFault(clean, fileName, error);
  }
}

function syntaxFault(text: string, fileName: string, error: unknown): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const position = /at position (\d+)/.exec(message)?.[1];
  const shown = message.replace(/ in JSON at position.*$/s, "");
  if (position === undefined) return new Fault("file.syntax", fileName, `is not JSON: ${shown}`, {}, error);
  const line = text.slice(0, Number(position)).split("\n").length;
  return new Fault("file.syntax", `${fileName}:${line}`, `is not JSON: ${shown}`, { line }, error);
}
