/**
 * Shutter, permits, attenuator and interlocks, as one input/output unit offers them. Inputs are levels read at the
 * act, never remembered edges; every state is what the switches say, never what was last commanded.
 */
import type { Instrument } from "./instrument.ts";

/** Interlock conditions the site wires in; true means the condition holds. */
export const INTERLOCKS = ["searched", "doorClosed", "emergencyOk", "motionEnabled", "beamPermitted"] as const;
export type Interlock = (typeof INTERLOCKS)[number];

export interface InputLevels {
  /** When the unit answered, on the monotonic clock. */
  readonly readAtMs: number;
  readonly shutterOpenSwitch: boolean;
  readonly shutterClosedSwitch: boolean;
  readonly safetyShutterOpenSwitch: boolean;
  readonly safetyShutterClosedSwitch: boolean;
  readonly interlocks: Readonly<Record<Interlock, boolean>>;
  /** One per filter of the site, in the site's order: true when its switch says it is in the beam. */
  readonly filtersIn: readonly boolean[];
  /** By name: true where the input tells of no trouble. Left out where the site names none. */
  readonly safetyInputs?: Readonly<Record<string, boolean>>;
  /** The output watchdog has tripped: all outputs are dropped until it is re-armed. */
  readonly watchdogTripped: boolean;
}

export type ShutterState = "open" | "closed" | "moving" | "contradiction";

export function shutterState(levels: InputLevels): ShutterState {
  if (levels.shutterOpenSwitch) return levels.shutterClosedSwitch ? "contradiction" : "open";
  return levels.shutterClosedSwitch ? "closed" : "moving";
}

/** By both of its switches. */
export function isSafetyShut({ safetyShutterOpenSwitch, safetyShutterClosedSwitch }: InputLevels): boolean {
  return safetyShutterClosedSwitch && !safetyShutterOpenSwitch;
}

/** The part that only the safety supervisor is handed: nothing else may write the permit's register. */
export interface PermitPort {
  /** One heartbeat of the shutter permit. It lapses by itself within the unit's watchdog time (< 1 s). */
  renewShutterPermit(): Promise<void>;
  /** Takes the permit away at once; the shutter falls shut by hardware. */
  dropShutterPermit(): Promise<void>;
  /** After a trip: starts the watchdog again. Only with the shutter closed and every output off. */
  rearmWatchdog(): Promise<void>;
}

export interface BeamIo extends Instrument {
  /** A rehearsal: nothing that opens goes out to the unit. Left out otherwise. */
  readonly isLocked?: true;
  readInputs(): Promise<InputLevels>;
  /** Asks the shutter to open; effective only under a living permit. Resolves on the unit's acknowledgement, not on motion. */
  requestShutterOpen(): Promise<void>;
  /** Asks the shutter to close. Bypasses the queue. */
  requestShutterClosed(): Promise<void>;
  requestSafetyShutter(open: boolean): Promise<void>;
  /** One flag per filter, in the site's order. Resolves on acknowledgement; read the switches to know. */
  setFilters(inBeam: readonly boolean[]): Promise<void>;
  readonly permit: PermitPort;
}
