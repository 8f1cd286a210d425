import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkCampaign } from "../../../protocols/campaign/check-campaign.ts";
import type { CommandContext } from "../../../tui/command-context.ts";
import { checkCommand } from "../../../tui/commands/check.ts";
import { protocolCommand } from "../../../tui/commands/protocol.ts";
import { contextOf, goodFiles, load, spoilt, tables } from "../../support/campaign-files.ts";

type Files = Readonly<Record<string, string>>;

function terminal(files: Files, json = false) {
  const out: string[] = [];
  const context = {
    ...contextOf(files),
    json,
    print: (line: string) => out.push(line),
    printError: (line: string) => out.push(`! ${line}`),
  } as unknown as CommandContext;
  return { context, out };
}

/** Findings of the plan itself, apart from those of reading it. */
function planCodes(files: Files): readonly string[] {
  const loaded = load(files);
  if (loaded.kind === "refused") throw new Error(JSON.stringify(loaded.findings));
  const { campaign, site, document } = loaded;
  return checkCampaign(campaign, site, tables, document).findings.map(({ severity, code }) => `${severity} ${code}`);
}

const lasting = (hours: number): Files => {
  const text = goodFiles["good.yaml"] ?? "";
  return { ...goodFiles, "good.yaml": text.replace(/duration_h: \S+/, `duration_h: ${hours}`) };
};

describe("beamrack check", () => {
  it("prints how long each protocol takes, with its spread, and when its steps end", async () => {
    const { context, out } = terminal(goodFiles);
    await checkCommand(context, ["good.yaml"]);
    const text = out.join("\n");
    expect(text).toMatch(/^protocol \S+: 14 cells, 7 steps, about \d.* \(± \d.*\), at most \d/m);
    expect(text).toMatch(
      /^timetable \S+: open_circuit_voltage until 10 min, charge until \d+ h.* \(± .*\), discharge/m,
    );
  });

  it("gives the timetable to programs too", async () => {
    const { context, out } = terminal(goodFiles, true);
    await checkCommand(context, ["good.yaml"]);
    const document = JSON.parse(out[0] ?? "") as {
      readonly forecast: { readonly protocols: readonly { readonly timetable: readonly Record<string, unknown>[] }[] };
    };
    const [protocol] = document.forecast.protocols;
    expect(protocol?.timetable).toHaveLength(7);
    expect(protocol?.timetable[1]).toMatchObject({ step: 2, label: "charge", cycle: 1, ended_by: "voltage" });
  });

  it("says that the campaign ends in the middle of a protocol, and where", () => {
    expect(planCodes(lasting(24))).toContain("warning plan.too-long");
  });

  it("says that cells would be idle for most of the campaign", () => {
    expect(planCodes(lasting(2000))).toContain("note plan.idle-cells");
    expect(planCodes(lasting(80)).filter((code) => /too-long|idle/.test(code))).toEqual([]);
  });

  it("says that a protocol brings no safety limits of its own", () => {
    const codes = load(goodFiles).findings.map(({ code }) => code);
    expect(codes).toContain("protocol.no-safety");
    const safe = spoilt("cycle.yaml", "method:", "safety: { max_voltage_V: 4.25, min_voltage_V: 2.7 }\nmethod:");
    expect(load(safe).findings.map(({ code }) => code)).not.toContain("protocol.no-safety");
  });

  it("says where a charge current is too dense for the electrode, if its area is given", () => {
    const fast = goodFiles["cycle.yaml"]?.replace("rate_C: C/10", "rate_C: 2") ?? "";
    const text = goodFiles["good.yaml"] ?? "";
    const withArea = text.replace("nominal_capacity_mAh: 4", "nominal_capacity_mAh: 4\n  electrode_area_cm2: 1.54");
    const dense = (campaign: string): readonly string[] =>
      load({ ...goodFiles, "good.yaml": campaign, "cycle.yaml": fast })
        .findings.filter(({ code }) => code === "protocol.current-density")
        .map(({ where, what }) => `${where} ${what}`);
    expect(dense(text)).toEqual([]);
    expect(dense(withArea)[0]).toMatch(/^cycle\.yaml:4 method\[1\]\.rate_C charges at 5\.19 mA\/cm2/);
  });
});

describe("beamrack protocol show --plot", () => {
  it("draws voltage above current in the terminal", async () => {
    const { context, out } = terminal({});
    expect(await protocolCommand(context, ["show", "--plot", "library:formation"])).toBe(0);
    const drawn = out.slice(out.findIndex((line) => line.startsWith("formation: forecast for lno-graphite, 4 mAh")));
    expect(drawn[1]).toMatch(/^ +4\.20 V /);
    expect(drawn.some((line) => /^ +0\.20 mA .*[─│]/.test(line))).toBe(true);
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(82);
    expect(drawn.at(-1)).toMatch(/^ +0 +\d+(\.\d)? h$/);
  });

  it("writes a figure to a file, for the chemistry that is asked for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "beamrack-plot-"));
    try {
      const { context } = terminal({});
      const path = join(folder, "gitt.svg");
      const options = ["--plot", path, "--chemistry", "lfp-graphite", "--capacity-mAh", "2"];
      const settings = ["--set", "upper_voltage_V=3.6", "--set", "lower_voltage_V=2"];
      expect(await protocolCommand(context, ["show", "library:gitt", ...options, ...settings])).toBe(0);
      const svg = readFileSync(path, "utf8");
      expect(svg).toMatch(/^<svg /);
      expect(svg).toContain("gitt: forecast for lfp-graphite, 2 mAh");
      expect(svg).not.toMatch(/NaN|Infinity/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    [["--plot", "gitt.pdf"], /terminal, or a file that ends in \.svg/],
    [["--plot", "terminal", "--chemistry", "lno"], /no chemistry.*lno-graphite/],
  ])("refuses %j", async (options, said) => {
    const { context } = terminal({});
    await expect(protocolCommand(context, ["show", "library:gitt", ...options])).rejects.toThrow(said);
  });

  it("draws every protocol of the library", async () => {
    const { context, out } = terminal({}, true);
    await protocolCommand(context, ["list"]);
    const { library } = JSON.parse(out[0] ?? "") as { readonly library: readonly { readonly name: string }[] };
    expect(library.length).toBeGreaterThan(8);
    for (const { name } of library) {
      const shown = terminal({});
      expect(await protocolCommand(shown.context, ["show", `library:${name}`, "--plot", "terminal"]), name).toBe(0);
      expect(shown.out.join("\n")).not.toMatch(/NaN|Infinity/);
    }
  });
});
