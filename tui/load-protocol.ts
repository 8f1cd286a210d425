/** One protocol file by itself, in any form that is read, or a protocol of the library. */
import { basename } from "node:path";
import type { Finding } from "../protocols/base/finding.ts";
import { protocolFile, type ProtocolFileForm } from "../protocols/echem/formats/protocol-file.ts";
import { asInputDocument, buildLibraryProtocol } from "../protocols/echem/library/library.ts";
import type { Protocol } from "../protocols/echem/protocol.ts";
import { readProtocol } from "../protocols/echem/read-protocol.ts";
import type { CommandContext } from "./command-context.ts";

export type ProtocolForm = ProtocolFileForm | "library";

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
  const { form, document } = protocolFile(context.readText(path), path);
  const name = basename(path).replace(/(\.unicycler)?\.[^.]+$/, "");
  if (document.value === undefined) return { protocol: undefined, form, findings: document.findings };
  const read = readProtocol(document, [], name);
  return { protocol: read.protocol, form, findings: [...document.findings, ...read.findings] };
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
