/** Work coordinate systems G54-G59 of the simulated controller, and where a set of axis words leads. */
import type { Axes } from "./grbl-twin-gcode.ts";
import type { MachinePlace } from "./grbl-twin-motion.ts";
import type { TwinSettings } from "./grbl-twin-settings.ts";

const ORIGIN: MachinePlace = { xMm: 0, yMm: 0, zMm: 0 };

export interface TwinCoordinates {
  readonly offsets: readonly MachinePlace[];
  offset(workSystem: number): MachinePlace;
  /** Axes not named stay where the last planned block ends. */
  target(frame: "machine" | "work" | "relative", axes: Axes, workSystem: number, from: MachinePlace): MachinePlace;
  /** `fromPresent`: make `here` read as the values given (G10 L20); else the values are the offset (L2). */
  set(what: { readonly fromPresent: boolean; readonly axes: Axes }, workSystem: number, here: MachinePlace): void;
}

export function createTwinCoordinates(): TwinCoordinates {
  const offsets: MachinePlace[] = Array.from({ length: 6 }, () => ORIGIN);
  const offset = (workSystem: number): MachinePlace => offsets[workSystem] ?? ORIGIN;
  return {
    offsets,
    offset,
    target(frame, axes, workSystem, from) {
      const base = frame === "relative" ? from : frame === "work" ? offset(workSystem) : ORIGIN;
      return {
        xMm: axes.x === undefined ? from.xMm : base.xMm + axes.x,
        yMm: axes.y === undefined ? from.yMm : base.yMm + axes.y,
        zMm: axes.z === undefined ? from.zMm : base.zMm + axes.z,
      };
    },
    set({ fromPresent, axes }, workSystem, here) {
      const old = offset(workSystem);
      const next = (value: number | undefined, oldMm: number, hereMm: number): number =>
        value === undefined ? oldMm : fromPresent ? hereMm - value : value;
      offsets[workSystem] = {
        xMm: next(axes.x, old.xMm, here.xMm),
        yMm: next(axes.y, old.yMm, here.yMm),
        zMm: next(axes.z, old.zMm, here.zMm),
      };
    },
  };
}

/** With `$20=1` the legal machine range is -travel..0 on each axis. */
export function isBeyondLimits(settings: TwinSettings, target: MachinePlace): boolean {
  if (settings.get(20) === 0) return false;
  const isOut = (mm: number, travelMm: number): boolean => mm > 0 || mm < -travelMm;
  return (
    isOut(target.xMm, settings.get(130)) || isOut(target.yMm, settings.get(131)) || isOut(target.zMm, settings.get(132))
  );
}
