/**
 * The gate before the shutter: every condition under which photons may fall on a cell, in one pure function that
 * says yes, or no and why. Anything missing or not a number is a no.
 */
import { isSafetyShut, shutterState, type InputLevels } from "../../protocols/roles/beam-io.ts";

export interface GateFacts {
  readonly nowMs: number;
  readonly levels: InputLevels | null;
  readonly levelsMaximumAgeMs: number;
  readonly bookingSeq: number | null;
  /** The booking was made durable. */
  readonly isBookingDurable: boolean;
  readonly filtersAsked: readonly boolean[];
  /** Where the stage read back, and where the spot is. */
  readonly stageReading: { readonly xMm: number; readonly yMm: number; readonly atRest: boolean } | null;
  readonly target: { readonly xMm: number; readonly yMm: number };
  readonly positionToleranceMm: number;
  readonly settledForMs: number;
  readonly settleMs: number;
  /** Confirmed, or continuous since it was confirmed. */
  readonly belief: "confirmed" | "believed" | "unknown";
  readonly ringCurrentMa: number | null;
  readonly ringCurrentMinimumMa: number;
  /** Nothing will be opened: beam is not needed, and both shutters must be closed. */
  readonly isRehearsal?: boolean;
}

export type GateVerdict = { readonly open: true } | { readonly open: false; readonly reasons: readonly string[] };

export function judgeGate(facts: GateFacts): GateVerdict {
  const reasons: string[] = [];
  if (facts.bookingSeq === null || !(facts.bookingSeq >= 1)) reasons.push("no dose booking");
  else if (!facts.isBookingDurable) reasons.push("dose booking not durable");
  if (facts.belief === "unknown") reasons.push("the cell at this position is not known");
  reasons.push(...stageReasons(facts), ...levelReasons(facts));
  if (facts.isRehearsal !== true) reasons.push(...beamReasons(facts));
  return reasons.length === 0 ? { open: true } : { open: false, reasons };
}

function beamReasons({ ringCurrentMa, ringCurrentMinimumMa }: GateFacts): readonly string[] {
  if (ringCurrentMa === null) return ["no fresh ring current"];
  if (ringCurrentMa >= ringCurrentMinimumMa) return [];
  return [`ring current ${ringCurrentMa} mA under ${ringCurrentMinimumMa} mA`];
}

function stageReasons(facts: GateFacts): readonly string[] {
  const { stageReading, target } = facts;
  if (stageReading === null) return ["stage not read back"];
  const reasons: string[] = [];
  if (!stageReading.atRest) reasons.push("stage not at rest");
  const off = Math.hypot(stageReading.xMm - target.xMm, stageReading.yMm - target.yMm);
  if (!(off <= facts.positionToleranceMm)) reasons.push(`stage ${off.toFixed(3)} mm from the spot`);
  if (!(facts.settledForMs >= facts.settleMs)) reasons.push("stage not settled");
  return reasons;
}

function levelReasons(facts: GateFacts): readonly string[] {
  const { levels } = facts;
  if (levels === null) return ["levels not read"];
  const reasons: string[] = [];
  const ageMs = facts.nowMs - levels.readAtMs;
  if (!(ageMs >= 0 && ageMs <= facts.levelsMaximumAgeMs)) reasons.push("levels too old");
  reasons.push(...interlockReasons(levels, facts.isRehearsal === true));
  if (shutterState(levels) !== "closed") reasons.push(`shutter ${shutterState(levels)}, not closed`);
  if (facts.isRehearsal === true && !isSafetyShut(levels)) reasons.push("safety shutter not closed");
  if (levels.watchdogTripped) reasons.push("output watchdog tripped");
  const inPlace =
    levels.filtersIn.length === facts.filtersAsked.length &&
    facts.filtersAsked.every((asked, index) => levels.filtersIn[index] === asked);
  if (!inPlace) reasons.push("filters not in place");
  return reasons;
}

/** Which interlocks keep the shutter closed by these levels; a rehearsal, in which it stays closed, needs no permission of the beam. */
export function interlockReasons(
  { interlocks }: Pick<InputLevels, "interlocks">,
  isRehearsal: boolean,
): readonly string[] {
  const needed = ["searched", "doorClosed", "emergencyOk"] as const;
  const names = isRehearsal ? needed : ([...needed, "beamPermitted"] as const);
  return names.filter((name) => !interlocks[name]).map((name) => `interlock ${name}`);
}
