/** Script lines into tokens. Arguments are separated by blanks; quotes and round brackets hold theirs together. */
import { ScriptTrouble } from "./script-errors.ts";

export interface Token {
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

export type LexedLine =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly code: number; readonly column: number };

export function lexLine(line: string): LexedLine {
  const tokens: Token[] = [];
  let at = 0;
  while (at < line.length) {
    const character = line.charAt(at);
    if (character === " " || character === "\t") {
      at += 1;
      continue;
    }
    if (character === "#") break;
    const start = at;
    let depth = 0;
    let quoted = false;
    while (at < line.length) {
      const next = line.charAt(at);
      const code = line.charCodeAt(at);
      if (code < 0x20 ? next !== "\t" : code > 0x7e)
        return { ok: false, code: ScriptTrouble.unexpectedCharacter, column: at + 1 };
      if (quoted) {
        if (next === '"') quoted = false;
      } else if (next === '"') quoted = true;
      else if (next === "(") depth += 1;
      else if (next === ")") {
        depth -= 1;
        if (depth < 0) return { ok: false, code: ScriptTrouble.unexpectedCharacter, column: at + 1 };
      } else if (depth === 0 && (next === " " || next === "\t" || next === "#")) break;
      at += 1;
    }
    if (quoted || depth > 0) return { ok: false, code: ScriptTrouble.unexpectedCharacter, column: line.length + 1 };
    tokens.push({ text: line.slice(start, at), column: start + 1 });
  }
  return { ok: true, tokens };
}

export interface Literal {
  readonly value: number;
  readonly isInteger: boolean;
}

const PREFIX_EXPONENTS: Readonly<Record<string, number>> = {
  a: -18,
  f: -15,
  p: -12,
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

/** `4200m`, `-3i`, `0xFF`, `0x80i`, `0b101`, `10`; undefined when the text is no number. */
export function readLiteral(text: string): Literal | undefined {
  const bits = /^(-?)0(x[0-9A-Fa-f]+|b[01]+)i?$/.exec(text);
  if (bits !== null) {
    const size = Number(`0${bits[2] ?? ""}`);
    return { value: bits[1] === "-" ? -size : size, isInteger: true };
  }
  const plain = /^(-?\d{1,15})([afpnumkMGTPEi]?)$/.exec(text);
  if (plain === null) return undefined;
  const mantissa = Number(plain[1]);
  const suffix = plain[2] ?? "";
  if (suffix === "i") return { value: mantissa, isInteger: true };
  const exponent = PREFIX_EXPONENTS[suffix] ?? 0;
  // Divided, not multiplied by 1e-3: 4200m is exactly the number 4.2.
  return {
    value: exponent < 0 ? mantissa / Number(`1e${-exponent}`) : mantissa * Number(`1e${exponent}`),
    isInteger: false,
  };
}
