/** `beamrack export DIR --as FORM --out OUT`: a campaign's data in a form that other people's tools read. */
import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { CampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { BDF_FORMS, exportBdf, type BdfForm } from "../../controller/export/bdf/export-bdf.ts";
import { exportBluesky } from "../../controller/export/bluesky/export-bluesky.ts";
import { exportBattinfo } from "../../controller/export/battinfo/export-battinfo.ts";
import { exportRoCrate } from "../../controller/export/rocrate/export-rocrate.ts";
import { exportSummaries } from "../../controller/export/summaries/export-summaries.ts";
import type { ExportedCampaign } from "../../controller/export/exported-campaign.ts";
import type { ExportSummary, ExportTarget, RunningExport } from "../../controller/export/export-target.ts";
import { exportNexus } from "../../controller/export/nexus/export-nexus.ts";
import { provenance, type ProvenanceOptions } from "../../controller/export/provenance.ts";
import type { SampleRecord } from "../../controller/export/samples-by-cell.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext, InterruptReason } from "../command-context.ts";
import { createExportFolder, type ExportFolder } from "../export/export-folder.ts";
import { frameFileName } from "../virtual/frame-files.ts";
import { countText, plainText } from "../progress/number-text.ts";

/** Of the machine, no more than a place to print and a way to be broken off. */
export type ExportContext = Pick<
  CommandContext,
  "json" | "print" | "printError" | "onInterrupt" | "drain" | "version" | "clock"
>;

const USAGE = "beamrack export";

const FORMS = ["bdf", "nexus", "bluesky", "battinfo", "rocrate", "csv"] as const;
type ExportForm = (typeof FORMS)[number];

interface Wish extends ProvenanceOptions {
  readonly folder: string;
  readonly form: ExportForm;
  readonly out: string;
  readonly group: string | null;
  readonly tables: readonly BdfForm[];
  readonly publishedMs: number;
  /** Where powder patterns of the frames stand. */
  readonly frames: string | null;
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
    exportNexus(campaign, record, target, { ...wish, patternPath: patternsIn(wish.frames) }),
  battinfo: (campaign, _record, target, wish) => exportBattinfo(campaign, target, { ...wish, tables: null }),
  rocrate: (campaign, record, target, wish) =>
    exportRoCrate(campaign, record, target, { ...wish, forms: wish.tables, patternPath: patternsIn(wish.frames) }),
  csv: (campaign, _record, target) => exportSummaries(campaign, target),
};

/** Resolves to 0, or to 1 when it was broken off. Throws a Fault of severity `refuse` where there is nothing to export. */
export async function exportCommand(context: ExportContext, args: readonly string[]): Promise<number> {
  const wish = readWish(context, args);
  const record = openRecord(wish.folder);
  try {
    const campaign = readCampaignRecord(record, wish.group, wish.folder);
    const folder = createExportFolder(wish.out, keyOf(campaign, wish));
    try {
      if (folder.kept > 0) context.printError(`goes on where it was broken off: ${folder.kept} files of it stand`);
      const summary = await goThrough(context, await EXPORTS[wish.form](campaign, record, folder, wish));
      if (summary === null) {
        const rest = folder.leave()
          ? `what is finished waits in ${wish.out}.part, and the same command goes on from there`
          : "nothing is left of it";
        context.printError(`${wish.out}: broken off, ${rest}; the data folder is as it was`);
        return 1;
      }
      close(context, folder, campaign, wish, summary);
      return 0;
    } catch (error) {
      folder.discard();
      throw error;
    }
  } finally {
    record.close();
  }
}

/** The same for the same export of the same record: one that was broken off is then gone on with. */
function keyOf(campaign: ExportedCampaign, wish: Wish): string {
  const { header, digest, eventCount } = campaign;
  const { form, group, tables, frames, softwareVersion, attribution } = wish;
  const { authors, license } = attribution;
  const told = { ...{ form, group, tables, frames, softwareVersion, authors, license }, digest, eventCount };
  return hash("sha256", canonicalJson({ ...told, campaign: header.campaignHash }), "hex");
}

/** Null when somebody broke it off. */
async function goThrough(context: ExportContext, running: RunningExport): Promise<ExportSummary | null> {
  const interrupts: InterruptReason[] = [];
  const stopListening = context.onInterrupt((reason) => {
    interrupts.push(reason);
  });
  try {
    let toldTenths = 0;
    for (;;) {
      const step = running.next();
      if (step.done === true) return step.value;
      const tenths = Math.floor((10 * step.value.done) / Math.max(1, step.value.of));
      if (tenths > toldTenths && tenths < 10) {
        toldTenths = tenths;
        context.printError(`${tenths * 10} %`);
      }
      await context.drain();
      if (interrupts.length > 0) return null;
    }
  } finally {
    stopListening();
  }
}

function close(
  context: ExportContext,
  folder: ExportFolder,
  campaign: ExportedCampaign,
  wish: Wish,
  summary: ExportSummary,
): void {
  const unreadable = [...campaign.unreadable, ...summary.unreadable];
  const told = { ...provenance(campaign, wish), unreadable };
  const files = folder.files.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 }));
  folder.writeText("provenance.json", `${JSON.stringify({ form: wish.form, ...told, files }, null, 2)}\n`);
  folder.finish();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (context.json) {
    const { cells, rows } = summary;
    context.print(
      JSON.stringify({ out: wish.out, form: wish.form, group: wish.group, cells, rows, bytes, files, unreadable }),
    );
    return;
  }
  context.print(
    `${plainText(wish.out)}: ${countText(summary.cells)} cells, ${countText(summary.rows)} rows, ` +
      `${countText(files.length)} files, ${countText(bytes / 1e6)} MB`,
  );
  for (const text of unreadable) context.print(`  not in it, for it cannot be read: ${text}`);
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
      author: { type: "string", multiple: true },
      license: { type: "string" },
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
    frames: values.frames ?? null,
    softwareVersion: context.version,
    attribution: { authors: values.author ?? [], license: values.license ?? null },
  };
}

/** A pattern has its frame's name with the ending of what is in it, as `simulate --frames` writes them. */
function patternsIn(folder: string | null): (frame: string) => string | undefined {
  return (frame) => {
    if (folder === null) return undefined;
    const path = join(folder, frameFileName(frame));
    return existsSync(path) ? path : undefined;
  };
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
