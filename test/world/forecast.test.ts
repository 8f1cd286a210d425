import { describe, expect, it } from "vitest";
import { createCellLearner } from "../../controller/forecast/cell-learner.ts";
import { CHEMISTRIES, CHEMISTRY_IDS, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { forecastProtocol, type ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { asInputDocument, buildLibraryProtocol } from "../../protocols/echem/library/library.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";
import type { CellInitial } from "../../simulator/cell/cell.ts";
import { measuredRun, nominalMahOf, type MeasuredRun } from "../support/forecast-cells.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];

/** A library protocol within the window of the chemistry. */
function recipe(name: string, chemistry: ChemistryId, parameters: Readonly<Record<string, number>>): Protocol {
  const { voltageMinV, voltageMaxV } = CHEMISTRIES[chemistry];
  const built = buildLibraryProtocol(name, {
    ...parameters,
    upper_voltage_V: voltageMaxV,
    lower_voltage_V: voltageMinV,
  });
  if (!built.ok) throw new Error(JSON.stringify(built.problems));
  const { protocol } = readProtocol(asInputDocument(name, built.document), [], name);
  if (protocol === undefined) throw new Error(`${name} cannot be read`);
  return protocol;
}

function nameplateOf(chemistry: ChemistryId, startVoltageV: number | null): CellNameplate {
  return { chemistry, nominalCapacityMah: nominalMahOf(chemistry), startVoltageV, limits: null };
}

/** What was forecast of a step, and what it came to. */
interface Judged {
  readonly cycle: number;
  readonly offS: number;
  readonly spreadS: number;
  /** Of the duration of the step, relative. */
  readonly off: number;
}

/** The forecast on the nameplate, judged over the steps up to and including the first cycle. */
function beforeAnyMeasurement(protocol: Protocol, nameplate: CellNameplate, run: MeasuredRun): readonly Judged[] {
  return judged(forecastProtocol(protocol, nameplate), run, 0, 0, 1);
}

/** One forecast at the start of each cycle from the second on, judged over that cycle. */
function afterMeasurement(protocol: Protocol, nameplate: CellNameplate, run: MeasuredRun): readonly Judged[] {
  const learner = createCellLearner(nameplate);
  const all: Judged[] = [];
  let lastCycle = 1;
  for (const [index, step] of run.steps.entries()) {
    const { cycle } = step.cursor;
    if (cycle > lastCycle) {
      lastCycle = cycle;
      const from = { cursor: step.cursor, previousIndex: learner.previousIndex };
      const forecast = forecastProtocol(protocol, nameplate, learner.learned, { from, stepsMax: 20 });
      all.push(...judged(forecast, run, index, cycle, cycle));
    }
    learner.stepStarted(step.cursor);
    for (const { sinceS, voltageV, currentA } of step.samples) learner.sample(sinceS, voltageV, currentA);
    learner.stepEnded(step.endS - step.startS, step.endedBy);
  }
  return all;
}

function judged(
  forecast: ProtocolForecast,
  run: MeasuredRun,
  fromIndex: number,
  firstCycle: number,
  lastCycle: number,
): readonly Judged[] {
  const beginS = run.steps[fromIndex]?.startS ?? NaN;
  return forecast.steps.flatMap((step, index) => {
    const real = run.steps[fromIndex + index];
    if (real === undefined || step.cycle < firstCycle || step.cycle > lastCycle) return [];
    const tookS = real.endS - real.startS;
    return {
      cycle: step.cycle,
      offS: Math.abs(step.endS - (real.endS - beginS)),
      spreadS: step.spreadS,
      off: Math.abs(step.endS - step.startS - tookS) / tookS,
    };
  });
}

function cells(
  protocol: Protocol,
  chemistry: ChemistryId,
  initialOf: (seed: number) => CellInitial,
): readonly { readonly nameplate: CellNameplate; readonly run: MeasuredRun }[] {
  return SEEDS.map((seed) => {
    const run = measuredRun(chemistry, protocol, { seed, initial: initialOf(seed), sampleS: 30 });
    return { run, nameplate: nameplateOf(chemistry, seed % 3 === 0 ? run.openCircuitV : null) };
  });
}

/** Fresh ones and formed ones: nobody says which. */
const EITHER = (seed: number): CellInitial => (seed % 2 === 0 ? { soc: 0.05 } : { pristine: true });
const FORMED = (): CellInitial => ({ soc: 0.05 });

describe.each(CHEMISTRY_IDS)("forecast of step times for %s with spread, noise and ageing", (chemistry) => {
  const formation = recipe("formation", chemistry, { wetting_h: 1, cycles: 4 });
  const formed = cells(formation, chemistry, EITHER);

  it("holds within its own stated spread before anything was measured, fresh cells and formed ones", () => {
    const all = formed.flatMap(({ nameplate, run }) => beforeAnyMeasurement(formation, nameplate, run));
    expect(all.length).toBeGreaterThan(20);
    expect(all.filter(({ offS, spreadS }) => !(offS <= spreadS + 1))).toEqual([]);
    // A spread that says nothing would hold as well.
    const [longest] = forecastProtocol(formation, nameplateOf(chemistry, null)).steps.slice(-1);
    expect((longest?.spreadS ?? Infinity) / (longest?.endS ?? NaN)).toBeLessThan(0.1);
  });

  it("is within 2 % of every step's time after the first measured cycle of a formation", () => {
    const all = formed.flatMap(({ nameplate, run }) => afterMeasurement(formation, nameplate, run));
    expect(all.length).toBeGreaterThan(60);
    expect(Math.max(...all.map(({ off }) => off))).toBeLessThan(0.02);
  });

  it("is within 2 % after the first measured cycle of an ageing, and within its spread in the first fast cycle", () => {
    const ageing = recipe("ageing", chemistry, { cycles_per_block: 6, blocks: 1 });
    const all = cells(ageing, chemistry, FORMED).flatMap(({ nameplate, run }) =>
      afterMeasurement(ageing, nameplate, run),
    );
    // Cycle 1 is the slow check-up, 2 the first at 1C: of a current ten times as strong nothing was measured yet.
    const unlike = all.filter(({ cycle }) => cycle === 2);
    const within = unlike.filter(({ offS, spreadS }) => offS <= spreadS + 1);
    expect(within.length / unlike.length).toBeGreaterThanOrEqual(0.95);
    const alike = all.filter(({ cycle }) => cycle > 2);
    expect(alike.length).toBeGreaterThan(100);
    expect(Math.max(...alike.map(({ off }) => off))).toBeLessThan(0.02);
  });
});
