/**
 * Runs a compiled script on the world's clock: one event per measurement point, commands in between take no time.
 * A script without any wait is slowed to the speed of a small processor, so that it cannot stop the world.
 */
import type { WorldClock } from "../plant/plant.ts";
import type { PackageWriter } from "./package-writer.ts";
import type { Potentiostat } from "./potentiostat.ts";

/** One command of the script; it moves the program counter only to jump. */
export type Op = () => void;

export interface Program {
  readonly ops: readonly Op[];
  /** Script line of each op, from 1. */
  readonly lines: readonly number[];
  /** First op after `on_finished:`; the number of ops when the script has none. */
  readonly finishedAt: number;
}

/** State of the one measurement loop that may be open. */
export interface MeasurementLoop {
  startMs: number;
  intervalMs: number;
  /** Points taken so far. */
  taken: number;
  count: number;
  /** The op that closes the loop, or -1 when none is open. */
  exitAt: number;
  /** The body took longer than the interval. */
  isLate: boolean;
}

export interface Machine {
  /** Index of the op that runs next. */
  pc: number;
  readonly potentiostat: Potentiostat;
  readonly writer: PackageWriter;
  readonly measurement: MeasurementLoop;
  /** End markers of the loops that are open, innermost last. */
  readonly open: string[];
  timerStartMs: number;
  tickMs: number;
  tickIntervalMs: number;
  /** False after `set_script_output 0`. */
  hasOutput: boolean;
  nowMs(): number;
  waitUntil(atMs: number): void;
  /** A line of output; the line end is added. */
  say(line: string): void;
  sendPackage(line: Uint8Array): void;
  /** Stops with a run-time error at the present line. */
  fail(code: number): void;
  /** Ends the script through `on_finished:`. */
  finish(): void;
}

export interface MachineDeps {
  readonly clock: WorldClock;
  readonly potentiostat: Potentiostat;
  readonly writer: PackageWriter;
  readonly send: (bytes: Uint8Array) => void;
  /** The script is over; `error` is null, or the number and line of a run-time error. */
  readonly onEnd: (error: { readonly code: number; readonly line: number } | null) => void;
}

export interface ScriptMachine extends Machine {
  isRunning(): boolean;
  start(program: Program): void;
  /** `Z`: ends through `on_finished:`; a second one ends at once. */
  stop(): void;
  /** `Y`: ends the open measurement loop. False when there is none. */
  endMeasurement(): boolean;
  halt(): void;
  resume(): void;
  /** Power is gone. */
  kill(): void;
}

/** A command of the script language takes about this long when nothing waits. */
const COMMAND_MS = 0.01;
const COMMANDS_AT_ONCE = 2000;

export function createScriptMachine(deps: MachineDeps): ScriptMachine {
  const { clock, potentiostat, writer, send } = deps;
  const measurement: MeasurementLoop = {
    startMs: 0,
    intervalMs: 0,
    taken: 0,
    count: 0,
    exitAt: -1,
    isLate: false,
  };
  let program: Program | null = null;
  let isWaiting = false;
  let failure = 0;
  let event = -1;
  let eventAtMs = 0;
  let haltedAtMs = -1;
  let isFinishing = false;

  function waits(): boolean {
    return isWaiting;
  }

  function go(): void {
    if (program === null) return;
    const { ops, finishedAt } = program;
    let budget = COMMANDS_AT_ONCE;
    while (!waits()) {
      const at = machine.pc;
      if (at >= finishedAt) isFinishing = true;
      if (at >= ops.length) {
        end(null);
        return;
      }
      machine.pc = at + 1;
      (ops[at] as Op)();
      if (failure !== 0) {
        const line = program.lines[at] ?? 0;
        end({ code: failure, line });
        return;
      }
      budget -= 1;
      if (budget === 0 && !waits()) machine.waitUntil(clock.nowMs() + COMMANDS_AT_ONCE * COMMAND_MS);
    }
  }

  function wake(): void {
    event = -1;
    isWaiting = false;
    go();
  }

  function end(error: { readonly code: number; readonly line: number } | null): void {
    program = null;
    isWaiting = false;
    haltedAtMs = -1;
    machine.open.length = 0;
    measurement.exitAt = -1;
    deps.onEnd(error);
  }

  function cancelWait(): void {
    if (event >= 0) clock.cancel(event);
    event = -1;
    isWaiting = false;
    haltedAtMs = -1;
  }

  function jumpToFinished(): void {
    if (program === null) return;
    for (let marker = machine.open.pop(); marker !== undefined; marker = machine.open.pop()) machine.say(marker);
    measurement.exitAt = -1;
    machine.pc = isFinishing ? program.ops.length : program.finishedAt;
  }

  const machine: ScriptMachine = {
    pc: 0,
    potentiostat,
    writer,
    measurement,
    open: [],
    timerStartMs: 0,
    tickMs: 0,
    tickIntervalMs: 0,
    hasOutput: true,
    isRunning: () => program !== null,
    nowMs: () => clock.nowMs(),
    waitUntil(atMs) {
      isWaiting = true;
      eventAtMs = atMs;
      event = clock.at(atMs, wake);
    },
    say(line) {
      if (!machine.hasOutput) return;
      const bytes = new Uint8Array(line.length + 1);
      for (let at = 0; at < line.length; at += 1) bytes[at] = line.charCodeAt(at);
      bytes[line.length] = 0x0a;
      send(bytes);
    },
    sendPackage(line) {
      if (machine.hasOutput) send(line);
    },
    fail(code) {
      if (failure === 0) failure = code;
    },
    finish: jumpToFinished,
    start(next) {
      program = next;
      failure = 0;
      isFinishing = false;
      machine.pc = 0;
      machine.hasOutput = true;
      machine.open.length = 0;
      machine.timerStartMs = clock.nowMs();
      machine.tickIntervalMs = 0;
      measurement.exitAt = -1;
      go();
    },
    stop() {
      if (program === null) return;
      cancelWait();
      jumpToFinished();
      go();
    },
    endMeasurement() {
      if (program === null || measurement.exitAt < 0) return false;
      cancelWait();
      machine.pc = measurement.exitAt;
      go();
      return true;
    },
    halt() {
      if (program === null || haltedAtMs >= 0 || event < 0) return;
      clock.cancel(event);
      event = -1;
      haltedAtMs = clock.nowMs();
    },
    resume() {
      if (haltedAtMs < 0) return;
      const pausedMs = clock.nowMs() - haltedAtMs;
      haltedAtMs = -1;
      measurement.startMs += pausedMs;
      machine.waitUntil(eventAtMs + pausedMs);
    },
    kill() {
      cancelWait();
      program = null;
      machine.open.length = 0;
      measurement.exitAt = -1;
    },
  };
  return machine;
}
