/**
 * A rack of cells cycled to 80 % of its capacity, physics and protocol only: 1C charge, hold to C/20, ten minutes of
 * rest, 1C discharge, rest; a check-up at C/20 before the first and after every twentieth cycle. Each cell is its own
 * draw from the seed. Prints how long it took and how the lives spread.
 *
 *   npm run -s build && node dist/test/bench/ageing.js [--design nmc811-graphite-siox] [--cells 96] [--json]
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Protocol, TechniqueStep } from "../../protocols/echem/protocol.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createCell } from "../../simulator/cell/cell.ts";
import { parseCellDesign, parseCellModels } from "../../simulator/cell/cell-design.ts";
import { cellParameters, drawVariation } from "../../simulator/cell/cell-parameters.ts";
import { runProtocol, type StepRun } from "../../simulator/cell/cell-run.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { packageRoot } from "../../tui/rim/package-root.ts";

const CYCLES_PER_CHECK = 20;
const CYCLES_MAX = 2000;
const END_OF_LIFE = 0.8;
const PACE = 4;

const { values } = parseArgs({
  options: {
    design: { type: "string", default: "nmc811-graphite-siox" },
    cells: { type: "string", default: "96" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean" },
  },
});
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const table = (name: string): unknown =>
  JSON.parse(readFileSync(join(packageRoot().folder, `protocols/data/cells/${name}.json`), "utf8"));
const models = parseCellModels(table("models"));
const design = parseCellDesign(table(values.design));
const { upperCutoff_V: upperV, lowerCutoff_V: lowerV, nominalCapacity_mAh: nominalMah } = design.cell;

const current = (rateC: number): TechniqueStep => ({
  kind: "constant-current",
  id: null,
  rateC,
  currentMa: null,
  untilTimeS: null,
  untilVoltageV: rateC > 0 ? upperV : lowerV,
});
const hold: TechniqueStep = {
  kind: "constant-voltage",
  id: null,
  voltageV: upperV,
  untilTimeS: 6 * 3600,
  untilRateC: 1 / 20,
  untilCurrentMa: null,
};
const rest: TechniqueStep = { kind: "open-circuit-voltage", id: null, untilTimeS: 600 };

function protocolOf(name: string, steps: Protocol["steps"]): Protocol {
  const safety = {
    maxVoltageV: null,
    minVoltageV: null,
    maxCurrentMa: null,
    minCurrentMa: null,
    maxCapacityMah: null,
    delayS: null,
  };
  const record = { timeS: 3600, voltageV: null, currentMa: null };
  return { name, sampleName: "$NAME", sampleCapacityMah: null, record, safety, steps };
}

const cycles = protocolOf("cycles at 1C", [
  current(1),
  hold,
  rest,
  current(-1),
  rest,
  { kind: "loop", id: null, targetIndex: 0, cycleCount: CYCLES_PER_CHECK, loopTo: 1 },
]);
const checkUp = protocolOf("check-up at C/20", [current(1 / 20), rest, current(-1 / 20), rest]);

interface Life {
  readonly cycles: number;
  readonly days: number;
  readonly stateOfHealth: number;
  /** By the check-ups, between the last two of which 80 % was passed. */
  readonly cyclesToEnd: number;
}

function lifeOf(index: number): Life {
  const variation = drawVariation(createChance(Number(values.seed)).stream(`cell ${index}`), design, models);
  const cell = createCell(design, cellParameters(design, models, variation, { sideReactions: true }), { soc: 0 });
  const currentA = (10 * nominalMah) / 1000;
  let elapsedS = 0;
  const perform = (protocol: Protocol): readonly StepRun[] => {
    const steps = runProtocol(
      cell,
      protocol,
      {
        nominalCapacityMah: nominalMah,
        sampleS: 1e9,
        sampleTimesS: undefined,
        thermal: undefined,
        channel: { voltageMinV: -5, voltageMaxV: 5, currentMaxA: currentA, currentMinA: -currentA },
        pace: PACE,
      },
      () => undefined,
    );
    elapsedS += steps.at(-1)?.endS ?? 0;
    return steps;
  };
  const capacityC = (): number => -(perform(checkUp)[2]?.chargeC ?? NaN);
  const freshC = capacityC();
  let before = 1;
  for (let done = CYCLES_PER_CHECK; done <= CYCLES_MAX; done += CYCLES_PER_CHECK) {
    perform(cycles);
    const stateOfHealth = capacityC() / freshC;
    if (stateOfHealth <= END_OF_LIFE) {
      const part = (before - END_OF_LIFE) / (before - stateOfHealth);
      const cyclesToEnd = done - CYCLES_PER_CHECK * (1 - part);
      return { cycles: done, days: elapsedS / 86_400, stateOfHealth, cyclesToEnd };
    }
    before = stateOfHealth;
  }
  return { cycles: CYCLES_MAX, days: elapsedS / 86_400, stateOfHealth: before, cyclesToEnd: Infinity };
}

const startedMs = context.clock.monoMs();
const lives = Array.from({ length: Number(values.cells) }, (_, index) => lifeOf(index));
const wallS = (context.clock.monoMs() - startedMs) / 1000;
const sorted = (of: (life: Life) => number): readonly number[] => lives.map(of).sort((a, b) => a - b);
const at = (list: readonly number[], part: number): number => list[Math.round(part * (list.length - 1))] ?? NaN;
const ends = sorted((life) => life.cyclesToEnd);
const days = sorted((life) => life.days);
const simulatedDays = days.reduce((sum, value) => sum + value, 0);
const figures = {
  cells: lives.length,
  wall_s: wallS,
  wall_s_per_cell: wallS / lives.length,
  simulated_cell_days: simulatedDays,
  times_real_time_for_the_rack: (at(days, 1) * 86_400) / wallS,
  cycles_to_80_percent_min: at(ends, 0),
  cycles_to_80_percent_tenth: at(ends, 0.1),
  cycles_to_80_percent_median: at(ends, 0.5),
  cycles_to_80_percent_ninetieth: at(ends, 0.9),
  cycles_to_80_percent_max: at(ends, 1),
  days_median: at(days, 0.5),
  days_max: at(days, 1),
};
if (values.json === true) context.print(JSON.stringify({ design: design.id, ...figures }));
else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(34)} ${value.toPrecision(5)}`);
