/** Simulated cells with spread, noise and ageing through a protocol, measured as a channel would, for forecasts to be judged by. */
import type { ChemistryId } from "../../protocols/campaign/chemistry.ts";
import { expandProtocol, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { cellParameters, drawVariation } from "../../simulator/cell/cell-parameters.ts";
import { runProtocol, type RunSample, type StepRun } from "../../simulator/cell/cell-run.ts";
import { createCell, type CellInitial } from "../../simulator/cell/cell.ts";
import { createMeasuredValues } from "../../simulator/cell/measured-values.ts";
import { TABLES } from "./cell-cases.ts";

export interface MeasuredRun {
  readonly openCircuitV: number;
  readonly steps: readonly (StepRun & {
    readonly cursor: ProtocolCursor;
    /** Net charge by trapezoids over the samples. */
    readonly measuredAh: number;
    readonly samples: readonly { readonly sinceS: number; readonly voltageV: number; readonly currentA: number }[];
  })[];
}

/** Capacity the designs are sold with, mAh. */
export function nominalMahOf(chemistry: ChemistryId): number {
  return TABLES.designOf(chemistry).cell.nominalCapacity_mAh;
}

export function measuredRun(
  chemistry: ChemistryId,
  protocol: Protocol,
  options: { readonly seed: number; readonly initial: CellInitial; readonly sampleS: number },
): MeasuredRun {
  const design = TABLES.designOf(chemistry);
  const chance = createChance(options.seed);
  const variation = drawVariation(chance.stream("cell"), design, TABLES.models);
  const parameters = cellParameters(design, TABLES.models, variation, { sideReactions: true });
  const cell = createCell(design, parameters, options.initial);
  const measured = createMeasuredValues(TABLES.models, chance.stream("channel"));
  const openCircuitV = measured.voltageV(cell.state.voltageV);
  const samples: RunSample[] = [];
  const steps = runProtocol(
    cell,
    protocol,
    {
      nominalCapacityMah: nominalMahOf(chemistry),
      sampleS: options.sampleS,
      sampleTimesS: undefined,
      thermal: undefined,
      channel: { voltageMinV: -5, voltageMaxV: 5, currentMaxA: 1, currentMinA: -1 },
    },
    (sample) => samples.push(sample),
  );
  const cursors = [...expandProtocol(protocol)];
  let next = 0;
  return {
    openCircuitV,
    steps: steps.map((step, index) => {
      const cursor = cursors[index]?.cursor;
      if (cursor === undefined) throw new RangeError("a step was run that the protocol does not have");
      const own: { sinceS: number; voltageV: number; currentA: number }[] = [];
      for (; next < samples.length; next += 1) {
        const sample = samples[next];
        if (sample === undefined || sample.timeS > step.endS) break;
        own.push({
          sinceS: sample.timeS - step.startS,
          voltageV: measured.voltageV(sample.voltageV),
          currentA: measured.currentA(sample.currentA),
        });
      }
      return { ...step, cursor, samples: own, measuredAh: chargeOf(own, step.endS - step.startS) };
    }),
  };
}

function chargeOf(
  samples: readonly { readonly sinceS: number; readonly currentA: number }[],
  durationS: number,
): number {
  let sumAs = 0;
  let last: { readonly sinceS: number; readonly currentA: number } | undefined;
  for (const sample of samples) {
    const beforeA = last?.currentA ?? sample.currentA;
    sumAs += ((sample.currentA + beforeA) / 2) * (sample.sinceS - (last?.sinceS ?? 0));
    last = sample;
  }
  if (last !== undefined) sumAs += last.currentA * (durationS - last.sinceS);
  return sumAs / 3600;
}
