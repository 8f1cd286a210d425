/** What a cell's machine writes into the log, and says of its step. Pure but for the recorder. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { accountJson, totalsJson } from "../cells/account-json.ts";
import type { ClosedHalfCycle } from "../cells/cell-account.ts";
import type { AskedAct } from "./cell-acts.ts";
import { isOver, type CellAct, type CellContext, type CellEvent } from "./cell-news.ts";
import { faultJson } from "./errors.ts";
import type { CellBack, CellFound, PartOutcome, ProgrammeStep } from "./programme.ts";
import type { Recorder } from "./recorder.ts";

type EndedWait = NonNullable<PartOutcome["wait"]>;

export interface CellRecords {
  /** `lead`: what leads the cell back to it first. */
  stepStarted(context: CellContext, lead?: string | null): void;
  stepEnded(context: CellContext, event: Extract<CellEvent, { type: "STEP_ENDED" }>): void;
  /** A person skipped or ended it. */
  stepLeft(context: CellContext, act: CellAct, chargeAh: number): void;
  /** Its time ran out while nobody heard of it. */
  stepOver(context: CellContext, chargeAh: number): void;
  /** After a restart: what the channel was found doing. */
  found(context: CellContext, found: CellFound): void;
  stepInterrupted(context: CellContext): void;
  /** It is confirmed off after it could not be heard, and for so long its step had run. */
  ranOn(context: CellContext): void;
  /** What it waited for came, or did not. */
  waitEnded(context: CellContext, wait: EndedWait, nowMs: number): void;
  halfCycles(context: CellContext, closed: readonly ClosedHalfCycle[]): void;
  act(context: CellContext, asked: AskedAct, isRefused: boolean): void;
  held(context: CellContext): void;
  /** It does not lie in its slot yet. */
  awaited(context: CellContext): void;
  come(context: CellContext): void;
  /** It is off, and the robot's: nothing of its step is measured from here on. */
  takenOut(context: CellContext): void;
  putBack(context: CellContext, back: CellBack): void;
  /** A person took it out and does not bring it back. */
  leftOut(context: CellContext): void;
  /** `untilMs`: what runs may run on until then, Infinity where nothing ends it; null where nothing does. */
  isolated(context: CellContext, untilMs: number | null): void;
  /** The end of a cell's part, under this name. */
  over(type: "cell-complete" | "cell-stopped", context: CellContext): void;
}

