import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stepCountOf } from "../../../protocols/echem/cursor.ts";
import { asInputDocument, buildLibraryProtocol, LIBRARY } from "../../../protocols/echem/library/library.ts";
import type { LibraryEntry } from "../../../protocols/echem/library/library-entry.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";

function built(name: string, given: Readonly<Record<string, unknown>> = {}): Protocol {
  const result = buildLibraryProtocol(name, given);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { protocol, findings } = readProtocol(asInputDocument(name, result.document), [], name);
  expect(findings).toEqual([]);
  if (protocol === undefined) throw new Error("not read");
  return protocol;
}

/** Any value of every parameter, within its bounds. */
function anyValues(entry: LibraryEntry): fc.Arbitrary<Readonly<Record<string, number | undefined>>> {
  const fields = entry.parameters.map(({ name, least, most, isWhole }) => [
    name,
    isWhole === true ? fc.integer({ min: least, max: most }) : fc.double({ min: least, max: most, noNaN: true }),
  ]);
  return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<number>>, { requiredKeys: [] });
}

describe("a protocol of the library", () => {
  it.each(LIBRARY.map((entry) => [entry.name, entry] as const))(
    "%s is sound with its defaults, and says where it is from",
    (name, entry) => {
      const protocol = built(name);
      expect(stepCountOf(protocol)).toBeGreaterThan(3);
      expect(entry.source.length).toBeGreaterThan(15);
      expect(entry.chosen.length).toBeGreaterThan(5);
      const { maxVoltageV, minVoltageV } = protocol.safety;
      for (const step of protocol.steps) {
        if (step.kind === "constant-current") {
          expect(step.untilTimeS).toBeGreaterThan(0);
          expect(step.untilVoltageV).toBeLessThan(maxVoltageV ?? -Infinity);
          expect(step.untilVoltageV).toBeGreaterThan(minVoltageV ?? Infinity);
        }
        if (step.kind === "constant-voltage") expect(step.untilTimeS).toBeGreaterThan(0);
      }
    },
  );

  it.each(LIBRARY.map((entry) => [entry.name, entry] as const))(
    "%s is sound or refused whatever its parameters",
    (name, entry) => {
      fc.assert(
        fc.property(anyValues(entry), (given) => {
          const result = buildLibraryProtocol(name, given);
          if (!result.ok) {
            expect(result.problems.map((problem) => problem.what).join()).toContain("is not above");
            return;
          }
          const { findings } = readProtocol(asInputDocument(name, result.document), [], name);
          expect(findings.filter((finding) => finding.severity === "error")).toEqual([]);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("takes what is given for its parameters", () => {
    const protocol = built("formation", { cycles: 3, rate_C: 0.1, upper_voltage_V: 4.1 });
    expect(protocol.steps).toContainEqual(
      expect.objectContaining({ kind: "constant-current", rateC: 0.1, untilVoltageV: 4.1, untilTimeS: 54_000 }),
    );
    expect(protocol.steps).toContainEqual(expect.objectContaining({ kind: "loop", cycleCount: 3 }));
    expect(protocol.safety).toMatchObject({ maxVoltageV: 4.15, minVoltageV: 2.7 });
  });

  it.each([
    [{ rate: 1 }, "rate", "Did you mean rate_C?"],
    [{ cycles: 2.5 }, "cycles", "whole number from 1 to 20"],
    [{ rate_C: 0 }, "rate_C", "from 0.005 to 1"],
    [{ rate_C: Number.NaN }, "rate_C", "from 0.005 to 1"],
    [{ rate_C: "C/10" }, "rate_C", "from 0.005 to 1"],
    [{ upper_voltage_V: 2 }, "upper_voltage_V", "above 2.8 V"],
  ])("refuses %j and says what would be right", (given, parameter, advice) => {
    const result = buildLibraryProtocol("formation", given);
    expect(result).toMatchObject({
      ok: false,
      problems: [{ parameter, advice: expect.stringContaining(advice) as string }],
    });
  });

  it("names the nearest when there is none of that name", () => {
    expect(buildLibraryProtocol("formtion", {})).toMatchObject({
      ok: false,
      problems: [{ parameter: null, advice: expect.stringContaining("Did you mean formation?") as string }],
    });
  });

  it("counts the pulses of a GITT so that the cell is filled, and the stairs of a PITT both ways", () => {
    expect(built("gitt", { rate_C: 0.1, pulse_min: 10 }).steps).toContainEqual(
      expect.objectContaining({ cycleCount: 90 }),
    );
    const stairs = built("pitt", { from_voltage_V: 3.6, to_voltage_V: 3.7, step_mV: 50 }).steps;
    expect(stairs.flatMap((step) => (step.kind === "constant-voltage" ? [step.voltageV] : []))).toEqual([
      3.6, 3.65, 3.7, 3.65, 3.6,
    ]);
  });
});
