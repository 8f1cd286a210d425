import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type CellDesign,
  type CellModels,
  parseCellDesign,
  parseCellModels,
} from "../../../simulator/cell/cell-design.ts";
import { type CellOptions, cellParameters } from "../../../simulator/cell/cell-parameters.ts";
import { type Cell, type CellInitial, createCell } from "../../../simulator/cell/cell.ts";
import { packageRoot } from "../../../tui/rim/package-root.ts";

export const DESIGN_IDS = ["nmc811-graphite-siox", "lfp-graphite", "lno-graphite", "lco-graphite"] as const;

export function tableJson(name: string): unknown {
  return JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
}

export const MODELS: CellModels = parseCellModels(tableJson("models"));

const designs = new Map<string, CellDesign>();

/** The same one whenever it is asked for: what is tabulated from a design is tabulated once. */
export function design(id: string): CellDesign {
  const known = designs.get(id) ?? parseCellDesign(tableJson(id), id);
  designs.set(id, known);
  return known;
}

export function cellOf(used: CellDesign, initial: CellInitial, options: CellOptions = {}): Cell {
  return createCell(used, cellParameters(used, MODELS, undefined, options), initial);
}

/** Seconds of constant charge current until the voltage reaches the limit. */
export function secondsTo(cell: Cell, currentA: number, limitV: number, stepS: number): number {
  let seconds = 0;
  for (let turn = 0; turn < 1_000_000; turn += 1) {
    const lastS = cell.timeToVoltage(stepS, currentA, limitV);
    if (lastS !== undefined) {
      cell.advance(lastS, currentA);
      return seconds + lastS;
    }
    cell.advance(stepS, currentA);
    seconds += stepS;
  }
  throw new Error("the limit was never reached");
}
