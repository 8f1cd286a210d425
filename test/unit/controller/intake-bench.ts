/** Two cells' samples, what is kept of them, and what is told. */
import { createSampleIntake, type SampleIntake } from "../../../controller/cells/sample-intake.ts";
import type { CellLimits } from "../../../protocols/roles/channel.ts";

export const LIMITS: CellLimits = { voltageMaxV: 4.2, voltageMinV: 2.5, currentMaxA: 0.002, currentMinA: -0.003 };

type Kept = readonly [cell: number, atMs: number, voltageV: number, currentA: number, flags: number];

export function newIntake(limits: CellLimits = LIMITS): {
  intake: SampleIntake;
  kept: Kept[];
  alarms: (readonly [number, string])[];
} {
  const kept: Kept[] = [];
  const alarms: (readonly [number, string])[] = [];
  const intake = createSampleIntake(2, {
    sink: {
      sample(...sample) {
        kept.push(sample);
      },
    },
    limits: [limits, limits],
    limitPassed(cellIndex, what) {
      alarms.push([cellIndex, what]);
    },
    overloadsInRowMax: 3,
  });
  return { intake, kept, alarms };
}
