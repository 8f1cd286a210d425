/** What a Modbus unit may be misheard to say, on TCP and on a serial line, and what a simulated unit may be sent. */
import modbus from "modbus-serial";
import { createModbusLinkPort } from "../../../drivers/link/modbus-link-port.ts";
import type { ModbusPort } from "../../../drivers/link/modbus-port.ts";
import { createModbusRtuPort } from "../../../drivers/link/modbus-rtu-port.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { createModbusServer } from "../../../simulator/modbus/modbus-server.ts";
import { performOn } from "../../../simulator/modbus/register-device.ts";
import type { WorldClock } from "../../../simulator/plant/plant.ts";
import type { FuzzEntry, FuzzTarget } from "./fuzz-codec.ts";

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Answers to the reading of two holding registers of unit 1, as transaction 1. */
const TCP_ANSWERS = [
  "00 01 00 00 00 07 01 03 04 00 05 00 06",
  "00 01 00 00 00 03 01 83 02",
  "00 02 00 00 00 07 01 03 04 00 05 00 06",
  "00 01 00 00 00 05 01 03 02 00 05",
  "00 01 00 00 00 06 01 06 00 02 01 2c",
  "00 01 00 00 00 05 01 01 02 fa 01",
].map(hex);

const RTU_ANSWERS = [
  "01 03 04 42 a0 00 00 ee 69",
  "01 03 04 00 00 04 83 b9 52",
  "01 83 02 c0 f1",
  "01 03 06 26 20 0c 9b 09 1b 93 50",
  "01 06 00 02 01 2c 28 47",
].map(hex);

const TCP_REQUESTS = [
  "00 01 00 00 00 06 01 03 00 00 00 02",
  "00 02 00 00 00 06 01 05 00 03 ff 00",
  "00 03 00 00 00 0b 01 10 00 02 00 02 04 00 01 00 02",
  "00 04 00 00 00 08 01 0f 00 03 00 03 01 05",
].map(hex);

const RTU_REQUESTS = [
  "01 03 00 00 00 02 c4 0b",
  "01 06 00 02 01 2c 28 47",
  "01 10 00 00 00 02 04 00 01 00 02 23 ae",
  "01 05 01 92 ff 00 2c 2b",
].map(hex);

/** Five milliseconds for most chunks, a silence after each third; timers of either kind run when due. */
function createChunkClock(): Clock & WorldClock & { advance(): void } {
  let nowMs = 0;
  let chunkCount = 0;
  let lastHandle = 0;
  const due = new Map<number, { readonly atMs: number; readonly fn: () => void }>();
  const at = (atMs: number, fn: () => void): number => {
    lastHandle += 1;
    due.set(lastHandle, { atMs, fn });
    return lastHandle;
  };
  return {
    wallMs: () => nowMs,
    monoMs: () => nowMs,
    nowMs: () => nowMs,
    setTimeout: (fn, ms) => at(nowMs + ms, fn),
    clearTimeout: (handle) => void due.delete(Number(handle)),
    at,
    cancel: (handle) => void due.delete(handle),
    advance() {
      chunkCount += 1;
      nowMs += chunkCount % 3 === 0 ? 60 : 5;
      for (const [handle, { atMs, fn }] of due) {
        if (atMs > nowMs || !due.delete(handle)) continue;
        fn();
      }
    },
  };
}

/** A request is always under way; the link is a new one after each answer that cannot be read, as in the driver. */
function clientTarget(
  makePort: (link: Link, clock: Clock, onGarbled: () => void) => ModbusPort,
  onMessage: () => void,
): FuzzTarget {
  const clock = createChunkClock();
  let receive: (chunk: Uint8Array) => void = () => undefined;
  let isSpoilt = true;
  let ask: () => void = () => undefined;

  function open(): void {
    isSpoilt = false;
    const link: Link = {
      name: "unit",
      isOpen: true,
      write: () => undefined,
      onData(handler) {
        receive = handler;
        return () => undefined;
      },
      onClose: () => () => undefined,
      close: () => undefined,
    };
    const port = makePort(link, clock, () => {
      isSpoilt = true;
      onMessage();
    });
    const client = new modbus.default(port);
    client.open();
    ask = () => {
      port._transactionIdWrite = 1;
      client.writeFC3(1, 0, 2, () => {
        onMessage();
        ask();
      });
    };
    ask();
  }

  return {
    push(chunk) {
      clock.advance();
      if (isSpoilt) open();
      receive(chunk);
    },
  };
}

function serverTarget(kind: "tcp" | "rtu", onMessage: () => void): FuzzTarget {
  const clock = createChunkClock();
  const words = [1, 2, 3, 4, 5, 6, 7, 8];
  let receive: (chunk: Uint8Array) => void = () => undefined;
  createModbusServer({
    clock,
    framing: { kind },
    answerMs: 0,
    end: {
      onOpen: () => undefined,
      onClose: () => undefined,
      onData(handler) {
        receive = handler;
      },
      send: onMessage,
      hangUp: () => undefined,
    },
    devices: [
      {
        perform: (pdu) =>
          performOn({ holding: (address) => words[address], writeHolding: () => 0, writeCoil: () => 0 }, pdu),
      },
    ],
  });
  return {
    push(chunk) {
      receive(chunk);
      clock.advance();
    },
  };
}

export const MODBUS_FUZZ: readonly FuzzEntry[] = [
  {
    name: "modbus answers on TCP",
    samples: TCP_ANSWERS,
    open: (onMessage) => clientTarget((link, _, onGarbled) => createModbusLinkPort(link, onGarbled), onMessage),
  },
  {
    name: "modbus answers on a serial line",
    samples: RTU_ANSWERS,
    open: (onMessage) =>
      clientTarget(
        (link, clock, onGarbled) => createModbusRtuPort(link, clock, { kind: "rtu", baud: 115_200 }, onGarbled),
        onMessage,
      ),
  },
  {
    name: "modbus requests on TCP",
    samples: TCP_REQUESTS,
    open: (onMessage) => serverTarget("tcp", onMessage),
  },
  {
    name: "modbus requests on a serial line",
    samples: RTU_REQUESTS,
    open: (onMessage) => serverTarget("rtu", onMessage),
  },
];
