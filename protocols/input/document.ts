/**
 * Reads YAML or JSON that a person wrote into plain values, and remembers on which line each of them stands. Never
 * throws on what the text holds: every trouble is a finding, and all of them are reported.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument as parseYaml } from "yaml";
import type { Document, Node } from "yaml";
import type { Finding, FindingSeverity } from "../base/finding.ts";
import { parseJsonText } from "./json-text.ts";
import { brokenBound, DEPTH_MAX, tooDeep } from "./text-bounds.ts";
import { yamlFindings } from "./yaml-problems.ts";

export type Path = readonly (string | number)[];

export interface InputDocument {
  /** As findings name it. */
  readonly fileName: string;
  /** Plain JSON values; undefined when the text could not be read at all. */
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Line of the value, or of the nearest thing around it that the file does have; counted from 1. */
  line(path: Path): number;
  /** `formation-day.yaml:12 cells[3].position` */
  where(path: Path): string;
}

/** Values after aliases are followed: a file of a few lines can otherwise spell out billions. */
const VALUE_COUNT_MAX = 500_000;
const ALIAS_COUNT_MAX = 1000;
/** Told of one kind of slip in one file. */
const FINDINGS_MAX = 50;

export function parseDocument(text: string, fileName: string): InputDocument {
  const broken = brokenBound(text);
  if (broken !== undefined) {
    const { code, offset, what, advice } = broken;
    const where = offset === undefined ? fileName : `${fileName}:${lineOf(text, offset)}`;
    return unreadable(fileName, { severity: "error", code, where, what, advice });
  }
  const lines = new LineCounter();
  let document: Document;
  try {
    document = parseYaml(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Looked for below: the parser compares every key with every other.
      uniqueKeys: false,
      stringKeys: true,
      version: "1.2",
      schema: "core",
      // Not "silent": that would pass over a second document in the file without a word.
      logLevel: "error",
    });
  } catch (error) {
    const bound = error instanceof RangeError ? tooDeep() : { ...tooDeep(), what: `cannot be read: ${String(error)}` };
    return unreadable(fileName, { severity: "error", ...bound, where: fileName });
  }
  const lineAt = (offset: number): number => Math.max(1, lines.linePos(offset).line);
  const findings: Finding[] = [...yamlFindings(document, fileName, lineAt)];
  if (document.errors.length > 0) {
    const slip = /\.json$/i.test(fileName) ? jsonSlip(text, fileName) : undefined;
    if (slip !== undefined) return unreadable(fileName, slip);
    return documentOf(fileName, undefined, findings, new Map(), lineAt);
  }
  const offsets = new Map<string, number>();
  const value = toValue(document, offsets, (severity, code, offset, path, what, advice) => {
    findings.push({ severity, code, where: whereText(fileName, lineAt(offset), path), what, advice });
  });
  return documentOf(fileName, value, findings, offsets, lineAt);
}

/** A finding at a place in a document. */
export function findingAt(
  document: InputDocument,
  severity: FindingSeverity,
  code: string,
  path: Path,
  what: string,
  advice: string,
): Finding {
  return { severity, code, where: document.where(path), what, advice };
}

/** `cells[3].overrides.B4.role`; empty for the whole document. */
export function pathText(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** A plain value as a person wrote it, short enough for one line. */
export function valueText(value: unknown): string {
  if (value === undefined) return "nothing";
  return shortened(JSON.stringify(value));
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The value at a path, or undefined when there is none. */
export function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, part)) return undefined;
    current = (current as Readonly<Record<string | number, unknown>>)[part];
  }
  return current;
}

type Report = (
  severity: FindingSeverity,
  code: string,
  offset: number,
  path: Path,
  what: string,
  advice: string,
) => void;

