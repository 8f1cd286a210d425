/** What a cell's machine writes into the log, and says of its step. Pure but for the recorder. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ClosedHalfCycle } from "../cells/cell-account.ts";
import type { AskedAct } from "./cell-acts.ts";
import type { CellAct, CellContext, CellEvent } from "./cell-news.ts";
import { faultJson } from "./errors.ts";
import type { Recorder } from "./recorder.ts";

export interface CellRecords {
  stepStarted(context: CellContext): void;
  stepEnded(context: CellContext, event: Extract<CellEvent, { type: "STEP_ENDED" }>): void;
  /** A person skipped or ended it. */
  stepLeft(context: CellContext, act: CellAct, chargeAh: number): void;
  stepInterrupted(context: CellContext): void;
  halfCycles(context: CellContext, closed: readonly ClosedHalfCycle[]): void;
  act(context: CellContext, asked: AskedAct, isRefused: boolean): void;
  held(context: CellContext): void;
  /** The end of a cell's part, under this name. */
  over(type: "cell-isolated" | "cell-complete" | "cell-stopped", context: CellContext): void;
}

export function createCellRecords(recorder: Recorder): CellRecords {
  function place({ position, cursor }: CellContext): { readonly [key: string]: Json } {
    return { position, step: cursor?.step.stepNumber ?? null, cycle: cursor?.step.cycleNumber ?? null };
  }

  function why({ fault }: CellContext): { readonly [key: string]: Json } {
    return fault === null ? {} : faultJson(fault);
  }

  return {
    stepStarted(context) {
      if (context.cursor === null) return;
      recorder.record("step-started", {
        ...place(context),
        label: context.cursor.step.label,
        elapsed_s: context.stepElapsedS,
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
      });
    },
    stepLeft(context, act, chargeAh) {
      recorder.record("step-ended", {
        ...place(context),
        ended_by: act.kind,
        author: act.author,
        reason: act.reason,
        charge_Ah: finiteOrNull(chargeAh),
      });
    },
    stepInterrupted(context) {
      const { position, step } = place(context);
      recorder.record("step-interrupted", { position: position ?? null, step: step ?? null, ...why(context) });
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
        ...(context.hold === null ? {} : { author: context.hold.author, reason: context.hold.reason }),
      });
    },
    over(type, context) {
      const { position, cellId } = context;
      if (type === "cell-isolated") recorder.record(type, { position, cell: cellId, ...why(context) });
      else if (type === "cell-stopped") recorder.record(type, { position, cell: cellId });
      else recorder.record(type, { position, cell: cellId, steps: context.stepsDoneCount });
    },
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
