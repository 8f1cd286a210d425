/**
 * An EA PSB with one cell on its output, seen through its Modbus registers: a voltage with a current limit on either
 * side. It takes writes in remote control only, has no programme and no end of its own: an output that is on stays on.
 * Nominal values are free, so that it can be small enough for a coin cell.
 */
import { createModbusServer, type ModbusServer, type ModbusServerFraming } from "../modbus/modbus-server.ts";
import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, performOn } from "../modbus/register-device.ts";
import type { CellPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface PsbTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly cell: CellPlant;
  readonly framing?: ModbusServerFraming;
  /** Default 10 V and 0.1 A. */
  readonly nominalV?: number;
  readonly nominalA?: number;
  /** Default `PSB 10010-0.1`. */
  readonly model?: string;
  readonly serialNumber?: string;
  /** How it keeps to the standard: `limited` takes address 0 only, as it comes from the factory. Default limited. */
  readonly compliance?: "limited" | "full";
  /** Silence after which the socket closes; null: never, as on a serial line. Default 5000 ms on TCP. */
  readonly idleCloseMs?: number | null;
  /** How often it looks at the cell, whoever asks. Default 1 s. */
  readonly tickMs?: number;
  /** Keeps, and reads back, what was set as one of its steps, which are half as many as a register has numbers. Default false. */
  readonly keepsWholeSteps?: boolean;
}

export interface PsbTwin {
  readonly isOutputOn: boolean;
  readonly switchedOnCount: number;
  readonly server: ModbusServer;
  /** An alarm: the output goes off by itself. */
  trip(): void;
  /** Somebody presses the button at the front. */
  press(isOn: boolean): void;
  /** The front panel keeps remote control to itself. */
  setLocal(isLocal: boolean): void;
}

const FULL = 52_428;
const STEPS = 26_214;
const SETTING_MAX = 0xd0e5;
const ACCESS_DENIED = 7;
const IN_LOCAL_MODE = 0x17;
/** First and last register of each block of one data format. */
const BLOCKS: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 20],
  [21, 40],
  [121, 126],
  [151, 170],
  [191, 210],
  [498, 504],
  [505, 506],
  [507, 509],
];
const SOURCE_POWER = 502;
const SINK_POWER = 498;
/** As near as the unit comes to its set voltage. */
const REGULATED_V = 1e-4;

