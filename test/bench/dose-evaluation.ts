/**
 * How long the gate takes to judge a planned exposure: every limit of a cell whose history is 200 exposures on as many
 * spots, tails included, and the choice of the coolest spot. Prints one line per figure with its bound.
 *
 *   npm run -s build && node dist/test/bench/dose-evaluation.js [--json]
 */
import { parseArgs } from "node:util";
import {
  coolestSpot,
  doseRefusals,
  emptyCellDose,
  withBooking,
  withSettlement,
} from "../../controller/dose/cell-dose.ts";
import type { CellDose, CellDosePlan } from "../../controller/dose/cell-dose.ts";
import type { DoseLimit } from "../../protocols/campaign/campaign.ts";
import { relativeFluence } from "../../protocols/dose/beam-profile.ts";
import { createFluenceMap } from "../../protocols/dose/fluence-map.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";

const BOUND_MS = 0.2;
const HISTORY = 200;
const ROUNDS = 2000;
const BEAM = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5 } as const;

const { values } = parseArgs({ options: { json: { type: "boolean" } } });
const { clock, ...context } = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});

const spots = Array.from({ length: HISTORY }, (_, index) => ({
  xMm: (index % 20) * 0.75,
  yMm: Math.floor(index / 20) * 0.75,
}));
const limitOf = (scope: DoseLimit["scope"]): DoseLimit => ({
  layerName: "positive electrode",
  layerIndex: 0,
  location: "surface",
  convention: "en",
  doseGy: 30_000,
  doseRateGyS: 1000,
  scope,
  source: "bench",
  vouchedBy: "bench",
});
const plan: CellDosePlan = {
  position: "A1",
  layers: [{ name: "positive electrode", surfaceGyPerPhCm2: 6e-12, meanGyPerPhCm2: 6e-12 }],
  limits: [limitOf("spot-total"), limitOf("spot-cycle"), limitOf("per-exposure")],
  relativeUncertainty: 0.25,
  spots,
  relativeFluence: (dxMm, dyMm) => relativeFluence(BEAM, dxMm, dyMm),
};
let dose: CellDose = emptyCellDose(plan);
for (let index = 0; index < HISTORY; index += 1) {
  const exposureId = `x${index}`;
  dose = withBooking(dose, { exposureId, spotIndex: index, fluencePhCm2: 2e14, cycle: 1 });
  dose = withSettlement(dose, exposureId, 1e14) ?? dose;
}
const inTurn = spots.map((_, index) => index);

// The beam of a freely moving spot, judged at the hottest place of the plane and not only at the spots' centres.
const map = createFluenceMap(BEAM);
for (const spot of spots) map.add({ ...spot, fluencePhCm2: 1e14 });

const figures = [
  time("judging an exposure by every limit", (round) => {
    const spotIndex = round % HISTORY;
    return doseRefusals(plan, dose, { spotIndex, fluencePhCm2: 2e14, fluenceRatePhCm2S: 2e13, cycle: 1 }).length;
  }),
  time("choosing the coolest of 200 spots", () => coolestSpot(plan, dose, inTurn, 1e13) ?? 0),
  time("judging a moving spot over the whole plane", (round) => {
    const spot = spots[round % HISTORY] ?? { xMm: 0, yMm: 0 };
    return Number(map.wouldPass({ xMm: spot.xMm + 0.3, yMm: spot.yMm, fluencePhCm2: 1e14 }, 5e15));
  }),
];
for (const { what, ms } of figures) {
  const isKept = ms <= BOUND_MS;
  if (values.json === true)
    context.print(JSON.stringify({ what, ms, bound_ms: BOUND_MS, history: HISTORY, ok: isKept }));
  else
    context.print(
      `${isKept ? "ok  " : "OVER"} ${what}, 200 exposures before: ${ms.toFixed(4)} ms (bound ${BOUND_MS} ms)`,
    );
  if (!isKept) process.exitCode = 3;
}

/** Milliseconds for one, after as many to warm up. */
function time(what: string, act: (round: number) => number): { readonly what: string; readonly ms: number } {
  let sum = 0;
  for (let round = 0; round < ROUNDS; round += 1) sum += act(round);
  const startedMs = clock.monoMs();
  for (let round = 0; round < ROUNDS; round += 1) sum += act(round);
  const ms = (clock.monoMs() - startedMs) / ROUNDS;
  if (Number.isNaN(sum)) throw new Error(`${what} gives no number`);
  return { what, ms };
}
