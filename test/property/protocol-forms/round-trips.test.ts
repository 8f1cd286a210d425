import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { writtenLess } from "../../../protocols/echem/formats/written-less.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { inCurrents, path, soundProtocol, written, type Form } from "../../support/protocol-forms.ts";
import { randomCyclingProtocol, randomProtocol } from "../../support/random-protocols.ts";

const FILE_NAMES: Readonly<Record<Form, string>> = {
  neware: "p.xml",
  pybamm: "p.json",
  battinfo: "p.jsonld",
  biologic: "p.mps",
  tomato: "p.json",
};

/** A tenth of a tenth has a last digit that no form needs to carry. */
const rounded = (protocol: Protocol): Protocol =>
  JSON.parse(JSON.stringify(protocol), (_key, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(9)) : value,
  ) as Protocol;

/** Tomato drops the current that ends a hold. */
function asRun(form: Form, protocol: Protocol): ReturnType<typeof path> {
  if (form === "biologic") return inCurrents(path(protocol), 10);
  if (form !== "tomato") return path(protocol);
  return path(protocol).map((step) => (step.kind === "constant-voltage" ? { ...step, untilCurrentMa: null } : step));
}

describe("random protocols, loops in loops", () => {
  it.each([
    ["neware", randomCyclingProtocol],
    ["pybamm", randomCyclingProtocol],
    ["battinfo", randomProtocol],
    ["biologic", randomProtocol],
    ["tomato", randomCyclingProtocol],
  ] as const)("written as %s are read as what runs, and written again alike", (form, protocols) => {
    fc.assert(
      fc.property(protocols.map(rounded), (protocol) => {
        const text = written[form](protocol);
        const read = soundProtocol(text, FILE_NAMES[form]);
        expect(path(read)).toEqual(asRun(form, protocol));
        expect(written[form](read)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it("tell of every hold that tomato leaves without its current", () => {
    fc.assert(
      fc.property(randomCyclingProtocol, (protocol) => {
        const told = writtenLess("tomato", protocol).flatMap(({ steps }) => steps);
        const losing = protocol.steps.flatMap((step, index) =>
          step.kind === "constant-voltage" && step.untilCurrentMa !== null ? [index + 1] : [],
        );
        expect(told).toEqual(losing);
      }),
      { numRuns: 60 },
    );
  });
});