export function createCellRecords(recorder: Recorder): CellRecords {
  function place({ position, cursor }: CellContext): { readonly [key: string]: Json } {
    return { position, step: cursor?.step.stepNumber ?? null, cycle: cursor?.step.cycleNumber ?? null };
  }

  function why({ fault }: CellContext): { readonly [key: string]: Json } {
    return fault === null ? {} : faultJson(fault);
  }

  return {
    stepStarted(context, lead = null) {
      if (context.cursor === null) return;
      recorder.record("step-started", {
        ...place(context),
        label: context.cursor.step.label,
        elapsed_s: context.stepElapsedS,
        ...ordered(context.cursor.step),
        ...(lead === null ? {} : { is_lead: true, note: lead }),
        // What a restart goes on from.
        state: {
          place: context.cursor.place ?? null,
          steps_done: context.stepsDoneCount,
          account: accountJson(context.account),
          totals: totalsJson(context.effects.totals()),
        },
      });
    },
    stepEnded(context, event) {
      if (context.cursor === null) return;
      recorder.record("step-ended", {
        ...place(context),
        ended_by: event.end,
        voltage_V: finiteOrNull(event.voltageV),
        current_A: finiteOrNull(event.currentA),
        charge_Ah: finiteOrNull(event.chargeAh),
        ...began(context),
        ...samplesOf(context),
        totals: totalsJson(context.effects.totals()),
      });
    },
    stepOver(context, chargeAh) {
      recorder.record("step-ended", {
        ...place(context),
        ended_by: "unknown",
        charge_Ah: finiteOrNull(chargeAh),
        totals: totalsJson(context.effects.totals()),
      });
    },
    found(context, found) {
      recorder.record("cell-found", {
        ...place(context),
        found: found.kind,
        elapsed_s: context.stepElapsedS,
        ...(found.kind === "off" ? { open_circuit_V: finiteOrNull(found.openCircuitV), ...flowed(context) } : {}),
        ...(found.kind === "ended" ? { ended_by: found.end } : {}),
      });
    },
    stepLeft(context, act, chargeAh) {
      recorder.record("step-ended", {
        ...place(context),
        ended_by: act.kind,
        author: act.author,
        reason: act.reason,
        charge_Ah: finiteOrNull(chargeAh),
        // Of a step that never began there are none, and those of the one before are told.
        ...(Number.isFinite(context.stepStartedAtMs) ? samplesOf(context) : {}),
        totals: totalsJson(context.effects.totals()),
      });
    },
    stepInterrupted(context) {
      const { position, step } = place(context);
      recorder.record("step-interrupted", {
        ...{ position: position ?? null, step: step ?? null, elapsed_s: context.stepElapsedS, ...why(context) },
        // It may run on to its own end.
        ...(context.unheardSinceMs === null ? {} : { is_unheard: true }),
      });
    },
    ranOn(context) {
      recorder.record("cell-found", {
        ...place(context),
        found: "off",
        elapsed_s: context.stepElapsedS,
        ...flowed(context),
      });
    },
    waitEnded(context, wait, nowMs) {
      recorder.record("wait-ended", {
        ...place(context),
        for: wait.for,
        came: wait.came,
        waited_s: context.waitSinceMs === null ? 0 : (nowMs - context.waitSinceMs) / 1000,
        ...(wait.came === "in-vain" ? { fallback: wait.fallback.kind } : {}),
      });
    },
    halfCycles(context, closed) {
      for (const { half, stateOfCharge, stateOfHealth } of closed) {
        recorder.record("half-cycle-ended", {
          position: context.position,
          half_cycle: half.number,
          cycle: half.cycleNumber,
          step: half.stepNumber,
          direction: half.direction,
          capacity_Ah: half.capacityAh,
          capacity_doubt_Ah: half.doubtAh,
          ended_at: half.endedAt,
          is_whole: half.isWhole,
          coulombic_efficiency: half.coulombicEfficiency,
          coulombic_efficiency_doubt: half.coulombicEfficiencyDoubt,
          state_of_charge: stateOfCharge?.value ?? null,
          state_of_charge_uncertainty: stateOfCharge?.uncertainty ?? null,
          state_of_health: stateOfHealth,
        });
      }
    },
    act(context, { act, by }, isRefused) {
      recorder.record(isRefused ? "cell-act-refused" : "cell-act", {
        ...place(context),
        act,
        author: by.author,
        reason: by.reason,
      });
    },
    held(context) {
      recorder.record("cell-held", {
        ...place(context),
        elapsed_s: context.stepElapsedS,
        ...flowed(context),
        ...(context.hold === null ? {} : { author: context.hold.author, reason: context.hold.reason }),
      });
    },
    awaited(context) {
      recorder.record("cell-awaited", { position: context.position, reason: context.waiting?.reason ?? null });
    },
    come(context) {
      recorder.record("cell-come", { position: context.position });
    },
    takenOut(context) {
      recorder.record("cell-taken-out", {
        ...place(context),
        cell: context.cellId,
        elapsed_s: context.stepElapsedS,
        ...flowed(context),
        is_operando: false,
      });
    },
    putBack(context, { openCircuitV, wired }) {
      recorder.record("cell-put-back", {
        ...place(context),
        cell: context.cellId,
        elapsed_s: context.stepElapsedS,
        open_circuit_V: finiteOrNull(openCircuitV),
        ...(context.isNew ? { is_first: true } : {}),
        // Its proof was a current.
        ...flowed(context),
        ...(wired === null
          ? {}
          : { current_A: wired.currentA, response_V: wired.responseV, resistance_ohm: wired.resistanceOhm }),
      });
    },
    leftOut({ position, cellId }) {
      recorder.record("cell-left-out", { position, cell: cellId });
    },
    isolated(context, untilMs) {
      const { position, cellId } = context;
      const runsOn = untilMs === null ? {} : { runs_until_ms: finiteOrNull(untilMs) };
      recorder.record("cell-isolated", { position, cell: cellId, ...why(context), ...runsOn, ...flowed(context) });
    },
    over(type, context) {
      const { position, cellId } = context;
      // On record since before a restart.
      if (context.left !== undefined && isOver(context.left)) return;
      if (type === "cell-stopped") {
        recorder.record(type, { position, cell: cellId, ...flowed(context) });
      } else recorder.record(type, { position, cell: cellId, steps: context.stepsDoneCount });
    },
  };
}

/** Of a cell that is confirmed off: what its samples do not tell was counted as it was switched off. */
function flowed({ effects }: CellContext): { readonly [key: string]: Json } {
  return { totals: totalsJson(effects.totals()) };
}

/** How the step began: what a jump of current over the cell's resistance came to. */
function began({ effects }: CellContext): { readonly [key: string]: Json } {
  const first = effects.firstSample?.() ?? null;
  if (first === null) return {};
  return { began: { after_s: first.sinceS, voltage_V: first.voltageV, current_A: first.currentA } };
}

/** For the audit: what must stand in the record, and what the instrument counted. */
function samplesOf({ effects }: CellContext): { readonly [key: string]: Json } {
  const samples = effects.stepSamples?.() ?? null;
  if (samples === null) return {};
  const { channelIndex, received, fromMs, toMs, counted } = samples;
  return { samples: { channel: channelIndex, received, from_ms: fromMs, to_ms: toMs, instrument: counted } };
}

/** What the campaign's rules made of the step. */
function ordered({ channelStep, wait, note }: ProgrammeStep): { readonly [key: string]: Json } {
  return {
    ...(channelStep.kind === "constant-current" ? { current_A: channelStep.currentA } : {}),
    ...(wait == null ? {} : { waits_for: wait.for, maximum_s: wait.maximumS, fallback: wait.fallback.kind }),
    ...(note == null ? {} : { note }),
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
