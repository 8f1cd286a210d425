/** Forecasts of step times held against what simulated cells did. */
import { createCellLearner } from "../../controller/forecast/cell-learner.ts";
import { CHEMISTRIES, type ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { forecastProtocol, type ProtocolForecast } from "../../protocols/echem/forecast/forecast-protocol.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { runKind } from "../../protocols/echem/forecast/run-kind.ts";
import { asInputDocument, buildLibraryProtocol } from "../../protocols/echem/library/library.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";
import { nominalMahOf, type MeasuredRun } from "./forecast-cells.ts";

/** A library protocol within the window of the chemistry. */
export function recipe(name: string, chemistry: ChemistryId, parameters: Readonly<Record<string, number>>): Protocol {
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

export function nameplateOf(chemistry: ChemistryId, startVoltageV: number | null): CellNameplate {
  return { chemistry, nominalCapacityMah: nominalMahOf(chemistry), startVoltageV, limits: null };
}

/** What was forecast of a step, and what it came to. */
export interface Judged {
  readonly cycle: number;
  readonly stepIndex: number;
  /** How many steps ahead it was forecast, 0 for the one about to begin. */
  readonly ahead: number;
  /** Of its end, counted from where the forecast was made. */
  readonly offS: number;
  readonly spreadS: number;
  readonly horizonS: number;
  readonly tookS: number;
  /** Of the duration of the step, relative. */
  readonly off: number;
  /** The same, or another that asks for the same after the same, had run before on this cell. */
  readonly isSeen: boolean;
  /** The cell had been filled and emptied once. */
  readonly isMeasured: boolean;
}

/** Ends of steps are known to no better than this anyway, seconds. */
const CLOCK_S = 1;

export function isWithin({ offS, spreadS }: Judged): boolean {
  return offS <= spreadS + CLOCK_S;
}

/** The forecast on the nameplate, judged over the steps up to and including the first cycle. */
export function beforeAnyMeasurement(
  protocol: Protocol,
  nameplate: CellNameplate,
  run: MeasuredRun,
): readonly Judged[] {
  return judged(protocol, forecastProtocol(protocol, nameplate), run, 0, [0, 1], new Set(), false);
}

/** One forecast at the start of each cycle from the second on, judged over that cycle. */
export function afterMeasurement(protocol: Protocol, nameplate: CellNameplate, run: MeasuredRun): readonly Judged[] {
  let lastCycle = 1;
  return followed(protocol, nameplate, run, 20, ({ cycle }) => {
    if (cycle <= lastCycle) return undefined;
    lastCycle = cycle;
    return [cycle, cycle];
  });
}

/** One forecast at the start of each step, judged over the steps ahead: as a controller renews it. */
export function atEachStep(
  protocol: Protocol,
  nameplate: CellNameplate,
  run: MeasuredRun,
  stepsMax = 12,
): readonly Judged[] {
  return followed(protocol, nameplate, run, stepsMax, () => [0, Infinity]);
}

type CycleRange = readonly [first: number, last: number];

function followed(
  protocol: Protocol,
  nameplate: CellNameplate,
  run: MeasuredRun,
  stepsMax: number,
  judgeAt: (place: { readonly cycle: number }) => CycleRange | undefined,
): readonly Judged[] {
  const learner = createCellLearner(nameplate, protocol);
  const seen = new Set<number>();
  const all: Judged[] = [];
  for (const [index, step] of run.steps.entries()) {
    const range = judgeAt(step.cursor);
    if (range !== undefined) {
      const { learned, previousIndex } = learner;
      const from = { cursor: step.cursor, previousIndex };
      const forecast = forecastProtocol(protocol, nameplate, learned, { from, stepsMax });
      all.push(...judged(protocol, forecast, run, index, range, seen, learned.isMeasured));
    }
    learner.stepStarted(step.cursor);
    const [first] = step.samples;
    if (first !== undefined) learner.firstSample(first.sinceS, first.voltageV, first.currentA);
    const last = step.samples.at(-1);
    learner.stepEnded({
      ...{ durationS: step.endS - step.startS, endedBy: step.endedBy, chargeAh: step.measuredAh },
      ...{ voltageV: last?.voltageV ?? NaN, currentA: last?.currentA ?? NaN },
    });
    seen.add(kindOfRun(run, index, protocol));
  }
  return all;
}

function kindOfRun(run: MeasuredRun, index: number, protocol: Protocol): number {
  const stepIndexAt = (at: number): number => run.steps[at]?.cursor.stepIndex ?? -1;
  return runKind(protocol, stepIndexAt(index - 1), stepIndexAt(index));
}

function judged(
  protocol: Protocol,
  forecast: ProtocolForecast,
  run: MeasuredRun,
  fromIndex: number,
  [firstCycle, lastCycle]: CycleRange,
  seen: ReadonlySet<number>,
  isMeasured: boolean,
): readonly Judged[] {
  const beginS = run.steps[fromIndex]?.startS ?? NaN;
  return forecast.steps.flatMap((step, ahead) => {
    const real = run.steps[fromIndex + ahead];
    if (real === undefined || step.cycle < firstCycle || step.cycle > lastCycle) return [];
    const tookS = real.endS - real.startS;
    return {
      ...{ cycle: step.cycle, stepIndex: step.stepIndex, ahead, isMeasured },
      isSeen: seen.has(kindOfRun(run, fromIndex + ahead, protocol)),
      offS: Math.abs(step.endS - (real.endS - beginS)),
      spreadS: step.spreadS,
      ...{ horizonS: step.endS, tookS },
      off: tookS > 0 ? Math.abs(step.endS - step.startS - tookS) / tookS : 0,
    };
  });
}
