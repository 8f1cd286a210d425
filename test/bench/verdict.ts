/**
 * False alarms and power of the beam-effect verdict, by simulation with the beam's damage off and on:
 *
 *     node --import tsx test/bench/verdict.ts [campaigns off] [campaigns on]
 *
 * Each campaign is a rack of 96 LiNiO2 cells with eight control visits, frames of 4 s at 1e11 ph/s through full steel,
 * spots that differ by 0.002 in lithium from the start, one look after each round of visits. Off: nothing anywhere;
 * each `suspected` or `found` at any look is a false alarm of the whole campaign. On: a lag of 0.02 at the exposed spots
 * of one cell in eight. Cells are then drawn anew from those of the simulated campaigns for many more campaigns; in
 * these, six cells are exposed in each second visit alone and six never, and capacity and resistance of all wander.
 * Ends with 3 when false alarms pass 5 % or power falls below 80 %.
 */
import process from "node:process";
import type { BeamVerdict } from "../../protocols/verdict/beam-verdict.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import {
  lookAgainAndAgain,
  shareInterval,
  simulateCell,
  wanderingCells,
  type SimulatedCell,
  type VisitPlan,
} from "../support/verdict-simulation.ts";

const PLAN: VisitPlan = {
  chemistry: "lno-graphite",
  cellCount: 96,
  visitCount: 8,
  exposureS: 4,
  spotCount: 25,
  controlCount: 4,
  spotScatter: 0.002,
  lithium: [0.92, 0.15],
};
const LAG = 0.02;
const DAMAGED_EVERY = 8;
const REDRAWN = 2000;
/** Of the cells of a campaign that is drawn anew. */
const RARE = 6;
const DARK = 6;
/** Of the resistance of exposed cells. */
const GROWTH = 0.04;
const REDRAWN_ON = 200;

const [offCount, onCount] = [Number(process.argv[2] ?? 20), Number(process.argv[3] ?? 4)];
let seed = 1;

function rack(lagOf: (cell: number) => number): readonly SimulatedCell[] {
  return Array.from({ length: PLAN.cellCount }, (_, cell) => {
    seed += 1;
    return { ...simulateCell(PLAN, seed, lagOf(cell)), position: `cell ${cell}` };
  });
}

function isAlarm(looks: readonly BeamVerdict[]): boolean {
  return looks.some(({ verdict }) => verdict === "suspected" || verdict === "found");
}

function isByWholeCells({ materials }: BeamVerdict): boolean {
  return materials.some(({ comparisons }) => comparisons.some(({ isSuspect }) => isSuspect));
}

function line(what: string, count: number, of: number): string {
  const [low, high] = shareInterval(count, of);
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  return `${what}: ${count} of ${of}, ${percent(count / of)} (95 %: ${percent(low)} to ${percent(high)})`;
}

function cellsAtEnd(looks: readonly BeamVerdict[]) {
  return looks.at(-1)?.cells ?? [];
}

const startedAt = process.hrtime.bigint();
const unharmed: SimulatedCell[] = [];
let falseAlarms = 0;
let nothingSeen = 0;
for (let campaign = 0; campaign < offCount; campaign += 1) {
  const cells = rack(() => 0);
  unharmed.push(...cells);
  const looks = lookAgainAndAgain(cells, PLAN.visitCount);
  if (isAlarm(looks)) falseAlarms += 1;
  nothingSeen += cellsAtEnd(looks).filter(({ verdict }) => verdict === "none-seen").length;
}
process.stdout.write(`damage off, ${offCount} campaigns of ${PLAN.cellCount} cells\n`);
process.stdout.write(`  ${line("campaigns with a false alarm", falseAlarms, offCount)}\n`);
process.stdout.write(`  ${line("cells with 'none seen' at the end", nothingSeen, offCount * PLAN.cellCount)}\n`);
const lost = unharmed.reduce((sum, cell) => sum + cell.unreadable, 0);
process.stdout.write(`  ${line("pairs that could not be read", lost, unharmed.length * PLAN.visitCount)}\n`);

const chance = createChance(1).stream("drawn anew");

function drawn(count: number): readonly SimulatedCell[] {
  return Array.from({ length: count }, (_, index) => {
    const cell = unharmed[Math.floor(chance.uniform() * unharmed.length)];
    return { position: `cell ${index}`, material: PLAN.chemistry, pairs: cell?.pairs ?? [], unreadable: 0 };
  });
}

function drawnAnew(growth: number): readonly BeamVerdict[] {
  const counts = { exposed: PLAN.cellCount - RARE - DARK, controls: RARE + DARK, looks: PLAN.visitCount };
  const compared = wanderingCells(chance, counts, growth);
  return lookAgainAndAgain(drawn(counts.exposed), PLAN.visitCount, { rare: drawn(RARE), compared });
}

let redrawnAlarms = 0;
let byWholeCells = 0;
for (let campaign = 0; campaign < REDRAWN; campaign += 1) {
  const looks = drawnAnew(0);
  if (isAlarm(looks)) redrawnAlarms += 1;
  if (looks.some(isByWholeCells)) byWholeCells += 1;
}
process.stdout.write(`  ${line("the same with cells drawn anew, and control cells", redrawnAlarms, REDRAWN)}\n`);
process.stdout.write(`  ${line("of these by the comparison of whole cells", byWholeCells, REDRAWN)}\n`);

let grown = 0;
for (let campaign = 0; campaign < REDRAWN_ON; campaign += 1) {
  if (drawnAnew(GROWTH).some(isByWholeCells)) grown += 1;
}
process.stdout.write(`resistance of exposed cells higher by ${GROWTH}, whole cells wandering by 0.005 a look\n`);
process.stdout.write(`  ${line("campaigns that suspect it", grown, REDRAWN_ON)}\n`);

let [harmed, found, seen, missedAsNone, wronglyFound, spared] = [0, 0, 0, 0, 0, 0];
for (let campaign = 0; campaign < onCount; campaign += 1) {
  const isHarmed = (cell: number): boolean => cell % DAMAGED_EVERY === 0;
  const looks = lookAgainAndAgain(
    rack((cell) => (isHarmed(cell) ? LAG : 0)),
    PLAN.visitCount,
  );
  cellsAtEnd(looks).forEach((cell, index) => {
    const everSeen = looks.some((look) => ["suspected", "found"].includes(look.cells[index]?.verdict ?? ""));
    const everFound = looks.some((look) => look.cells[index]?.verdict === "found");
    if (isHarmed(index)) {
      harmed += 1;
      if (everFound) found += 1;
      if (everSeen) seen += 1;
      if (cell.verdict === "none-seen") missedAsNone += 1;
    } else {
      spared += 1;
      if (everSeen) wronglyFound += 1;
    }
  });
}
process.stdout.write(
  `damage on, lag ${LAG} at the exposed spots of every ${DAMAGED_EVERY}th cell, ${onCount} campaigns\n`,
);
process.stdout.write(`  ${line("harmed cells found", found, harmed)}\n`);
process.stdout.write(`  ${line("harmed cells suspected or found", seen, harmed)}\n`);
process.stdout.write(`  ${line("harmed cells called 'none seen'", missedAsNone, harmed)}\n`);
process.stdout.write(`  ${line("spared cells suspected or found", wronglyFound, spared)}\n`);
process.stdout.write(`${(Number(process.hrtime.bigint() - startedAt) / 1e9).toFixed(0)} s\n`);
if (redrawnAlarms / REDRAWN > 0.05 || falseAlarms / offCount > 0.05 || found / harmed < 0.8) process.exitCode = 3;
