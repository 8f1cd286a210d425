/**
 * How fast the cell physics runs, beside an empty loop over the same cells in the same process: 96 cells of one
 * design, each its own draw, at constant current, with its voltage asked for after every step. Prints rack steps per
 * second on one core with the bound, and the same for constant voltage, rest, and with side reactions.
 *
 *   npm run -s build && node dist/test/bench/cell-physics.js [--json] [--seconds 2]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createChance } from "../../simulator/chance/chance.ts";
import { type Cell, createCell } from "../../simulator/cell/cell.ts";
import { parseCellDesign, parseCellModels } from "../../simulator/cell/cell-design.ts";
import { cellParameters, drawVariation } from "../../simulator/cell/cell-parameters.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

const CELLS = 96;
const BOUND_STEPS_S = 10_000;
const STEP_S = 10;
const CURRENT_LIMIT_A = 0.25;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "2" }, json: { type: "boolean" } } });
const seconds = Number(values.seconds);
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const table = (name: string): unknown =>
  JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
const models = parseCellModels(table("models"));
const design = parseCellDesign(table("nmc811-graphite-siox"));
const nominalA = design.cell.nominalCapacity_mAh / 1000;

function rack(sideReactions: boolean): readonly Cell[] {
  const chance = createChance(1);
  return Array.from({ length: CELLS }, (_, index) => {
    const variation = drawVariation(chance.stream(`cell ${index}`), design, models);
    return createCell(design, cellParameters(design, models, variation, { sideReactions }), { soc: 0.5 });
  });
}

/** Rack steps per second of wall time; `turn` counts up from 0. */
function rate(
  cells: readonly Cell[],
  work: (cell: Cell, turn: number) => number,
): { readonly rate: number; readonly sum: number } {
  let sum = 0;
  let turn = 0;
  const startedMs = context.clock.monoMs();
  let tookMs = 0;
  while (tookMs < seconds * 1000) {
    for (let burst = 0; burst < 50; burst += 1) {
      for (const cell of cells) sum += work(cell, turn);
      turn += 1;
    }
    tookMs = context.clock.monoMs() - startedMs;
  }
  return { rate: (turn * 1000) / tookMs, sum };
}

/** C/2 to and fro, an hour each way, so that the cell stays where it is on average. */
function cycled(cell: Cell, turn: number): number {
  const half = 3600 / STEP_S / 2;
  cell.advance(STEP_S, Math.floor((turn + half) / (2 * half)) % 2 === 0 ? nominalA / 2 : -nominalA / 2);
  return cell.state.voltageV;
}

const plain = rack(false);
const empty = rate(plain, (cell, turn) => cell.state.voltageV + turn);
const constantCurrent = rate(plain, cycled);
const rest = rate(rack(false), (cell) => {
  cell.advance(STEP_S, 0);
  return cell.state.voltageV;
});
const ageing = rate(rack(true), cycled);
const held = rack(false);
for (const cell of held) cell.setVoltage(cell.state.voltageV + 0.05, CURRENT_LIMIT_A);
const heldV = held.map((cell) => cell.state.voltageV);
const constantVoltage = rate(held, (cell, turn) => {
  cell.advanceAtVoltage(STEP_S, (heldV[0] ?? 3.8) + 0.05 * Math.sin(turn / 500), CURRENT_LIMIT_A);
  return cell.state.currentA;
});
const figures = {
  cells: CELLS,
  empty_loop_rack_steps_s: empty.rate,
  constant_current_rack_steps_s: constantCurrent.rate,
  bound_rack_steps_s: BOUND_STEPS_S,
  ratio_to_bound: constantCurrent.rate / BOUND_STEPS_S,
  constant_current_us_per_cell: 1e6 / constantCurrent.rate / CELLS,
  rest_rack_steps_s: rest.rate,
  constant_current_with_side_reactions_rack_steps_s: ageing.rate,
  constant_voltage_rack_steps_s: constantVoltage.rate,
  checksum: empty.sum + constantCurrent.sum + rest.sum + ageing.sum + constantVoltage.sum,
};
if (values.json === true) context.print(JSON.stringify(figures));
else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(52)} ${value.toPrecision(5)}`);
