/**
 * One channel of the simulated cabinet: runs a step file on its cell by itself, whoever listens, and stores rows.
 * What it shows live is up to `refreshMs` old, as with the real client.
 */
import type { CellPlant, WorldClock } from "../plant/plant.ts";
import type { ProgrammeStep, StepProgramme } from "./step-programme.ts";

export interface TestRow {
  readonly sequence: number;
  readonly stepId: number;
  readonly cycleId: number;
  readonly stepType: string;
  readonly stepTimeMs: number;
  readonly atMs: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly capacityAh: number;
  readonly energyWh: number;
}

export interface StoredTest {
  readonly testId: number;
  readonly rows: readonly TestRow[];
  /** First and last row of each finished step. */
  readonly layers: readonly { readonly first: TestRow; readonly last: TestRow }[];
  readonly log: readonly { readonly sequence: number; readonly code: number; readonly atMs: number }[];
  readonly isComplete: boolean;
}

export interface LiveView {
  readonly status: string;
  readonly stepType: string;
  readonly stepId: number | null;
  readonly cycleId: number;
  readonly barcode: string;
  readonly voltageV: number;
  readonly currentA: number;
  readonly capacityAh: number;
  readonly energyWh: number;
  readonly totalMs: number;
  readonly stepMs: number;
}

export interface CyclerChannel {
  readonly status: "working" | "finish" | "stop" | "protect";
  readonly latest: StoredTest | null;
  test(testId: number): StoredTest | null;
  live(): LiveView;
  start(testId: number, programme: StepProgramme, barcode: string): void;
  /** False when nothing runs. */
  stop(): boolean;
  /** Orders to stop that it obeyed. */
  readonly stopCount: number;
}

interface RunningTest {
  readonly testId: number;
  readonly programme: StepProgramme;
  readonly startedMs: number;
  readonly rows: TestRow[];
  readonly layers: { readonly first: TestRow; readonly last: TestRow }[];
  readonly log: { readonly sequence: number; readonly code: number; readonly atMs: number }[];
  readonly passes: number[];
  isComplete: boolean;
  stepIndex: number;
  cycleId: number;
  stepStartedMs: number;
  stepFirstRow: number;
  /** The hold's voltage is reached and held. */
  isHeld: boolean;
  capacityAh: number;
  energyWh: number;
  integratedMs: number;
  lastRecordMs: number;
  violatedSinceMs: number;
}

const STEP_WORDS: Readonly<Record<number, string>> = {
  1: "cc",
  2: "dc",
  3: "cv",
  4: "rest",
  7: "cccv",
  19: "dv",
  20: "cccd",
};
const TESTS_KEPT = 3;
const LOOPS_IN_A_ROW_MAX = 10_000;
const FIRST_ENTRY = 100_000;
const LAST_ENTRY = 100_001;

export interface CyclerChannelDeps {
  readonly clock: WorldClock;
  readonly cell: CellPlant;
  /** How often the channel looks at its cell. */
  readonly tickMs: number;
  readonly refreshMs: number;
}

