import { expect, it } from "vitest";
import { createCellEffects, type CellEffectsDeps } from "../../../controller/cells/cell-effects.ts";
import { createSampleIntake } from "../../../controller/cells/sample-intake.ts";
import type { ChannelListener } from "../../../protocols/roles/channel.ts";

const LIMITS = { voltageMaxV: 4.25, voltageMinV: 2.5, currentMaxA: 0.005, currentMinA: -0.005 };

it("what a channel tells before the cell that follows is proven is of the one that lay there before", async () => {
  const heard: { by?: ChannelListener } = {};
  const kept: number[] = [];
  const told: number[] = [];
  const intake = createSampleIntake(2, {
    sink: { sample: (cellIndex) => kept.push(cellIndex) },
    ...{ limits: [LIMITS, LIMITS], limitPassed: () => undefined, overloadsInRowMax: 5 },
  });
  const channel = {
    capabilities: {},
    listen: (listener: ChannelListener) => {
      heard.by = listener;
    },
    measureOpenCircuitV: () => Promise.resolve(0.01),
  };
  const effectsOf = (cellIndex: number, listensFromProof: boolean) =>
    createCellEffects({
      ...{ channel, intake, clock: { monoMs: () => 0 }, recorder: { record: () => undefined } },
      ...{ proof: { code: {}, limits: LIMITS }, tell: (of: number) => told.push(of), gap: () => undefined },
      ...{ cellIndex, position: cellIndex === 0 ? "D4" : "D4.2", listensFromProof },
    } as unknown as CellEffectsDeps);
  effectsOf(0, false);
  const next = effectsOf(1, true);
  // Its channel did not confirm it off, and runs on.
  heard.by?.sample(60, 3.7, 0.001, 0);
  heard.by?.stepEnded("time");
  expect([kept, told]).toEqual([[0], [0]]);
  await expect(next.prove(new AbortController().signal)).rejects.toThrow("outside");
  heard.by?.sample(1, 3.7, 0, 0);
  expect(kept).toEqual([0, 1]);
});
