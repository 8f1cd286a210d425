/**
 * One cell by the events of its record: where its protocol stands, what had flowed, who holds it. A fold, event by
 * event; pure but for its own state.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { NO_CHARGE, type ChargeTotals } from "../../protocols/echem/counting.ts";
import type { StepEnd } from "../../protocols/roles/channel.ts";
import { parseAccount, parseTotals } from "../cells/account-json.ts";
import { accountRules, closeAccount, openAccount, type CellAccount } from "../cells/cell-account.ts";
import { leavesAsIs } from "../cells/next-step.ts";
import { firstProgrammeStep, programmeStepAt } from "../cells/programme.ts";
import { isByPerson } from "../machines/cell-acts.ts";
import { instrumentLimit, type CellAct, type LeftCell } from "../machines/cell-news.ts";
import { afterStep } from "../machines/cell-steps.ts";
import type { FaultNote } from "../machines/errors.ts";
import { isMade } from "../machines/exposure-order.ts";
import type { ProgrammeCursor } from "../machines/programme.ts";

export type EventData = Readonly<Record<string, Json>>;

/** What had flowed at a moment; samples on record after it are to be counted on from there. */
export interface CountedFrom {
  readonly totals: ChargeTotals;
  /** Of it since the step under way began. */
  readonly stepChargeAh: number;
  /** By how much that may be off. */
  readonly stepDoubtAh: number;
  readonly atMs: number;
}

export interface RecordedCell {
  readonly left: LeftCell;
  readonly counted: CountedFrom;
  /** What had flowed when it was last confirmed off, all samples before included; absent where something ran since. */
  readonly offTotals?: ChargeTotals;
  /** The step whose samples follow `counted`: when it began there; null where none ran since. */
  readonly stepBeganMs: number | null;
  /** Of its last step that ended: when the last sample came; it may not have been written any more. */
  readonly heardUntilMs: number | null;
  /** Its last step has ended, and no sample of it was heard: what the cell had before says nothing of it now. */
  readonly hasEndedUnheard: boolean;
  /** Before that step began it had been switched off since its last sample. */
  readonly wasOffBefore: boolean;
}

export interface CellFold {
  event(type: string, atMs: number, data: EventData): void;
  orderedOff(): void;
  /** By a stop of steps; whoever held it before still does. */
  orderedHeld(by: Omit<CellAct, "kind">): void;
  /** By a controller that was started anew: what the one before did after `lastHeardMs` is on no record. */
  resumed(lastHeardMs: number): void;
  state(): RecordedCell;
}

/** The campaign was amended: the cell has no part in it any more. */
export const WITHDRAWN_EVENT = "cell-withdrawn";

/** The campaign was amended under way: the cell is to come, and a person brings it. */
export const JOINED_EVENT = "cell-joined";

const STEP_ENDS: readonly string[] = ["voltage", "current", "time"] satisfies readonly StepEnd[];

