import { describe, expect, it } from "vitest";
import { errorsOf, load, spoilt } from "../../support/campaign-files.ts";
import { goldenText } from "../../support/protocol-forms.ts";

const FILE = "{ file: cycle.yaml }";

function withProtocol(entry: string) {
  return load(spoilt("good.yaml", FILE, entry));
}

describe("a campaign that names a protocol of the library", () => {
  it("gets it built with the parameters given", () => {
    const loaded = withProtocol("{ library: formation, parameters: { cycles: 1, rate_C: 0.1 } }");
    if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
    const steps = loaded.campaign.cells[0]?.protocol.steps ?? [];
    expect(steps).toContainEqual(
      expect.objectContaining({ kind: "constant-current", rateC: -0.1, untilVoltageV: 2.8 }),
    );
  });

  it.each([
    ["{ library: formaton }", "library", "Did you mean formation?"],
    ["{ library: formation, parameters: { rate: 1 } }", "parameters.rate", "Did you mean rate_C?"],
    ["{ library: formation, parameters: { rate_C: 9 } }", "parameters.rate_C", "from 0.005 to 1"],
    ["{ library: formation, parameter: { rate_C: 1 } }", "parameter", "Did you mean parameters?"],
    // Beyond the window of the cell's chemistry: checked like any protocol from outside.
    ["{ library: formation, parameters: { upper_voltage_V: 5 } }", "library:formation", "4.2 V"],
  ])("is refused for %s, with file, line and key", (entry, place, advice) => {
    const errors = errorsOf(withProtocol(entry));
    const found = errors.find((error) => error.where.includes(place));
    expect(found?.where).toMatch(/^good\.yaml:\d+ protocols\./);
    expect(`${found?.what ?? ""} ${found?.advice ?? ""}`).toContain(advice);
  });
});

describe("a campaign that names a protocol of another form", () => {
  const given = (name: string, text: string) => ({ ...spoilt("good.yaml", FILE, `{ file: ${name} }`), [name]: text });
  const NEWARE = goldenText("neware/cycling.neware.xml");

  it("reads it as such, and checks it like any other", () => {
    const loaded = load(given("cycle.xml", NEWARE));
    if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
    expect(loaded.campaign.cells[0]?.protocol.steps).toHaveLength(13);
  });

  it("is told of the place in that file where it is refused", () => {
    const [error] = errorsOf(load(given("cycle.xml", NEWARE.replace('Step_Type="4"', 'Step_Type="8"'))));
    expect(error?.where).toMatch(/^cycle\.xml:\d+ Step1$/);
    expect(errorsOf(load(given("cycle.xml", NEWARE.replace(/"42000/g, '"47000'))))[0]?.where).toMatch(
      /^cycle\.xml:\d+ Step2$/,
    );
  });
});
