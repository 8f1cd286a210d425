/** Is an export whole, and does it hold the samples of this record? Asked before samples give way to it. */
import { createHash, hash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { isList, isRecord } from "../../controller/record/ledger-row.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import type { ThinnedExport } from "../../controller/record/thin-samples.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { MANIFEST_FILE } from "./export-folder.ts";

/** Forms in which every sample stands, and rows are samples. */
const FORMS_WITH_SAMPLES = ["bdf", "nexus", "rocrate"];
const CHUNK_BYTES = 1 << 20;

/** Throws Fault export.not-held with the reason, file.missing where there is no export. */
export function heldByExport(record: Pick<RecordReader, "header" | "eventHash">, out: string): ThinnedExport {
  const refuse = (what: string): Fault => new Fault("export.not-held", out, what);
  const manifestPath = join(out, MANIFEST_FILE);
  if (!existsSync(manifestPath)) throw new Fault("file.missing", out, `it has no ${MANIFEST_FILE}: this is no export`);
  const manifest = readFileSync(manifestPath);
  const told = parseJson(readFileSync(join(out, "provenance.json"), "utf8"));
  const { form, group, log, stored, unreadable, campaign } = isRecord(told) ? told : {};
  if (typeof form !== "string" || !FORMS_WITH_SAMPLES.includes(form))
    throw refuse(`not every sample stands in this form; there are ${FORMS_WITH_SAMPLES.join(", ")}`);
  if (group !== null) throw refuse("it holds the cells of one group alone");
  const thinned = isList(unreadable) ? unreadable.map(thinnedBefore) : [null];
  if (thinned.includes(null)) throw refuse("part of the record could not be read for it");
  if (!isRecord(log) || typeof log["events"] !== "number" || typeof log["digest"] !== "string")
    throw refuse("it does not say of which log it is");
  const isOwn = isRecord(campaign) && campaign["sha256"] === record.header?.campaignHash;
  if (!isOwn || `sha256:${record.eventHash(log["events"]) ?? ""}` !== log["digest"])
    throw refuse("it is of another record");
  if (!isRecord(stored) || typeof stored["blocks"] !== "number" || typeof stored["samples"] !== "number")
    throw refuse("an older beamrack made it, which did not say which samples stand in it: export anew");
  const rows = stored["rows"];
  const gone = thinned.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  if (typeof rows !== "number" || rows + gone !== stored["samples"])
    throw refuse("it has other rows than the record had samples");
  for (const line of manifest.toString("utf8").split("\n")) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined) continue;
    if (!existsSync(join(out, name))) throw refuse(`${name} is not there`);
    if (sha256Of(join(out, name)) !== sha256) throw refuse(`${name} is not as it was written`);
  }
  return { blocks: stored["blocks"], manifestSha256: hash("sha256", manifest, "hex") };
}

/** How many samples were thinned before the export was made; null where it says anything else. */
function thinnedBefore(told: unknown): number | null {
  const text = typeof told === "string" ? told : "";
  const count = /^(\d+) samples up to .* thinned on purpose$/.exec(text)?.[1];
  return count === undefined ? null : Number(count);
}

function sha256Of(path: string): string {
  const sum = createHash("sha256");
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const file = openSync(path, "r");
  try {
    for (;;) {
      const count = readSync(file, chunk);
      if (count === 0) return sum.digest("hex");
      sum.update(chunk.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
}