/** Throws Fault `protocol.invalid` as `firstProgrammeStep` does. */
export function createCellFold(cell: CampaignCell, sampleIntervalMinS: number): CellFold {
  const rules = accountRules(cell);
  let phase: LeftCell["phase"] = "unproven";
  let cursor: ProgrammeCursor | null = firstProgrammeStep(cell, sampleIntervalMinS);
  let account: CellAccount = openAccount(rules);
  let stepsDoneCount = 0;
  let runningSinceMs: number | null = null;
  let stepBeganMs: number | null = null;
  let hasEndedUnheard = false;
  let wasOffBefore = false;
  /** Since its last sample. */
  let isOff = false;
  let heardUntilMs: number | null = null;
  let stepElapsedS = 0;
  let hold: CellAct | null = null;
  let leave: CellAct | null = null;
  let isOrderedOff = false;
  let isCarried = false;
  let isProven = false;
  /** Its proof may have been over as a controller was lost, and its first step have begun. */
  let mayBeProven = false;
  let isNew = false;
  let mustLook = false;
  let resistanceOhm: number | undefined;
  let fault: FaultNote | null = null;
  let totals: ChargeTotals = NO_CHARGE;
  let offTotals: ChargeTotals | undefined;
  let countedAtMs = 0;
  /** Its link was lost then while a step ran, and nobody has confirmed the cell off since. */
  let mayRunOnSinceMs: number | null = null;
  let isEndless = false;
  /** Its step ran then, and nobody has heard of it since. */
  let unheardSinceMs: number | null = null;
  let isLeading = false;
  /** Nothing ran then, by its own word or by an order: what begins, begins later. */
  let idleSinceMs: number | null = null;
  /** A person's order came since, and its step may have been asked to begin before that. */
  let wasBeginning = false;
  /** When the step began that waits for something. */
  let waitSinceMs: number | null = null;

  function count(data: Json | undefined, atMs: number): void {
    const told = parseTotals(data);
    if (told === undefined) return;
    totals = told;
    countedAtMs = atMs;
  }

  function stepStarted(atMs: number, data: EventData): void {
    const state = recordOf(data["state"]);
    const found = programmeStepAt(cell, sampleIntervalMinS, state["place"]);
    phase = "under-way";
    fault = null;
    cursor = found ?? cursor;
    account = parseAccount(state["account"]) ?? account;
    stepsDoneCount = numberOf(state["steps_done"]) ?? stepsDoneCount;
    stepElapsedS = numberOf(data["elapsed_s"]) ?? 0;
    runningSinceMs = atMs;
    stepBeganMs = atMs;
    hasEndedUnheard = false;
    // One that broke off is begun again only once its cell is off.
    wasOffBefore = isOff || mayRunOnSinceMs !== null;
    isOff = false;
    heardAgain();
    idleSinceMs = null;
    wasBeginning = false;
    isLeading = data["is_lead"] === true;
    offTotals = undefined;
    if (cursor?.step.wait != null) waitSinceMs ??= atMs - 1000 * stepElapsedS;
    leave = null;
    mustLook &&= cursor !== null && leavesAsIs(cursor.step.channelStep);
    count(state["totals"], atMs);
  }

  function proven(data: EventData): void {
    resistanceOhm = numberOf(data["resistance_ohm"]) ?? resistanceOhm;
  }

  /** Of a cell that its proof alone drove since it was confirmed off. */
  function told(data: EventData): void {
    if (data["current_A"] !== undefined) isOff = false;
    offTotals = parseTotals(data["totals"]) ?? offTotals;
  }

  /** Of what is on record at all; whatever is told from here on has it. */
  function doubted(ampereHours: number): void {
    totals = { ...totals, doubtAh: totals.doubtAh + ampereHours };
    if (offTotals !== undefined) offTotals = { ...offTotals, doubtAh: offTotals.doubtAh + ampereHours };
  }

  function pause(atMs: number): void {
    if (runningSinceMs === null) return;
    stepElapsedS += Math.max(0, atMs - runningSinceMs) / 1000;
    runningSinceMs = null;
  }

  function heardAgain(): void {
    mayRunOnSinceMs = null;
    unheardSinceMs = null;
  }

  function idle(atMs: number): void {
    idleSinceMs = atMs;
    wasBeginning = false;
  }

  /** That nothing is to begin. */
  function ordered(): void {
    if (runningSinceMs === null && hold === null && leave === null && !isOrderedOff) wasBeginning = true;
  }

  function confirmedOff(atMs: number, data: EventData): void {
    idle(atMs);
    isOff = true;
    runningSinceMs = null;
    heardAgain();
    stepElapsedS = numberOf(data["elapsed_s"]) ?? stepElapsedS;
    offTotals = parseTotals(data["totals"]);
  }

  function stepEnded(atMs: number, data: EventData): void {
    const endedBy = textOf(data["ended_by"]);
    const wasEnded = runningSinceMs !== null || mayRunOnSinceMs !== null || wasBeginning;
    idle(atMs);
    heardAgain();
    if (endedBy === "aborted") pause(atMs);
    const toMs = numberOf(recordOf(data["samples"])["to_ms"]);
    hasEndedUnheard = toMs === undefined;
    heardUntilMs = toMs ?? heardUntilMs;
    // Otherwise than by its own end it is left off.
    if (!STEP_ENDS.includes(endedBy)) isOff ||= wasEnded;
    else if (toMs !== undefined) isOff = false;
    offTotals = undefined;
    if (endedBy === "aborted" || endedBy === "limit") {
      // The samples since its start are counted again, up to this.
      offTotals = parseTotals(data["totals"]);
      if (endedBy === "aborted") return;
      const { voltage_V: voltageV, current_A: currentA } = data;
      fault = instrumentLimit(cell.position, numberOf(voltageV) ?? NaN, numberOf(currentA) ?? NaN);
      runningSinceMs = null;
      return;
    }
    count(data["totals"], atMs);
    const chargeAh = numberOf(data["charge_Ah"]) ?? NaN;
    const voltageV = numberOf(data["voltage_V"]) ?? NaN;
    const currentA = numberOf(data["current_A"]) ?? NaN;
    const end = STEP_ENDS.find((known) => known === endedBy) as StepEnd | undefined;
    const leftBy = (["skipped", "operator", "awaited"] as const).find((known) => known === endedBy);
    if (leftBy !== undefined) leave = { kind: leftBy, author: textOf(data["author"]), reason: "" };
    const after = afterStep(
      { cursor, account, rules, leave, stepsDoneCount, effects: { totals: () => totals } },
      { type: "STEP_ENDED", end: end ?? "time", voltageV, currentA, chargeAh },
      end !== undefined ? "told" : leave !== null ? "left" : "unknown",
    );
    mustLook ||= after !== null && isByPerson(leave);
    runningSinceMs = null;
    stepBeganMs = null;
    waitSinceMs = null;
    leave = null;
    if (after === null) return;
    ({ cursor, account, stepElapsedS, stepsDoneCount } = after.changes);
  }

  function act(atMs: number, data: EventData): void {
    const by = { author: textOf(data["author"]), reason: textOf(data["reason"]) };
    const asked = textOf(data["act"]);
    if (asked !== "resume") ordered();
    else if (hold !== null && runningSinceMs === null && mayRunOnSinceMs === null && !wasBeginning) idle(atMs);
    if (asked === "hold") hold = { kind: "hold", ...by };
    else if (asked === "resume") hold = null;
    else if (asked === "skip-step") leave = { kind: "skipped", ...by };
    else if (asked === "end-step") leave = { kind: "operator", ...by };
  }

  /** What the step waits for has come, and the record does not say that the step went on. */
  function exposed(data: EventData): void {
    const openedMs = numberOf(data["open_asked_at_ms"]) ?? numberOf(data["rehearsed_at_ms"]) ?? -Infinity;
    if (cursor?.step.wait?.for !== "exposure" || waitSinceMs === null || !isMade(data["outcome"])) return;
    if (leave !== null || openedMs < waitSinceMs) return;
    leave = { kind: "awaited", author: "beamrack", reason: `exposure ${textOf(data["exposure_id"])} is made` };
  }

  function over(as: "isolated" | "complete" | "stopped", data: EventData): void {
    phase = as;
    runningSinceMs = null;
    offTotals = parseTotals(data["totals"]) ?? offTotals;
    account = closeAccount(account, offTotals ?? totals).account;
    if (as === "isolated") fault = faultOf(data);
  }

  return {
    event(type, atMs, data) {
      switch (type) {
        case "cell-proof":
          isProven ||= data["is_proven"] === true;
          if (data["is_proven"] === true) {
            proven(data);
            idle(atMs);
          } else if (mayBeProven) {
            // Off by then: what had flowed before is in its sums.
            mayBeProven = false;
            wasBeginning = false;
            idleSinceMs = null;
          }
          isNew &&= !isProven;
          told(data);
          break;
        case "step-started":
          stepStarted(atMs, data);
          break;
        case "step-ended":
          stepEnded(atMs, data);
          break;
        case "step-interrupted":
          mayRunOnSinceMs = atMs;
          unheardSinceMs = data["is_unheard"] === true ? atMs : null;
          isEndless = data["code"] === "cell.not-off";
          pause(atMs);
          stepElapsedS = numberOf(data["elapsed_s"]) ?? stepElapsedS;
          break;
        case "cell-held":
          confirmedOff(atMs, data);
          break;
        case "cell-taken-out":
          isCarried = true;
          confirmedOff(atMs, data);
          break;
        case JOINED_EVENT:
          isCarried = true;
          isNew = true;
          break;
        case "cell-put-back":
          isCarried = false;
          idle(atMs);
          proven(data);
          told(data);
          break;
        case "access-refused":
          // Nobody had it; one that is still to come is in nobody's place.
          if (data["is_open"] === false) isCarried = isNew;
          else if (isCarried) told(data);
          break;
        case "cell-left-out":
          isCarried = false;
          isProven = false;
          isOrderedOff = true;
          break;
        case "charge-doubted":
          doubted(numberOf(data["doubt_Ah"]) ?? 0);
          break;
        case "cell-found":
          if (data["found"] === "off") confirmedOff(atMs, data);
          break;
        case "exposure-ended":
          exposed(data);
          break;
        case "cell-act":
          act(atMs, data);
          break;
        case WITHDRAWN_EVENT:
          ordered();
          isOrderedOff = true;
          break;
        case "cell-isolated":
          over("isolated", data);
          break;
        case "cell-complete":
          over("complete", data);
          break;
        case "cell-stopped":
          over("stopped", data);
          break;
        default:
      }
    },
    orderedOff() {
      ordered();
      isOrderedOff = true;
    },
    orderedHeld(by) {
      if (cursor === null || (phase !== "under-way" && phase !== "unproven")) return;
      ordered();
      hold ??= { kind: "hold", ...by };
    },
    resumed(lastHeardMs) {
      if (phase !== "unproven" || idleSinceMs !== null || isCarried) return;
      if (hold !== null || leave !== null || isOrderedOff) return;
      mayBeProven = true;
      idleSinceMs = lastHeardMs;
    },
    state() {
      const began = account.stepStartedAt;
      return {
        left: {
          ...{ phase, cursor, account, stepsDoneCount, runningSinceMs, stepElapsedS, hold, leave, fault },
          ...(isCarried && (phase === "under-way" || phase === "unproven") ? { isCarried } : {}),
          ...(isNew && phase === "unproven" ? { isNew } : {}),
          ...(mustLook && phase === "under-way" ? { mustLook } : {}),
          ...(mayRunOnSinceMs !== null && phase === "under-way" ? { mayRunOnSinceMs } : {}),
          ...(mayRunOnSinceMs !== null && isEndless && phase === "under-way" ? { isEndless } : {}),
          ...(unheardSinceMs !== null && phase === "under-way" ? { unheardSinceMs } : {}),
          ...(idleSinceMs !== null && (phase === "under-way" || phase === "unproven") ? { idleSinceMs } : {}),
          ...(wasBeginning && (phase === "under-way" || (phase === "unproven" && (isProven || mayBeProven)))
            ? { wasBeginning }
            : {}),
          ...(isLeading && runningSinceMs !== null ? { isLeading } : {}),
          ...(resistanceOhm !== undefined && phase === "under-way" ? { resistanceOhm } : {}),
          ...(isProven && (phase === "complete" || phase === "stopped") ? { isProven } : {}),
          isOrderedOff: isOrderedOff && (phase === "under-way" || phase === "unproven"),
        },
        counted: {
          totals,
          stepChargeAh: totals.chargedAh - totals.dischargedAh - (began.chargedAh - began.dischargedAh),
          stepDoubtAh: Math.max(0, totals.doubtAh - began.doubtAh),
          atMs: countedAtMs,
        },
        ...(offTotals === undefined ? {} : { offTotals }),
        stepBeganMs,
        heardUntilMs,
        hasEndedUnheard,
        wasOffBefore,
      };
    },
  };
}

/** As `faultJson` wrote it; the advice is the code's own. */
export function faultOf(data: EventData): FaultNote | null {
  const code = textOf(data["code"]);
  if (code === "") return null;
  const known: Readonly<Record<string, { readonly advice: string }>> = FAULT_CATALOGUE;
  return { code, where: textOf(data["where"]), what: textOf(data["what"]), advice: known[code]?.advice ?? "" };
}

export function recordOf(data: Json | undefined): EventData {
  return typeof data === "object" && data !== null && !Array.isArray(data) ? (data as EventData) : {};
}

export function textOf(data: Json | undefined): string {
  return typeof data === "string" ? data : "";
}

export function numberOf(data: Json | undefined): number | undefined {
  return typeof data === "number" ? data : undefined;
}
