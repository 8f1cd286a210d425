/**
 * An ADAM-6050 or ADAM-6060, wired to shutters, filters and interlocks. The shutter's drive line is open request,
 * permit and the contact of a timer relay in series; the relay closes with each change of the heartbeat output and
 * opens when none has come for its set time. Communication safety, where enabled, switches every output off when no
 * request at all has come: any request renews it, as on the real module.
 */
import type { GateLine } from "../plant/gate-line.ts";
import type { BeamPlant, DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createModbusServer, type ModbusServer, type ModbusServerFraming } from "../modbus/modbus-server.ts";
import { ILLEGAL_ADDRESS, ILLEGAL_VALUE, performOn } from "../modbus/register-device.ts";
import { createBeamWires, type BeamWiring } from "./beam-wires.ts";

export interface AdamWiring extends BeamWiring {
  readonly inputs: BeamWiring["inputs"] & { readonly permitAlive?: number };
  readonly outputs: BeamWiring["outputs"] & { readonly heartbeat?: number };
}

export interface AdamTwinDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly beam: BeamPlant;
  /** A gate generator's output in the shutter's drive line. */
  readonly gate?: GateLine;
  readonly map: AdamWiring;
  /** Default ADAM-6050. */
  readonly model?: "adam-6050" | "adam-6060";
  /** The relay's set time. */
  readonly relayMs: number;
  /** Communication safety; null: not enabled. Default 2000 ms. */
  readonly safetyMs?: number | null;
  /** False for a module that knows no registers above its counters. */
  readonly hasNameRegisters?: boolean;
  readonly framing?: ModbusServerFraming;
}

export interface AdamTwin {
  powerCycle(): void;
  readonly outputs: readonly boolean[];
  readonly isRelayClosed: boolean;
  readonly server: ModbusServer;
}

const INPUT_COUNT = { "adam-6050": 12, "adam-6060": 6 } as const;
const OUTPUT_COUNT = 6;
const FIRST_OUTPUT = 16;
/** A relay's armature takes its time. */
const PICK_UP_MS = 15;

export function createAdamTwin(deps: AdamTwinDeps): AdamTwin {
  const { clock, beam, map, end } = deps;
  const model = deps.model ?? "adam-6050";
  const inputCount = INPUT_COUNT[model];
  const safetyMs = deps.safetyMs === undefined ? 2000 : deps.safetyMs;
  const outputs: boolean[] = Array.from({ length: OUTPUT_COUNT }, () => false);
  const wires = createBeamWires(beam, map, deps.gate);
  let isRelayClosed = false;
  let relayTimer = -1;
  let pickUpTimer = -1;
  let safetyTimer = -1;
  let hasSafetyOccurred = false;

  function drive(): void {
    wires.drive(clock.nowMs(), (bit) => outputs[bit] === true, isRelayClosed);
  }

  function retrigger(): void {
    const nowMs = clock.nowMs();
    if (!isRelayClosed) {
      clock.cancel(pickUpTimer);
      pickUpTimer = clock.at(nowMs + PICK_UP_MS, () => {
        isRelayClosed = true;
        drive();
      });
    }
    clock.cancel(relayTimer);
    relayTimer = clock.at(nowMs + deps.relayMs, () => {
      clock.cancel(pickUpTimer);
      isRelayClosed = false;
      drive();
    });
  }

  function setOutput(bit: number, isOn: boolean): void {
    const hasChanged = outputs[bit] !== isOn;
    outputs[bit] = isOn;
    if (hasChanged && bit === map.outputs.heartbeat) retrigger();
    drive();
  }

  function renewSafety(): void {
    if (safetyMs === null) return;
    clock.cancel(safetyTimer);
    safetyTimer = clock.at(clock.nowMs() + safetyMs, () => {
      hasSafetyOccurred = true;
      outputs.fill(false);
      drive();
    });
  }

  function inputBit(bit: number): boolean {
    return bit === map.inputs.permitAlive ? isRelayClosed : wires.input(clock.nowMs(), bit);
  }

  /** Inputs and outputs share one space of bits. */
  function bit(address: number): boolean | undefined {
    if (address < inputCount) return inputBit(address);
    const at = address - FIRST_OUTPUT;
    return at >= 0 && at < OUTPUT_COUNT ? outputs[at] === true : undefined;
  }

  function register(address: number): number | undefined {
    if (address === 300) return packed(inputCount, inputBit);
    if (address === 302) return packed(OUTPUT_COUNT, (at) => outputs[at] === true);
    if (deps.hasNameRegisters === false) return undefined;
    const named = [
      model === "adam-6050" ? 0x6050 : 0x6060,
      0,
      0xa101,
      0,
      safetyMs === null ? 0 : 1,
      hasSafetyOccurred ? 1 : 0,
    ];
    return named[address - 210];
  }

  const server = createModbusServer({
    end,
    clock,
    framing: deps.framing ?? { kind: "tcp" },
    answerMs: 1,
    devices: [
      {
        perform(pdu) {
          renewSafety();
          return performOn(
            {
              coil: bit,
              discreteInput: bit,
              holding: register,
              input: register,
              writeCoil(address, isOn, raw) {
                // FF FF gives a forced output back, which is off here.
                if (raw !== 0xff00 && raw !== 0 && raw !== 0xffff) return ILLEGAL_VALUE;
                const at = address - FIRST_OUTPUT;
                if (at < 0 || at >= OUTPUT_COUNT) return ILLEGAL_ADDRESS;
                setOutput(at, isOn);
                return 0;
              },
              writeHolding(address, [value = 0]) {
                if (address === 302) {
                  for (let at = 0; at < OUTPUT_COUNT; at += 1) setOutput(at, ((value >> at) & 1) === 1);
                  return 0;
                }
                if (address !== 215 || deps.hasNameRegisters === false) return ILLEGAL_ADDRESS;
                if (value === 0) hasSafetyOccurred = false;
                return 0;
              },
            },
            pdu,
          );
        },
      },
    ],
  });

  return {
    powerCycle() {
      clock.cancel(safetyTimer);
      hasSafetyOccurred = false;
      outputs.fill(false);
      drive();
      end.hangUp("the module lost its power");
    },
    outputs,
    get isRelayClosed() {
      return isRelayClosed;
    },
    server,
  };
}

function packed(count: number, read: (bit: number) => boolean): number {
  let value = 0;
  for (let at = 0; at < count; at += 1) if (read(at)) value |= 1 << at;
  return value;
}
