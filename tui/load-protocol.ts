/** One protocol file by itself: the aurora-unicycler form in JSON or YAML, or PyBaMM experiment strings. */
import { basename } from "node:path";
import { hasErrors, type Finding } from "../protocols/base/finding.ts";
import { experimentDocument, experimentOfLines, isExperiment } from "../protocols/echem/formats/experiment-document.ts";
import { asInputDocument, buildLibraryProtocol } from "../protocols/echem/library/library.ts";
import type { Protocol } from "../protocols/echem/protocol.ts";
import { readProtocol } from "../protocols/echem/read-protocol.ts";
import { parseDocument } from "../protocols/input/document.ts";
import type { CommandContext } from "./command-context.ts";

export type ProtocolForm = "unicycler" | "pybamm" | "library";

/** `library:formation` names a protocol that comes with beamrack. */
export const LIBRARY_PREFIX = "library:";

export interface LoadedProtocol {
  /** Undefined when a finding is an error. */
  readonly protocol: Protocol | undefined;
  readonly form: ProtocolForm;
  readonly findings: readonly Finding[];
}

/**
 * `settings` are a library protocol's parameters by name. Throws Fault `file.missing` or `file.too-large`; whatever
 * the file holds is a finding.
 */
export function loadProtocol(
  context: Pick<CommandContext, "readText">,
  path: string,
  settings: Readonly<Record<string, unknown>> = {},
): LoadedProtocol {
  if (path.startsWith(LIBRARY_PREFIX)) return fromLibrary(path.slice(LIBRARY_PREFIX.length), settings);
  const text = context.readText(path);
  const source = path.endsWith(".txt") ? experimentOfLines(text, path) : parseDocument(text, path);
  const name = basename(path).replace(/(\.unicycler)?\.[^.]+$/, "");
  if (source.value === undefined || hasErrors(source.findings)) {
    return { protocol: undefined, form: "unicycler", findings: source.findings };
  }
  if (!isExperiment(source.value)) {
    const read = readProtocol(source, [], name);
    return { ...read, form: "unicycler", findings: [...source.findings, ...read.findings] };
  }
  const { document, findings } = experimentDocument(source, source.value);
  if (hasErrors(findings)) return { protocol: undefined, form: "pybamm", findings };
  const read = readProtocol(document, [], name);
  return { ...read, form: "pybamm", findings: [...findings, ...read.findings] };
}

function fromLibrary(name: string, settings: Readonly<Record<string, unknown>>): LoadedProtocol {
  const built = buildLibraryProtocol(name, settings);
  if (!built.ok) {
    const findings = built.problems.map(({ parameter, what, advice }): Finding => ({
      severity: "error",
      code: "protocol.library",
      where: `${LIBRARY_PREFIX}${name}${parameter === null ? "" : ` ${parameter}`}`,
      what,
      advice,
    }));
    return { protocol: undefined, form: "library", findings };
  }
  return { ...readProtocol(asInputDocument(name, built.document), [], name), form: "library" };
}
