/** `beamrack export DIR --as FORM --out OUT`: a campaign's data in a form that other people's tools read. */
import { hash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { BDF_FORMS, exportBdf, type BdfForm } from "../../controller/export/bdf/export-bdf.ts";
import { exportBluesky } from "../../controller/export/bluesky/export-bluesky.ts";
import { exportBattinfo } from "../../controller/export/battinfo/export-battinfo.ts";
import { exportRoCrate } from "../../controller/export/rocrate/export-rocrate.ts";
import { exportSummaries } from "../../controller/export/summaries/export-summaries.ts";
import { sharedControlText, SHARED_CONTROLS_FILE } from "../../controller/export/summaries/shared-control-table.ts";
import type { ExportedCampaign } from "../../controller/export/exported-campaign.ts";
import type {
  ExportProgress,
  ExportSummary,
  ExportTarget,
  RunningExport,
} from "../../controller/export/export-target.ts";
import { framesJson, withFrameFiles } from "../../controller/export/frames-json.ts";
import { exportNexus } from "../../controller/export/nexus/export-nexus.ts";
import { provenance, type ProvenanceOptions } from "../../controller/export/provenance.ts";
import type { SampleRecord } from "../../controller/export/samples-by-cell.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import type { StoredHead } from "../../controller/record/schema.ts";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext, InterruptReason } from "../command-context.ts";
import { createExportFolder, type ExportFolder } from "../export/export-folder.ts";
import { patternPath, searchFrames, type FoundFrames, type FrameSearch } from "../export/frame-search.ts";
import { countText, plainText } from "../progress/number-text.ts";

/** Of the machine, no more than a place to print and a way to be broken off. */
export type ExportContext = Pick<
  CommandContext,
  "json" | "print" | "printError" | "onInterrupt" | "drain" | "version" | "clock"
>;

const USAGE = "beamrack export";
/** Of a data folder, for frames that are kept with it. */
const FRAMES_FOLDER = "frames";
const MISSING_NAMED = 3;

export const FORMS = ["bdf", "nexus", "bluesky", "battinfo", "rocrate", "csv"] as const;
export type ExportForm = (typeof FORMS)[number];

interface Wish extends ProvenanceOptions {
  readonly folder: string;
  readonly form: ExportForm;
  readonly out: string;
  readonly group: string | null;
  readonly tables: readonly BdfForm[];
  readonly publishedMs: number;
  readonly frames: FrameSearch;
}

type Export = (
  campaign: ExportedCampaign,
  record: CampaignRecord & SampleRecord,
  target: ExportTarget,
  wish: Wish,
) => Promise<RunningExport> | RunningExport;

const EXPORTS: Readonly<Record<ExportForm, Export>> = {
  bdf: (campaign, record, target, wish) => exportBdf(campaign, record, target, { ...wish, forms: wish.tables }),
  bluesky: (campaign, record, target, wish) => exportBluesky(campaign, record, target, { ...wish, forms: wish.tables }),
  nexus: (campaign, record, target, wish) =>
    exportNexus(campaign, record, target, { ...wish, patternPath: (frame) => patternPath(wish.frames.folder, frame) }),
  battinfo: (campaign, _record, target, wish) => exportBattinfo(campaign, target, { ...wish, tables: null }),
  rocrate: (campaign, record, target, wish) =>
    exportRoCrate(campaign, record, target, {
      ...wish,
      forms: wish.tables,
      patternPath: (frame) => patternPath(wish.frames.folder, frame),
    }),
  csv: (campaign, _record, target) => exportSummaries(campaign, target),
};

/** Resolves to 0, or to 1 when it was broken off. Throws a Fault of severity `refuse` where there is nothing to export. */
export async function exportCommand(context: ExportContext, args: readonly string[]): Promise<number> {
  const interrupts: InterruptReason[] = [];
  const stopListening = context.onInterrupt((reason) => {
    interrupts.push(reason);
  });
  try {
    return await exportUnless(context, readWish(context, args), () => interrupts.length > 0);
  } finally {
    stopListening();
  }
}

async function exportUnless(context: ExportContext, wish: Wish, isBrokenOff: () => boolean): Promise<number> {
  const record = openRecord(wish.folder);
  try {
    const campaign = readCampaignRecord(record, wish.group, wish.folder);
    const { head } = record;
    if (wish.frames.folder !== null && !isFolder(wish.frames.folder))
      throw new Fault("file.missing", wish.frames.folder, "no such folder of frames");
    // All this was read at one go. Whoever would end it is heard once the process waits for the disk, and after a turn.
    await stat(wish.folder);
    await context.drain();
    if (isBrokenOff()) {
      const earlier = existsSync(`${wish.out}.part`) ? `what waits in ${wish.out}.part is as it was; ` : "";
      context.printError(`${wish.out}: broken off before anything was written; ${earlier}the data folder is as it was`);
      return 1;
    }
    const folder = createExportFolder(wish.out, keyOf(campaign, head, wish));
    try {
      if (folder.kept > 0) context.printError(`goes on where it was broken off: ${folder.kept} files of it stand`);
      const made = await make({ ...context, isBrokenOff }, campaign, record, folder, wish);
      if (made === null) {
        const rest = folder.leave()
          ? `what is finished waits in ${wish.out}.part, and the same command goes on from there`
          : "nothing is left of it";
        context.printError(`${wish.out}: broken off, ${rest}; the data folder is as it was`);
        return 1;
      }
      close(context, folder, made, wish, head);
      return 0;
    } catch (error) {
      folder.discard();
      throw error;
    }
  } finally {
    record.close();
  }
}

interface Breakable extends Pick<ExportContext, "printError" | "drain"> {
  readonly isBrokenOff: () => boolean;
}

interface Made {
  readonly campaign: ExportedCampaign;
  readonly summary: ExportSummary;
  readonly frames: FoundFrames;
}

/** Null when somebody broke it off. */
async function make(
  context: Breakable,
  bare: ExportedCampaign,
  record: CampaignRecord & SampleRecord,
  target: ExportTarget,
  wish: Wish,
): Promise<Made | null> {
  const frames = await goThrough(context, searchFrames(bare, target, wish.frames));
  if (frames === null) return null;
  const campaign = withFrameFiles(bare, frames.found);
  const listed = framesJson(campaign);
  if (listed !== null) target.writeText("frames.json", `${JSON.stringify(listed, null, 2)}\n`);
  const shared = sharedControlText(campaign);
  if (shared !== null) target.writeText(SHARED_CONTROLS_FILE, shared);
  const summary = await goThrough(context, await EXPORTS[wish.form](campaign, record, target, wish));
  return summary === null ? null : { campaign, summary, frames };
}

/** The same for the same export of the same record: one that was broken off is then gone on with. */
function keyOf(campaign: ExportedCampaign, head: StoredHead | undefined, wish: Wish): string {
  const { header, digest, eventCount } = campaign;
  const { form, group, tables, frames, softwareVersion, attribution, recordsOnly = false } = wish;
  const { authors, license } = attribution;
  const told = {
    ...{ form, group, tables, softwareVersion, authors, license, recordsOnly },
    ...frames,
    digest,
    eventCount,
  };
  const stored = head === undefined ? null : { ...head };
  return hash("sha256", canonicalJson({ ...told, campaign: header.campaignHash, stored }), "hex");
}

/** Null when somebody broke it off. */
async function goThrough<Result>(
  { printError, drain, isBrokenOff }: Breakable,
  running: Generator<ExportProgress, Result>,
): Promise<Result | null> {
  let toldTenths = 0;
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
    const tenths = Math.floor((10 * step.value.done) / Math.max(1, step.value.of));
    if (tenths > toldTenths && tenths < 10) {
      toldTenths = tenths;
      printError(`${tenths * 10} %`);
    }
    await drain();
    if (isBrokenOff()) return null;
  }
}

