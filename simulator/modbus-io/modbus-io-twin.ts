/**
 * A WAGO-750-like input/output unit behind Modbus TCP, wired to shutters, filters and interlocks. The shutter's
 * drive line is the open request and the permit, both outputs; when the watchdog expires every output drops at once
 * and writes to outputs are answered by exception 4. A watchdog that was never started guards nothing, as on the
 * real unit: a driver that forgets it is found out by the truth, not by the twin.
 */
import type { GateLine } from "../plant/gate-line.ts";
import type { BeamPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createBeamWires, type BeamWiring } from "./beam-wires.ts";
import {
  answerFrame,
  createRequestReader,
  exceptionFrame,
  PDU_START,
  putUint16,
  uint16,
} from "./modbus-server-frames.ts";
import { createOutputWatchdog } from "./output-watchdog.ts";

export interface ModbusIoTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly beam: BeamPlant;
  /** A gate generator's output in the shutter's drive line. */
  readonly gate?: GateLine;
  readonly map: BeamWiring;
  /** Digital points of the rack of terminals; 16 each, or as many as the map needs. */
  readonly inputCount?: number;
  readonly outputCount?: number;
}

export interface ModbusIoTwin {
  /** Off and on: outputs drop, the watchdog forgets its set-up, the connection breaks. */
  powerCycle(): void;
  /** Output bits as the terminals show them. */
  readonly outputs: readonly boolean[];
  readonly isWatchdogExpired: boolean;
}

const ILLEGAL_FUNCTION = 1;
const ILLEGAL_ADDRESS = 2;
const ILLEGAL_VALUE = 3;
const DEVICE_FAILURE = 4;
/** Firmware index, series, item, and the two words of the sub-item. */
const NAME_PLATE = [10, 750, 352, 0, 0];

