/** The requests of one Modbus unit, typed: each answer is looked at before it is believed. */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import { createModbusExchange, type ExchangeMember, type ModbusClient, type Next } from "./modbus-exchange.ts";
import type { ModbusExchange } from "./modbus-exchange.ts";
import type { ModbusFraming } from "./modbus-port.ts";

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
  /** Holding registers. */
  readRegisters(address: number, count: number): Promise<readonly number[]>;
  readInputRegisters(address: number, count: number): Promise<readonly number[]>;
  writeCoil(address: number, value: boolean, options?: RequestOptions): Promise<void>;
  writeCoils(address: number, values: readonly boolean[], options?: RequestOptions): Promise<void>;
  writeRegister(address: number, value: number, options?: RequestOptions): Promise<void>;
  writeRegisters(address: number, values: readonly number[], options?: RequestOptions): Promise<void>;
  close(): void;
}

export interface ModbusBusDeps {
  readonly name: string;
  readonly link: Link;
  readonly clock: Clock;
  readonly unitId: number;
  /** Default Modbus TCP. */
  readonly framing?: ModbusFraming;
  readonly replyDeadlineMs?: number;
  /** The link is gone, for whatever reason but `close()`. */
  readonly onLost: (fault: Fault) => void;
}

/** A unit that has the link to itself: it closes with the first answer that is missing, and `close` closes it. */
export function createModbusBus(deps: ModbusBusDeps): ModbusBus {
  let isTold = false;
  const exchange = createModbusExchange({
    name: deps.name,
    link: deps.link,
    clock: deps.clock,
    framing: deps.framing ?? { kind: "tcp" },
    ...(deps.replyDeadlineMs === undefined ? {} : { replyDeadlineMs: deps.replyDeadlineMs }),
    onLost: told,
  });

  function told(fault: Fault): void {
    if (isTold) return;
    isTold = true;
    exchange.close();
    deps.onLost(fault);
  }

  const unit = unitOf(exchange, deps.name, deps.unitId, told);
  return {
    ...unit,
    get isOpen() {
      return unit.isOpen;
    },
    close() {
      isTold = true;
      exchange.close();
    },
  };
}

/** One unit among others on the same link. `onLost` is told once, and never after `close`. */
export function unitOf(
  exchange: ModbusExchange,
  name: string,
  unitId: number,
  onLost: (fault: Fault) => void,
): ModbusBus {
  let isHere = true;
  const member: ExchangeMember = {
    name,
    lost(fault) {
      if (!isHere) return;
      isHere = false;
      onLost(fault);
    },
  };
  exchange.join(member);

  function request<T>(
    what: string,
    kind: { readonly isWrite: boolean; readonly options?: RequestOptions | undefined },
    /** The value, or why there is none. */
    take: (result: unknown) => { readonly value: T } | string,
    issue: (client: ModbusClient, next: Next) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!isHere) {
        reject(new Fault("link.closed", name, `${what} was not sent: the link is closed.`));
        return;
      }
      exchange.send({
        member,
        what,
        isWrite: kind.isWrite,
        isUrgent: kind.options?.isUrgent === true,
        withdrawn: kind.options?.withdrawn,
        issue,
        accept(result) {
          const taken = take(result);
          if (typeof taken === "string") return taken;
          resolve(taken.value);
          return undefined;
        },
        reject,
      });
    });
  }

  function read<T>(
    what: string,
    count: number,
    isValue: (value: unknown) => value is T,
    issue: (client: ModbusClient, next: Next) => void,
  ): Promise<readonly T[]> {
    const take = (result: unknown): { readonly value: readonly T[] } | string => {
      const value = listOf(result, count, isValue);
      return value === undefined ? `no list of ${count} values` : { value };
    };
    return request(what, { isWrite: false }, take, issue);
  }

  function write(
    what: string,
    echo: Readonly<Record<string, number | boolean>>,
    options: RequestOptions | undefined,
    issue: (client: ModbusClient, next: Next) => void,
  ): Promise<void> {
    const take = (result: unknown): { readonly value: undefined } | string => {
      const key = Object.keys(echo).find((each) => property(result, each) !== echo[each]);
      return key === undefined ? { value: undefined } : `its echo differs in ${key}`;
    };
    return request(what, { isWrite: true, options }, take, issue);
  }

  // The unit's number goes with each call: the library's `setID` is state shared by all callers.
  return {
    get isOpen() {
      return isHere && exchange.isOpen;
    },
    readDiscreteInputs: (address, count) =>
      read(`the reading of ${count} inputs`, count, isBit, (client, next) => {
        client.writeFC2(unitId, address, count, next);
      }),
    readCoils: (address, count) =>
      read(`the read-back of ${count} outputs`, count, isBit, (client, next) => {
        client.writeFC1(unitId, address, count, next);
      }),
    readRegisters: (address, count) =>
      read(`the reading of ${addressText(address)}`, count, isWord, (client, next) => {
        client.writeFC3(unitId, address, count, next);
      }),
    readInputRegisters: (address, count) =>
      read(`the reading of input ${addressText(address)}`, count, isWord, (client, next) => {
        client.writeFC4(unitId, address, count, next);
      }),
    writeCoil: (address, value, options) =>
      write(
        `output ${addressText(address)} ${value ? "on" : "off"}`,
        { address, state: value },
        options,
        (client, next) => {
          client.writeFC5(unitId, address, value, next);
        },
      ),
    writeCoils: (address, values, options) =>
      write(`outputs from ${addressText(address)}`, { address, length: values.length }, options, (client, next) => {
        client.writeFC15(unitId, address, [...values], next);
      }),
    writeRegister: (address, value, options) =>
      write(`register ${addressText(address)} = ${value}`, { address, value }, options, (client, next) => {
        client.writeFC6(unitId, address, value, next);
      }),
    writeRegisters: (address, values, options) =>
      write(
        `registers from ${addressText(address)} = ${values.join(" ")}`,
        { address, length: values.length },
        options,
        (client, next) => {
          client.writeFC16(unitId, address, [...values], next);
        },
      ),
    close() {
      isHere = false;
      exchange.leave(member);
    },
  };
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

function addressText(address: number): string {
  return `0x${address.toString(16).padStart(4, "0")}`;
}
