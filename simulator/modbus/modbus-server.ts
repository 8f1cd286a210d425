/** The server's side of a Modbus cable, TCP or RTU, in front of one or more simulated devices. */
import { answerFrame, createRequestReader, exceptionFrame, PDU_START } from "../modbus-io/modbus-server-frames.ts";
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";
import { createRtuRequestReader, rtuFrame } from "./rtu-server-frames.ts";

export interface ModbusServerDevice {
  /** Unit numbers it answers to; any when left out, as devices addressed directly do. */
  readonly units?: readonly number[];
  /** The answer's PDU, an exception's number, or undefined for silence. */
  perform(pdu: Uint8Array): Uint8Array | number | undefined;
}

export type ModbusServerFraming =
  | { readonly kind: "tcp" }
  | {
      readonly kind: "rtu";
      /** What ends a request that is not complete. Default 20 ms. */
      readonly pauseMs?: number;
    };

export interface ModbusServerDeps {
  readonly end: DeviceEnd;
  readonly clock: WorldClock;
  readonly framing: ModbusServerFraming;
  readonly devices: readonly ModbusServerDevice[];
  /** Before each answer. Default 2 ms. */
  readonly answerMs?: number;
}

export interface ModbusServer {
  /** While deaf no request is taken. */
  deafen(isDeaf: boolean): void;
  /** From now on answers take this long. */
  slow(answerMs: number): void;
  readonly requestCount: number;
}

const GATEWAY_TARGET_SILENT = 11;

export function createModbusServer(deps: ModbusServerDeps): ModbusServer {
  const { end, clock, framing } = deps;
  let answerMs = deps.answerMs ?? 2;
  let isDeaf = false;
  let requestCount = 0;
  let session = 0;

  function deviceFor(unit: number): ModbusServerDevice | undefined {
    return deps.devices.find(({ units }) => units === undefined || units.includes(unit));
  }

  function send(frame: Uint8Array): void {
    const asked = session;
    clock.at(clock.nowMs() + answerMs, () => {
      if (asked === session) end.send(frame);
    });
  }

  function onTcp(transaction: number, unit: number, pdu: Uint8Array): void {
    requestCount += 1;
    const device = deviceFor(unit);
    const result = device === undefined ? GATEWAY_TARGET_SILENT : device.perform(pdu);
    if (result === undefined) return;
    if (typeof result === "number") send(exceptionFrame(transaction, unit, pdu[0] ?? 0, result));
    else {
      const frame = answerFrame(transaction, unit, result.length);
      frame.set(result, PDU_START);
      send(frame);
    }
  }

  function onRtu(unit: number, pdu: Uint8Array): void {
    requestCount += 1;
    const result = deviceFor(unit)?.perform(pdu);
    if (result === undefined) return;
    send(rtuFrame(unit, typeof result === "number" ? Uint8Array.of((pdu[0] ?? 0) | 0x80, result) : result));
  }

  const tcp = createRequestReader();
  const rtu = createRtuRequestReader(clock, framing.kind === "rtu" ? (framing.pauseMs ?? 20) : 20, onRtu);

  function clear(): void {
    session += 1;
    tcp.clear();
    rtu.clear();
  }

  end.onOpen(clear);
  end.onClose(clear);
  end.onData((chunk) => {
    if (isDeaf) return;
    if (framing.kind === "rtu") rtu.push(chunk);
    else if (!tcp.push(chunk, onTcp)) {
      clear();
      end.hangUp("not Modbus TCP");
    }
  });

  return {
    deafen(deaf) {
      isDeaf = deaf;
    },
    slow(ms) {
      answerMs = ms;
    },
    get requestCount() {
      return requestCount;
    },
  };
}
