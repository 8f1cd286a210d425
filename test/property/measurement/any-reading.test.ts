import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createChannelErrors } from "../../../simulator/measurement/channel-errors.ts";
import { INSTRUMENT_MODELS } from "../../../simulator/palmsens-methodscript/instrument-models.ts";
import { createPotentiostat, MODE_GALVANOSTAT } from "../../../simulator/palmsens-methodscript/potentiostat.ts";
import { testCell } from "../../support/methodscript-bench.ts";

const finite = (size: number) => fc.double({ min: -size, max: size, noNaN: true });
const action = fc.oneof(
  fc.record({ kind: fc.constant("current" as const), level: finite(0.2) }),
  fc.record({ kind: fc.constant("voltage" as const), level: finite(6) }),
  fc.record({ kind: fc.constant("range" as const), level: finite(0.1) }),
  fc.record({ kind: fc.constant("averaging" as const), level: fc.double({ min: 0, max: 100, noNaN: true }) }),
  fc.record({ kind: fc.constant("measure" as const), level: fc.double({ min: 0, max: 1e6, noNaN: true }) }),
);

describe("any reading of any channel", () => {
  it("is a number within what the instrument can show, never NaN", () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom("es4_hr", "es4_lr", "nexus1"), fc.array(action), (seed, name, acts) => {
        const model = INSTRUMENT_MODELS[name];
        const device = createPotentiostat(model, testCell(3.7), {
          errors: createChannelErrors({ chance: createChance(seed) }),
        });
        let atMs = 0;
        for (const { kind, level } of acts) {
          atMs += 10;
          if (kind === "averaging") device.setAveraging(level);
          else if (kind === "range") device.setRange("ba", level, 2 * level);
          else if (kind === "measure") atMs += level;
          else {
            device.setMode(kind === "current" ? MODE_GALVANOSTAT : 2);
            device.switchOn(atMs);
            device.drive(atMs, level);
          }
          device.measure(atMs);
          const { voltageV, currentA } = device.state;
          expect(voltageV).toBeGreaterThanOrEqual(model.voltageMinV);
          expect(voltageV).toBeLessThanOrEqual(model.voltageMaxV);
          const widest = model.currentRanges.at(-1)?.nominal ?? 0;
          expect(Math.abs(currentA)).toBeLessThanOrEqual(2.93 * widest);
        }
      }),
      { numRuns: 300 },
    );
  });
});