function toValue(document: Document, offsets: Map<string, number>, report: Report): unknown {
  let valueCount = 0;
  let aliasCount = 0;
  let gaveUp = false;
  let slips = 0;
  // The parser's own way to an anchor goes through the whole document for every alias. What stands first in the file is
  // visited first; an alias keeps the anchor it found then, wherever what holds it is repeated.
  const anchors = new Map<string, Node>();
  const targets = new Map<Node, Node | undefined>();
  let repeating = 0;

  const tell = (code: string, offset: number, path: Path, what: string, advice: string): void => {
    slips += 1;
    if (slips <= FINDINGS_MAX) report("error", code, offset, path, what, advice);
  };

  const giveUp = (offset: number, path: Path, what: string, advice: string): null => {
    if (!gaveUp) report("error", "file.syntax", offset, path, what, advice);
    gaveUp = true;
    return null;
  };

  const visit = (node: Node | null | undefined, path: Path, offset: number): unknown => {
    if (gaveUp || node === null || node === undefined) return null;
    valueCount += 1;
    if (valueCount > VALUE_COUNT_MAX) {
      return giveUp(offset, path, `more than ${VALUE_COUNT_MAX} values`, "Split the file, or use fewer aliases.");
    }
    if (path.length > DEPTH_MAX) {
      return giveUp(offset, path, `nested more than ${DEPTH_MAX} levels deep`, `Nest at most ${DEPTH_MAX} levels.`);
    }
    if (isAlias(node)) {
      aliasCount += 1;
      if (aliasCount > ALIAS_COUNT_MAX) {
        return giveUp(offset, path, `more than ${ALIAS_COUNT_MAX} aliases`, "Write the values out.");
      }
      const target = targets.has(node) ? targets.get(node) : anchors.get(node.source);
      targets.set(node, target);
      if (target === undefined) {
        tell("file.syntax", offset, path, `no anchor &${node.source}`, "Name an anchor that stands before.");
      }
      repeating += 1;
      const value = visit(target, path, offset);
      repeating -= 1;
      return value;
    }
    if (repeating === 0 && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isMap(node)) {
      const object: Record<string, unknown> = {};
      for (const pair of node.items) {
        const key = isScalar(pair.key) ? String(pair.key.value) : "";
        const keyOffset = isScalar(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
        const keyPath = [...path, key];
        if (key === "__proto__") {
          tell("file.unknown-key", keyOffset, keyPath, `unknown key ${key}`, "Remove it.");
          continue;
        }
        if (key === "<<") {
          tell("file.unknown-key", keyOffset, keyPath, "merge keys (<<) are not read", "Write the merged keys out.");
          continue;
        }
        // The first of two equal keys stays, so that what is checked next is one of the two as written.
        if (Object.hasOwn(object, key)) {
          const what = `${key} is given twice in the same place`;
          tell("file.duplicate-key", keyOffset, keyPath, what, "Give each key once; keep the one that is meant.");
          continue;
        }
        offsets.set(pathText(keyPath), keyOffset);
        object[key] = visit(pair.value as Node | null, keyPath, keyOffset);
      }
      return object;
    }
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const itemPath = [...path, index];
        const itemOffset = (item as Node | null)?.range?.[0] ?? offset;
        offsets.set(pathText(itemPath), itemOffset);
        return visit(item as Node | null, itemPath, itemOffset);
      });
    }
    if (!isScalar(node)) return null;
    const value = node.value;
    if (typeof value === "number" && !Number.isFinite(value)) {
      tell(
        "file.not-a-number",
        offset,
        path,
        `${shortened(node.source ?? String(value))} is not a number`,
        "Give a finite number.",
      );
      return null;
    }
    if (typeof value === "bigint") return Number(value);
    return value;
  };

  return visit(document.contents, [], 0);
}

function documentOf(
  fileName: string,
  value: unknown,
  findings: readonly Finding[],
  offsets: ReadonlyMap<string, number>,
  lineAt: (offset: number) => number,
): InputDocument {
  const line = (path: Path): number => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = offsets.get(pathText(path.slice(0, length)));
      if (offset !== undefined) return lineAt(offset);
    }
    return 1;
  };
  return { fileName, value, findings, line, where: (path) => whereText(fileName, line(path), path) };
}

/** In the words of JSON; undefined where only a reader of YAML stumbles. */
function jsonSlip(text: string, fileName: string): Finding | undefined {
  const json = parseJsonText(text);
  if (json.kind === "json") return undefined;
  const advice = "Correct the JSON at this line; mind brackets, commas and double quotes.";
  return { severity: "error", code: "file.syntax", where: `${fileName}:${json.line}`, what: json.what, advice };
}

function unreadable(fileName: string, finding: Finding): InputDocument {
  return documentOf(fileName, undefined, [finding], new Map(), () => 1);
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

function whereText(fileName: string, line: number, path: Path): string {
  const place = pathText(path);
  return place === "" ? `${fileName}:${line}` : `${fileName}:${line} ${place}`;
}
