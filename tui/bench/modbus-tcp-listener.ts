/**
 * A simulated Modbus TCP unit that serves several clients, as real ones do. Their requests go to the one unit under
 * numbers of our own, and each answer back to whoever asked, under the number that was asked with.
 */
import type { Socket } from "node:net";
import type { BenchListener, DeviceConnection, DevicePort } from "./listener.ts";
import { createListeningServer, type TcpPlace } from "./tcp-listener.ts";

/** WAGO's couplers serve fifteen clients, ADAM modules eight. */
const CLIENTS_MAX = 8;
const HEADER_LENGTH = 6;
const NUMBERS = 0x10000;
/** Longest frame behind the length field. */
const BODY_MAX = 254;

interface Client {
  readonly socket: Socket;
  pending: Uint8Array;
}

interface Asked {
  readonly client: Client;
  readonly number: number;
}

export function createModbusTcpListener(place: TcpPlace, port: DevicePort): BenchListener {
  const clients = new Set<Client>();
  const asked = new Map<number, Asked>();
  let nextNumber = 0;
  let answers: Uint8Array = new Uint8Array(0);

  /** The unit's side: one session as long as anybody is there. */
  const unit: DeviceConnection = {
    send(chunk) {
      answers = joined(answers, chunk);
      answers = eachFrame(answers, (frame) => {
        const number = word(frame, 0);
        const waiting = asked.get(number);
        asked.delete(number);
        if (waiting === undefined || waiting.client.socket.destroyed) return;
        waiting.client.socket.write(renumbered(frame, waiting.number));
      });
    },
    hangUp() {
      for (const { socket } of clients) socket.end();
    },
  };

  function accept(socket: Socket): void {
    socket.on("error", () => undefined);
    if (clients.size >= CLIENTS_MAX) {
      socket.resetAndDestroy();
      return;
    }
    const client: Client = { socket, pending: new Uint8Array(0) };
    socket.setNoDelay(true);
    clients.add(client);
    if (clients.size === 1) port.opened(unit);
    socket.on("data", (chunk: Uint8Array) => {
      client.pending = eachFrame(joined(client.pending, chunk), (frame) => {
        nextNumber = (nextNumber + 1) % NUMBERS;
        asked.set(nextNumber, { client, number: word(frame, 0) });
        port.data(unit, renumbered(frame, nextNumber));
      });
      // What cannot be Modbus TCP never becomes a frame.
      if (client.pending.length >= HEADER_LENGTH && !isHeader(client.pending)) socket.destroy();
    });
    socket.on("end", () => {
      socket.destroy();
    });
    socket.on("close", () => {
      clients.delete(client);
      for (const [number, { client: whose }] of asked) if (whose === client) asked.delete(number);
      if (clients.size > 0) return;
      answers = new Uint8Array(0);
      port.closed(unit);
    });
  }

  const server = createListeningServer(place, accept);
  return {
    get where() {
      return server.where;
    },
    plug: () => server.open(),
    unplug: () => server.shut(),
    close: () => server.shut(),
  };
}

/** Hands on every whole frame; returns what is left. */
function eachFrame(bytes: Uint8Array, take: (frame: Uint8Array) => void): Uint8Array {
  let at = 0;
  while (bytes.length - at >= HEADER_LENGTH && isHeader(bytes.subarray(at))) {
    const end = at + HEADER_LENGTH + word(bytes, at + 4);
    if (bytes.length < end) break;
    take(bytes.slice(at, end));
    at = end;
  }
  return bytes.slice(at);
}

function isHeader(bytes: Uint8Array): boolean {
  const length = word(bytes, 4);
  return word(bytes, 2) === 0 && length >= 2 && length <= BODY_MAX;
}

function renumbered(frame: Uint8Array, number: number): Uint8Array {
  const bytes = frame.slice();
  bytes[0] = number >> 8;
  bytes[1] = number & 0xff;
  return bytes;
}

function word(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] ?? 0) << 8) | (bytes[offset + 1] ?? 0);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a, 0);
  bytes.set(b, a.length);
  return bytes;
}
