/** A cycler by its register map: quantities in and out, over one Modbus unit. What cannot be read is `link.garbled`. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type {
  CyclerMap,
  NominalQuantity,
  RegisterPoint,
  WritablePoint,
} from "../../protocols/wire/modbus-cycler/register-map.ts";
import {
  decodeBit,
  decodeNumber,
  decodeText,
  encodeNumber,
  type Decoded,
  type Nominal,
} from "../../protocols/wire/modbus-cycler/register-values.ts";
import type { ModbusBus, RequestOptions } from "../link/modbus-bus.ts";

export interface CyclerReading {
  readonly voltageV: number;
  /** Charge positive. */
  readonly currentA: number;
  readonly isOn: boolean;
}

export interface DrivenSetting {
  readonly voltageV: number;
  readonly voltageRounding: "down" | "up";
  readonly chargeCurrentA: number;
  readonly dischargeCurrentA: number;
}

export interface CyclerUnit {
  model(): Promise<string>;
  serialNumber(): Promise<string | null>;
  firmware(): Promise<string | null>;
  /** Nominal values, which others are shares of. Asked first after identifying. */
  learn(): Promise<void>;
  /** Remote control, without which nothing can be written. */
  takeControl(): Promise<void>;
  /** What the map writes once. With the output off: it may raise what limited somebody else's. */
  setUp(): Promise<void>;
  isOn(): Promise<boolean>;
  read(): Promise<CyclerReading>;
  /** Writes all three and reads them back: nothing on the way is checked by the dialect. */
  set(setting: DrivenSetting): Promise<void>;
  switchOutput(isOn: boolean, options?: RequestOptions): Promise<void>;
}

