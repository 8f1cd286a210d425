/** Is this the chain of the site file? Devices, firmware, serial numbers, and the settings that decide a motion. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { ZaberAddress } from "../../protocols/wire/zaber-ascii/zaber-commands.ts";
import { accelerationData, mmOf, speedData, speedMmS } from "../../protocols/wire/zaber-ascii/zaber-units.ts";
import type { ZaberSession } from "./zaber-session.ts";
import type { ZaberAxis, ZaberStageDeps } from "./zaber-stage.ts";

/** Firmware generations whose message ids, alerts and checksums are those of the reference. */
const FIRMWARE_MAJORS: readonly number[] = [6, 7];

export interface ZaberChain {
  readonly identity: Identity;
  /** Bound of a homing of both axes at once. */
  readonly homingMs: number;
}

export const REPLY_DEADLINE_MS = 500;

export async function identifyChain(on: ZaberSession, deps: ZaberStageDeps): Promise<ZaberChain> {
  const axes = [deps.axes.x, deps.axes.y];
  const models: string[] = [];
  const serials: string[] = [];
  const firmwares: string[] = [];
  for (const device of new Set(axes.map((axis) => axis.device))) {
    const whole: ZaberAddress = { device, axis: 0 };
    const model = await setting(on, deps.name, whole, "deviceid");
    const firmware = await setting(on, deps.name, whole, "version");
    const serial = await setting(on, deps.name, whole, "system.serial");
    if (!/^\d{1,8}$/.test(model) || !/^\d{1,2}\.\d{1,3}$/.test(firmware)) {
      throw wrong(deps.name, `Device ${device} calls itself ${model} with firmware ${firmware}, like no Zaber device.`);
    }
    if (!FIRMWARE_MAJORS.includes(Math.floor(Number(firmware)))) {
      const known = FIRMWARE_MAJORS.join(" and ");
      throw new Fault("device.firmware", deps.name, `Device ${device} has firmware ${firmware}; known are ${known}.`);
    }
    const axisCount = Number(await setting(on, deps.name, whole, "system.axiscount"));
    for (const axis of axes) {
      if (axis.device !== device) continue;
      if (!(axis.axis >= 1 && axis.axis <= axisCount)) {
        throw wrong(deps.name, `Device ${device} has ${axisCount} axes, the site file wants its axis ${axis.axis}.`);
      }
      if (axis.serialNumber !== undefined && axis.serialNumber !== serial) {
        throw wrong(
          deps.name,
          `Device ${device} has serial number ${serial}, the site file wants ${axis.serialNumber}.`,
        );
      }
    }
    models.push(model);
    serials.push(serial);
    firmwares.push(firmware);
  }
  await speakWithChecksums(on, deps);
  const homingMs = Math.max(await checkAxis(on, deps, "x"), await checkAxis(on, deps, "y"));
  const joined = (words: readonly string[]): string => [...new Set(words)].join(", ");
  return {
    identity: { model: `Zaber ${joined(models)}`, serialNumber: joined(serials), firmware: joined(firmwares) },
    homingMs,
  };
}

/** Asks for checksums and alerts, and reads back that checksums are on. */
async function speakWithChecksums(on: ZaberSession, deps: ZaberStageDeps): Promise<void> {
  const options = { deadlineMs: REPLY_DEADLINE_MS, repeatable: true };
  for (const device of new Set([deps.axes.x.device, deps.axes.y.device])) {
    const whole: ZaberAddress = { device, axis: 0 };
    await on.ask(whole, "set comm.checksum 1", options);
    if ((await setting(on, deps.name, whole, "comm.checksum")) !== "1") {
      throw wrong(deps.name, `Device ${device} does not keep comm.checksum at 1.`);
    }
    await on.ask(whole, "set comm.alert 1", options);
  }
  on.requireChecksums();
}

/** Compares one axis with the site and returns its homing bound in milliseconds. */
async function checkAxis(on: ZaberSession, deps: ZaberStageDeps, which: "x" | "y"): Promise<number> {
  const axis = deps.axes[which];
  const found = async (word: string): Promise<number> => {
    const data = await setting(on, deps.name, axis, word);
    const value = /^-?\d{1,12}(\.\d{1,6})?$/.test(data) ? Number(data) : Number.NaN;
    if (Number.isNaN(value)) throw wrong(deps.name, `${word} of axis ${which} is ${data}, not a number.`);
    return value;
  };
  const maximumSpeed = await found("maxspeed");
  const approach = await found("limit.approach.maxspeed");
  const mismatches = [
    ...unlike("maxspeed", maximumSpeed, speedData(deps.motion.speedMmS, axis.microstepUm)),
    ...unlike("accel", await found("accel"), accelerationData(deps.motion.accelerationMmS2, axis.microstepUm)),
    ...outside(axis, deps.travelMm[which], await found("limit.min"), await found("limit.max")),
  ];
  if (mismatches.length > 0) {
    throw new Fault(
      "device.wrong",
      deps.name,
      `Settings of axis ${which} (device ${axis.device}, axis ${axis.axis}) are not the site's: ${mismatches.join("; ")}.`,
      { mismatches },
    );
  }
  const homingMmS = speedMmS(Math.min(approach, maximumSpeed), axis.microstepUm);
  const travelMm = Math.abs(axis.originMm) + deps.travelMm[which];
  // There and back, twice over, and a minute.
  return (homingMmS > 0 ? (4 * travelMm) / homingMmS : 0) * 1000 + 60_000;
}

/** Data are whole numbers on many devices, so that half of one is no difference. */
function unlike(word: string, found: number, wanted: number): string[] {
  return Math.abs(found - wanted) <= Math.max(1, 1e-3 * wanted)
    ? []
    : [`${word} is ${found}, the site file wants ${Math.round(wanted)}`];
}

function outside(axis: ZaberAxis, travelMm: number, minimum: number, maximum: number): string[] {
  const farMm = axis.originMm + (axis.isReversed === true ? -travelMm : travelMm);
  const lowMm = Math.min(axis.originMm, farMm);
  const highMm = Math.max(axis.originMm, farMm);
  const slackMm = axis.microstepUm / 1000;
  const minimumMm = mmOf(minimum, axis.microstepUm);
  const maximumMm = mmOf(maximum, axis.microstepUm);
  if (lowMm >= minimumMm - slackMm && highMm <= maximumMm + slackMm) return [];
  return [
    `limit.min to limit.max is ${minimumMm} to ${maximumMm} mm, the site file wants ${lowMm} to ${highMm} mm inside it`,
  ];
}

async function setting(on: ZaberSession, name: string, address: ZaberAddress, word: string): Promise<string> {
  try {
    return (await on.ask(address, `get ${word}`, { deadlineMs: REPLY_DEADLINE_MS, repeatable: true })).data;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "device.refused") throw error;
    throw new Fault(
      "device.wrong",
      name,
      `Device ${address.device} does not tell its ${word}: ${error.message}`,
      {},
      error,
    );
  }
}

/** @param said a line that came instead of an answer */
export function noZaber(name: string, said: string): Fault {
  if (/^[\x20-\x7e]*$/.test(said)) return wrong(name, `What answers is no Zaber device: ${JSON.stringify(said)}.`);
  return new Fault("link.garbled", name, "What comes back is no text.", { received: JSON.stringify(said) });
}

function wrong(name: string, what: string): Fault {
  return new Fault("device.wrong", name, what);
}
