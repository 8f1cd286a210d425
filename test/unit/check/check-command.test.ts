import { describe, expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import { checkCommand } from "../../../tui/commands/check.ts";
import type { CommandContext } from "../../../tui/command-context.ts";
import { contextOf, goodFiles, spoilt } from "../../support/campaign-files.ts";

async function check(files: Readonly<Record<string, string>>, json: boolean, args: readonly string[] = ["good.yaml"]) {
  const out: string[] = [];
  const err: string[] = [];
  const context = {
    ...contextOf(files),
    json,
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
  } as unknown as CommandContext;
  const code = await checkCommand(context, args);
  return { code, out, err };
}

interface CheckJson {
  readonly ok: boolean;
  readonly findings: readonly { readonly severity: string; readonly code: string; readonly where: string }[];
  readonly forecast: { readonly sweeps: readonly Record<string, unknown>[] } | null;
}

function documentOf(out: readonly string[]): CheckJson {
  expect(out).toHaveLength(1);
  return JSON.parse(out[0] ?? "") as CheckJson;
}

describe("beamrack check", () => {
  it("ends with 0 and one JSON document when nothing is wrong", async () => {
    const { code, out, err } = await check(goodFiles, true);
    expect(code).toBe(0);
    expect(err).toEqual([]);
    const document = documentOf(out);
    expect(document.ok).toBe(true);
    expect(document.forecast?.sweeps[0]).toMatchObject({ cells: 13, exposure_s: 6, cadence_s: 900, fits: true });
  });

  it("ends with 2 when the campaign is wrong, and lists every error", async () => {
    const files = spoilt("good.yaml", "chemistry: lno-graphite", "chemistry: none\n  colour: red");
    const { code, out } = await check(files, true);
    expect(code).toBe(2);
    const document = documentOf(out);
    expect(document.ok).toBe(false);
    const errors = document.findings.filter((finding) => finding.severity === "error");
    expect(errors.map((finding) => finding.code)).toEqual(["campaign.unknown-chemistry", "file.unknown-key"]);
  });

  it("ends with 3 when the sweep does not fit, and says what would", async () => {
    const { code, out, err } = await check(spoilt("good.yaml", "cadence_min: 15", "cadence_min: 1"), false);
    expect(code).toBe(3);
    expect(err.join("\n")).toMatch(
      /plan\.does-not-fit.*What would fit: exposure_s of at most 3\.77 with these 13 cells, or at most \d+ exposed cells, or cadence_min of at least 1\.\d/,
    );
    expect(out.join("\n")).toMatch(/13 cells at 6 s take 1 min \d+ s every 1 min/);
  });

  it("prints no more notes of a kind than a person reads, and says how many there are", async () => {
    const long = ["record: { time_s: 1 }", "method:"];
    for (let cycle = 0; cycle < 30; cycle += 1) {
      long.push("  - { step: constant_current, rate_C: C/10, until_voltage_V: 4.2 }");
      long.push("  - { step: constant_current, rate_C: D/10, until_voltage_V: 2.8 }");
    }
    const files = { ...goodFiles, "cycle.yaml": long.join("\n") };
    const { code, out } = await check(files, false);
    expect(code).toBe(0);
    expect(
      out.filter((line) => /^note .*\[protocol\.time-derived\]/.test(line) && !line.includes("more;")),
    ).toHaveLength(20);
    expect(out).toContain("note [protocol.time-derived]: 40 more; --json lists them all");
    const { findings } = documentOf((await check(files, true)).out);
    expect(findings.filter((finding) => finding.code === "protocol.time-derived")).toHaveLength(60);
  });

  it("prints what is wrong where errors belong, with file and line", async () => {
    const { code, err } = await check(spoilt("good.yaml", "dose_Gy: 30000", "dose_Gy: -1"), false);
    expect(code).toBe(2);
    expect(err[0]).toMatch(
      /^error good\.yaml:40 dose_limits\[0\]\.dose_Gy: -1 will not do \[file\.schema\] Give a number above 0\.$/,
    );
  });

  it("takes another site by --site", async () => {
    const files = {
      ...goodFiles,
      "other.yaml": (goodFiles["site.yaml"] ?? "").replace("positions: A1..H12", "positions: A1..A6"),
    };
    const { code, out } = await check(files, true, ["good.yaml", "--site", "other.yaml"]);
    expect(code).toBe(2);
    expect(documentOf(out).findings.map((finding) => finding.code)).toContain("campaign.unwired");
  });

  it("refuses a file that is not there, and a call without one", async () => {
    await expect(check(goodFiles, true, ["none.yaml"])).rejects.toThrow(Fault);
    expect(() => checkCommand(contextOf(goodFiles) as unknown as CommandContext, [])).toThrow(/no campaign file/);
  });
});
