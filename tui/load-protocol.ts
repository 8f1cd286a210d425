/** One protocol file by itself: the aurora-unicycler form in JSON or YAML, or PyBaMM experiment strings. */
import { basename } from "node:path";
import { hasErrors, type Finding } from "../protocols/base/finding.ts";
import { experimentDocument, experimentOfLines, isExperiment } from "../protocols/echem/formats/experiment-document.ts";
import type { Protocol } from "../protocols/echem/protocol.ts";
import { readProtocol } from "../protocols/echem/read-protocol.ts";
import { parseDocument, type InputDocument } from "../protocols/input/document.ts";
import type { CommandContext } from "./command-context.ts";

export type ProtocolForm = "unicycler" | "pybamm";

export interface LoadedProtocol {
  /** Undefined when a finding is an error. */
  readonly protocol: Protocol | undefined;
  readonly form: ProtocolForm;
  readonly document: InputDocument;
  readonly findings: readonly Finding[];
}

/** Throws Fault `file.missing` or `file.too-large`; whatever the file holds is a finding. */
export function loadProtocol(context: Pick<CommandContext, "readText">, path: string): LoadedProtocol {
  const text = context.readText(path);
  const source = path.endsWith(".txt") ? experimentOfLines(text, path) : parseDocument(text, path);
  const name = basename(path).replace(/(\.unicycler)?\.[^.]+$/, "");
  if (source.value === undefined || hasErrors(source.findings)) {
    return { protocol: undefined, form: "unicycler", document: source, findings: source.findings };
  }
  if (!isExperiment(source.value)) {
    const read = readProtocol(source, [], name);
    return { ...read, form: "unicycler", document: source, findings: [...source.findings, ...read.findings] };
  }
  const { document, findings } = experimentDocument(source, source.value);
  if (hasErrors(findings)) return { protocol: undefined, form: "pybamm", document, findings };
  const read = readProtocol(document, [], name);
  return { ...read, form: "pybamm", document, findings: [...findings, ...read.findings] };
}
