/**
 * A Modbus link shared by the units on it: opened when the first asks, closed when the last has left. On a serial
 * line a unit that does not answer is given up alone; the others wait out its late answer and go on.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { unitOf, type ModbusBus } from "./modbus-bus.ts";
import { createModbusExchange, type ModbusExchange } from "./modbus-exchange.ts";
import type { ModbusFraming } from "./modbus-port.ts";
import { openWithin } from "./open-within.ts";

export interface ModbusLineDeps {
  /** Of the link, in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly framing: ModbusFraming;
  /** Default 200 ms on TCP, 1000 ms on a serial line. */
  readonly replyDeadlineMs?: number;
  /** Pause that a unit wants between an answer and the next request. Default none. */
  readonly gapMs?: number;
  /** Default 5000 ms. */
  readonly openMs?: number;
}

export interface ModbusLine {
  readonly clock: Clock;
  /**
   * The unit's requests, over the link that is open or a new one. `onLost` is told once when the unit or the link is
   * given up, and never after the bus was closed. Rejects with `link.open-failed`.
   */
  join(name: string, unitId: number, onLost: (fault: Fault) => void): Promise<ModbusBus>;
}

const REOPEN_PAUSE_MS = 20;

export function createModbusLine(deps: ModbusLineDeps): ModbusLine {
  const { name, clock } = deps;
  let exchange: ModbusExchange | undefined;
  let opening: Promise<ModbusExchange> | undefined;
  let userCount = 0;

  function opened(): Promise<ModbusExchange> {
    if (exchange?.isOpen === true) return Promise.resolve(exchange);
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  }

  async function open(): Promise<ModbusExchange> {
    // A unit that serves one connection at a time must have seen the end of the last one.
    if (exchange !== undefined) await sleep(clock, REOPEN_PAUSE_MS);
    const link = await openWithin(clock, deps.openLink, name, deps.openMs);
    userCount = 0;
    exchange = createModbusExchange({
      name,
      link,
      clock,
      framing: deps.framing,
      ...(deps.replyDeadlineMs === undefined ? {} : { replyDeadlineMs: deps.replyDeadlineMs }),
      ...(deps.gapMs === undefined ? {} : { gapMs: deps.gapMs }),
    });
    return exchange;
  }

  return {
    clock,
    async join(unitName, unitId, onLost) {
      const on = await opened();
      let isCounted = true;
      userCount += 1;

      function part(): void {
        if (!isCounted || exchange !== on) return;
        isCounted = false;
        userCount -= 1;
        if (userCount === 0) on.close();
      }

      const unit = unitOf(on, unitName, unitId, (fault) => {
        part();
        onLost(fault);
      });
      return {
        ...unit,
        get isOpen() {
          return unit.isOpen;
        },
        close() {
          unit.close();
          part();
        },
      };
    },
  };
}