export function createCyclerChannel(deps: CyclerChannelDeps): CyclerChannel {
  const { clock, cell, tickMs, refreshMs } = deps;
  const kept: RunningTest[] = [];
  let status: CyclerChannel["status"] = "finish";
  let barcode = "";
  let running: RunningTest | null = null;
  let stopCount = 0;
  let timer = -1;
  let shown: LiveView | null = null;
  let shownMs = Number.NEGATIVE_INFINITY;

  function stepOf(test: RunningTest): ProgrammeStep | undefined {
    return test.programme.steps[test.stepIndex];
  }

  function view(nowMs: number): LiveView {
    const test = running;
    const step = test === null ? undefined : stepOf(test);
    cell.read(nowMs);
    return {
      status,
      stepType: step === undefined ? "--" : (STEP_WORDS[step.type] ?? "--"),
      stepId: test === null ? null : test.stepIndex + 1,
      cycleId: test?.cycleId ?? 1,
      barcode,
      voltageV: cell.voltageV,
      currentA: test === null ? 0 : cell.currentA,
      capacityAh: Math.abs(test?.capacityAh ?? 0),
      energyWh: Math.abs(test?.energyWh ?? 0),
      totalMs: test === null ? 0 : nowMs - test.startedMs,
      stepMs: test === null ? 0 : nowMs - test.stepStartedMs,
    };
  }

  function record(test: RunningTest, step: ProgrammeStep, nowMs: number): void {
    const isNew = test.rows[test.rows.length - 1]?.atMs !== nowMs || test.rows.length <= test.stepFirstRow;
    test.lastRecordMs = nowMs;
    if (!isNew) return;
    test.rows.push({
      sequence: test.rows.length + 1,
      stepId: test.stepIndex + 1,
      cycleId: test.cycleId,
      stepType: STEP_WORDS[step.type] ?? "--",
      stepTimeMs: Math.round(nowMs - test.stepStartedMs),
      atMs: nowMs,
      voltageV: cell.voltageV,
      currentA: cell.currentA,
      capacityAh: Math.abs(test.capacityAh),
      energyWh: Math.abs(test.energyWh),
    });
  }

  /** Towards the hold's voltage, within its ceiling of current from the first instant. */
  function approach(step: ProgrammeStep, nowMs: number): boolean {
    const ceilingA = step.currentA ?? Infinity;
    cell.applyVoltageWithin(nowMs, step.voltageV ?? 0, -ceilingA, ceilingA);
    return hasArrived(step);
  }

  function enter(test: RunningTest, nowMs: number): void {
    for (let jumps = 0; jumps < LOOPS_IN_A_ROW_MAX; jumps += 1) {
      const step = stepOf(test);
      if (step === undefined || step.type === 6) {
        finish(test, "finish", nowMs);
        return;
      }
      if (step.type === 5) {
        const passes = (test.passes[test.stepIndex] ?? 0) + 1;
        const isAgain = passes < step.cycleCount;
        test.passes[test.stepIndex] = isAgain ? passes : 0;
        if (isAgain) test.cycleId += 1;
        test.stepIndex = isAgain ? step.startStep - 1 : test.stepIndex + 1;
        continue;
      }
      test.stepStartedMs = nowMs;
      test.stepFirstRow = test.rows.length;
      test.capacityAh = 0;
      test.energyWh = 0;
      test.integratedMs = nowMs;
      test.isHeld = true;
      if (step.type === 4) cell.disconnect(nowMs);
      else if (step.type === 1) cell.applyCurrent(nowMs, step.currentA ?? 0);
      else if (step.type === 2) cell.applyCurrent(nowMs, -(step.currentA ?? 0));
      else test.isHeld = approach(step, nowMs);
      cell.read(nowMs);
      record(test, step, nowMs);
      schedule(test, step, nowMs);
      return;
    }
    finish(test, "protect", nowMs);
  }

  function schedule(test: RunningTest, step: ProgrammeStep, nowMs: number): void {
    const endMs = step.timeMs === null ? Infinity : test.stepStartedMs + step.timeMs;
    const recordMs = test.lastRecordMs + test.programme.recordMs;
    timer = clock.at(Math.max(nowMs + 1, Math.min(nowMs + tickMs, endMs, recordMs)), tick);
  }

  function tick(): void {
    const test = running;
    const step = test === null ? undefined : stepOf(test);
    if (test === null || step === undefined) return;
    const nowMs = clock.nowMs();
    const [lastV, lastA] = [cell.voltageV, cell.currentA];
    cell.read(nowMs);
    const hours = (nowMs - test.integratedMs) / 3_600_000;
    test.integratedMs = nowMs;
    test.capacityAh += 0.5 * (lastA + cell.currentA) * hours;
    test.energyWh += 0.5 * (lastA * lastV + cell.currentA * cell.voltageV) * hours;
    if (!test.isHeld) test.isHeld = hasArrived(step);
    if (nowMs - shownMs >= refreshMs) show(nowMs);
    if (isProtected(test, nowMs)) {
      record(test, step, nowMs);
      finish(test, "protect", nowMs);
    } else if (isOver(test, step, nowMs)) {
      record(test, step, nowMs);
      closeLayer(test);
      test.stepIndex += 1;
      enter(test, nowMs);
    } else {
      if (nowMs >= test.lastRecordMs + test.programme.recordMs) record(test, step, nowMs);
      schedule(test, step, nowMs);
    }
  }

  function hasArrived(step: ProgrammeStep): boolean {
    return step.currentA === null || Math.abs(cell.currentA) < step.currentA * (1 - 1e-9);
  }

  function isOver(test: RunningTest, step: ProgrammeStep, nowMs: number): boolean {
    if (step.timeMs !== null && nowMs - test.stepStartedMs >= step.timeMs) return true;
    if (step.stopCapacityAh !== null && Math.abs(test.capacityAh) >= step.stopCapacityAh) return true;
    if (step.type === 1 && step.stopVoltageV !== null && cell.voltageV >= step.stopVoltageV) return true;
    if (step.type === 2 && step.stopVoltageV !== null && cell.voltageV <= step.stopVoltageV) return true;
    const holds = step.voltageV !== null;
    return holds && test.isHeld && step.stopCurrentA !== null && Math.abs(cell.currentA) <= step.stopCurrentA;
  }

  function isProtected(test: RunningTest, nowMs: number): boolean {
    const { protection } = test.programme;
    const isInside =
      cell.voltageV <= protection.voltageMaxV &&
      cell.voltageV >= protection.voltageMinV &&
      cell.currentA <= protection.currentMaxA &&
      cell.currentA >= protection.currentMinA &&
      Math.abs(test.capacityAh) <= protection.capacityMaxAh;
    if (isInside) test.violatedSinceMs = Infinity;
    else test.violatedSinceMs = Math.min(test.violatedSinceMs, nowMs);
    return nowMs - test.violatedSinceMs >= protection.delayMs;
  }

  function closeLayer(test: RunningTest): void {
    const [first, last] = [test.rows[test.stepFirstRow], test.rows[test.rows.length - 1]];
    if (first !== undefined && last !== undefined) test.layers.push({ first, last });
  }

  function finish(test: RunningTest, word: CyclerChannel["status"], nowMs: number): void {
    clock.cancel(timer);
    cell.disconnect(nowMs);
    test.isComplete = true;
    test.log.push({ sequence: test.rows.length, code: LAST_ENTRY, atMs: nowMs });
    running = null;
    status = word;
    // What is shown keeps the look of the test until the next refresh.
    shownMs = nowMs;
  }

  function show(nowMs: number): void {
    shown = view(nowMs);
    shownMs = nowMs;
  }

  return {
    get status() {
      return status;
    },
    get latest() {
      return kept[kept.length - 1] ?? null;
    },
    test: (testId) => kept.find((test) => test.testId === testId) ?? null,
    live() {
      const nowMs = clock.nowMs();
      if (shown === null || (running === null && nowMs - shownMs >= refreshMs)) show(nowMs);
      return shown ?? view(nowMs);
    },
    start(testId, programme, label) {
      const nowMs = clock.nowMs();
      if (shown === null) show(nowMs);
      const test: RunningTest = {
        testId,
        programme,
        startedMs: nowMs,
        rows: [],
        layers: [],
        log: [{ sequence: 1, code: FIRST_ENTRY, atMs: nowMs }],
        passes: [],
        isComplete: false,
        stepIndex: 0,
        cycleId: 1,
        stepStartedMs: nowMs,
        stepFirstRow: 0,
        isHeld: true,
        capacityAh: 0,
        energyWh: 0,
        integratedMs: nowMs,
        lastRecordMs: nowMs,
        violatedSinceMs: Infinity,
      };
      kept.push(test);
      if (kept.length > TESTS_KEPT) kept.shift();
      running = test;
      status = "working";
      barcode = label;
      enter(test, nowMs);
    },
    stop() {
      const test = running;
      if (test === null) return false;
      const nowMs = clock.nowMs();
      const step = stepOf(test);
      cell.read(nowMs);
      if (step !== undefined) record(test, step, nowMs);
      // Counted before the cell is off.
      stopCount += 1;
      finish(test, "stop", nowMs);
      return true;
    },
    get stopCount() {
      return stopCount;
    },
  };
}
