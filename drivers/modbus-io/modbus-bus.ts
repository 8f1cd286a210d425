/**
 * One opened link to one Modbus unit, through the modbus-serial client: one request in flight, each with a deadline
 * on the injected clock, urgent ones first. The library's own timeout is never set, since it runs on the machine's
 * clock. After a missing or unreadable answer the link is closed: a late answer must never meet a later request.
 */
import modbus from "modbus-serial";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createModbusLinkPort } from "../link/modbus-link-port.ts";

export interface RequestOptions {
  /** Goes before all that waits. */
  readonly isUrgent?: boolean;
  /** Asked when the request's turn comes: a reason means it is not sent any more, and rejects with it. */
  readonly withdrawn?: () => Fault | undefined;
}

/**
 * Addresses are protocol addresses, from 0. All reject with `io.exception` (detail `exceptionCode`), `link.closed`
 * (nothing was sent), `link.timeout` or `link.garbled` (reads), `device.unknown-outcome` (writes whose answer is
 * missing: read back before deciding).
 */
export interface ModbusBus {
  readonly isOpen: boolean;
  readDiscreteInputs(address: number, count: number): Promise<readonly boolean[]>;
  readCoils(address: number, count: number): Promise<readonly boolean[]>;
  readRegisters(address: number, count: number): Promise<readonly number[]>;
  writeCoil(address: number, value: boolean, options?: RequestOptions): Promise<void>;
  writeCoils(address: number, values: readonly boolean[], options?: RequestOptions): Promise<void>;
  writeRegister(address: number, value: number, options?: RequestOptions): Promise<void>;
  close(): void;
}

export interface ModbusBusDeps {
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly unitId: number;
  readonly replyDeadlineMs: number;
  /** The link is gone, for whatever reason but `close()`. */
  readonly onLost: (fault: Fault) => void;
}

/** As the library calls back; what it hands over is looked at before it is believed. */
type Next = (error: unknown, result: unknown) => void;

interface Request {
  readonly what: string;
  readonly isWrite: boolean;
  readonly withdrawn: (() => Fault | undefined) | undefined;
  issue(next: Next): void;
  /** Settles with the result, or tells why it cannot be read. */
  accept(result: unknown): string | undefined;
  reject(fault: Fault): void;
}

/** More waiting requests mean a caller that does not await. */
const WAITING_MAX = 64;

