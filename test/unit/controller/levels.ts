/** Input levels under which everything is allowed, for tests to spoil one at a time. */
import type { InputLevels, Interlock } from "../../../protocols/roles/beam-io.ts";

export const NOW_MS = 10_000;

export const GOOD_LEVELS: InputLevels = {
  readAtMs: NOW_MS - 20,
  shutterOpenSwitch: false,
  shutterClosedSwitch: true,
  safetyShutterOpenSwitch: true,
  safetyShutterClosedSwitch: false,
  interlocks: { searched: true, doorClosed: true, emergencyOk: true, motionEnabled: true, beamPermitted: true },
  filtersIn: [true, false],
  watchdogTripped: false,
};

export function broken(...names: readonly Interlock[]): InputLevels {
  const interlocks = { ...GOOD_LEVELS.interlocks };
  for (const name of names) interlocks[name] = false;
  return { ...GOOD_LEVELS, interlocks };
}

/** The levels with something that no unit should send but a fault may. */
export function mangled(changes: { readonly [key: string]: unknown }): InputLevels {
  return { ...GOOD_LEVELS, ...changes };
}
