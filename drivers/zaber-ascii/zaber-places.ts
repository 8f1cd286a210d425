/** Places of the rack on Zaber axes, and the words in which a stage of them fails. */
import { Fault } from "../../protocols/base/fault.ts";
import type { StagePosition } from "../../protocols/roles/stage.ts";
import { zaberFlag, zaberFlagText } from "../../protocols/wire/zaber-ascii/zaber-codes.ts";
import { microstepsOf, mmOf } from "../../protocols/wire/zaber-ascii/zaber-units.ts";
import type { ZaberAxis } from "./zaber-stage.ts";

export function axisMicrosteps(axis: ZaberAxis, rackMm: number): number {
  return microstepsOf(axis.originMm + (axis.isReversed === true ? -rackMm : rackMm), axis.microstepUm);
}

/** From the data of `get pos`. Throws Fault `link.garbled` when they are no number. */
export function rackMm(name: string, axis: ZaberAxis, data: string): number {
  if (!/^-?\d{1,12}$/.test(data)) throw new Fault("link.garbled", name, `Position ${data} is not a number.`);
  const mm = mmOf(Number(data), axis.microstepUm) - axis.originMm;
  // A tenth of a micrometre is below every microstep; the sums must not add more digits.
  return Math.round((axis.isReversed === true ? -mm : mm) * 10_000) / 10_000 + 0;
}

export function placeText(place: StagePosition): string {
  return `X ${place.xMm.toFixed(3)} mm, Y ${place.yMm.toFixed(3)} mm`;
}

/** Throws Fault `stage.position` for a target that is no place of the rack. */
export function refuseOutside(
  name: string,
  target: StagePosition,
  travelMm: { readonly x: number; readonly y: number },
): void {
  for (const [mm, limitMm] of [
    [target.xMm, travelMm.x],
    [target.yMm, travelMm.y],
  ] as const) {
    if (mm >= -0.0005 && mm <= limitMm + 0.0005) continue;
    throw new Fault("stage.position", name, `The target ${placeText(target)} lies outside the stage's travel.`, {
      xMm: Number.isFinite(target.xMm) ? target.xMm : null,
      yMm: Number.isFinite(target.yMm) ? target.yMm : null,
    });
  }
}

export function notHomed(name: string, flag?: string): Fault {
  return new Fault(
    "stage.not-homed",
    name,
    flag === undefined || flag === "--"
      ? "The stage has no position reference: it has not been homed since it was switched on."
      : `The stage has no position reference: it says ${zaberFlagText(flag)}.`,
  );
}

export function alarmed(name: string, flag: string): Fault {
  const known = zaberFlag(flag);
  return new Fault("stage.alarm", name, `The stage raised ${zaberFlagText(flag)}.`, {
    flag,
    positionLost: known?.positionLost ?? true,
    hint: known?.advice ?? null,
  });
}

export function stopped(name: string): Fault {
  return new Fault("stage.position", name, "The motion was stopped on request before its target was reached.");
}
