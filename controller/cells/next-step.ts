/**
 * Whether a step may begin on a cell that came to it otherwise than its protocol means: a person, or what was waited for,
 * ended the step before. Judged by what the cell has at rest, and its resistance: the first sample comes an interval of
 * samples later, and is too late for a cell that is beyond its limit at once. Pure.
 */
import type { ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";

export interface UnfitStep {
  /** `over`: its own end is behind already; `harmful`: the cell would be beyond a limit at once. */
  readonly kind: "over" | "harmful";
  readonly what: string;
}

/** A hold that goes on would drive too much at once: the cell is led back to its voltage first. */
export interface LeadBack {
  readonly kind: "lead";
  readonly what: string;
  /** Ends by the hold's voltage. */
  readonly step: ChannelStep;
}

export interface CellAtRest {
  readonly openCircuitV: number;
  /** By its proof or its last break; null where neither is known. */
  readonly resistanceOhm: number | null;
  /** Of its last sample. */
  readonly lastCurrentA?: number;
}

/**
 * Of a coin cell as a voltage finds it at the first instant (chosen, at the low end). What its proof found is slower, and of
 * another state of charge: a full cell has a fraction of what an empty one has.
 */
export const RESISTANCE_AT_ONCE_OHM = 10;

/** What a cell stands at when it ends is what it stood at when it began. */
export function leavesAsIs({ kind }: ChannelStep): boolean {
  return kind === "rest" || kind === "impedance";
}

/** Null: it may begin. A reading that is no number fits nothing. */
export function unfitStep(step: ChannelStep, { openCircuitV, resistanceOhm }: CellAtRest): UnfitStep | null {
  const { limits } = step;
  const at = `at ${openCircuitV.toFixed(3)} V without current`;
  if (step.kind === "rest" || step.kind === "impedance") return null;
  if (step.kind === "constant-current") {
    const { currentA, untilVoltageV } = step;
    const onLoadV = openCircuitV + currentA * (resistanceOhm ?? 0);
    const told = `${at}, the cell has about ${onLoadV.toFixed(3)} V with the ${milli(currentA)} mA of the step`;
    const isBehind =
      untilVoltageV !== null && (currentA > 0 ? onLoadV >= untilVoltageV : currentA < 0 && onLoadV <= untilVoltageV);
    if (isBehind) return { kind: "over", what: `${told}, which ends at ${untilVoltageV} V` };
    const isInside = onLoadV <= limits.voltageMaxV && onLoadV >= limits.voltageMinV;
    const isBack = currentA > 0 ? onLoadV < limits.voltageMinV : currentA < 0 && onLoadV > limits.voltageMaxV;
    if (isInside || isBack) return null;
    return { kind: "harmful", what: `${told}, outside ${limits.voltageMinV}..${limits.voltageMaxV} V` };
  }
  const setV = step.kind === "constant-voltage" ? step.voltageV : step.startVoltageV;
  const currentA = (setV - openCircuitV) / RESISTANCE_AT_ONCE_OHM;
  if (currentA <= limits.currentMaxA && currentA >= limits.currentMinA) return null;
  return {
    kind: "harmful",
    what: `${at}, the ${setV} V of the step drive about ${milli(currentA)} mA through the cell, outside ${milli(limits.currentMinA)}..${milli(limits.currentMaxA)} mA`,
  };
}

/** Of what the cell is allowed, so that no ripple passes a limit on the way (chosen). */
const LEAD_SHARE = 0.5;
/** So often at least the cell is looked at on the way: what drives it ends at a voltage that it may reach soon. */
const LEAD_INTERVAL_S = 1;

/**
 * What leads a cell back whose hold of a voltage broke off: in between it has relaxed, and the voltage at once would drive more
 * than the cell is allowed. Null where it would not; unfit where nothing may lead it that way, or nobody knows the way.
 */
export function leadBack(step: ChannelStep, cell: CellAtRest, sampleIntervalMinS: number): LeadBack | UnfitStep | null {
  if (step.kind !== "constant-voltage") return null;
  const unfit = unfitStep(step, cell);
  if (unfit === null) return null;
  const { voltageV, sampleIntervalS, untilTimeS, limits, chargeMaxAh } = step;
  const awayV = voltageV - cell.openCircuitV;
  const mostA = LEAD_SHARE * Math.max(0, awayV > 0 ? limits.currentMaxA : -limits.currentMinA);
  // With what it drove as it broke off the cell had its voltage; what its resistance lets through at once leaves it below too.
  const ohm = Math.max(RESISTANCE_AT_ONCE_OHM, cell.resistanceOhm ?? 0);
  const likelyA = Math.max(Math.abs(awayV) / ohm, Math.sign(awayV) * (cell.lastCurrentA ?? 0));
  const leadA = Math.sign(awayV) * Number(Math.min(mostA, likelyA).toPrecision(3));
  if (!(Math.abs(leadA) > 0)) return { kind: "harmful", what: `${unfit.what}; no current may lead it back there` };
  return {
    kind: "lead",
    what: `${unfit.what}: ${milli(leadA)} mA lead it back there first`,
    step: {
      ...{ kind: "constant-current", currentA: leadA, untilVoltageV: voltageV, untilTimeS, limits },
      sampleIntervalS: Math.max(sampleIntervalMinS, Math.min(LEAD_INTERVAL_S, sampleIntervalS)),
      ...(chargeMaxAh === undefined ? {} : { chargeMaxAh }),
    },
  };
}

/** By a voltage no hold comes to its own end: it is what led back to it that has. */
export function endsLead(step: ChannelStep | undefined, end: StepEnd): boolean {
  return step?.kind === "constant-voltage" && end === "voltage";
}

function milli(amperes: number): string {
  return String(Number((1000 * amperes).toPrecision(4)));
}
