/**
 * Runs a compiled script on the world's clock: one event per measurement point, commands in between take no time.
 * A script without any wait is slowed to the speed of a small processor, so that it cannot stop the world.
 */
import type { WorldClock } from "../plant/plant.ts";
import type { PackageWriter } from "./package-writer.ts";
import type { Potentiostat } from "./potentiostat.ts";
import { ScriptTrouble } from "./script-errors.ts";
import { createVariable, type ScriptMemory } from "./script-memory.ts";

/** One command of the script; it moves the program counter only to jump. It keeps nothing for itself: see `Program`. */
export type Op = (machine: Machine) => void;

/** Holds nothing of a run, so that the instruments of a rack share one: what they touch at each point is the less. */
export interface Program {
  readonly ops: readonly Op[];
  /** Script line of each op, from 1. */
  readonly lines: readonly number[];
  /** First op after `on_finished:`; the number of ops when the script has none. */
  readonly finishedAt: number;
  readonly variableCount: number;
  readonly arrayCount: number;
}

/** What a measurement loop is found to be when it begins. */
export interface LoopShape {
  intervalS(): number;
  count(): number;
  /** Level for point `index`; not asked in an open circuit. */
  level(index: number): number;
  /** Points of one scan when scans are announced, else 0. */
  scanPoints(): number;
}

/** State of the one measurement loop that may be open. */
export interface MeasurementLoop {
  startMs: number;
  intervalMs: number;
  /** Points taken so far. */
  taken: number;
  count: number;
  shape: LoopShape;
  /** The level set last. */
  level: number;
  /** The op that closes the loop, or -1 when none is open. */
  exitAt: number;
  /** The body took longer than the interval. */
  isLate: boolean;
}

export interface Machine extends ScriptMemory {
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
  /** What runs ends with a run-time error at its present line. */
  breakOff(code: number): void;
  /** Power is gone. */
  kill(): void;
}

/** A command of the script language takes about this long when nothing waits. */
const COMMAND_MS = 0.01;
const COMMANDS_AT_ONCE = 2000;

const NO_SHAPE: LoopShape = { intervalS: () => NaN, count: () => 0, level: () => NaN, scanPoints: () => 0 };

export function createScriptMachine(deps: MachineDeps): ScriptMachine {
  const { clock, potentiostat, writer, send } = deps;
  const measurement: MeasurementLoop = {
    startMs: 0,
    intervalMs: 0,
    taken: 0,
    count: 0,
    shape: NO_SHAPE,
    level: NaN,
    exitAt: -1,
    isLate: false,
  };
  let program: Program | null = null;
  let isWaiting = false;
  let failure = 0;
  /** Fields, because a number in a variable of its own would be put anew into memory at each point. */
  const wait = { event: -1, atMs: 0, haltedAtMs: -1 };
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
      (ops[at] as Op)(machine);
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
    wait.event = -1;
    isWaiting = false;
    go();
  }

  function end(error: { readonly code: number; readonly line: number } | null): void {
    program = null;
    isWaiting = false;
    wait.haltedAtMs = -1;
    machine.open.length = 0;
    measurement.exitAt = -1;
    deps.onEnd(error);
  }

  function cancelWait(): void {
    if (wait.event >= 0) clock.cancel(wait.event);
    wait.event = -1;
    isWaiting = false;
    wait.haltedAtMs = -1;
  }

  function jumpToFinished(): void {
    if (program === null) return;
    for (let marker = machine.open.pop(); marker !== undefined; marker = machine.open.pop()) machine.say(marker);
    measurement.exitAt = -1;
    machine.pc = isFinishing ? program.ops.length : program.finishedAt;
  }

  const machine: ScriptMachine = {
    pc: 0,
    variables: [],
    arrays: [],
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
      wait.atMs = atMs;
      wait.event = clock.at(atMs, wake);
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
    outOfBounds() {
      machine.fail(ScriptTrouble.outOfBounds);
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
      machine.variables = Array.from({ length: next.variableCount }, createVariable);
      machine.arrays = Array.from({ length: next.arrayCount }, () => []);
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
      if (program === null || wait.haltedAtMs >= 0 || wait.event < 0) return;
      clock.cancel(wait.event);
      wait.event = -1;
      wait.haltedAtMs = clock.nowMs();
    },
    resume() {
      if (wait.haltedAtMs < 0) return;
      const pausedMs = clock.nowMs() - wait.haltedAtMs;
      wait.haltedAtMs = -1;
      measurement.startMs += pausedMs;
      machine.waitUntil(wait.atMs + pausedMs);
    },
    breakOff(code) {
      if (program === null) return;
      const line = program.lines[machine.pc] ?? 0;
      cancelWait();
      end({ code, line });
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
