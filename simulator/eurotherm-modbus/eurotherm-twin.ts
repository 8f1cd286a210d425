/**
 * A Eurotherm controller with an oven on it: scaled whole numbers, and the same again as floats from 0x8000. Left to
 * itself the oven follows the working setpoint with a lag; the controller ramps that at its own rate. One of several
 * on a line: `device` goes to a Modbus server.
 */
import type { WorldClock } from "../plant/plant.ts";
import type { ModbusServerDevice } from "../modbus/modbus-server.ts";
import { ILLEGAL_VALUE, performOn } from "../modbus/register-device.ts";

export interface EurothermTwinDeps {
  readonly clock: WorldClock;
  /** Its number on the line; any when left out, as on TCP. */
  readonly unit?: number;
  /** What its thermocouple feels; the controller's own oven when left out. */
  readonly temperatureC?: (atMs: number) => number;
  /** Of scaled numbers. Default 1. */
  readonly decimals?: number;
  /** Default 0xE480. */
  readonly identity?: number;
  readonly startC?: number;
}

export interface EurothermTwin {
  readonly device: ModbusServerDevice;
  readonly temperatureC: number;
  setpointC: number;
  /** The thermocouple's wire. */
  breakSensor(isBroken: boolean): void;
  /** Answers nothing: its plug is out. */
  mute(isMute: boolean): void;
}

const LAG_S = 60;
const RANGE_C = { min: -200, max: 1372 };
/** What a controller shows without a sensor. */
const UPSCALE_C = 1500;

export function createEurothermTwin(deps: EurothermTwinDeps): EurothermTwin {
  const { clock } = deps;
  const scale = 10 ** (deps.decimals ?? 1);
  let ovenC = deps.startC ?? 25;
  let sinceMs = clock.nowMs();
  let setpointC = ovenC;
  let isBroken = false;
  let isMute = false;
  const kept = new Map<number, number>([
    [6, 20],
    [8, 120],
    [9, 20],
    [35, 0],
    [273, 0],
    [531, 1],
  ]);

  function trueC(): number {
    const nowMs = clock.nowMs();
    if (deps.temperatureC !== undefined) return deps.temperatureC(nowMs);
    ovenC = setpointC + (ovenC - setpointC) * Math.exp(-(nowMs - sinceMs) / 1000 / LAG_S);
    sinceMs = nowMs;
    return ovenC;
  }

  const shownC = (): number => (isBroken ? UPSCALE_C : trueC());

  function status(): number {
    const isOutside = shownC() < RANGE_C.min || shownC() > RANGE_C.max;
    return (isBroken ? 0x20 : 0) | (isOutside ? 0x400 : 0) | ((kept.get(273) ?? 0) === 1 ? 0x10 : 0);
  }

  /** In the controller's units, unscaled; undefined where there is none. */
  function quantity(address: number): number | undefined {
    switch (address) {
      case 1:
      case 289:
        return shownC();
      case 2:
      case 5:
      case 24:
        return setpointC;
      case 3:
      case 4:
        return Math.max(0, Math.min(100, 2 * (setpointC - trueC())));
      default:
        return undefined;
    }
  }

  function word(address: number): number | undefined {
    if (address >= 0x8000) return floatWord(address - 0x8000);
    const value = quantity(address);
    if (value !== undefined) return Math.max(-0x8000, Math.min(0x7fff, Math.round(value * scale))) & 0xffff;
    switch (address) {
      case 23:
        return 1;
      case 75:
        return status();
      case 107:
        return 0x0461;
      case 122:
        return deps.identity ?? 0xe480;
      case 525:
        return deps.decimals ?? 1;
      default:
        return kept.get(address);
    }
  }

  function floatWord(offset: number): number | undefined {
    const address = offset >> 1;
    const value = quantity(address) ?? word(address);
    if (value === undefined) return undefined;
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    return view.getUint16(offset % 2 === 0 ? 0 : 2);
  }

  function write(address: number, values: readonly number[]): number {
    for (const [index, raw] of values.entries()) {
      const at = address + index;
      const signed = raw > 0x7fff ? raw - 0x1_0000 : raw;
      if (at === 2 || at === 24) {
        trueC();
        setpointC = signed / scale;
      } else if (kept.has(at)) kept.set(at, raw);
      else return word(at) === undefined ? 2 : ILLEGAL_VALUE;
    }
    return 0;
  }

  return {
    device: {
      ...(deps.unit === undefined ? {} : { units: [deps.unit] }),
      perform: (pdu) => (isMute ? undefined : performOn({ holding: word, writeHolding: write }, pdu)),
    },
    get temperatureC() {
      return trueC();
    },
    get setpointC() {
      return setpointC;
    },
    set setpointC(next) {
      trueC();
      setpointC = next;
    },
    breakSensor(broken) {
      isBroken = broken;
    },
    mute(mute) {
      isMute = mute;
    },
  };
}
