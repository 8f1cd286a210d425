/**
 * Codes as readers print them: a line of text each, ended by `\r`, `\n` or both. There is no checksum on the line
 * (the symbol on the cell has its own), so that a line is tested for being a possible code. Never throws.
 */

export interface CodeRules {
  /** Default 3. */
  readonly lengthMin?: number;
  /** Default 64. */
  readonly lengthMax?: number;
  /** The whole code must match. */
  readonly pattern?: RegExp;
  /** Printed around every code by the reader's settings, and taken off. */
  readonly prefix?: string;
  readonly suffix?: string;
  /** What the reader prints when it saw none. */
  readonly noRead?: string;
}

/** Longest line kept. */
export const CODE_LINE_LENGTH_MAX = 128;

export type CodeLine =
  | { readonly kind: "code"; readonly code: string }
  | { readonly kind: "no-read" }
  | { readonly kind: "implausible"; readonly line: string; readonly why: string };

/** One line without its end. */
export function decodeCodeLine(line: string, rules: CodeRules = {}): CodeLine {
  const { lengthMin = 3, lengthMax = 64, pattern, prefix = "", suffix = "", noRead } = rules;
  if (noRead !== undefined && line === noRead) return { kind: "no-read" };
  if (line.length < prefix.length + suffix.length || !line.startsWith(prefix) || !line.endsWith(suffix)) {
    return implausible(line, "prefix or suffix is missing");
  }
  const code = line.slice(prefix.length, line.length - suffix.length);
  if (!/^[\x21-\x7e]*$/.test(code)) return implausible(line, "it holds a blank or what cannot be printed");
  if (code.length < lengthMin || code.length > lengthMax) return implausible(line, `it has ${code.length} characters`);
  // A pattern with state of its own would judge every other code.
  if (pattern !== undefined && new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, "")).test(code)) {
    return { kind: "code", code };
  }
  return pattern === undefined ? { kind: "code", code } : implausible(line, "it does not match the site's pattern");
}

function implausible(line: string, why: string): CodeLine {
  return { kind: "implausible", line: line.slice(0, 80), why };
}
