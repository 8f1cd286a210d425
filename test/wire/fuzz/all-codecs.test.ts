import { performance } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { ALL_CODECS } from "../../support/fuzz/all-codecs.ts";
import { fuzzCodec, type FuzzEntry } from "../../support/fuzz/fuzz-codec.ts";

/** A million each by `node --import tsx test/bench/fuzz.ts`. */
const INPUTS = 20_000;

const nowMs = (): number => performance.now();

describe("a codec on a bad cable", () => {
  it.each(ALL_CODECS.map((entry) => [entry.name, entry] as const))(
    "neither throws nor hangs nor hoards: %s",
    (_, entry) => {
      const outcome = fuzzCodec(entry, { inputCount: INPUTS, seed: 3, nowMs });
      expect(outcome.messageCount).toBeGreaterThan(INPUTS / 10);
      expect(outcome.slowestMs).toBeLessThan(1000);
    },
  );

  it("would be caught if it threw, or kept what it was given", () => {
    const throws: FuzzEntry = {
      name: "throws",
      samples: ["a"],
      open: () => ({
        push: (chunk) => {
          if (chunk.includes(0x62)) throw new RangeError("b");
        },
      }),
    };
    expect(() => fuzzCodec(throws, { inputCount: 5000, seed: 1, nowMs })).toThrow(/throws, input \d+ of seed 1: /);
    let kept = 0;
    const keeps: FuzzEntry = {
      name: "keeps",
      samples: ["abc\n"],
      retainedByteMax: 1000,
      open: () => ({ push: (chunk) => void (kept += chunk.length), retainedByteCount: () => kept }),
    };
    expect(() => fuzzCodec(keeps, { inputCount: 5000, seed: 1, nowMs })).toThrow(/keeps \d+ bytes/);
  });
});
