import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import { protocolCommand } from "../../../tui/commands/protocol.ts";
import { loadProtocol } from "../../../tui/load-protocol.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { readTextFile } from "../../../tui/rim/text-file.ts";
import type { Output } from "../../../tui/rim/output.ts";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/unicycler/data/${name}`, import.meta.url));

async function converted(path: string, form: string, json = false): Promise<string> {
  const said = { out: "", err: "" };
  const output = (name: "out" | "err"): Output => ({
    isTerminal: false,
    colour: false,
    columns: () => 80,
    write: (part) => {
      said[name] += part;
    },
    flush: () => Promise.resolve(),
    trouble: null,
  });
  const context = createNodeContext({ json, out: output("out"), err: output("err") });
  expect(await protocolCommand(context, ["convert", path, "--to", form])).toBe(0);
  // What a form cannot say of the file is told.
  expect(said.err).toMatch(form === "pybamm" ? /no safety block/ : /^$/);
  return said.out;
}

const CYCLING = fixture("cycling.unicycler.json");
const read = (text: string, name: string) => loadProtocol({ readText: () => text }, name);

describe("protocol convert", () => {
  it.each([
    ["unicycler", "cycling.unicycler.json"],
    ["unicycler-yaml", "cycling.unicycler.yaml"],
  ])("writes the form %s so that it is read as the same protocol", async (form, name) => {
    const original = loadProtocol({ readText: readTextFile }, CYCLING);
    const again = read(await converted(CYCLING, form), name);
    expect(again.findings).toEqual([]);
    expect(again.protocol).toEqual(original.protocol);
    expect(again.form).toBe("unicycler");
  });

  it("writes experiment strings, a step file and a workflow, each of its own kind", async () => {
    expect(read(await converted(CYCLING, "pybamm"), "cycling.json").form).toBe("pybamm");
    expect(await converted(CYCLING, "neware")).toMatch(/^<\?xml .*\n<root>/);
    expect(JSON.parse(await converted(CYCLING, "battinfo"))).toMatchObject({ "@type": "OpenCircuitHold" });
    expect(JSON.parse(await converted(CYCLING, "battinfo", true))).toMatchObject({ to: "battinfo" });
  });

  it.each([
    ["tomato", CYCLING, "command.usage", /unicycler-yaml.*battinfo/],
    ["neware", fixture("cycling_eis_scan.unicycler.json"), "protocol.invalid", /impedance_spectroscopy/],
    ["pybamm", fixture("cycling_eis_scan.unicycler.json"), "protocol.invalid", /impedance_spectroscopy/],
    ["neware", fixture("test_protocol_no_sample.json"), "protocol.invalid", /--sample/],
  ])("refuses what %s has no form for", async (form, path, code, said) => {
    try {
      await converted(path, form);
      expect.unreachable();
    } catch (error) {
      if (!isFault(error)) throw error;
      expect([error.code, error.severity]).toEqual([code, "refuse"]);
      expect(error.message).toMatch(said);
    }
  });
});
