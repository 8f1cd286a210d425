/**
 * What the YAML parser found wrong, in the words of the person who wrote the file. One slip makes the parser stumble
 * line after line: what follows from it is counted and not told again.
 */
import { isCollection, isScalar, visit, type Document, type ErrorCode } from "yaml";
import type { Finding } from "../base/finding.ts";

/** What the parser's errors and warnings have in common. */
interface Problem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly pos: readonly [number, number];
}

interface Slip {
  readonly line: number;
  /** Of the last problem that was taken to follow from it. */
  lastLine: number;
  count: number;
  readonly problem: Problem;
}

/** A stumble within so many lines of the last one is taken to follow from it: comments and blank lines stand between. */
const FOLLOWS_WITHIN_LINES = 3;
const FINDINGS_MAX = 50;

/** `lineAt` gives the line, from 1, of an offset into the text. */
export function yamlFindings(
  document: Document,
  fileName: string,
  lineAt: (offset: number) => number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const slips: Slip[] = [];
  const problems: readonly Problem[] = [...document.errors, ...document.warnings];
  for (const problem of problems) {
    const last = slips.at(-1);
    const at = lineAt(problem.pos[0]);
    if (last !== undefined && at <= last.lastLine + FOLLOWS_WITHIN_LINES) {
      last.lastLine = Math.max(last.lastLine, at);
      last.count += 1;
    } else if (slips.length < FINDINGS_MAX) {
      const line = lineAt(openingOf(document, problem) ?? problem.pos[0]);
      slips.push({ line, lastLine: at, count: 0, problem });
    }
  }
  for (const slip of slips)
    findings.push({
      severity: "error",
      code: "file.syntax",
      where: `${fileName}:${slip.line}`,
      what: problemText(slip.problem) + followText(slip),
      advice: "Correct the YAML at this line; mind indentation, colons and quotes.",
    });
  return findings;
}

function followText({ line, lastLine }: Slip): string {
  return lastLine > line ? `; lines up to ${lastLine} cannot be read because of it` : "";
}

/** Where the bracket or quote was opened whose end is missing: the parser notices it lines later. */
function openingOf(document: Document, problem: Problem): number | undefined {
  const [offset] = problem.pos;
  const isQuote = isOpenQuote(problem);
  if (!isQuote && !isOpenFlow(problem)) return undefined;
  let start: number | undefined;
  visit(document, {
    Node(_key, node) {
      const from = node.range?.[0];
      if (from === undefined || from >= offset) return;
      const isKind = isQuote
        ? isScalar(node) && (node.type === "QUOTE_DOUBLE" || node.type === "QUOTE_SINGLE")
        : isCollection(node) && node.flow === true;
      if (isKind) start = Math.max(start ?? 0, from);
    },
  });
  return start;
}

function isOpenQuote({ code, message }: Problem): boolean {
  return code === "MISSING_CHAR" && message.startsWith("Missing closing");
}

function isOpenFlow({ code, message }: Problem): boolean {
  return code === "BAD_INDENT" && message.startsWith("Flow");
}

const WORDS: Partial<Record<ErrorCode, string>> = {
  MULTILINE_IMPLICIT_KEY: "this is no `key: value`; most likely a colon is missing",
  BLOCK_AS_IMPLICIT_KEY:
    "a second colon in this line, or the line after it stands too far right; a text with a colon needs quotes",
  TAB_AS_INDENT: "a tab stands before the text; indent with blanks",
  BAD_INDENT: "this line does not begin at the column of those it belongs with",
  RESOURCE_EXHAUSTION: "nested too deeply to be read",
  MULTIPLE_DOCS: "a second document begins here, after ---; only one is read",
};

function problemText(problem: Problem): string {
  if (isOpenQuote(problem)) return "a quote is opened here and not closed";
  if (isOpenFlow(problem)) return "a [ or { is opened here and not closed, or what is in it stands too far left";
  return WORDS[problem.code] ?? problem.message.charAt(0).toLowerCase() + problem.message.slice(1);
}
