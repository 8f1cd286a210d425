import { describe, expect, it } from "vitest";
import { createStepCode, isFirst, judgeWiring, type StepCode } from "../../../controller/cells/step-code.ts";

const FAST = { sampleIntervalMinS: 0.02, buffersSamples: false };
const RACK = createStepCode(96, [FAST]);

/** What a channel reads whose voltage answers so much to each of these cells' currents. */
function answers(code: StepCode, seen: readonly (readonly [cellIndex: number, volts: number])[]): readonly number[] {
  return Array.from({ length: code.bitCount }, (_, bit) =>
    seen.reduce((sum, [cellIndex, volts]) => sum + (isFirst(cellIndex, bit) ? volts : -volts), 0),
  );
}

const ALL = Array.from({ length: 96 }, (_, index) => index);

describe("a pattern of small currents", () => {
  it("takes half a minute for a whole rack of fast channels, and minutes where channels are asked in rounds", () => {
    expect((2 * RACK.bitCount * RACK.slotMs) / 1000).toBeLessThan(30);
    const slow = createStepCode(96, [FAST, { sampleIntervalMinS: 1, buffersSamples: true }]);
    expect((2 * slow.bitCount * slow.slotMs) / 1000).toBeLessThan(300);
  });

  it("proves every cell that answers to its own current alone, whichever way it flows", () => {
    for (const index of ALL) {
      expect(judgeWiring(RACK, index, answers(RACK, [[index, 0.003]]), 1)).toMatchObject({ kind: "right" });
      expect(judgeWiring(RACK, index, answers(RACK, [[index, -0.003]]), -1)).toMatchObject({ kind: "right" });
    }
  });

  it("names the cell whose current is seen instead, for every pair of positions", () => {
    for (const index of ALL) {
      for (const other of ALL) {
        if (other === index) continue;
        const verdict = judgeWiring(RACK, index, answers(RACK, [[other, 0.003]]), 1);
        expect(verdict).toMatchObject({ kind: "other", cellIndex: other });
      }
    }
  });

  it("names the cell whose current is seen besides its own", () => {
    for (const index of ALL) {
      for (const other of ALL) {
        if (other === index) continue;
        const both = [
          [index, 0.003],
          [other, 0.0025],
        ] as const;
        expect(judgeWiring(RACK, index, answers(RACK, both), 1)).toMatchObject({ kind: "shared", cellIndex: other });
      }
    }
  });

  it("tells a reversed answer from another cell's", () => {
    for (const index of ALL) {
      expect(judgeWiring(RACK, index, answers(RACK, [[index, -0.003]]), 1).kind).toBe("reversed");
    }
  });

  it("takes noise, silence and what is no number for no answer", () => {
    const noise = answers(RACK, []).map((_, bit) => (bit % 2 === 0 ? 1e-4 : -1e-4));
    for (const nothing of [noise, answers(RACK, []), noise.map(() => NaN)]) {
      expect(judgeWiring(RACK, 5, nothing, 1).kind).toBe("none");
    }
  });

  it("is proven through noise and drift of a tenth of the answer", () => {
    for (const index of ALL) {
      const read = answers(RACK, [[index, 0.003]]).map((value, bit) => value + 3e-4 * Math.sin(7 * bit + index) - 1e-4);
      expect(judgeWiring(RACK, index, read, 1).kind).toBe("right");
    }
  });
});