export function createPsbTwin(deps: PsbTwinDeps): PsbTwin {
  const { end, clock, cell } = deps;
  const nominalV = deps.nominalV ?? 10;
  const nominalA = deps.nominalA ?? 0.1;
  const framing = deps.framing ?? { kind: "tcp" };
  const idleCloseMs = deps.idleCloseMs === undefined ? (framing.kind === "tcp" ? 5000 : null) : deps.idleCloseMs;
  const tickMs = deps.tickMs ?? 1000;
  const settings = new Map<number, number>([
    [498, 0],
    [499, 0],
    [500, 0],
    [501, 0],
    [502, 0],
    [503, 0],
    [504, 0],
  ]);
  const fixed = new Map<number, number>([[0, 33]]);
  put(1, 20, deps.model ?? "PSB 10010-0.1");
  put(21, 20, "EA Elektro-Automatik");
  put(151, 20, deps.serialNumber ?? "2840260001");
  put(191, 20, "V3.02 10.03.2021");
  putFloat(121, nominalV);
  putFloat(123, nominalA);
  putFloat(125, nominalV * nominalA);
  let isRemote = false;
  let isLocal = false;
  let isOn = false;
  let switchedOnCount = 0;
  let timer = -1;
  let idleTimer = -1;

  function put(first: number, count: number, text: string): void {
    for (let index = 0; index < count; index += 1)
      fixed.set(first + index, ((text.charCodeAt(index * 2) || 0) << 8) | (text.charCodeAt(index * 2 + 1) || 0));
  }

  function putFloat(first: number, value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    fixed.set(first, view.getUint16(0));
    fixed.set(first + 1, view.getUint16(2));
  }

  const setV = (): number => ((settings.get(500) ?? 0) / FULL) * nominalV;
  /** A power of nothing lets nothing through either. */
  const limitA = (register: number, power: number): number =>
    settings.get(power) === 0 ? 0 : ((settings.get(register) ?? 0) / FULL) * nominalA;

  function look(): void {
    const nowMs = clock.nowMs();
    cell.read(nowMs);
    clock.cancel(timer);
    timer = clock.at(nowMs + tickMs, look);
  }

  /** The currents hold from the first instant: the unit's own loop is far faster than a cell. */
  function drive(): void {
    if (!isOn) return;
    cell.applyVoltageWithin(clock.nowMs(), setV(), -limitA(499, SINK_POWER), limitA(501, SOURCE_POWER));
    look();
  }

  function isLimiting(): boolean {
    return Math.abs(cell.voltageV - setV()) > REGULATED_V;
  }

  function switchOutput(on: boolean): void {
    if (on && !isOn) switchedOnCount += 1;
    isOn = on;
    clock.cancel(timer);
    if (on) drive();
    else cell.disconnect(clock.nowMs());
  }

  function share(value: number, nominal: number): number {
    return Math.min(0xffff, Math.round((Math.abs(value) / nominal) * STEPS) * 2);
  }

  function holding(address: number): number | undefined {
    const set = settings.get(address);
    if (set !== undefined) return set;
    if (address >= 505 && address <= 509) cell.read(clock.nowMs());
    switch (address) {
      case 505:
        return cell.currentA < 0 ? 0x8000 : 0;
      case 506:
        return (isRemote ? 3 : 0) | (isOn ? 0x80 : 0) | (isOn && isLimiting() ? 0x400 : 0);
      case 507:
        return share(cell.voltageV, nominalV);
      case 508:
        return share(cell.currentA, nominalA);
      case 509:
        return share(cell.voltageV * cell.currentA, nominalV * nominalA);
      default:
        return fixed.get(address);
    }
  }

  function writeHolding(address: number, values: readonly number[]): number {
    const [value = 0] = values;
    if (!settings.has(address)) return fixed.has(address) || address < 510 ? ACCESS_DENIED : ILLEGAL_ADDRESS;
    if (values.length !== 1) return ILLEGAL_VALUE;
    if (!isRemote) return ACCESS_DENIED;
    if (value > SETTING_MAX) return ILLEGAL_VALUE;
    settings.set(address, deps.keepsWholeSteps === true ? value - (value % (FULL / STEPS)) : value);
    drive();
    return 0;
  }

  function writeCoil(address: number, on: boolean, raw: number): number {
    if (raw !== 0xff00 && raw !== 0) return ILLEGAL_VALUE;
    if (address === 402) {
      if (on && isLocal) return IN_LOCAL_MODE;
      isRemote = on;
      return 0;
    }
    if (address !== 405 && address !== 411) return ILLEGAL_ADDRESS;
    if (!isRemote) return ACCESS_DENIED;
    if (address === 405 && on !== isOn) switchOutput(on);
    return 0;
  }

  /** One coil at a time; as it comes from the factory the answer has two bytes, as for writing. */
  function readCoil(pdu: Uint8Array): Uint8Array | number {
    const address = ((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0);
    if (pdu.length !== 5 || pdu[3] !== 0 || pdu[4] !== 1) return ILLEGAL_VALUE;
    if (address !== 402 && address !== 405) return ILLEGAL_ADDRESS;
    const bit = address === 402 ? isRemote : isOn;
    return deps.compliance === "full" ? Uint8Array.of(1, 1, bit ? 1 : 0) : Uint8Array.of(1, 2, bit ? 0xff : 0, 0);
  }

  function isOneFormat(address: number, count: number): boolean {
    return BLOCKS.some(([first, last]) => address >= first && address + count - 1 <= last);
  }

  function perform(pdu: Uint8Array): Uint8Array | number {
    renewIdle();
    const code = pdu[0] ?? 0;
    if (code === 1) return readCoil(pdu);
    if (code === 3) {
      const address = ((pdu[1] ?? 0) << 8) | (pdu[2] ?? 0);
      const count = ((pdu[3] ?? 0) << 8) | (pdu[4] ?? 0);
      if (count > 0 && !isOneFormat(address, count)) return ILLEGAL_ADDRESS;
    }
    if (code === 15) return 1;
    return performOn({ holding, writeHolding, writeCoil }, pdu);
  }

  function renewIdle(): void {
    if (idleCloseMs === null) return;
    clock.cancel(idleTimer);
    idleTimer = clock.at(clock.nowMs() + idleCloseMs, () => {
      end.hangUp("nothing was asked for a while");
    });
  }

  const isFull = deps.compliance === "full";
  const server = createModbusServer({
    end,
    clock,
    framing,
    answerMs: 4,
    devices: [
      { units: isFull ? [0, 1] : [0], perform },
      // Another address is answered all the same, by an exception.
      { perform: () => (framing.kind === "tcp" ? ILLEGAL_ADDRESS : undefined) },
    ],
  });

  return {
    get isOutputOn() {
      return isOn;
    },
    get switchedOnCount() {
      return switchedOnCount;
    },
    server,
    trip() {
      switchOutput(false);
    },
    press(on) {
      switchOutput(on);
    },
    setLocal(local) {
      isLocal = local;
      if (local) isRemote = false;
    },
  };
}
