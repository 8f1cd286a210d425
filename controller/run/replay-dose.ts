/**
 * Replay of the dose decisions: from the log alone the same plans are built, the same rows folded, and every booking
 * and refusal decided anew with the production functions. Where the log decided otherwise, the log or the code is
 * wrong, and the finding names the event.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import type { DoseLimit } from "../../protocols/campaign/campaign.ts";
import {
  doseByPlan,
  doseRefusals,
  emptyCellDose,
  weighedFluence,
  withBooking,
  withBrought,
  withSettlement,
  type CellDose,
  type CellDosePlan,
  type DoseProposal,
} from "../dose/cell-dose.ts";
import { ACCESS_CLOSED } from "../access/access-fold.ts";
import { movedPlan } from "../dose/moved-spots.ts";
import { bookingOf } from "../dose/dose-ledger.ts";
import { DOSE_PLAN_EVENT } from "../record/dose-plan-event.ts";
import { isProvenFailure, isRecord, parseLedgerRow, type LedgerRow } from "../record/ledger-row.ts";
import { parseJson } from "../record/record-header.ts";
import { parseLimits, parsePlans } from "../record/recorded-plans.ts";
import type { StoredEvent } from "../record/record-rows.ts";
import type { ReplayFold } from "./replay-schedule.ts";

interface ReplayedCell {
  /** As it was stated. */
  readonly stated: CellDosePlan;
  readonly plan: CellDosePlan;
  dose: CellDose;
}

/** Decides every booking and every dose refusal again; empty when all agree. */
export function replayDoseDecisions(events: Iterable<StoredEvent>): readonly Finding[] {
  const replay = createDoseReplay();
  for (const event of events) replay.event(event);
  return replay.findings;
}

/** The same, event by event. */
export function createDoseReplay(): ReplayFold {
  const findings: Finding[] = [];
  const cells = new Map<string, ReplayedCell>();
  const moved = new Map<string, number>();
  let limits: ReadonlyMap<string, readonly DoseLimit[]> = new Map();

  const add = (event: StoredEvent, what: string): void => {
    findings.push({
      severity: "error",
      code: "replay.differs",
      where: `event ${event.seq} (${event.type})`,
      what,
      advice: "The log and the code that wrote it disagree: keep the folder and report it.",
    });
  };

  function replayRow(event: StoredEvent, data: Json | undefined): void {
    const row = parseLedgerRow(data);
    const cell = row === undefined ? undefined : cells.get(row.position);
    if (row === undefined || cell === undefined) {
      add(event, "names no cell of the dose plan, or cannot be read");
      return;
    }
    if (!followsFromPlan(cell.plan, row)) add(event, "states layer doses that its fluence does not give");
    if (row.kind === "booking") {
      const rate = row.openTimeS > 0 ? row.fluencePhCm2 / row.openTimeS : NaN;
      const { spotIndex, fluencePhCm2, cycle } = row;
      const proposal = { spotIndex, fluencePhCm2, fluenceRatePhCm2S: rate, cycle };
      // Of what came through a shutter that failed nobody was asked; it is booked as it was given.
      const refusals = isProvenFailure(row) ? [] : doseRefusals(cell.plan, doseOf(cell), proposal);
      if (refusals.length > 0) add(event, `was booked, but is refused now: ${refusals.map((r) => r.text).join("; ")}`);
      cell.dose = withBooking(cell.dose, bookingOf(row));
      return;
    }
    const booked = cell.dose.open.find((item) => item.exposureId === row.exposureId);
    if (booked !== undefined && booked.spotIndex !== row.spotIndex) {
      add(event, `settles spot ${row.spotIndex}, booked was spot ${booked.spotIndex}`);
    }
    const after = withSettlement(cell.dose, row.exposureId, weighedFluence(cell.plan, row));
    if (after === undefined) add(event, `settles ${row.exposureId}, which is not booked`);
    else cell.dose = after;
  }

  function replayRefusal(event: StoredEvent, data: Json | undefined): void {
    if (!isRecord(data)) return;
    const cell = cells.get(textOf(data["position"]));
    const proposal: DoseProposal = {
      spotIndex: numberOf(data["spot"]),
      fluencePhCm2: numberOf(data["fluence_ph_cm2"]),
      fluenceRatePhCm2S: numberOf(data["fluence_rate_ph_cm2_s"]),
      cycle: typeof data["cycle"] === "number" ? data["cycle"] : null,
    };
    if (cell === undefined) {
      add(event, "names no cell of the dose plan");
      return;
    }
    const text = doseRefusals(cell.plan, doseOf(cell), proposal)
      .map((item) => item.text)
      .join("; ");
    if (text !== data["text"]) add(event, `was refused, but now: ${text === "" ? "allowed" : text}`);
  }

  /** With what it brought, where it has come back. */
  function doseOf({ dose, stated: { earlier } }: ReplayedCell): CellDose {
    if (earlier === undefined) return dose;
    return withBrought(
      dose,
      earlier.flatMap((name) => cells.get(name) ?? []),
    );
  }

  function planAsMoved(plan: CellDosePlan): CellDosePlan {
    const withinMm = moved.get(plan.position);
    return withinMm === undefined ? plan : movedPlan(plan, withinMm);
  }

  /** A person has put the cell back. */
  function replayMove(data: Json | undefined): void {
    if (!isRecord(data)) return;
    const { position, spots_moved_within_mm: withinMm } = data;
    if (typeof position !== "string" || typeof withinMm !== "number") return;
    moved.set(position, withinMm);
    const cell = cells.get(position);
    if (cell !== undefined) cells.set(position, { ...cell, plan: planAsMoved(cell.stated) });
  }

  function replayEvent(event: StoredEvent): void {
    switch (event.type) {
      case "dose-limits":
        limits = parseLimits(parseJson(event.dataText));
        break;
      case DOSE_PLAN_EVENT: {
        const plans = parsePlans(parseJson(event.dataText), limits);
        if (plans.length === 0) add(event, "states no dose plan that can be read");
        // A plan stated again, after a restart, takes nothing back of what was given.
        for (const { plan } of plans) {
          const before = cells.get(plan.position)?.dose;
          cells.set(plan.position, {
            ...{ stated: plan, plan: planAsMoved(plan) },
            dose: before === undefined ? emptyCellDose(plan) : doseByPlan(before, plan),
          });
        }
        break;
      }
      case ACCESS_CLOSED:
        replayMove(parseJson(event.dataText));
        break;
      case "exposure-booked":
      case "exposure-settled":
        replayRow(event, parseJson(event.dataText));
        break;
      case "exposure-refused":
        replayRefusal(event, parseJson(event.dataText));
        break;
      default:
    }
  }

  return { findings, event: replayEvent };
}

/** Share by which a number may differ that was computed twice. */
const ROUNDING = 1e-9;

function followsFromPlan(plan: CellDosePlan, row: LedgerRow): boolean {
  if (row.layerDosesGy.length !== plan.layers.length) return false;
  return plan.layers.every((layer, index) => {
    const stated = row.layerDosesGy[index];
    return (
      stated?.layer === layer.name &&
      isNearly(stated.surfaceGy, layer.surfaceGyPerPhCm2 * row.fluencePhCm2) &&
      isNearly(stated.meanGy, layer.meanGyPerPhCm2 * row.fluencePhCm2)
    );
  });
}

function isNearly(value: number, expected: number): boolean {
  return Math.abs(value - expected) <= ROUNDING * Math.abs(expected);
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : NaN;
}
