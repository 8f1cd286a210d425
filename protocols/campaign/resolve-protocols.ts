/** The protocols a campaign names: written in the campaign itself, files of their own beside it, or of the library. */
import type { Finding } from "../base/finding.ts";
import { doubtfulSteps } from "../echem/doubtful-steps.ts";
import { asInputDocument, buildLibraryProtocol } from "../echem/library/library.ts";
import { readProtocol } from "../echem/read-protocol.ts";
import type { Protocol } from "../echem/protocol.ts";
import { findingAt, valueAt } from "../input/document.ts";
import type { InputDocument, Path } from "../input/document.ts";
import { readSection } from "../input/section.ts";
import { protocolFileSchema, protocolLibrarySchema } from "./campaign-schema.ts";

/** A protocol with the place it was read from, so that a finding about a step can name its line. */
export interface ProtocolSource {
  readonly name: string;
  /** Undefined when it could not be read; it has findings of its own. */
  readonly protocol: Protocol | undefined;
  readonly document: InputDocument;
  /** Where the protocol stands in its document. */
  readonly base: Path;
}

/** Other files a campaign refers to, by their paths as written. Reads what it can, whatever else is wrong. */
export interface CampaignReferences {
  readonly sitePath: string | undefined;
  /** With the place in the document that names each. */
  readonly protocols: readonly { readonly path: string; readonly at: Path }[];
}

export function campaignReferences(document: InputDocument): CampaignReferences {
  const sitePath = valueAt(document.value, ["site"]);
  const protocols = valueAt(document.value, ["protocols"]);
  const entries = typeof protocols === "object" && protocols !== null ? Object.entries(protocols) : [];
  return {
    sitePath: typeof sitePath === "string" ? sitePath : undefined,
    protocols: entries.flatMap(([name, entry]) => {
      const path = valueAt(entry, ["file"]);
      return typeof path === "string" ? [{ path, at: ["protocols", name, "file"] }] : [];
    }),
  };
}

/** `files` holds the documents of the paths the campaign names; a path that is not in it has been reported as unreadable. */
export function resolveProtocols(
  document: InputDocument,
  names: readonly string[],
  files: ReadonlyMap<string, InputDocument>,
  findings: Finding[],
): readonly ProtocolSource[] {
  const sources = names.map((name): ProtocolSource => {
    const path: Path = ["protocols", name];
    const entry = valueAt(document.value, path);
    if (valueAt(entry, ["library"]) !== undefined) return fromLibrary(document, path, name, findings);
    if (valueAt(entry, ["method"]) !== undefined || valueAt(entry, ["record"]) !== undefined) {
      const read = readProtocol(document, path, name);
      findings.push(...read.findings);
      return { name, protocol: read.protocol, document, base: path };
    }
    const reference = readSection(document, path, protocolFileSchema, findings);
    const file = reference === undefined ? undefined : files.get(reference.file);
    if (file === undefined) return { name, protocol: undefined, document, base: path };
    findings.push(...file.findings);
    if (file.value === undefined) return { name, protocol: undefined, document: file, base: [] };
    const read = readProtocol(file, [], name);
    findings.push(...read.findings);
    return { name, protocol: read.protocol, document: file, base: [] };
  });
  for (const source of sources) {
    if (source.protocol === undefined) continue;
    for (const { severity, code, stepIndex, key, what, advice } of doubtfulSteps(source.protocol))
      findings.push(stepFinding(source, severity, code, stepIndex, key, what, advice));
  }
  return sources;
}

function fromLibrary(document: InputDocument, path: Path, name: string, findings: Finding[]): ProtocolSource {
  const none: ProtocolSource = { name, protocol: undefined, document, base: path };
  const reference = readSection(document, path, protocolLibrarySchema, findings);
  if (reference === undefined) return none;
  const built = buildLibraryProtocol(reference.library, reference.parameters);
  if (!built.ok) {
    for (const { parameter, what, advice } of built.problems) {
      const place = parameter === null ? [...path, "library"] : [...path, "parameters", parameter];
      findings.push(findingAt(document, "error", "protocol.library", place, what, advice));
    }
    return none;
  }
  // A recipe's steps stand on no line of a file: findings about them point to where the campaign asks for it.
  const recipe = asInputDocument(reference.library, {
    ...built.document,
    ...(reference.record === undefined ? {} : { record: reference.record }),
  });
  const where = (part: Path): string =>
    part.length === 0 ? document.where(path) : `${document.where(path)} (${recipe.where(part)})`;
  const placed: InputDocument = { ...recipe, fileName: document.fileName, line: () => document.line(path), where };
  const read = readProtocol(placed, [], name);
  findings.push(...read.findings);
  return { name, protocol: read.protocol, document: placed, base: [] };
}

/** A finding at a step of a protocol; `stepIndex` counts from 0. */
export function stepFinding(
  source: ProtocolSource,
  severity: Finding["severity"],
  code: string,
  stepIndex: number,
  key: string,
  what: string,
  advice: string,
): Finding {
  const path: Path = [...source.base, "method", stepIndex, ...(key === "" ? [] : [key])];
  return findingAt(source.document, severity, code, path, what, advice);
}