function close(
  context: ExportContext,
  folder: ExportFolder,
  { campaign, summary, frames }: Made,
  wish: Wish,
  head: StoredHead | undefined,
): void {
  const unreadable = [...campaign.unreadable, ...summary.unreadable];
  // What the record held when it was exported, for who lets samples go for it.
  const stored =
    head === undefined || wish.group !== null
      ? null
      : { samples: head.samples, blocks: head.blocks, rows: summary.rows };
  const told = { ...provenance(campaign, wish), stored, unreadable };
  const files = folder.files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  folder.writeText("provenance.json", `${JSON.stringify({ form: wish.form, ...told, files }, null, 2)}\n`);
  folder.finish();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (context.json) {
    const { cells, rows } = summary;
    context.print(
      JSON.stringify({
        ...{ out: wish.out, form: wish.form, group: wish.group, cells, rows, bytes, files, unreadable },
        frames: { found: frames.found.size, missing: frames.missing },
      }),
    );
    return;
  }
  context.print(
    `${plainText(wish.out)}: ${countText(summary.cells)} cells, ${countText(summary.rows)} rows, ` +
      `${countText(files.length)} files, ${countText(bytes / 1e6)} MB`,
  );
  for (const text of missingLines(frames)) context.print(`  ${text}`);
  for (const text of unreadable) context.print(`  not in it, for it cannot be read: ${text}`);
}

