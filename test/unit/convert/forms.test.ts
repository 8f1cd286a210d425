import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

interface Said {
  readonly out: string;
  readonly err: string;
}

async function saying(
  path: string,
  form: string,
  options: { readonly json?: boolean; readonly out?: string },
): Promise<Said> {
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
  const context = createNodeContext({ json: options.json ?? false, out: output("out"), err: output("err") });
  const more = options.out === undefined ? [] : ["--out", options.out];
  expect(await protocolCommand(context, ["convert", path, "--to", form, ...more])).toBe(0);
  return said;
}

const converted = async (path: string, form: string, json = false): Promise<string> =>
  (await saying(path, form, { json })).out;

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
    ["unicycler", /^$/],
    ["neware", /^$/],
    ["pybamm", /note .*left out: how often to record.*\n.*warning .*no safety block.*max_capacity_mAh 6/],
    ["battinfo", /warning .*no safety block/],
    [
      "tomato",
      /warning .*no safety block.*\n.*warning .* step 10: the hold loses the current that ends it, and has no other end/,
    ],
    [
      "biologic",
      /warning .*max_capacity_mAh 6 is left out.*\n.*note .* steps 3, 4, 5: the rate is written as a current/,
    ],
    ["methodscript", /note .*left out: records at changes.*\n.*warning .*delay_s 1 is left out/],
  ])("tells what of a protocol the form %s cannot say", async (form, said) => {
    expect((await saying(CYCLING, form, {})).err).toMatch(said);
  });

  it("writes EC-Lab settings as its programme reads them, and reads them again as bytes", async () => {
    const folder = mkdtempSync(join(tmpdir(), "forms-"));
    try {
      const small = join(folder, "small.json");
      writeFileSync(small, readFileSync(CYCLING, "utf8").replace('"rate_C": 0.1', '"rate_C": 0.002'));
      // On a terminal or through a pipe the micro sign would be two bytes.
      await expect(saying(small, "biologic", {})).rejects.toThrow(/give --out/);
      const out = join(folder, "small.mps");
      await saying(small, "biologic", { out });
      const bytes = readFileSync(out);
      expect([bytes.includes(Buffer.from("10 \u00b5A", "latin1")), bytes.includes("\r\n")]).toEqual([true, true]);
      const again = loadProtocol({ readText: readTextFile }, out);
      expect([again.form, again.findings]).toEqual(["biologic", []]);
      expect(again.protocol?.steps[2]).toMatchObject({ kind: "constant-current", currentMa: 0.009 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ["arbin", CYCLING, "command.usage", /unicycler-yaml.*battinfo.*biologic/],
    ["tomato", fixture("cycling_eis_scan.unicycler.json"), "protocol.invalid", /impedance_spectroscopy/],
    ["tomato", fixture("test_protocol_no_sample.json"), "protocol.invalid", /--sample/],
    ["biologic", fixture("test_protocol_no_sample.json"), "protocol.invalid", /--sample/],
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
