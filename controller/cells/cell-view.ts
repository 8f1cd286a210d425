/** A cell as people and programs are shown it: what its machine, its samples and its account say now. */
import type { CellContext } from "../machines/cell-news.ts";
import type { CellForecast } from "../forecast/cell-forecast.ts";
import type { FrameView } from "../frames/frame-desk.ts";
import { chargeNow } from "./cell-account.ts";
import type { BeamEffectView } from "../verdict/verdict-record.ts";
import type { SpectrumView } from "./spectrum-log.ts";

export interface CellView {
  readonly position: string;
  readonly cell: string;
  readonly state: string;
  /** Number in the protocol file, from 1; null when no step is left. */
  readonly step: number | null;
  readonly label: string | null;
  readonly cycle: number | null;
  /** The one under way, or the last; 0 before any current. */
  readonly halfCycle: number;
  readonly waitingFor: {
    readonly reason: string;
    readonly who: string;
    readonly sinceMs: number;
    readonly untilMs: number | null;
  } | null;
  readonly voltageV: number | null;
  readonly currentA: number | null;
  /** Half-widths beside the values, fractions of the capacity; null where it is not known. */
  readonly stateOfCharge: number | null;
  readonly stateOfChargeUncertainty: number | null;
  readonly stateOfHealth: number | null;
  /** Of the last discharge that has one. */
  readonly coulombicEfficiency: number | null;
  readonly lastHalfCycleAh: number | null;
  readonly heldBy: string | null;
  readonly lastSpectrum: SpectrumView | null;
  /** Null before the first step, and when the cell's part is over. */
  readonly forecast: CellForecast | null;
  /** Exposed spots against control spots, by the last look; null before it, and without controls. */
  readonly beamEffect: BeamEffectView | null;
  /** The first look at its last frame; null before it, and where frames are not looked at. */
  readonly lastFrame: FrameView | null;
}

/** Pure. `voltageV` and `currentA` are the last sample's, NaN without one. */
export function cellView(
  state: string,
  context: CellContext,
  voltageV: number,
  currentA: number,
  told: Pick<CellView, "forecast" | "beamEffect" | "lastFrame">,
): CellView {
  const { cursor, account, waiting, hold } = context;
  const { halfCycles } = account;
  const charge = chargeNow(account, context.effects.totals());
  return {
    position: context.position,
    cell: context.cellId,
    state,
    step: cursor?.step.stepNumber ?? null,
    label: cursor?.step.label ?? null,
    cycle: cursor?.step.cycleNumber ?? null,
    halfCycle: halfCycles.closedCount + (halfCycles.open === null ? 0 : 1),
    waitingFor:
      waiting === null
        ? null
        : { reason: waiting.reason, who: waiting.who, sinceMs: waiting.sinceMs, untilMs: waiting.untilMs },
    voltageV: finiteOrNull(voltageV),
    currentA: finiteOrNull(currentA),
    stateOfCharge: charge?.value ?? null,
    stateOfChargeUncertainty: charge?.uncertainty ?? null,
    stateOfHealth: account.stateOfHealth,
    coulombicEfficiency: halfCycles.last?.coulombicEfficiency ?? null,
    lastHalfCycleAh: halfCycles.last?.capacityAh ?? null,
    heldBy: hold?.author ?? null,
    lastSpectrum: context.effects.lastSpectrum?.() ?? null,
    ...told,
  };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