/** The first few by name; `frames.json` has them all. */
function missingLines({ found, missing }: FoundFrames): readonly string[] {
  if (missing.length === 0) return [];
  const few = missing.slice(0, MISSING_NAMED).map(plainText);
  const rest = missing.length > few.length ? ` and ${countText(missing.length - few.length)} more` : "";
  const of = countText(missing.length + found.size);
  return [`frames that are not there, ${countText(missing.length)} of ${of}: ${few.join(", ")}${rest}`];
}

function readWish(context: ExportContext, args: readonly string[]): Wish {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      as: { type: "string" },
      group: { type: "string" },
      out: { type: "string" },
      tables: { type: "string" },
      frames: { type: "string" },
      "copy-frames": { type: "boolean" },
      author: { type: "string", multiple: true },
      license: { type: "string" },
      records: { type: "boolean" },
    },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Fault("command.usage", USAGE, "takes one data folder");
  if (values.out === undefined) throw new Fault("command.usage", USAGE, "--out OUT says where to");
  return {
    folder,
    form: formOf(values.as),
    out: values.out.replace(/(?<=.)\/+$/, ""),
    group: values.group ?? null,
    tables: tablesOf(values.tables),
    publishedMs: context.clock.wallMs(),
    frames: framesOf(folder, values.frames, values["copy-frames"] === true),
    softwareVersion: context.version,
    attribution: { authors: values.author ?? [], license: values.license ?? null },
    ...(values.records === true ? { recordsOnly: true } : {}),
  };
}

function framesOf(folder: string, given: string | undefined, isCopied: boolean): FrameSearch {
  const own = join(folder, FRAMES_FOLDER);
  const found = given ?? (isFolder(own) ? own : null);
  if (isCopied && found === null)
    throw new Fault("command.usage", USAGE, `--copy-frames: --frames DIR says where they stand; there is no ${own}`);
  return { folder: found, isCopied };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

function formOf(text: string | undefined): ExportForm {
  const form = FORMS.find((name) => name === text);
  if (form !== undefined) return form;
  const given = text === undefined ? "--as FORM says in which form" : `--as ${text} is no form`;
  throw new Fault("command.usage", USAGE, `${given}; there are ${FORMS.join(", ")}`);
}

function tablesOf(text: string | undefined): readonly BdfForm[] {
  if (text === undefined) return BDF_FORMS;
  const forms = BDF_FORMS.filter((form) => text.split(",").includes(form));
  if (forms.length === new Set(text.split(",")).size) return forms;
  throw new Fault("command.usage", USAGE, `--tables ${text}: give csv, parquet or both as csv,parquet`);
}
