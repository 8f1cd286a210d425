/**
 * Runs a compiled script on the world's clock: one event per measurement point, commands in between take no time.
 * A script without any wait is slowed to the speed of a small processor, so that it cannot stop the world.
 */
import type { WorldClock } from "../plant/plant.ts";
import type { PackageWriter } from "./package-writer.ts";
import type { Potentiostat } from "./potentiostat.ts";
import { ScriptTrouble } from "./script-errors.ts";
import { createVariable, type ScriptMemory, type Variable } from "./script-memory.ts";

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
  return new Runner(deps);
}

/** A class, with what each point touches first: of 96 of them none brings functions of its own to the processor's cache. */
class Runner implements ScriptMachine {
  private readonly clock: WorldClock;
  private program: Program | null = null;
  private isWaiting = false;
  private failure = 0;
  pc = 0;
  variables: readonly Variable[] = [];
  readonly potentiostat: Potentiostat;
  readonly writer: PackageWriter;
  readonly measurement: MeasurementLoop = {
    startMs: 0,
    intervalMs: 0,
    taken: 0,
    count: 0,
    shape: NO_SHAPE,
    level: NaN,
    exitAt: -1,
    isLate: false,
  };
  hasOutput = true;
  private isFinishing = false;
  private waitEvent = -1;
  private waitAtMs = 0;
  private haltedAtMs = -1;
  private readonly send: (bytes: Uint8Array) => void;
  readonly open: string[] = [];
  arrays: (readonly Variable[])[] = [];
  timerStartMs = 0;
  tickMs = 0;
  tickIntervalMs = 0;
  private readonly onEnd: MachineDeps["onEnd"];

  constructor({ clock, potentiostat, writer, send, onEnd }: MachineDeps) {
    this.clock = clock;
    this.potentiostat = potentiostat;
    this.writer = writer;
    this.send = send;
    this.onEnd = onEnd;
  }

  private waits(): boolean {
    return this.isWaiting;
  }

  private go(): void {
    if (this.program === null) return;
    const { ops, finishedAt, lines } = this.program;
    let budget = COMMANDS_AT_ONCE;
    while (!this.waits()) {
      const at = this.pc;
      if (at >= finishedAt) this.isFinishing = true;
      if (at >= ops.length) {
        this.end(null);
        return;
      }
      this.pc = at + 1;
      (ops[at] as Op)(this);
      if (this.failure !== 0) {
        this.end({ code: this.failure, line: lines[at] ?? 0 });
        return;
      }
      budget -= 1;
      if (budget === 0 && !this.waits()) this.waitUntil(this.clock.nowMs() + COMMANDS_AT_ONCE * COMMAND_MS);
    }
  }

  private readonly wake = (): void => {
    this.waitEvent = -1;
    this.isWaiting = false;
    this.go();
  };

  private end(error: { readonly code: number; readonly line: number } | null): void {
    this.program = null;
    this.isWaiting = false;
    this.haltedAtMs = -1;
    this.open.length = 0;
    this.measurement.exitAt = -1;
    this.onEnd(error);
  }

  private cancelWait(): void {
    if (this.waitEvent >= 0) this.clock.cancel(this.waitEvent);
    this.waitEvent = -1;
    this.isWaiting = false;
    this.haltedAtMs = -1;
  }

  finish(): void {
    if (this.program === null) return;
    for (let marker = this.open.pop(); marker !== undefined; marker = this.open.pop()) this.say(marker);
    this.measurement.exitAt = -1;
    this.pc = this.isFinishing ? this.program.ops.length : this.program.finishedAt;
  }

  isRunning(): boolean {
    return this.program !== null;
  }

  nowMs(): number {
    return this.clock.nowMs();
  }

  waitUntil(atMs: number): void {
    this.isWaiting = true;
    this.waitAtMs = atMs;
    this.waitEvent = this.clock.at(atMs, this.wake);
  }

  say(line: string): void {
    if (!this.hasOutput) return;
    const bytes = new Uint8Array(line.length + 1);
    for (let at = 0; at < line.length; at += 1) bytes[at] = line.charCodeAt(at);
    bytes[line.length] = 0x0a;
    this.send(bytes);
  }

  sendPackage(line: Uint8Array): void {
    if (this.hasOutput) this.send(line);
  }

  outOfBounds(): void {
    this.fail(ScriptTrouble.outOfBounds);
  }

  fail(code: number): void {
    if (this.failure === 0) this.failure = code;
  }

  start(next: Program): void {
    this.program = next;
    this.failure = 0;
    this.isFinishing = false;
    this.pc = 0;
    this.variables = Array.from({ length: next.variableCount }, createVariable);
    this.arrays = Array.from({ length: next.arrayCount }, () => []);
    this.hasOutput = true;
    this.open.length = 0;
    this.timerStartMs = this.clock.nowMs();
    this.tickIntervalMs = 0;
    this.measurement.exitAt = -1;
    this.go();
  }

  stop(): void {
    if (this.program === null) return;
    this.cancelWait();
    this.finish();
    this.go();
  }

  endMeasurement(): boolean {
    if (this.program === null || this.measurement.exitAt < 0) return false;
    this.cancelWait();
    this.pc = this.measurement.exitAt;
    this.go();
    return true;
  }

  halt(): void {
    if (this.program === null || this.haltedAtMs >= 0 || this.waitEvent < 0) return;
    this.clock.cancel(this.waitEvent);
    this.waitEvent = -1;
    this.haltedAtMs = this.clock.nowMs();
  }

  resume(): void {
    if (this.haltedAtMs < 0) return;
    const pausedMs = this.clock.nowMs() - this.haltedAtMs;
    this.haltedAtMs = -1;
    this.measurement.startMs += pausedMs;
    this.waitUntil(this.waitAtMs + pausedMs);
  }

  breakOff(code: number): void {
    if (this.program === null) return;
    const line = this.program.lines[this.pc] ?? 0;
    this.cancelWait();
    this.end({ code, line });
  }

  kill(): void {
    this.cancelWait();
    this.program = null;
    this.open.length = 0;
    this.measurement.exitAt = -1;
  }
}
