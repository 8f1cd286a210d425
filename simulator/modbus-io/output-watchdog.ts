/**
 * The fieldbus watchdog of the simulated unit, registers 0x1000-0x1009 of WAGO's 750 series. It starts with the
 * first value other than 0 in its trigger register, is renewed by each change of that register and by the function
 * codes in its mask, and once expired stays so until it is restarted.
 */
import type { WorldClock } from "../plant/plant.ts";

export interface OutputWatchdog {
  readonly isExpired: boolean;
  /** Content of a register 0x1000 + `index`, or undefined where there is none. */
  read(index: number): number | undefined;
  /** 0 when written, else the exception: 2 no such register, 3 not that value, 4 not in this state. */
  write(index: number, value: number): number;
  /** Every request passes here; those in the mask renew. */
  sawFunction(functionCode: number): void;
  powerUp(): void;
}

const STATUS_IDLE = 0;
const STATUS_RUNNING = 1;
const STATUS_EXPIRED = 2;

export function createOutputWatchdog(clock: WorldClock, onExpiry: () => void): OutputWatchdog {
  let time = 0;
  let maskLow = 0;
  let maskHigh = 0;
  let trigger = 0;
  let shortest = 0xffff;
  let isStopHalfway = false;
  let status = STATUS_IDLE;
  let dueMs = 0;
  let timer: number | undefined;

  /** One timer per period, not per renewal: it looks again when it was renewed meanwhile. */
  function check(): void {
    timer = undefined;
    if (status !== STATUS_RUNNING) return;
    if (clock.nowMs() < dueMs) {
      timer = clock.at(dueMs, check);
      return;
    }
    status = STATUS_EXPIRED;
    onExpiry();
  }

  function renew(): void {
    if (time === 0 || status === STATUS_EXPIRED) return;
    if (status === STATUS_RUNNING)
      shortest = Math.min(shortest, Math.max(0, Math.floor((dueMs - clock.nowMs()) / 100)));
    status = STATUS_RUNNING;
    dueMs = clock.nowMs() + time * 100;
    timer ??= clock.at(dueMs, check);
  }

  function stop(): void {
    status = STATUS_IDLE;
    trigger = 0;
    if (timer !== undefined) clock.cancel(timer);
    timer = undefined;
  }

  return {
    get isExpired() {
      return status === STATUS_EXPIRED;
    },
    read(index) {
      return [time, maskLow, maskHigh, trigger, shortest, 0, status, 0, 0, 0][index];
    },
    write(index, value) {
      const wasStopHalfway = isStopHalfway;
      isStopHalfway = false;
      switch (index) {
        case 0:
        case 1:
        case 2:
          if (status === STATUS_RUNNING) return 4;
          if (index === 0) time = value;
          else if (index === 1) maskLow = value;
          else maskHigh = value;
          return 0;
        case 3:
          if (status === STATUS_EXPIRED) return 4;
          if (value !== trigger) {
            trigger = value;
            renew();
          }
          return 0;
        case 4:
          shortest = 0xffff;
          return 0;
        case 5:
          if (value === 0xaaaa) isStopHalfway = true;
          else if (value !== 0x5555) return 3;
          else if (wasStopHalfway && status === STATUS_RUNNING) stop();
          return 0;
        case 7:
          if (value !== 1) return 3;
          if (status === STATUS_EXPIRED) {
            status = STATUS_IDLE;
            renew();
          }
          return 0;
        case 8:
          if (value !== 0xaa55 && value !== 0x55aa) return 3;
          stop();
          return 0;
        case 9:
          return 0;
        default:
          return 2;
      }
    },
    sawFunction(functionCode) {
      const mask = functionCode <= 16 ? maskLow : maskHigh;
      if (status === STATUS_RUNNING && ((mask >> ((functionCode - 1) % 16)) & 1) === 1) renew();
    },
    powerUp() {
      stop();
      time = 0;
      maskLow = 0;
      maskHigh = 0;
      shortest = 0xffff;
    },
  };
}
