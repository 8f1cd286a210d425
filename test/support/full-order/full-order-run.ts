/** Steps through the full-order reference, with a record of every internal step: time, voltage, current. Charge positive. */
import { createFullOrderCell, type FullOrderCell, type FullOrderGrid, type FullOrderStart } from "./full-order-cell.ts";
import type { DesignFile } from "./published-design.ts";

export type ReferenceStep =
  | { readonly kind: "current"; readonly currentA: number; readonly untilV?: number; readonly untilS?: number }
  | { readonly kind: "voltage"; readonly voltageV: number; readonly untilA?: number; readonly untilS?: number };

export interface ReferenceStepRun {
  readonly startS: number;
  readonly endS: number;
  readonly chargeC: number;
  readonly timeS: number[];
  readonly voltageV: number[];
  readonly currentA: number[];
}

export interface ReferenceOptions {
  readonly temperatureC?: number;
  readonly grid?: FullOrderGrid;
  /** Seconds of the longest internal step. */
  readonly longestS?: number;
}

const FIRST_S = 0.01;

export function runReference(
  design: DesignFile,
  start: FullOrderStart,
  steps: readonly ReferenceStep[],
  options: ReferenceOptions = {},
): readonly ReferenceStepRun[] {
  const cell = createFullOrderCell(design, options.temperatureC ?? 25, start, options.grid);
  const { state } = cell;
  return steps.map((step) => {
    const run = { startS: state.timeS, timeS: [] as number[], voltageV: [] as number[], currentA: [] as number[] };
    const startC = state.chargeC;
    const note = (): void => {
      run.timeS.push(state.timeS);
      run.voltageV.push(state.voltageV);
      run.currentA.push(-state.currentA);
    };
    if (step.kind === "current") cell.setCurrent(-step.currentA);
    else if (Math.abs(state.voltageV - step.voltageV) > 1e-6) cell.setVoltage(step.voltageV);
    note();
    for (;;) {
      const sinceS = state.timeS - run.startS;
      const wantedS = Math.min(Math.max(FIRST_S, sinceS * 0.05), options.longestS ?? 5);
      const dtS = Math.min(wantedS, (step.untilS ?? Infinity) - sinceS);
      if (step.kind === "voltage") cell.stepAtVoltage(dtS, step.voltageV);
      else takeCurrent(cell, step, dtS);
      note();
      const isTimeUp = state.timeS - run.startS >= (step.untilS ?? Infinity) - 1e-9;
      const past =
        step.kind === "current"
          ? step.untilV !== undefined && (state.voltageV - step.untilV) * Math.sign(step.currentA) >= 0
          : step.untilA !== undefined && Math.abs(state.currentA) <= step.untilA;
      if (isTimeUp || past) break;
    }
    const end = endOf(step, run);
    return { ...run, endS: end.endS, chargeC: state.chargeC - startC - end.overshootC };
  });
}

/** A step at constant current that ends exactly where its voltage is reached, or short of a particle's end. */
function takeCurrent(cell: FullOrderCell, step: ReferenceStep & { readonly kind: "current" }, wantedS: number): void {
  const over = (dtS: number): number =>
    step.untilV === undefined ? -1 : (cell.peek(dtS) - step.untilV) * Math.sign(step.currentA);
  let dtS = wantedS;
  while (Number.isNaN(cell.peek(dtS))) dtS = halved(dtS);
  if (over(dtS) > 0) {
    let early = 0;
    for (let turn = 0; turn < 50; turn += 1) {
      const middle = (early + dtS) / 2;
      if (over(middle) > 0) dtS = middle;
      else early = middle;
    }
  }
  cell.step(dtS);
}

function halved(dtS: number): number {
  if (!(dtS > 1e-9)) throw new RangeError("a particle ran full or empty");
  return dtS / 2;
}

/** The end of a taper lies inside the last step; the little charge passed after it is taken off. */
function endOf(
  step: ReferenceStep,
  run: { readonly timeS: number[]; readonly currentA: number[] },
): { readonly endS: number; readonly overshootC: number } {
  const [beforeS = 0, lastS = 0] = run.timeS.slice(-2);
  const [before = 0, last = 0] = run.currentA.slice(-2).map((current) => Math.log(Math.abs(current)));
  const untilA = step.kind === "voltage" ? step.untilA : undefined;
  if (untilA === undefined || last > Math.log(untilA) || last === before) return { endS: lastS, overshootC: 0 };
  const part = Math.min(1, Math.max(0, (Math.log(untilA) - before) / (last - before)));
  const endS = beforeS + part * (lastS - beforeS);
  return { endS, overshootC: (run.currentA.at(-1) ?? 0) * (lastS - endS) };
}
