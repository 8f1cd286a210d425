import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import { SAMPLE_INTERVAL_MIN_S } from "../../../protocols/wire/methodscript/even-intervals.ts";
import { compileStep } from "../../../protocols/wire/methodscript/step-script.ts";
import { readLiteral } from "../../../simulator/palmsens-methodscript/script-lexer.ts";

const limits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 };

/** What the instrument makes of the two numbers of the loop, s: with so many digits, and with few. */
function loopOf(step: ChannelStep): Readonly<Record<"intervalS" | "lastS" | "lastSingleS", number>> {
  const compiled = compileStep(step, EMSTAT4_HR, { measuresHeldPotential: true });
  if (!compiled.ok) throw new Error(compiled.reason);
  const loop = compiled.lines.find((line) => line.startsWith("meas_loop_ocp"));
  const [, , interval = "", run = ""] = loop?.split(" ") ?? [];
  const [intervalS, runS] = [interval, run].map((text) => readLiteral(text)?.value ?? Number.NaN);
  if (intervalS === undefined || runS === undefined) throw new Error(`no loop in ${loop ?? "the script"}`);
  const single = Math.fround(Math.fround(runS) / Math.fround(intervalS));
  return {
    intervalS,
    lastS: intervalS * Math.floor(runS / intervalS + 1e-9),
    lastSingleS: intervalS * Math.floor(single),
  };
}

describe("a step of any length, sampled at any interval", () => {
  test("lasts as long as it is to, and is sampled as often as was asked", () => {
    fc.assert(
      fc.property(
        fc.double({ min: SAMPLE_INTERVAL_MIN_S, max: 4000, noNaN: true }),
        fc.double({ min: 1, max: 3000, noNaN: true }),
        (sampleIntervalS, times) => {
          const untilTimeS = sampleIntervalS * times;
          // Three weeks; what is much longer does not fit the instrument's integers.
          fc.pre(untilTimeS < 1_800_000);
          const { intervalS, lastS } = loopOf({ kind: "rest", sampleIntervalS, untilTimeS, limits });
          // Of each interval less than its last digit is left out.
          const digitS = intervalS > 2000 ? 1e-3 : 1e-6;
          expect(lastS).toBeLessThanOrEqual(untilTimeS + 0.000501);
          expect(lastS).toBeGreaterThanOrEqual(untilTimeS - 0.000501 - (times + 1) * digitS - 3.1e-7 * untilTimeS);
          // But for one that would be too short.
          const longestS = sampleIntervalS < 2 * SAMPLE_INTERVAL_MIN_S ? 2 * sampleIntervalS : sampleIntervalS;
          expect(intervalS).toBeLessThanOrEqual(longestS + 0.000501);
          expect(intervalS).toBeGreaterThanOrEqual(SAMPLE_INTERVAL_MIN_S - digitS);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("does so where the instrument reckons in single precision", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.double({ min: 1, max: 2000, noNaN: true }),
        (sampleIntervalS, times) => {
          const untilTimeS = sampleIntervalS * times;
          // What does not divide as it is asked.
          fc.pre(Math.abs(times - Math.round(times)) > 1e-6 && untilTimeS < 1_800_000);
          const { intervalS, lastS, lastSingleS } = loopOf({ kind: "rest", sampleIntervalS, untilTimeS, limits });
          expect([intervalS, lastSingleS]).toEqual([intervalS, lastS]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