export function createCyclerUnit(name: string, bus: ModbusBus, map: CyclerMap): CyclerUnit {
  let nominal: Nominal = {};

  function need<T>(what: string, decoded: Decoded<T>): T {
    if (decoded.ok) return decoded.value;
    throw new Fault("link.garbled", name, `${what} cannot be read: ${decoded.reason}.`);
  }

  async function words(point: RegisterPoint): Promise<readonly number[]> {
    switch (point.table) {
      case "holding":
        return bus.readRegisters(point.address, point.count);
      case "input":
        return bus.readInputRegisters(point.address, point.count);
      case "coil":
        return (await bus.readCoils(point.address, 1)).map(Number);
      case "discrete":
        return (await bus.readDiscreteInputs(point.address, 1)).map(Number);
    }
  }

  /** The registers of both with one request where they are neighbours of one form. */
  async function wordsOfBoth(
    first: RegisterPoint,
    second: RegisterPoint,
  ): Promise<readonly [readonly number[], readonly number[]]> {
    const isNext =
      first.table === second.table &&
      first.type === second.type &&
      (first.table === "holding" || first.table === "input") &&
      first.address + first.count === second.address;
    if (!isNext) return [await words(first), await words(second)];
    const both = await words({ ...first, count: first.count + second.count });
    return [both.slice(0, first.count), both.slice(first.count)];
  }

  async function text(what: string, point: RegisterPoint | null): Promise<string | null> {
    return point === null ? null : need(what, decodeText(point, await words(point)));
  }

  async function bits(): Promise<{ readonly isOn: boolean; readonly isDischarging: boolean }> {
    const { isOn, isDischarging } = map.read;
    const found = await words(isOn);
    const on = need("the output's state", decodeBit(isOn, found));
    if (isDischarging === null) return { isOn: on, isDischarging: false };
    const isSame =
      isDischarging.table === isOn.table &&
      isDischarging.address === isOn.address &&
      isDischarging.count === isOn.count;
    const sign = isSame ? found : await words(isDischarging);
    return { isOn: on, isDischarging: need("the current's sign", decodeBit(isDischarging, sign)) };
  }

  /** An exception to a write is the unit's refusal, in its own number. */
  async function told(what: string, write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      if (!isFault(error) || error.code !== "io.exception") throw error;
      const code = error.detail["exceptionCode"];
      const why = typeof code === "number" ? `exception ${code}` : "an exception";
      throw new Fault("device.refused", name, `The unit refused ${what} with ${why}.`, error.detail, error);
    }
  }

  async function writePoint(
    what: string,
    point: WritablePoint,
    encoded: readonly number[],
    options?: RequestOptions,
  ): Promise<void> {
    const [only] = encoded;
    await told(
      what,
      point.writeFunction === 6 && only !== undefined && encoded.length === 1
        ? bus.writeRegister(point.address, only, options)
        : bus.writeRegisters(point.address, encoded, options),
    );
  }

  function encoded(what: string, point: WritablePoint, value: number, rounding?: "down" | "up"): readonly number[] {
    const made = encodeNumber(point, value, nominal, rounding);
    if (made.ok) return made.value;
    throw new Fault("protocol.invalid", name, `${what} cannot be set: ${made.reason}.`);
  }

  return {
    async model() {
      return need("the model", decodeText(map.identity.model, await words(map.identity.model)));
    },
    serialNumber: () => text("the serial number", map.identity.serialNumber),
    firmware: () => text("the firmware", map.identity.firmware),
    async learn() {
      const learnt: Partial<Record<NominalQuantity, number>> = {};
      for (const quantity of ["voltage_V", "current_A"] as const) {
        const point = map.nominal[quantity];
        if (point === undefined) continue;
        const value = need(`the nominal ${quantity}`, decodeNumber(point, await words(point), {}));
        if (!(value > 0)) throw new Fault("device.wrong", name, `The unit calls its nominal ${quantity} ${value}.`);
        learnt[quantity] = value;
      }
      nominal = learnt;
    },
    async takeControl() {
      if (map.write.remote !== null) await told("remote control", bus.writeCoil(map.write.remote.address, true));
    },
    async setUp() {
      for (const { point, value } of map.setup)
        await writePoint(`register ${point.address}`, point, encoded(`register ${point.address}`, point, value));
    },
    isOn: async () => (await bits()).isOn,
    async read() {
      const { voltageV, currentA } = map.read;
      const [voltageWords, currentWords] = await wordsOfBoth(voltageV, currentA);
      const { isOn, isDischarging } = await bits();
      const current = need("the current", decodeNumber(currentA, currentWords, nominal));
      return {
        voltageV: need("the voltage", decodeNumber(voltageV, voltageWords, nominal)),
        currentA: isDischarging ? -current : current,
        isOn,
      };
    },
    async set(setting) {
      const { voltageV, chargeCurrentA, dischargeCurrentA } = map.write;
      const wanted: readonly (readonly [string, WritablePoint, readonly number[]])[] = [
        ["the voltage", voltageV, encoded("the voltage", voltageV, setting.voltageV, setting.voltageRounding)],
        ["the charge current", chargeCurrentA, encoded("the charge current", chargeCurrentA, setting.chargeCurrentA)],
        [
          "the discharge current",
          dischargeCurrentA,
          encoded("the discharge current", dischargeCurrentA, setting.dischargeCurrentA),
        ],
      ];
      for (const [what, point, registers] of wanted) await writePoint(what, point, registers);
      for (const [what, point, registers] of wanted) {
        const found = await words(point);
        if (found.every((word, index) => word === registers[index])) continue;
        throw new Fault("device.refused", name, `The unit did not keep ${what}: it reads back ${found.join(" ")}.`, {
          wanted: [...registers],
          found: [...found],
        });
      }
    },
    async switchOutput(isOn, options) {
      const { output } = map.write;
      if ("type" in output)
        await writePoint("the output", output, encoded("the output", output, isOn ? 1 : 0), options);
      else await told(isOn ? "its output on" : "its output off", bus.writeCoil(output.address, isOn, options));
    },
  };
}
