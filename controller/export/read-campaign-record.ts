/** Reads from a record what an export needs beside the samples: one pass over the log, one over the ledger. */
import { CLOCK_EVENT } from "../run/clock-watch.ts";
import { createClockFold } from "./clock-fold.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { DOSE_LIMITS_EVENT } from "../record/dose-limits-event.ts";
import { isList, isRecord } from "../record/ledger-row.ts";
import { parseRackPlan, RACK_PLAN_EVENT, type RackPlan } from "../record/rack-plan-event.ts";
import { parseJson } from "../record/record-header.ts";
import type { RecordReader } from "../record/record-reader.ts";
import { createCensor } from "../report/foreign-words.ts";
import { createCorrectionFold } from "../corrections/correction-events.ts";
import { createCellFold, type CellFold } from "./cell-fold.ts";
import { exportedCorrection } from "./corrections-json.ts";
import { createExposureFold } from "./exposure-fold.ts";
import type { ExportedCampaign, ExportedCell, ExportedInstrument, ExportedReading } from "./exported-campaign.ts";
import { mayBeShared, sharedControls } from "./shared-controls.ts";
import { numberOrNull, textOrNull, type EventData } from "./event-fields.ts";

/** What of a record is read here; an interface so that a test can hand in a record of its own. */
export type CampaignRecord = Pick<RecordReader, "header" | "events" | "ledger" | "gaps">;

/** Protocols of before an amendment are still those of what was done by them. */
function withPlanBefore(plan: RackPlan | undefined, before: RackPlan | undefined): RackPlan | undefined {
  if (plan === undefined || before === undefined) return plan ?? before;
  return { ...plan, protocols: new Map([...before.protocols, ...plan.protocols]) };
}

/** Of the plan stated last: a protocol may have another tail since the cell began. */
function asPlanned(cell: ExportedCell, plan: RackPlan): ExportedCell {
  const now = plan.cells.find(({ position }) => position === cell.position);
  if (now === undefined || now.protocolSha256 === cell.protocolSha256) return cell;
  return { ...cell, protocolName: now.protocolName, protocolSha256: now.protocolSha256 };
}

const OVER: ReadonlySet<string> = new Set(["campaign-complete", "run-ended"]);

/**
 * `group` null: the cells of all groups. Throws Fault export.no-plan where the record does not say whose cells it is
 * about, export.unknown-group where no cell is the group's. `where` names the record in messages.
 */
