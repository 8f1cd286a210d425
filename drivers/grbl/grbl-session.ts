/**
 * One opened link to a GRBL controller: matches answers to lines, reports to questions, and tells what the
 * controller says unasked. It decides nothing about motion.
 */
import { type Clock, within } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { Link } from "../../protocols/roles/link.ts";
import {
  GRBL_ALARMS,
  GRBL_ERRORS,
  grblAlarmLosesPosition,
  grblAlarmText,
  grblErrorText,
} from "../../protocols/wire/grbl/grbl-codes.ts";
import { GRBL_PARSER_STATE, GRBL_REALTIME, type GrblRealtime } from "../../protocols/wire/grbl/grbl-commands.ts";
import {
  createGrblLineSplitter,
  decodeGrblLine,
  type GrblMessage,
  type GrblStatus,
} from "../../protocols/wire/grbl/grbl-replies.ts";

export interface GrblSessionEvents {
  /** A greeting that nobody waits for: the controller restarted. */
  greeting(version: string): void;
  alarm(code: number): void;
  closed(why: string): void;
}

export interface GrblSession {
  readonly isOpen: boolean;
  /**
   * Sends lines in one write; resolves with what was printed before the last `ok`. Rejects with `device.refused`
   * at the first `error:N`, `stage.alarm`, `stage.not-homed` (greeting), `link.closed`, or after `deadlineMs` with
   * `link.timeout`: then the outcome is unknown, and answers are brought into step before the next line.
   */
  send(lines: readonly string[], deadlineMs: number): Promise<readonly GrblMessage[]>;
  realtime(command: GrblRealtime): void;
  /** A report asked for now. Rejects with `link.timeout`. */
  status(deadlineMs: number): Promise<GrblStatus>;
  /** The next greeting; it is then not reported as an event. Rejects with `link.timeout`. */
  greeting(deadlineMs: number): Promise<string>;
  /** Rejects all that waits for an `ok`. */
  abandon(reason: Error): void;
  close(): void;
}

interface PendingLine {
  readonly text: string;
  readonly isLast: boolean;
  readonly job: Job;
}

interface Job {
  readonly printed: GrblMessage[];
  isSettled: boolean;
  resolve(printed: readonly GrblMessage[]): void;
  reject(reason: Error): void;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(reason: Error): void;
}

/** Time for the marker of a resynchronisation; longer than any line of ours may hold the parser up at rest. */
const RESYNC_DEADLINE_MS = 1000;