export function createModbusIoTwin(deps: ModbusIoTwinDeps): ModbusIoTwin {
  const { end, clock, beam, map } = deps;
  const wires = createBeamWires(beam, map, deps.gate);
  const inputCount = deps.inputCount ?? wholeTerminals(wires.inputCount);
  const outputCount =
    deps.outputCount ??
    wholeTerminals(
      Math.max(
        map.outputs.shutterOpenRequest,
        map.outputs.shutterPermit,
        map.outputs.safetyShutterRequest,
        ...map.outputs.filters,
      ) + 1,
    );
  const outputs: boolean[] = Array.from({ length: outputCount }, () => false);
  const reader = createRequestReader();
  const watchdog = createOutputWatchdog(clock, dropOutputs);

  function dropOutputs(): void {
    outputs.fill(false);
    drive();
  }

  function drive(): void {
    wires.drive(clock.nowMs(), (bit) => outputs[bit] === true, true);
  }

  function input(bit: number): boolean {
    return wires.input(clock.nowMs(), bit);
  }

  /** 0 or 1; inputs from address 0, outputs from 0x0200; -1 outside both. */
  function readBit(address: number): number {
    if (address < inputCount) return input(address) ? 1 : 0;
    const bit = address - 0x200;
    return bit < 0 || bit >= outputCount ? -1 : outputs[bit] === true ? 1 : 0;
  }

  /** Writing reaches outputs from 0 as well as from 0x0200. */
  function outputBit(address: number): number {
    const bit = address >= 0x200 ? address - 0x200 : address;
    return bit < outputCount ? bit : -1;
  }

  function readWord(address: number): number | undefined {
    if (address >= 0x1000 && address <= 0x1009) return watchdog.read(address - 0x1000);
    if (address >= 0x1022 && address <= 0x1025) return [0, 0, outputCount, inputCount][address - 0x1022];
    if (address >= 0x2010 && address < 0x2010 + NAME_PLATE.length) return NAME_PLATE[address - 0x2010];
    const isOutput = address >= 0x200;
    const first = (isOutput ? address - 0x200 : address) * 16;
    if (first >= (isOutput ? outputCount : inputCount)) return undefined;
    let word = 0;
    for (let bit = 0; bit < 16; bit += 1) {
      if (isOutput ? outputs[first + bit] === true : input(first + bit)) word |= 1 << bit;
    }
    return word;
  }

  /** 0 or an exception. */
  function writeWord(address: number, value: number): number {
    if (address >= 0x1000 && address <= 0x1009) return watchdog.write(address - 0x1000, value);
    const first = (address >= 0x200 ? address - 0x200 : address) * 16;
    if (first >= outputCount) return ILLEGAL_ADDRESS;
    if (watchdog.isExpired) return DEVICE_FAILURE;
    for (let bit = 0; bit < 16 && first + bit < outputCount; bit += 1)
      outputs[first + bit] = ((value >> bit) & 1) === 1;
    drive();
    return 0;
  }

  /** The answer's PDU is written behind the header; a number is an exception. */
  function perform(transaction: number, unit: number, pdu: Uint8Array): Uint8Array | number {
    const code = pdu[0] ?? 0;
    switch (code) {
      case 1:
      case 2:
        return readBits(transaction, unit, pdu);
      case 3:
      case 4:
        if (pdu.length !== 5) return ILLEGAL_VALUE;
        return readWords(transaction, unit, code, uint16(pdu, 1), uint16(pdu, 3));
      case 5:
        return writeBit(transaction, unit, pdu);
      case 6: {
        if (pdu.length !== 5) return ILLEGAL_VALUE;
        const refused = writeWord(uint16(pdu, 1), uint16(pdu, 3));
        return refused !== 0 ? refused : echo(transaction, unit, pdu, 5);
      }
      case 15:
        return writeBits(transaction, unit, pdu);
      case 16: {
        const count = uint16(pdu, 3);
        if (count < 1 || count > 100 || pdu[5] !== count * 2 || pdu.length !== 6 + count * 2) return ILLEGAL_VALUE;
        const refused = writeWords(uint16(pdu, 1), pdu, 6, count);
        return refused !== 0 ? refused : echo(transaction, unit, pdu, 5);
      }
      case 23: {
        const count = uint16(pdu, 7);
        if (count < 1 || count > 100 || pdu[9] !== count * 2 || pdu.length !== 10 + count * 2) return ILLEGAL_VALUE;
        const refused = writeWords(uint16(pdu, 5), pdu, 10, count);
        return refused !== 0 ? refused : readWords(transaction, unit, 23, uint16(pdu, 1), uint16(pdu, 3));
      }
      default:
        return ILLEGAL_FUNCTION;
    }
  }

  function readBits(transaction: number, unit: number, pdu: Uint8Array): Uint8Array | number {
    const address = uint16(pdu, 1);
    const count = uint16(pdu, 3);
    if (pdu.length !== 5 || count < 1 || count > 2000) return ILLEGAL_VALUE;
    const byteCount = (count + 7) >> 3;
    const frame = answerFrame(transaction, unit, 2 + byteCount);
    frame[PDU_START] = pdu[0] ?? 0;
    frame[PDU_START + 1] = byteCount;
    for (let index = 0; index < count; index += 1) {
      const bit = readBit(address + index);
      if (bit < 0) return ILLEGAL_ADDRESS;
      const at = PDU_START + 2 + (index >> 3);
      frame[at] = (frame[at] ?? 0) | (bit << (index & 7));
    }
    return frame;
  }

  function readWords(
    transaction: number,
    unit: number,
    code: number,
    address: number,
    count: number,
  ): Uint8Array | number {
    if (count < 1 || count > 125) return ILLEGAL_VALUE;
    const frame = answerFrame(transaction, unit, 2 + count * 2);
    frame[PDU_START] = code;
    frame[PDU_START + 1] = count * 2;
    for (let index = 0; index < count; index += 1) {
      const word = readWord(address + index);
      if (word === undefined) return ILLEGAL_ADDRESS;
      putUint16(frame, PDU_START + 2 + index * 2, word);
    }
    return frame;
  }

  function writeBit(transaction: number, unit: number, pdu: Uint8Array): Uint8Array | number {
    const value = uint16(pdu, 3);
    if (pdu.length !== 5 || (value !== 0xff00 && value !== 0)) return ILLEGAL_VALUE;
    const bit = outputBit(uint16(pdu, 1));
    if (bit < 0) return ILLEGAL_ADDRESS;
    if (watchdog.isExpired) return DEVICE_FAILURE;
    outputs[bit] = value === 0xff00;
    drive();
    return echo(transaction, unit, pdu, 5);
  }

  function writeBits(transaction: number, unit: number, pdu: Uint8Array): Uint8Array | number {
    const count = uint16(pdu, 3);
    const byteCount = (count + 7) >> 3;
    if (count < 1 || count > 800 || pdu[5] !== byteCount || pdu.length !== 6 + byteCount) return ILLEGAL_VALUE;
    const first = outputBit(uint16(pdu, 1));
    if (first < 0 || first + count > outputCount) return ILLEGAL_ADDRESS;
    if (watchdog.isExpired) return DEVICE_FAILURE;
    for (let index = 0; index < count; index += 1) {
      outputs[first + index] = (((pdu[6 + (index >> 3)] ?? 0) >> (index & 7)) & 1) === 1;
    }
    drive();
    return echo(transaction, unit, pdu, 5);
  }

  function writeWords(address: number, pdu: Uint8Array, start: number, count: number): number {
    for (let index = 0; index < count; index += 1) {
      const refused = writeWord(address + index, uint16(pdu, start + index * 2));
      if (refused !== 0) return refused;
    }
    return 0;
  }

  function echo(transaction: number, unit: number, pdu: Uint8Array, length: number): Uint8Array {
    const frame = answerFrame(transaction, unit, length);
    for (let index = 0; index < length; index += 1) frame[PDU_START + index] = pdu[index] ?? 0;
    return frame;
  }

  function onRequest(transaction: number, unit: number, pdu: Uint8Array): void {
    const result = perform(transaction, unit, pdu);
    watchdog.sawFunction(pdu[0] ?? 0);
    end.send(typeof result === "number" ? exceptionFrame(transaction, unit, pdu[0] ?? 0, result) : result);
  }

  end.onOpen(() => {
    reader.clear();
  });
  end.onClose(() => {
    reader.clear();
  });
  end.onData((chunk) => {
    if (!reader.push(chunk, onRequest)) {
      reader.clear();
      end.hangUp("not Modbus TCP");
    }
  });

  return {
    powerCycle() {
      watchdog.powerUp();
      dropOutputs();
      reader.clear();
      end.hangUp("the unit lost its power");
    },
    outputs,
    get isWatchdogExpired() {
      return watchdog.isExpired;
    },
  };
}

/** Terminals come with 16 points. */
function wholeTerminals(count: number): number {
  return Math.ceil(count / 16) * 16;
}
