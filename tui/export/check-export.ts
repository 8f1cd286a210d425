/** Is an export whole, and does it hold the samples of this record? Asked before samples give way to it. */
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isList, isRecord } from "../../controller/record/ledger-row.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import type { RecordReader } from "../../controller/record/record-reader.ts";
import type { ThinnedExport } from "../../controller/record/thin-samples.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { contentsOf } from "./export-journal.ts";
import { MANIFEST_FILE } from "./export-folder.ts";

/** Forms in which every sample stands, and rows are samples. */
const FORMS_WITH_SAMPLES = ["bdf", "nexus", "rocrate"];
const PROVENANCE_FILE = "provenance.json";

/** Throws Fault export.not-held with the reason, file.missing where there is no export. */
export function heldByExport(record: Pick<RecordReader, "header" | "eventHash">, out: string): ThinnedExport {
  const refuse: Refuse = (what) => new Fault("export.not-held", out, what);
  if (!existsSync(join(out, MANIFEST_FILE)))
    throw new Fault("file.missing", out, `it has no ${MANIFEST_FILE}: this is no export`);
  const manifest = contents(out, MANIFEST_FILE, refuse);
  const told = parseJson(contents(out, PROVENANCE_FILE, refuse).toString("utf8"));
  const { form, group, log, stored, unreadable, campaign, files } = isRecord(told) ? told : {};
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
  const listed = listedIn(manifest.toString("utf8"), refuse);
  requireAll(listed, files, refuse);
  for (const [name, sha256] of listed) {
    if (!existsSync(join(out, name))) throw refuse(`${name} is not there`);
    if (sha256Of(out, name, refuse) !== sha256) throw refuse(`${name} is not as it was written`);
  }
  return { blocks: stored["blocks"], manifestSha256: hash("sha256", manifest, "hex") };
}

type Refuse = (what: string) => Fault;

function contents(out: string, name: string, refuse: Refuse): Buffer {
  try {
    return readFileSync(join(out, name));
  } catch (error) {
    throw refuse(`${name} cannot be read: ${messageOf(error)}`);
  }
}

/** SHA-256 by name. A manifest that was cut short is not taken for one of fewer files. */
function listedIn(manifest: string, refuse: Refuse): ReadonlyMap<string, string> {
  const listed = new Map<string, string>();
  const lines = manifest.split("\n");
  if (lines.pop() !== "") throw refuse(`${MANIFEST_FILE} ends within a line`);
  for (const line of lines) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (sha256 === undefined || name === undefined) throw refuse(`${MANIFEST_FILE} has a line that is no checksum`);
    if (name.startsWith("/") || name.split("/").includes("..")) throw refuse(`${name} is not within it`);
    listed.set(name, sha256);
  }
  return listed;
}

/** Every file that the provenance tells of, and the provenance itself, is on the list, with the same checksum. */
function requireAll(listed: ReadonlyMap<string, string>, files: Json | undefined, refuse: Refuse): void {
  if (!listed.has(PROVENANCE_FILE)) throw refuse(`${MANIFEST_FILE} does not have ${PROVENANCE_FILE}`);
  if (!isList(files) || files.length === 0) throw refuse("it does not say which files are its own");
  for (const file of files) {
    const { name, sha256 } = isRecord(file) ? file : {};
    if (typeof name !== "string" || typeof sha256 !== "string" || listed.get(name) !== sha256)
      throw refuse(`${MANIFEST_FILE} does not have ${typeof name === "string" ? name : "each file"} as it was written`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How many samples were thinned before the export was made; null where it says anything else. */
function thinnedBefore(told: unknown): number | null {
  const text = typeof told === "string" ? told : "";
  const count = /^(\d+) samples up to .* thinned on purpose$/.exec(text)?.[1];
  return count === undefined ? null : Number(count);
}

function sha256Of(out: string, name: string, refuse: Refuse): string {
  try {
    return contentsOf(join(out, name)).sha256;
  } catch (error) {
    throw refuse(`${name} cannot be read: ${messageOf(error)}`);
  }
}
