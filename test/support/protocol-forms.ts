/** Protocols of the golden files, in every form in which upstream wrote them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../protocols/base/finding.ts";
import { protocolFile } from "../../protocols/echem/formats/protocol-file.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";

const folder = fileURLToPath(new URL("../fixtures/unicycler/", import.meta.url));

export const goldenText = (name: string): string => readFileSync(folder + name, "utf8");

export interface ReadForm {
  readonly form: string;
  readonly protocol: Protocol | undefined;
  readonly findings: readonly Finding[];
}

export function readForm(text: string, fileName: string): ReadForm {
  const { form, document } = protocolFile(text, fileName);
  if (document.value === undefined) return { form, protocol: undefined, findings: document.findings };
  const { protocol, findings } = readProtocol(document, [], "test");
  return { form, protocol, findings: [...document.findings, ...findings] };
}

/** Throws when it is refused. */
export function soundProtocol(text: string, fileName: string): Protocol {
  const { protocol, findings } = readForm(text, fileName);
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

export const goldenProtocol = (name: string): Protocol => soundProtocol(goldenText(name), name);
