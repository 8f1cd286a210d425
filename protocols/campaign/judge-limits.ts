/**
 * Whether a cell's limits could end a step of its protocol: in a cell as its nameplate has it, in cells as far from it
 * as a batch goes, or by what a channel's reading is off. Such a protocol is refused, since the cell would be taken off.
 */
import { durationText } from "../base/duration-text.ts";
import { stepCurrentA } from "../echem/channel-step.ts";
import { forecastCorner, type CornerOffsets } from "../echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../echem/forecast/nameplate.ts";
import type { Protocol, TechniqueStep } from "../echem/protocol.ts";

export interface LimitVerdict {
  readonly code: string;
  readonly stepIndex: number;
  /** The key of the step, as files spell it; empty for the step itself. */
  readonly key: string;
  readonly what: string;
  readonly advice: string;
}

/** Gain and offset of a calibrated channel, and the overshoot of one sample: a cut-off nearer to a limit may pass it. */
const VOLTAGE_MARGIN_V = 0.005;
/** The same of a current, as a part of the limit. */
const CURRENT_MARGIN = 0.01;

/** Cells of a batch, in standard deviations from the nameplate, that reach a limit before others do. */
const CORNERS: readonly { readonly cell: string; readonly offsets: CornerOffsets }[] = [
  {
    cell: "of little capacity that arrives partly charged",
    offsets: { capacityAh: -3, startShare: 2, firstLoss: -3, resistanceOhm: 2, lagS: 2 },
  },
  {
    cell: "of little capacity whose first charge binds much",
    offsets: { capacityAh: -3, startShare: -1, firstLoss: 3, resistanceOhm: 2, lagS: 2 },
  },
  {
    cell: "of much capacity that arrives partly charged",
    offsets: { capacityAh: 2, startShare: 2, firstLoss: -2, resistanceOhm: -1 },
  },
  { cell: "of low resistance", offsets: { resistanceOhm: -1.5, lagS: -1.5, startShare: -1 } },
  { cell: "of slow relaxation", offsets: { lagS: 2, startShare: 2 } },
];
/** As many steps are followed; what no limit ended by then is the same again. */
const STEPS_MAX = 120;

export function judgeLimits(protocol: Protocol, cell: CellNameplate): readonly LimitVerdict[] {
  const { limits } = cell;
  if (limits === null) return [];
  const near = protocol.steps.flatMap((step, stepIndex) =>
    step.kind === "tag" || step.kind === "loop" ? [] : judgeMargins(step, stepIndex, { ...cell, limits }),
  );
  const corner = canReachLimits(protocol) ? judgeCorners(protocol, cell) : undefined;
  return corner === undefined ? near : [...near, corner];
}

type Limited = CellNameplate & { readonly limits: NonNullable<CellNameplate["limits"]> };

function judgeMargins(step: TechniqueStep, stepIndex: number, cell: Limited): readonly LimitVerdict[] {
  const { voltageMaxV, voltageMinV, currentMaxA, currentMinA } = cell.limits;
  const verdicts: LimitVerdict[] = [];
  const voltage = (key: string, valueV: number | null): void => {
    if (valueV === null) return;
    // What is beyond a limit is refused elsewhere.
    const aboveV = valueV - voltageMinV;
    const belowV = voltageMaxV - valueV;
    if (Math.min(aboveV, belowV) < 0 || Math.min(aboveV, belowV) >= VOLTAGE_MARGIN_V - 1e-9) return;
    const [limitV, way] = belowV < aboveV ? [voltageMaxV, "Raise"] : [voltageMinV, "Lower"];
    verdicts.push({
      ...{ code: "protocol.limit-margin", stepIndex, key },
      what: `${valueV} V lies within ${short(1000 * VOLTAGE_MARGIN_V)} mV of the cell's limit of ${limitV} V: a reading off by as much would take the cell off`,
      advice: `${way} the limit, or keep ${short(1000 * VOLTAGE_MARGIN_V)} mV away from it.`,
    });
  };
  switch (step.kind) {
    case "constant-current": {
      voltage("until_voltage_V", step.untilVoltageV);
      const currentA = stepCurrentA(step, cell.nominalCapacityMah);
      const limitA = currentA > 0 ? currentMaxA : currentMinA;
      const share = currentA / limitA;
      if (share <= 1 && share > 1 - CURRENT_MARGIN) {
        verdicts.push({
          ...{ code: "protocol.limit-margin", stepIndex, key: step.rateC === null ? "current_mA" : "rate_C" },
          what: `${short(1000 * currentA)} mA lie within a hundredth of the cell's limit of ${short(1000 * limitA)} mA: a reading off by as much would take the cell off`,
          advice: "Raise the limit, or lower the current.",
        });
      }
      break;
    }
    case "constant-voltage":
      voltage("voltage_V", step.voltageV);
      break;
    case "voltage-scan":
      voltage("start_voltage_V", step.startVoltageV);
      voltage("end_voltage_V", step.endVoltageV);
      break;
    case "open-circuit-voltage":
    case "impedance-spectroscopy":
  }
  return verdicts;
}

/** A current that its own cut-off ends never gets to a limit beyond it. */
function canReachLimits({ steps }: Protocol): boolean {
  return steps.some(
    (step) => step.kind === "constant-voltage" || (step.kind === "constant-current" && step.untilVoltageV === null),
  );
}

function judgeCorners(protocol: Protocol, cell: CellNameplate): LimitVerdict | undefined {
  for (const corner of CORNERS) {
    const run = forecastCorner(protocol, cell, corner.offsets, STEPS_MAX).find(({ endedBy }) => endedBy === "limit");
    if (run === undefined) continue;
    const isHold = protocol.steps[run.stepIndex]?.kind === "constant-voltage";
    const afterS = run.endS - run.startS;
    return {
      ...{ code: "protocol.limit-may-end-step", stepIndex: run.stepIndex, key: "" },
      what: isHold
        ? `in a cell ${corner.cell} the hold begins with up to ${short(1000 * run.currentPeakA)} mA, ${beyondCurrents(cell)}; the cell would be taken off`
        : `a cell ${corner.cell} reaches its limit of ${short(run.endVoltageV)} V after ${durationText(afterS)}; it would be taken off`,
      advice: isHold
        ? "Charge or discharge at constant current up to this voltage first, or raise the current limit."
        : "Give until_voltage_V within the limits, or less time.",
    };
  }
  return undefined;
}

/** `beyond the cell's limits of -1 to 1 mA`. */
export function beyondCurrents({ limits }: CellNameplate): string {
  if (limits === null) return "beyond the cell's limits";
  return `beyond the cell's limits of ${short(1000 * limits.currentMinA)} to ${short(1000 * limits.currentMaxA)} mA`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
