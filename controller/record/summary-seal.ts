/** A summary of a run carries a checksum of itself, so that a changed or cut copy of it does not pass for the run's. */
import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../../protocols/base/canonical-json.ts";

const KEY = "checksum";

/** The summary with its checksum: SHA-256 of the canonical JSON of all the rest. */
export function sealedSummary<Summary extends object>(summary: Summary): Summary & { readonly checksum: string } {
  return { ...summary, [KEY]: checksumOf(JSON.parse(JSON.stringify(summary)) as Json) };
}

/** none: an older beamrack wrote it. */
export function sealOf(summary: Readonly<Record<string, Json>>): "holds" | "broken" | "none" {
  const { [KEY]: stated, ...rest } = summary;
  if (stated === undefined) return "none";
  return stated === checksumOf(rest) ? "holds" : "broken";
}

function checksumOf(value: Json): string {
  return `sha256:${hash("sha256", canonicalJson(value), "hex")}`;
}
