/** Firmware that a driver was written for: another generation may speak another dialect. */
import { Fault } from "../../protocols/base/fault.ts";

/**
 * Throws `device.firmware` unless the first number of `firmware` is one of `majors`: 1 of `1.6.3d`, 8 of
 * `BTS Client 8.0.0.478`.
 */
export function refuseOtherFirmware(name: string, firmware: string, majors: readonly number[]): void {
  const major = /(\d{1,4})\.\d/.exec(firmware)?.[1];
  const isKnown = major !== undefined && majors.includes(Number(major));
  refuseUnlessKnown(name, firmware, isKnown, majors.map((each) => `${each}.x`).join(" and "));
}

/** For what has no such number. `known` is the range in words: `B01 to B99`. */
export function refuseUnlessKnown(name: string, firmware: string, isKnown: boolean, known: string): void {
  if (isKnown) return;
  const shown = firmware.slice(0, 100).replaceAll(/[^ -~]/g, "?");
  throw new Fault("device.firmware", name, `its firmware is ${shown}; known is ${known}`, { firmware: shown, known });
}
