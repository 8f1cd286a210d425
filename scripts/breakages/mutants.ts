/**
 * Mutants of a source file as its formatter lays it out: every comparison turned, and every early way out never taken.
 * Operators stand between blanks there, and the brackets of types do not, so text is enough to tell them apart.
 */

export interface Mutant {
  /** Counted from 1. */
  readonly line: number;
  readonly what: string;
  /** Of the text, `length` characters at `at` are replaced. */
  readonly at: number;
  readonly length: number;
  readonly to: string;
}

/** What each comparison becomes; each of them is another answer for some input. */
const TURNED: ReadonlyMap<string, readonly string[]> = new Map([
  ["<", ["<=", ">="]],
  ["<=", ["<", ">"]],
  [">", [">=", "<="]],
  [">=", [">", "<"]],
  ["===", ["!=="]],
  ["!==", ["==="]],
]);

/** Everything that is code; strings and comments become blanks of the same length. */
export function codeOnly(text: string): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
  return text.replace(pattern, (found) => found.replace(/[^\n]/g, " "));
}

/** In the order of their places. */
export function mutantsOf(text: string): readonly Mutant[] {
  const code = codeOnly(text);
  return [...turnedComparisons(code), ...skippedWaysOut(text, code)].sort((a, b) => a.at - b.at);
}

export function applied(text: string, { at, length, to }: Mutant): string {
  return text.slice(0, at) + to + text.slice(at + length);
}

function lineOf(code: string, at: number): number {
  return code.slice(0, at).split("\n").length;
}

function turnedComparisons(code: string): readonly Mutant[] {
  return [...code.matchAll(/(?<= )(<=|>=|<|>|===|!==)(?=[ \n])/g)].flatMap((match) => {
    const [operator] = match;
    return (TURNED.get(operator) ?? []).map((to) => ({
      ...{ line: lineOf(code, match.index), what: `${operator} becomes ${to}` },
      ...{ at: match.index, length: operator.length, to },
    }));
  });
}

/** `if (...) return`, `throw`, `continue` or a list that grows by a reason: as if it never came to it. */
function skippedWaysOut(text: string, code: string): readonly Mutant[] {
  const found: Mutant[] = [];
  for (const match of code.matchAll(/\bif \(/g)) {
    const from = match.index + match[0].length;
    const to = closing(code, from);
    if (to === undefined) continue;
    const then = code.slice(to + 1);
    if (!/^ (?:\{\s*)?(?:return\b|throw\b|continue\b|break\b|\w+\.push\()/.test(then)) continue;
    const what = "the way out is never taken";
    const never = `Math.PI < 3 && (${text.slice(from, to)})`;
    found.push({ line: lineOf(code, match.index), what, at: from, length: to - from, to: never });
  }
  return found;
}

/** Where the bracket that was open at `from` closes. */
function closing(code: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < code.length; at += 1) {
    if (code[at] === "(") depth += 1;
    else if (code[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return undefined;
}