export function readCampaignRecord(record: CampaignRecord, group: string | null, where: string): ExportedCampaign {
  const unreadable: string[] = [];
  const folds = new Map<string, CellFold>();
  /** Of others, of whom something may be told in the end. */
  const pool = new Map<string, CellFold>();
  const exposures = createExposureFold();
  const clockFold = createClockFold();
  const corrections = createCorrectionFold();
  const sensors = new Map<string, { name: string; quantity: string; unit: string; readings: ExportedReading[] }>();
  const instruments = new Map<string, ExportedInstrument>();
  let plan: RackPlan | undefined;
  let siteName = "";
  let startMs: number | undefined;
  let doseLimits: readonly Json[] = [];
  let digest = "";
  let eventCount = 0;
  let lastMs = 0;
  let isComplete = false;
  let wallLeastMs = Number.POSITIVE_INFINITY;
  let wallMostMs = Number.NEGATIVE_INFINITY;

  for (const scanned of record.events()) {
    if (scanned.kind === "damaged") {
      unreadable.push(`events ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
      continue;
    }
    const { type, atMs, wallMs, dataText, hash } = scanned.row;
    digest = `sha256:${hash}`;
    eventCount += 1;
    lastMs = Math.max(lastMs, atMs);
    if (wallMs !== null && startMs !== undefined) {
      wallLeastMs = Math.min(wallLeastMs, wallMs - startMs - atMs);
      wallMostMs = Math.max(wallMostMs, wallMs - startMs - atMs);
    }
    // Long, frequent, and of no interest here.
    if (type === "cell-forecast") continue;
    const parsed = parseJson(dataText);
    const data: EventData = isRecord(parsed) ? parsed : {};
    switch (type) {
      case "campaign-started":
        startMs = numberOrNull(data["start_ms"]) ?? undefined;
        siteName = textOrNull(data["site"]) ?? "";
        break;
      case RACK_PLAN_EVENT:
        plan = withPlanBefore(parseRackPlan(parsed), plan);
        // Stated anew after an amendment, it takes nothing back of what a cell did.
        for (const cell of plan?.cells ?? []) {
          const isOwn = group === null || cell.group === group;
          const into = isOwn ? folds : pool;
          // Who agrees in the end is asked in the end.
          const isWanted = isOwn || cell.role === "dark-control";
          if (isWanted && !into.has(cell.position)) into.set(cell.position, createCellFold(cell));
        }
        break;
      case CLOCK_EVENT:
        clockFold.event(data);
        break;
      case DOSE_LIMITS_EVENT:
        doseLimits = isList(data["limits"]) ? data["limits"] : [];
        break;
      case "instrument-ready":
        noteInstrument(data);
        break;
      case "sensor-reading":
        noteReading(atMs, data);
        break;
      default:
        if (OVER.has(type)) isComplete = type === "campaign-complete";
        foldAt(textOrNull(data["position"]) ?? "")?.event(type, atMs, data, parsed);
        exposures.event(type, data);
        corrections.event(type, atMs, data);
    }
  }
  for (const scanned of record.ledger()) {
    if (scanned.kind === "damaged") unreadable.push(`ledger rows ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
    else exposures.ledger(scanned.row);
  }
  if (record.header === undefined || plan === undefined || startMs === undefined) {
    throw new Fault("export.no-plan", where, "the record does not say whose cells stand where");
  }
  if (folds.size === 0) {
    throw new Fault(
      "export.unknown-group",
      where,
      `no cell is of group ${group ?? ""}; beamrack data ${where} groups lists those that there are`,
    );
  }
  const byChannel = new Map([...folds.values()].map((fold) => [fold.channelIndex, fold]));
  for (const scanned of record.gaps()) {
    if (scanned.kind === "damaged") unreadable.push(`gap rows ${scanned.from} to ${scanned.to}: ${scanned.reason}`);
    else byChannel.get(scanned.row.channelIndex)?.gap(scanned.row);
  }

  const shown = plan;
  const shareable = plan.cells.filter((cell) => mayBeShared(shown, group, cell));
  const censor = createCensor(plan, new Set(folds.keys()));
  const made = exposures.byPosition();
  const othersChannels = new Set(plan.cells.flatMap((cell) => (folds.has(cell.position) ? [] : [cell.channel])));
  return {
    header: record.header,
    siteName,
    plan: { ...plan, title: group === null || censor(plan.title) === plan.title ? plan.title : `Cells of ${group}` },
    group,
    clock: {
      startMs,
      wallOffsetS: wallLeastMs <= wallMostMs ? { least: wallLeastMs / 1000, most: wallMostMs / 1000 } : null,
      utc: clockFold.result(),
    },
    lastMs,
    isComplete,
    digest,
    eventCount: group === null ? eventCount : null,
    cells: [...folds.values()].map((fold) => asPlanned(fold.cell(made.get(fold.position) ?? []), shown)),
    sharedControls: sharedControls(
      shareable.flatMap(({ position }) => pool.get(position)?.cell(made.get(position) ?? []) ?? []),
      record.header.campaignHash,
    ),
    corrections: corrections.corrections.map(exportedCorrection),
    sensors: [...sensors.values()],
    instruments: [...instruments.values()].filter(({ name }) => !othersChannels.has(name)),
    doseLimits: doseLimits.filter((limit) => {
      const position = isRecord(limit) ? limit["position"] : undefined;
      return typeof position !== "string" || folds.has(position);
    }),
    unreadable,
  };

  function foldAt(position: string): CellFold | undefined {
    return folds.get(position) ?? pool.get(position);
  }

  function noteInstrument(data: EventData): void {
    const name = textOrNull(data["instrument"]);
    if (name === null) return;
    instruments.set(name, {
      name,
      driver: textOrNull(data["driver"]),
      model: textOrNull(data["model"]),
      serialNumber: textOrNull(data["serial_number"]),
      firmware: textOrNull(data["firmware"]),
    });
  }

  function noteReading(atMs: number, data: EventData): void {
    const name = textOrNull(data["sensor"]);
    const quantity = textOrNull(data["quantity"]);
    const value = numberOrNull(data["value"]);
    if (name === null || quantity === null || value === null) return;
    const key = `${name}\n${quantity}`;
    const sensor = sensors.get(key) ?? { name, quantity, unit: textOrNull(data["unit"]) ?? "", readings: [] };
    sensor.readings.push({ atMs, value });
    sensors.set(key, sensor);
  }
}
