import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseDocument } from "../../protocols/input/document.ts";
import { readCalibration } from "../../protocols/calibration/calibration-schema.ts";
import { alignCommand } from "../../tui/commands/align.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CommandContext } from "../../tui/command-context.ts";
import { contextOf, repositoryText } from "../support/campaign-files.ts";
import { ALIGNED_FILES } from "../support/rehearsed-alignment.ts";
import { newFolder, removeFolders } from "../support/world-campaign.ts";

afterAll(removeFolders);

async function align(args: readonly string[], isRunning = false) {
  const [out, err]: [string[], string[]] = [[], []];
  const context = {
    ...contextOf({ ...ALIGNED_FILES, "plain.yaml": repositoryText("protocols/sites/reference.yaml") }),
    clock: { wallMs: () => Date.parse("2026-03-02T08:00:00Z") },
    json: true,
    readPackageText: repositoryText,
    drain: () => new Promise<void>((resolve) => setImmediate(resolve)),
    takeSiteLock(site: { readonly name: string }) {
      const holder = { command: "beamrack run campaign.yaml" };
      if (isRunning) throw new Fault("site.in-use", site.name, "a campaign runs there", holder);
      return { release: () => undefined };
    },
    print: (line: string) => out.push(line),
    printError: (line: string) => err.push(line),
  } as unknown as CommandContext;
  const code = await alignCommand(context, args);
  return { code, told: JSON.parse(out[0] ?? "null") as Record<string, unknown>, err };
}

describe("beamrack align", () => {
  it("rehearses on a rack that is put down wrong, says how far off it was, and writes what a site can read", async () => {
    const path = join(newFolder(), "measured.yaml");
    const { code, told, err } = await align([
      "site.yaml",
      "--rehearse",
      "campaign.yaml",
      "--seed",
      "7",
      "--rack-only",
      "--valid",
      "24h",
      "--out",
      path,
    ]);
    expect(code).toBe(0);
    expect(told).toMatchObject({ ok: true, site: "diode-behind-rack", cells: [], missed: [], calibration: path });
    const truth = told["truth"] as { readonly worst_position_mm: number; readonly beam_error: number };
    expect(truth.worst_position_mm).toBeLessThan(0.05);
    expect(truth.beam_error).toBeLessThan(0.05);
    expect(err[0]).toMatch(/^rack: A1 off by x .* turned by .* degrees; 4 openings/);
    const { calibration, findings } = readCalibration(parseDocument(readFileSync(path, "utf8"), path));
    expect(findings).toEqual([]);
    expect(calibration?.records.map(({ kind, by, validH }) => [kind, by, validH])).toEqual([
      ["alignment", "a rehearsal", 24],
      ["beam_size", "a rehearsal", 24],
    ]);
  });

  it("opens nothing without a place where the dose is booked, or for a site that says nothing of alignment", async () => {
    const unbooked = await align(["site.yaml", "--by", "Ada", "--yes", "--out", "x.yaml"]);
    expect(unbooked).toMatchObject({ code: 2, told: { ok: false, fault: { code: "device.unbooked" } } });
    // Of a rack whose campaign runs the controller measures no more than where it stands.
    for (const more of [[], ["--rack-only", "--positions", "A1"], ["--rack-only", "--out", "x.yaml"]]) {
      const inUse = await align(["site.yaml", "--by", "Ada", "--yes", ...more], true);
      expect(inUse).toMatchObject({ code: 2, told: { ok: false, fault: { code: "site.in-use" } } });
      expect(inUse.err.join()).toMatch(/it measures where the rack stands, with --rack-only/);
    }
    await expect(align(["plain.yaml"])).rejects.toMatchObject({ code: "command.usage" });
    await expect(align(["site.yaml", "--positions", "Z1"])).rejects.toMatchObject({ code: "command.usage" });
  });
});
