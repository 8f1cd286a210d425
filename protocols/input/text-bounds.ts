/**
 * A first look at the tokens of a text, in a time that only grows with its length, before it is read in full: what the
 * reader would need seconds or gigabytes for is refused by it.
 */
import { Lexer } from "yaml";

/** Some 10,000 steps, every field of them on a line of its own, have half of it. */
export const TEXT_LENGTH_MAX = 4 * 1024 * 1024;
export const DEPTH_MAX = 64;
/** Of one value or key. */
export const SCALAR_LENGTH_MAX = 64 * 1024;

export interface TextBound {
  readonly code: "file.too-large" | "file.syntax";
  /** Into the text; undefined where the whole of it is meant. */
  readonly offset?: number;
  readonly what: string;
  readonly advice: string;
}

/** The first bound that the text breaks. */
export function brokenBound(text: string): TextBound | undefined {
  if (text.length > TEXT_LENGTH_MAX) {
    return {
      code: "file.too-large",
      what: `${text.length} characters`,
      advice: `At most ${TEXT_LENGTH_MAX} are read.`,
    };
  }
  let offset = 0;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") depth += 1;
    else if (token === "]" || token === "}") depth -= 1;
    if (depth > DEPTH_MAX) return { offset, ...tooDeep() };
    if (token.length > SCALAR_LENGTH_MAX && !/^[# \n]/.test(token)) {
      return {
        code: "file.syntax",
        offset,
        what: `a text of ${token.length} characters`,
        advice: "Is a quote not closed? No value or key here is so long.",
      };
    }
    // Marks of the lexer's own, which are not in the text: begin of a document or scalar, end of a flow.
    if (token !== "\u0002" && token !== "\u0018" && token !== "\u001f") offset += token.length;
  }
  return undefined;
}

export function tooDeep(): Omit<TextBound, "offset"> {
  return {
    code: "file.syntax",
    what: `nested more than ${DEPTH_MAX} levels deep`,
    advice: `Nest at most ${DEPTH_MAX} levels.`,
  };
}