export function createModbusBus(deps: ModbusBusDeps): ModbusBus {
  const { name, link, clock, unitId, replyDeadlineMs } = deps;
  const waiting: Request[] = [];
  let inFlight: Request | undefined;
  let deadline: TimerHandle;
  let isClosedHere = false;

  const port = createModbusLinkPort(link, (why) => {
    lose(new Fault("link.garbled", name, `The answer cannot be read: ${why}.`));
  });
  const client = new modbus.default(port);
  client.open();

  link.onClose((why) => {
    lose(new Fault("link.closed", name, `The link closed: ${why}.`));
  });

  /** Gives up the request in flight and all that wait, and the link with them. */
  function lose(fault: Fault): void {
    if (isClosedHere) return;
    isClosedHere = true;
    const cut = inFlight;
    inFlight = undefined;
    clock.clearTimeout(deadline);
    link.close();
    if (cut !== undefined) cut.reject(cut.isWrite ? unknownOutcome(name, cut.what, fault) : fault);
    rejectWaiting(fault.message);
    deps.onLost(fault);
  }

  function rejectWaiting(why: string): void {
    for (const request of waiting.splice(0)) {
      request.reject(new Fault("link.closed", name, `${request.what} was not sent. ${why}`));
    }
  }

  function enqueue(request: Request, isUrgent: boolean): void {
    if (!link.isOpen) {
      request.reject(new Fault("link.closed", name, `${request.what} was not sent: the link is closed.`));
      return;
    }
    if (waiting.length >= WAITING_MAX && !isUrgent) {
      request.reject(new Fault("device.refused", name, `${WAITING_MAX} requests wait for this unit already.`));
      return;
    }
    if (isUrgent) waiting.unshift(request);
    else waiting.push(request);
    if (inFlight === undefined) next();
  }

  function next(): void {
    for (;;) {
      const request = waiting.shift();
      if (request === undefined) return;
      const withdrawal = request.withdrawn?.();
      if (withdrawal !== undefined) {
        request.reject(withdrawal);
        continue;
      }
      issue(request);
      return;
    }
  }

  function issue(request: Request): void {
    inFlight = request;
    deadline = clock.setTimeout(() => {
      lose(new Fault("link.timeout", name, `No answer to ${request.what} within ${replyDeadlineMs} ms.`));
    }, replyDeadlineMs);
    try {
      // The unit's number goes with each call: the library's `setID` is state shared by all callers.
      request.issue((error, result) => {
        if (inFlight === request) onAnswer(request, error, result);
      });
    } catch (error) {
      lose(
        error instanceof Fault ? error : new Fault("link.closed", name, "The request could not be sent.", {}, error),
      );
    }
  }

  function onAnswer(request: Request, error: unknown, result: unknown): void {
    const exceptionCode = error === null || error === undefined ? undefined : exceptionCodeOf(error);
    let why: string | undefined;
    if (exceptionCode !== undefined) {
      request.reject(
        new Fault("io.exception", name, `The unit answered exception ${exceptionCode} to ${request.what}.`, {
          exceptionCode,
        }),
      );
    } else {
      why = error instanceof Error ? error.message : request.accept(result);
    }
    if (why !== undefined) {
      lose(new Fault("link.garbled", name, `The answer to ${request.what} cannot be read: ${why}.`));
      return;
    }
    inFlight = undefined;
    clock.clearTimeout(deadline);
    next();
  }

  function read<T>(
    what: string,
    count: number,
    isValue: (value: unknown) => value is T,
    call: (next: Next) => void,
  ): Promise<T[]> {
    return new Promise((resolve, reject) => {
      enqueue(
        {
          what,
          isWrite: false,
          withdrawn: undefined,
          issue: call,
          accept(result) {
            const values = listOf(result, count, isValue);
            if (values === undefined) return `no list of ${count} values`;
            resolve(values);
            return undefined;
          },
          reject,
        },
        false,
      );
    });
  }

  function write(
    what: string,
    echo: Readonly<Record<string, number | boolean>>,
    options: RequestOptions | undefined,
    call: (next: Next) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      enqueue(
        {
          what,
          isWrite: true,
          withdrawn: options?.withdrawn,
          issue: call,
          accept(result) {
            for (const key of Object.keys(echo)) {
              if (property(result, key) !== echo[key]) return `its echo differs in ${key}`;
            }
            resolve();
            return undefined;
          },
          reject,
        },
        options?.isUrgent === true,
      );
    });
  }

  return {
    get isOpen() {
      return link.isOpen;
    },
    readDiscreteInputs: (address, count) =>
      read(`the reading of ${count} inputs`, count, isBit, (done) => {
        client.writeFC2(unitId, address, count, done);
      }),
    readCoils: (address, count) =>
      read(`the read-back of ${count} outputs`, count, isBit, (done) => {
        client.writeFC1(unitId, address, count, done);
      }),
    readRegisters: (address, count) =>
      read(`the reading of ${registerText(address)}`, count, isWord, (done) => {
        client.writeFC3(unitId, address, count, done);
      }),
    writeCoil: (address, value, options) =>
      write(`output ${registerText(address)} ${value ? "on" : "off"}`, { address, state: value }, options, (done) => {
        client.writeFC5(unitId, address, value, done);
      }),
    writeCoils: (address, values, options) =>
      write(`outputs from ${registerText(address)}`, { address, length: values.length }, options, (done) => {
        client.writeFC15(unitId, address, [...values], done);
      }),
    writeRegister: (address, value, options) =>
      write(`register ${registerText(address)} = ${value}`, { address, value }, options, (done) => {
        client.writeFC6(unitId, address, value, done);
      }),
    close() {
      if (isClosedHere) return;
      isClosedHere = true;
      const why = "The link was closed on request.";
      const cut = inFlight;
      inFlight = undefined;
      clock.clearTimeout(deadline);
      const closed = new Fault("link.closed", name, why);
      if (cut !== undefined) cut.reject(cut.isWrite ? unknownOutcome(name, cut.what, closed) : closed);
      rejectWaiting(why);
      link.close();
    },
  };
}

function unknownOutcome(name: string, what: string, cause: Fault): Fault {
  return new Fault(
    "device.unknown-outcome",
    name,
    `Whether ${what} was carried out is not known. ${cause.message}`,
    { cause: cause.code },
    cause,
  );
}

function exceptionCodeOf(error: unknown): number | undefined {
  const code = property(error, "modbusCode");
  return typeof code === "number" ? code : undefined;
}

/** The library pads bits to whole bytes; the rest is cut off. */
function listOf<T>(result: unknown, count: number, isValue: (value: unknown) => value is T): T[] | undefined {
  const data = property(result, "data");
  if (!Array.isArray(data) || data.length < count) return undefined;
  const values: unknown[] = data;
  values.length = count;
  return values.every(isValue) ? values : undefined;
}

function isBit(value: unknown): value is boolean {
  return typeof value === "boolean";
}

function isWord(value: unknown): value is number {
  return typeof value === "number";
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

function registerText(address: number): string {
  return `0x${address.toString(16).padStart(4, "0")}`;
}
