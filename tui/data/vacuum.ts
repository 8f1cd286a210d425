/** `beamrack data DIR vacuum`: gives room back. Says first what it would free, and does it where --yes stands. */
import type { RecordReader } from "../../controller/record/record-reader.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import {
  endOfRecordMs,
  neededFromMs,
  planThinning,
  THINNED_BYTES,
  thinSamples,
  type ThinnedExport,
  type ThinningPlan,
} from "../../controller/record/thin-samples.ts";
import { databasePath, openForReading, storeFault, type WritingDatabase } from "../../controller/record/schema.ts";
import { giveBackFreePages, openToVacuum, pageCount, type PageCount } from "../../controller/record/vacuum-record.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../command-context.ts";
import { parseDurationS } from "../duration.ts";
import { heldByExport } from "../export/check-export.ts";
import { countText, plainText } from "../progress/number-text.ts";

export type VacuumContext = Pick<CommandContext, "json" | "print" | "freeBytes">;

export interface VacuumOptions {
  /** So much before the record's end stays as it is, such as `30d`; without it nothing is thinned. */
  readonly keepRaw: string | undefined;
  /** The export in which the samples stand. */
  readonly exported: string | undefined;
  readonly yes: boolean;
}

interface Wish {
  readonly keepMs: number;
  readonly exported: string;
  readonly held: ThinnedExport;
}

/** Nothing to thin. */
const NOTHING: ThinningPlan = { blocks: 0, samples: 0, bytes: 0 };

/**
 * Resolves to 0. Throws Fault command.usage, export.not-held, store.damaged where the record does not hold; with `yes`
 * also store.in-use, store.unopened, and store.unwritable where the disk refuses: the record is whole then, thinned in part.
 */
export function vacuum(context: VacuumContext, folder: string, options: VacuumOptions): number {
  const record = openRecord(folder);
  let wish: Wish | undefined;
  try {
    wish = wishOf(record, options);
  } finally {
    record.close();
  }
  if (wish !== undefined) requireSound(folder);
  // What is only said takes no right to write.
  const opened = options.yes ? openToVacuum(folder) : { database: openForReading(folder) };
  try {
    work(context, folder, opened, wish);
  } finally {
    if ("close" in opened) opened.close();
    else opened.database.close();
  }
  return 0;
}

function work(
  context: VacuumContext,
  folder: string,
  opened: WritingDatabase | Pick<WritingDatabase, "database">,
  wish: Wish | undefined,
): void {
  const { database } = opened;
  const beforeMs = wish === undefined ? 0 : Math.min(endOfRecordMs(database) - wish.keepMs, neededFromMs(database));
  const plan = wish === undefined ? NOTHING : planThinning(database, beforeMs, wish.held);
  const pages = pageCount(database);
  const freed = pages.freeBytes + Math.max(0, plan.bytes - plan.blocks * THINNED_BYTES);
  if (!("close" in opened)) {
    tell(context, folder, { plan, pages, freed, beforeMs, done: null });
    return;
  }
  try {
    if (wish !== undefined) thinSamples(database, beforeMs, wish.held);
  } catch (error) {
    throw storeFault(error, folder, "written");
  }
  const { fileBytes, freeBytes } = pageCount(database);
  const room = context.freeBytes?.(folder) ?? null;
  // A copy without the free pages stands beside the record for a moment.
  const hasRoom = room === null || room > fileBytes - freeBytes;
  const after = hasRoom ? giveBackFreePages(folder, opened) : fileBytes;
  tell(context, folder, { plan, pages, freed, beforeMs, done: { hasRoom, after } });
}

interface Told {
  readonly plan: ThinningPlan;
  readonly pages: PageCount;
  readonly freed: number;
  readonly beforeMs: number;
  /** null: nothing was done yet. */
  readonly done: { readonly hasRoom: boolean; readonly after: number } | null;
}

function tell(context: VacuumContext, folder: string, { plan, pages, freed, beforeMs, done }: Told): void {
  if (context.json) {
    context.print(
      JSON.stringify({
        ...{ folder, done: done !== null, file_bytes: pages.fileBytes, would_free_bytes: freed },
        thinned: { samples: plan.samples, blocks: plan.blocks, before_s: plan.blocks === 0 ? null : beforeMs / 1000 },
        file_bytes_after: done?.after ?? null,
      }),
    );
    return;
  }
  const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
  const name = plainText(folder);
  const verb = done === null ? "would be" : "are";
  if (plan.blocks > 0)
    context.print(
      `${name}: ${countText(plan.samples)} samples of before ${(beforeMs / 86_400_000).toFixed(2)} d ${verb} thinned to ` +
        `lowest, highest and mean of each thousand; events, ledger, exposures and gaps stay`,
    );
  if (done === null) {
    context.print(`${name}: ${megabytes(freed)} of ${megabytes(pages.fileBytes)} would be given back; --yes does it`);
    return;
  }
  if (done.hasRoom) context.print(`${name}: ${megabytes(pages.fileBytes)} before, ${megabytes(done.after)} now`);
  else
    context.print(
      `${name}: there is no room for a copy beside it, so the file stays as long; ${megabytes(freed)} in it are free for what comes next`,
    );
}

function wishOf(record: RecordReader, { keepRaw, exported }: VacuumOptions): Wish | undefined {
  if (keepRaw === undefined && exported === undefined) return undefined;
  if (keepRaw === undefined || exported === undefined)
    throw new Fault("command.usage", "--keep-raw", "goes with --exported OUT, the export that holds what is thinned");
  const keepS = keepRaw === "0" ? 0 : parseDurationS(keepRaw);
  if (keepS === undefined)
    throw new Fault("command.usage", "--keep-raw", `${keepRaw} is no duration; write 0, 24h, 7d or 30d`);
  return { keepMs: keepS * 1000, exported, held: heldByExport(record, exported) };
}

/** What is damaged is not to be thinned away. */
function requireSound(folder: string): void {
  const { ok, findings } = verifyRecord(folder);
  const [first] = findings.filter(({ severity }) => severity === "error");
  if (ok || first === undefined) return;
  throw new Fault("store.damaged", databasePath(folder), `nothing was thinned: ${first.where}: ${first.what}`);
}
