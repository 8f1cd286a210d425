/** `beamrack report DIR --out report.html`: one page that tells a campaign, or one group's part of it, to people. */
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { CUSTODY_FILE, readCustody } from "../../controller/custody/custody-ledger.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { openRecord, type RecordReader } from "../../controller/record/record-reader.ts";
import { campaignReport } from "../../controller/report/campaign-report.ts";
import { readEnvelopes, type RackEnvelopes } from "../../controller/report/rack-envelopes.ts";
import { reportJson } from "../../controller/report/report-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { GroupRates } from "../../protocols/campaign/group-rates.ts";
import type { CommandContext } from "../command-context.ts";
import { cellPatterns } from "../data/cell-patterns.ts";
import { countText, plainText } from "../progress/number-text.ts";
import { loadRates } from "../report/rates-file.ts";
import { createReportFile, type ReportFile } from "../report/report-file.ts";
import type { ReportInput } from "../report/report-input.ts";
import { reportPage } from "../report/report-page.ts";

export type ReportContext = Pick<
  CommandContext,
  "json" | "print" | "printError" | "onInterrupt" | "drain" | "version" | "clock" | "readText"
>;

const USAGE = "beamrack report";
const FRAMES_FOLDER = "frames";
/** Parts of time in a plot of voltage: more than a screen shows, so that there is something to zoom into. */
const COLUMNS = 900;
const PATTERNS_MAX = 16;

interface Wish {
  readonly folder: string;
  /** Null where only the JSON document is wanted. */
  readonly out: string | null;
  readonly group: string | null;
  readonly frames: string | null;
  /** Folder of the custody ledger; null where there is none. */
  readonly custody: string | null;
  readonly rates: GroupRates | null;
  readonly authors: readonly string[];
  readonly license: string | null;
}

/** Resolves to 0, or to 1 when it was broken off. Throws a Fault of severity `refuse` where there is nothing to report. */
export async function reportCommand(context: ReportContext, args: readonly string[]): Promise<number> {
  const wish = readWish(context, args);
  let isBrokenOff = false;
  const stopListening = context.onInterrupt(() => {
    isBrokenOff = true;
  });
  const record = openRecord(wish.folder);
  const file = wish.out === null ? null : openReport(wish.out, record);
  try {
    const campaign = readCampaignRecord(record, wish.group, wish.folder);
    const isWhole = async (): Promise<boolean> => {
      await context.drain();
      return !isBrokenOff;
    };
    const envelopes = await goThrough(readEnvelopes(record, campaign, COLUMNS), isWhole);
    if (envelopes === null) return brokenOff(context, wish);
    const report = campaignReport(record, campaign, {
      unreadable: envelopes.unreadable,
      rates: wish.rates,
      custody: wish.custody === null ? null : readCustody(wish.custody),
    });
    if (file !== null) {
      const input: ReportInput = {
        ...{ report, envelopes, currency: wish.rates?.currency ?? null },
        patterns: (position) => patternsOf(report, wish.frames, position),
        attribution: { authors: wish.authors, license: wish.license },
        softwareVersion: context.version,
        madeMs: context.clock.wallMs(),
      };
      for await (const piece of reportPage(input)) {
        file.write(piece);
        if (!(await isWhole())) return brokenOff(context, wish);
      }
    }
    const written = file?.finish() ?? null;
    if (context.json) context.print(JSON.stringify({ out: wish.out, ...written, ...reportJson(report) }));
    else {
      for (const sentence of report.summary) context.print(plainText(sentence));
      const size = written === null ? "" : `, ${countText(written.bytes / 1000)} kB`;
      context.print(`${plainText(wish.out ?? "")}: ${countText(report.cells.length)} cells${size}`);
      for (const text of [...campaign.unreadable, ...report.unreadable])
        context.print(`  not in it, for it cannot be read: ${plainText(text)}`);
    }
    return 0;
  } finally {
    // Nothing is taken away that has its name.
    file?.discard();
    record.close();
    stopListening();
  }
}

function openReport(out: string, record: Pick<RecordReader, "close">): ReportFile {
  try {
    return createReportFile(out);
  } catch (error) {
    record.close();
    throw error;
  }
}

function brokenOff(context: ReportContext, { out }: Wish): number {
  context.printError(`${plainText(out ?? USAGE)}: broken off, nothing is left of it; the data folder is as it was`);
  return 1;
}

/** Blocks between two looks at whether it is to go on. */
const BLOCKS_AT_ONCE = 200;

/** Null when it is not to go on. */
async function goThrough(
  running: Generator<number, RackEnvelopes>,
  isWhole: () => Promise<boolean>,
): Promise<RackEnvelopes | null> {
  for (let count = 1; ; count += 1) {
    const step = running.next();
    if (step.done === true) return step.value;
    if (count % BLOCKS_AT_ONCE === 0 && !(await isWhole())) return null;
  }
}

function patternsOf(
  { cells }: ReportInput["report"],
  frames: string | null,
  position: string,
): ReturnType<ReportInput["patterns"]> {
  const facts = cells.find(({ cell }) => cell.position === position);
  if (facts === undefined || frames === null) return Promise.resolve([]);
  return cellPatterns(facts.cell, frames, PATTERNS_MAX);
}

function readWish(context: Pick<ReportContext, "json" | "readText">, args: readonly string[]): Wish {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      group: { type: "string" },
      out: { type: "string" },
      frames: { type: "string" },
      custody: { type: "string" },
      rates: { type: "string" },
      author: { type: "string", multiple: true },
      license: { type: "string" },
    },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Fault("command.usage", USAGE, "takes one data folder");
  if (values.out === undefined && !context.json)
    throw new Fault("command.usage", USAGE, "--out report.html says where to; --json alone prints the facts");
  if (values.out !== undefined) refuseRecord(values.out, folder);
  return {
    folder,
    out: values.out ?? null,
    group: values.group ?? null,
    frames: framesOf(folder, values.frames),
    custody: custodyOf(folder, values.custody),
    rates: loadRates(context, values.rates),
    authors: values.author ?? [],
    license: values.license ?? null,
  };
}

/** A page among the record's own files could be taken for one of them. */
function refuseRecord(out: string, folder: string): void {
  if (dirname(resolve(out)) === resolve(folder) && !/\.html?$/i.test(out))
    throw new Fault("command.usage", USAGE, `--out ${out}: within a data folder a report's name ends in .html`);
}

function framesOf(folder: string, given: string | undefined): string | null {
  const isThere = (path: string): boolean => existsSync(path) && statSync(path).isDirectory();
  if (given !== undefined && !isThere(given)) throw new Fault("file.missing", given, "no such folder of frames");
  const own = join(folder, FRAMES_FOLDER);
  return given ?? (isThere(own) ? own : null);
}

/** Where none is named, the one that lies with the data. */
function custodyOf(folder: string, given: string | undefined): string | null {
  const isThere = (path: string): boolean => existsSync(join(path, CUSTODY_FILE));
  if (given !== undefined && !isThere(given))
    throw new Fault("file.missing", given, `there is no ${CUSTODY_FILE} in it`);
  return given ?? (isThere(folder) ? folder : null);
}
