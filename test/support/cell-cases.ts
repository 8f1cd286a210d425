/** Cell cases for tests: the shipped tables, and comparison with the full-order reference. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CellCaseResult, type CellTables, evaluateCellCase } from "../../simulator/cell/cell-case.ts";
import { parseCellDesign, parseCellModels } from "../../simulator/cell/cell-design.ts";
import type { FullOrderStart } from "./full-order/full-order-cell.ts";
import type { ReferenceStepRun } from "./full-order/full-order-run.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";
import type { DesignFile } from "./full-order/published-design.ts";

export const DESIGN_IDS = ["nmc811-graphite-siox", "lfp-graphite", "lno-graphite", "lco-graphite"] as const;

export function tableOf(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
}

const DESIGNS = new Map(DESIGN_IDS.map((id) => [id, parseCellDesign(tableOf(id), id)]));

/** Each design is read once, so that its potential tables are made once. */
export const TABLES: CellTables = {
  models: parseCellModels(tableOf("models")),
  designOf: (id) => DESIGNS.get(id) ?? parseCellDesign(tableOf(id), id),
};

export function runCase(fields: Readonly<Record<string, unknown>>): CellCaseResult {
  return evaluateCellCase(TABLES, fields);
}

export function startAt(design: DesignFile, soc: number): FullOrderStart {
  const { x0, x100, y0, y100 } = design.stoichiometry;
  return { negative: x0 + (x100 - x0) * soc, positive: y0 + (y100 - y0) * soc };
}

export interface Difference {
  readonly rmsMv: number;
  readonly maxMv: number;
  readonly points: number;
}

/** Voltage of the case against the reference, at the reference's own times from 2 s after a step to 97 % of it. */
export function voltageDifference(
  fields: Readonly<Record<string, unknown>>,
  reference: readonly ReferenceStepRun[],
): Difference {
  const points = reference.flatMap((step) =>
    step.timeS.flatMap((timeS, index) => {
      const sinceS = timeS - step.startS;
      const isJudged = sinceS >= 2 && sinceS <= 0.97 * (step.endS - step.startS);
      return isJudged ? [{ timeS, voltageV: step.voltageV[index] ?? NaN }] : [];
    }),
  );
  const result = runCase({ ...fields, sample_times_s: points.map((point) => point.timeS) });
  const voltageAt = new Map(result.time_s.map((timeS, row) => [timeS, result.voltage_V[row] ?? NaN]));
  let squares = 0;
  let max = 0;
  for (const { timeS, voltageV } of points) {
    const difference = Math.abs((voltageAt.get(timeS) ?? NaN) - voltageV);
    squares += difference * difference;
    max = Math.max(max, difference);
    if (Number.isNaN(difference)) max = NaN;
  }
  return { rmsMv: Math.sqrt(squares / points.length) * 1000, maxMv: max * 1000, points: points.length };
}