export function createGrblSession(name: string, link: Link, clock: Clock, events: GrblSessionEvents): GrblSession {
  const splitter = createGrblLineSplitter();
  const encoder = new TextEncoder();
  let pending: PendingLine[] = [];
  let statusWaiters: Waiter<GrblStatus>[] = [];
  let greetingWaiters: Waiter<string>[] = [];
  /** An answer went missing: until the marker passes, an `ok` cannot be told from a late one. */
  let isOutOfStep = false;
  let isAwaitingMarker = false;

  function abandon(reason: Error): void {
    const lines = pending;
    pending = [];
    isAwaitingMarker = false;
    for (const line of lines) settle(line.job, reason);
  }

  function settle(job: Job, reason: Error): void {
    if (job.isSettled) return;
    job.isSettled = true;
    job.reject(reason);
  }

  function onAnswer(code: number | null): void {
    // While the marker is awaited, an answer belongs to a line whose outcome is already given up.
    if (isAwaitingMarker) return;
    const line = pending.shift();
    if (line === undefined || line.job.isSettled) return;
    if (code !== null) {
      settle(line.job, refusal(name, line.text, code));
    } else if (line.isLast) {
      line.job.isSettled = true;
      line.job.resolve(line.job.printed);
    }
  }

  function onMessage(message: GrblMessage): void {
    switch (message.kind) {
      case "ok":
        onAnswer(null);
        return;
      case "error":
        onAnswer(message.code);
        return;
      case "status": {
        const waiters = statusWaiters;
        statusWaiters = [];
        for (const waiter of waiters) waiter.resolve(message);
        return;
      }
      case "alarm":
        abandon(alarmFault(name, message.code));
        events.alarm(message.code);
        return;
      case "greeting":
        onGreeting(message.version);
        return;
      case "feedback":
        if (isAwaitingMarker && message.name === "GC") isAwaitingMarker = false;
        pending[0]?.job.printed.push(message);
        return;
      case "setting":
      case "startup-line":
        pending[0]?.job.printed.push(message);
        return;
      case "garbled":
        // Noise never stands for an answer: what it hid is found out by the deadline.
        return;
    }
  }

  function onGreeting(version: string): void {
    // Lines sent before a reset are discarded by the controller and never answered.
    isOutOfStep = false;
    abandon(new Fault("stage.not-homed", name, "The controller restarted; its queue and its position are lost."));
    const waiters = greetingWaiters;
    greetingWaiters = [];
    if (waiters.length === 0) events.greeting(version);
    for (const waiter of waiters) waiter.resolve(version);
  }

  link.onData((chunk) => {
    splitter.push(chunk, (line) => {
      onMessage(decodeGrblLine(line));
    });
  });
  link.onClose((why) => {
    const reason = new Fault("link.closed", name, `The link closed: ${why}.`);
    abandon(reason);
    for (const waiter of statusWaiters.splice(0)) waiter.reject(reason);
    for (const waiter of greetingWaiters.splice(0)) waiter.reject(reason);
    events.closed(why);
  });

  function put(lines: readonly string[]): Promise<readonly GrblMessage[]> {
    return new Promise((resolve, reject) => {
      const job: Job = { printed: [], isSettled: false, resolve, reject };
      link.write(encoder.encode(lines.join("")));
      lines.forEach((text, index) => pending.push({ text, isLast: index === lines.length - 1, job }));
    });
  }

  async function timed<T>(deadlineMs: number, what: string, work: Promise<T>): Promise<T> {
    return within(clock, deadlineMs, work, () => timeout(name, what, deadlineMs));
  }

  async function resynchronise(): Promise<void> {
    const answer = put([GRBL_PARSER_STATE]);
    isAwaitingMarker = true;
    try {
      await timed(RESYNC_DEADLINE_MS, "the parser state", answer);
      isOutOfStep = false;
    } catch (error) {
      pending = [];
      isAwaitingMarker = false;
      throw error;
    }
  }

  return {
    get isOpen() {
      return link.isOpen;
    },
    async send(lines, deadlineMs) {
      if (isOutOfStep) await resynchronise();
      try {
        return await timed(deadlineMs, (lines[0] ?? "").trim(), put(lines));
      } catch (error) {
        if (error instanceof Fault && error.code === "link.timeout") {
          isOutOfStep = true;
          pending = [];
        }
        throw error;
      }
    },
    realtime(command) {
      link.write(Uint8Array.of(GRBL_REALTIME[command]));
    },
    status(deadlineMs) {
      const report = new Promise<GrblStatus>((resolve, reject) => {
        link.write(Uint8Array.of(GRBL_REALTIME.status));
        statusWaiters.push({ resolve, reject });
      });
      return timed(deadlineMs, "a status report", report);
    },
    greeting(deadlineMs) {
      const waiter = new Promise<string>((resolve, reject) => {
        greetingWaiters.push({ resolve, reject });
      });
      return timed(deadlineMs, "the greeting", waiter).catch((error: unknown) => {
        greetingWaiters = [];
        throw error;
      });
    },
    abandon,
    close() {
      link.close();
    },
  };
}

function timeout(name: string, what: string, deadlineMs: number): Fault {
  return new Fault("link.timeout", name, `No answer to ${what} within ${Math.round(deadlineMs)} ms.`, { deadlineMs });
}

function refusal(name: string, line: string, code: number): Fault {
  return new Fault("device.refused", name, `The controller answered ${grblErrorText(code)} to ${line.trim()}.`, {
    errorCode: code,
    line: line.trim(),
    hint: GRBL_ERRORS[code]?.advice ?? null,
  });
}

export function alarmFault(name: string, code: number): Fault {
  return new Fault("stage.alarm", name, `The controller raised ${grblAlarmText(code)}.`, {
    alarmCode: code,
    positionLost: grblAlarmLosesPosition(code),
    hint: GRBL_ALARMS[code]?.advice ?? null,
  });
}
