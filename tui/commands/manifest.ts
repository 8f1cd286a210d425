/** `beamrack manifest check|template`: a group's box of cells, held against the form before it is sent. Needs no site. */
import { dirname, isAbsolute, join } from "node:path";
import { parseArgs } from "node:util";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { csvTemplate, jsonTemplate } from "../../protocols/manifest/manifest-template.ts";
import type { Manifest } from "../../protocols/manifest/manifest.ts";
import { readManifest } from "../../protocols/manifest/read-manifest.ts";
import type { CommandContext } from "../command-context.ts";
import { loadProtocol } from "../load-protocol.ts";
import { plainText } from "../progress/number-text.ts";

export type ManifestContext = Pick<CommandContext, "json" | "print" | "printError" | "readText">;

/** Exit 0: it may be sent. 2: refused, each error with line and column. */
export function manifestCommand(context: ManifestContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: { csv: { type: "boolean", default: false } },
  });
  const [act, path, ...more] = positionals;
  if (act === "template" && path === undefined) {
    if (context.json && values.csv) {
      throw new Fault("command.usage", "beamrack manifest template", "takes --csv or --json, not both");
    }
    context.print((context.json ? jsonTemplate() : csvTemplate()).trimEnd());
    return Promise.resolve(0);
  }
  if (act !== "check" || path === undefined || more.length > 0 || values.csv) {
    throw new Fault("command.usage", "beamrack manifest", "takes check FILE, or template with --csv or --json");
  }
  const { manifest, findings } = loadManifest(context, path);
  const isOk = manifest !== undefined;
  if (context.json) {
    context.print(JSON.stringify({ ok: isOk, findings, ...(isOk ? summaryJson(manifest) : {}) }));
  } else {
    for (const finding of findings) {
      const line = plainText(findingText(finding));
      if (finding.severity === "error") context.printError(line);
      else context.print(line);
    }
    const errors = findings.filter(({ severity }) => severity === "error").length;
    if (isOk) context.print(`ok: ${summaryText(manifest)}`);
    else context.printError(`not ok: ${errors} ${errors === 1 ? "error" : "errors"}`);
  }
  return Promise.resolve(isOk ? 0 : 2);
}

/** With the protocol files that it names, which must lie beside it. Throws Fault `file.*` where it cannot be read at all. */
export function loadManifest(
  context: Pick<CommandContext, "readText">,
  path: string,
): { readonly manifest: Manifest | undefined; readonly findings: readonly Finding[] } {
  const { manifest, findings } = readManifest(context.readText(path), path);
  if (manifest === undefined) return { manifest, findings };
  const ofFiles: Finding[] = [];
  const seen = new Set<string>();
  for (const { protocol, where } of manifest.cells) {
    if (protocol.kind !== "file" || seen.has(protocol.path)) continue;
    seen.add(protocol.path);
    ofFiles.push(...protocolFindings(context, besideOf(path, protocol.path), where));
  }
  return { manifest: hasErrors(ofFiles) ? undefined : manifest, findings: [...findings, ...ofFiles] };
}

/** A file that a manifest names, from where the manifest lies. */
export function besideOf(manifestPath: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(manifestPath), path);
}

function protocolFindings(context: Pick<CommandContext, "readText">, path: string, where: string): readonly Finding[] {
  try {
    return loadProtocol(context, path).findings.filter(({ severity }) => severity === "error");
  } catch (error) {
    if (!isFault(error)) throw error;
    return [
      {
        severity: "error",
        code: error.code,
        where: `${where}.protocol`,
        what: `${path}: ${error.message}`,
        advice: error.advice,
      },
    ];
  }
}

function summaryText({ shipment, group, proposal, cells, after }: Manifest): string {
  const chemistries = [...new Set(cells.map(({ chemistry }) => chemistry))].join(", ");
  const count = `${cells.length} ${cells.length === 1 ? "cell" : "cells"}`;
  return `${shipment} of ${group}, proposal ${proposal}: ${count} of ${chemistries}, to be ${after === "return" ? "returned" : "disposed of"}`;
}

function summaryJson({ shipment, group, proposal, cells, after }: Manifest): object {
  return { shipment, group, proposal, after, cells: cells.map(({ barcode }) => barcode) };
}
