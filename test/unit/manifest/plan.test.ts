import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openCustody } from "../../../controller/custody/custody-ledger.ts";
import { columnIndex, positionIndex, rowIndex, type Position } from "../../../protocols/base/position.ts";
import { assignCells, isHazard, type Assignment, type AssignInputs } from "../../../protocols/manifest/assign-cells.ts";
import { fairShares } from "../../../protocols/manifest/fair-shares.ts";
import type { Manifest } from "../../../protocols/manifest/manifest.ts";
import { parsePositionRange } from "../../../protocols/input/position-range.ts";
import { readManifest } from "../../../protocols/manifest/read-manifest.ts";
import type { ChannelTechnique, SiteChannel } from "../../../protocols/site/site.ts";
import { planCommand, type PlanContext } from "../../../tui/commands/plan.ts";
import { loadShipped, repositoryText, tables } from "../../support/campaign-files.ts";
import { goodCsv } from "../../support/manifests.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const reference = loadShipped("protocols/campaigns/state-of-charge-grid.yaml");
if (reference.kind !== "loaded") throw new Error("a shipped campaign is refused");
const { channels } = reference.site;

function box(group: string, count: number, change: (text: string) => string = (text) => text): string {
  return change(
    goodCsv(count).replaceAll("LNO-", `${group}-`).replace("lno-lab", group).replace("box-1", `box-${group}`),
  );
}

function manifest(...given: Parameters<typeof box>): Manifest {
  const { manifest: read, findings } = readManifest(box(...given), "box.csv");
  if (read === undefined) throw new Error(JSON.stringify(findings));
  return read;
}

function assigned(manifests: readonly Manifest[], more: Partial<AssignInputs> = {}): Assignment {
  const techniques = new Set<ChannelTechnique>(["constant_current", "open_circuit_voltage"]);
  return assignCells({ manifests, channels, zones: [], roomC: 25, techniquesOf: () => techniques, ...more });
}

function slotsOf({ placed }: Assignment, group: string): readonly Position[] {
  return placed.filter((one) => one.manifest.group === group).map(({ position }) => position);
}

function areNear(a: Position, b: Position): boolean {
  return Math.abs(rowIndex(a) - rowIndex(b)) <= 1 && Math.abs(columnIndex(a) - columnIndex(b)) <= 1;
}

describe("a rack from many boxes", () => {
  it("gives each cell one slot, and cells of a group slots next to one another", () => {
    const found = assigned(["a", "b", "c"].map((group) => manifest(group, 12)));
    expect(found.left).toEqual([]);
    expect(new Set(found.placed.map(({ position }) => position)).size).toBe(36);
    for (const group of ["a", "b", "c"]) {
      const slots = slotsOf(found, group);
      for (const slot of slots) expect(slots.filter((other) => areNear(slot, other)).length).toBeGreaterThan(1);
    }
  });

  it("keeps cells that may leak apart from one another, whosever they are, and says where it could not", () => {
    const leaky = (group: string): Manifest =>
      manifest(group, 12, (text) => text.replaceAll("flammable_electrolyte", "may_leak"));
    const found = assigned([leaky("a"), leaky("b"), manifest("c", 12)]);
    const hazards = found.placed.filter(({ cell }) => isHazard(cell)).map(({ position }) => position);
    expect(hazards).toHaveLength(24);
    for (const [index, one] of hazards.entries()) {
      expect(hazards.slice(index + 1).some((other) => areNear(one, other))).toBe(false);
    }
    expect(found.beside).toEqual([]);
    expect(assigned([leaky("a"), leaky("b"), leaky("c"), leaky("d")]).beside.length).toBeGreaterThan(0);
  });

  it("puts cells where channels hold their limits and slots have their temperature, and moves others out of the way", () => {
    const weak = channels.map((channel): SiteChannel =>
      positionIndex(channel.position) < 4 ? channel : { ...channel, currentMaxA: 0.001 },
    );
    const small = manifest("small", 92, (text) => text.replaceAll(",2.5,4.25,5,", ",2.5,4.25,0.9,"));
    const strong = manifest("strong", 4);
    const found = assigned([small, strong], { channels: weak });
    expect(found.left).toEqual([]);
    expect(slotsOf(found, "strong").map(positionIndex)).toEqual([0, 1, 2, 3]);
    const warm = parsePositionRange("H1..H12");
    const zones = [{ positions: new Set(warm.kind === "positions" ? warm.positions : []), temperatureC: 45 }];
    const hot = manifest("hot", 12, (text) => text.replaceAll(",15,35,", ",40,50,"));
    expect(slotsOf(assigned([manifest("cold", 30), hot], { zones }), "hot").every((slot) => slot.startsWith("H"))).toBe(
      true,
    );
  });

  it("says of each cell without a slot what it lacks", () => {
    const strong = manifest("strong", 1, (text) => text.replaceAll(",4.25,5,", ",4.25,80,"));
    const weak = channels.map((channel): SiteChannel => ({ ...channel, currentMaxA: 0.02 }));
    expect(assigned([strong], { channels: weak }).left).toMatchObject([{ what: "no channel gives 80 mA" }]);
    expect(assigned([manifest("many", 97)]).left).toMatchObject([{ what: "every slot that it fits into is taken" }]);
    const scans = new Set<ChannelTechnique>(["voltage_scan"]);
    const none = channels.map((channel): SiteChannel => ({ ...channel, techniques: ["constant_current"] }));
    const lacking = assigned([manifest("a", 1)], { channels: none, techniquesOf: () => scans });
    expect(lacking.left).toMatchObject([{ what: "no channel has voltage_scan" }]);
  });
});

describe("shares of the beam", () => {
  it("are what each wishes for where there is enough, and by cells where there is not", () => {
    const wish = (group: string, cells: number, hours: number) => ({ group, cells, hours });
    const enough = fairShares([wish("a", 12, 6), wish("b", 12, 2), wish("none", 12, 0)], 24);
    expect([...enough]).toEqual([
      ["a", 0.75],
      ["b", 0.25],
    ]);
    const scarce = fairShares([wish("a", 12, 100), wish("b", 12, 2), wish("c", 24, 100)], 20);
    expect([...scarce]).toEqual([
      ["a", 0.3],
      ["b", 0.1],
      ["c", 0.6],
    ]);
    expect([...fairShares([wish("a", 1, Infinity), wish("b", 1, Infinity)], 10)].map(([, share]) => share)).toEqual([
      0.5, 0.5,
    ]);
  });
});

describe("beamrack plan", () => {
  function bench() {
    const folder = mkdtempSync(join(tmpdir(), "beamrack-plan-"));
    folders.push(folder);
    const lines: string[] = [];
    const context: PlanContext = {
      json: true,
      print: (line) => lines.push(line),
      printError: (line) => lines.push(`! ${line}`),
      readText: (path) => (existsSync(path) ? readFileSync(path, "utf8") : repositoryText(path)),
      attenuationTables: () => tables,
      clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => null, clearTimeout: () => undefined },
    };
    const write = (name: string, text: string): string => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    return { context, lines, write, out: join(folder, "campaign.yaml") };
  }

  it("makes of eight boxes with 96 cells a campaign that check passes, with what each group gets and what would be if", async () => {
    const { context, lines, write, out } = bench();
    const paths = Array.from({ length: 8 }, (_, index) =>
      write(
        `box-${index}.csv`,
        box(`g${index}`, 12, (text) =>
          text
            .replaceAll("cycles=2", "cycles=1")
            .replace("embargo_until,2027-03-01", index > 4 ? "share_dark_controls,yes" : "share_dark_controls,no")
            .replaceAll("every:30min", index === 7 ? "" : index % 2 === 0 ? "every:30min" : "soc:0.1|rest-end")
            .replaceAll(",exposed,", index === 7 ? ",dark-control," : ",exposed,"),
        ),
      ),
    );
    const site = join(import.meta.dirname, "../../../protocols/sites/reference.yaml");
    const args = [
      ...paths,
      "--site",
      site,
      "--out",
      out,
      "--start",
      "2026-03-02T08:00:00Z",
      ...["--hours", "30"],
      "--custody",
      join(out, "../custody"),
    ];
    expect(await planCommand(context, args), lines.join("\n")).toBe(0);
    const document = JSON.parse(lines.at(-1) ?? "") as {
      readonly ok: boolean;
      readonly cells: readonly unknown[];
      readonly groups: readonly {
        readonly group: string;
        readonly exposures: number;
        readonly end_h: number;
        readonly planned_share: number | null;
        readonly beam_share: number;
      }[];
      readonly what_if: readonly { readonly what: string }[];
    };
    expect(document).toMatchObject({ ok: true, cells: { length: 96 }, groups: { length: 8 } });
    expect(document.groups[0]).toMatchObject({ group: "g0", cells: 12, exposures: 720 });
    expect(document.groups[7]).toMatchObject({ group: "g7", exposures: 0, planned_share: null });
    for (const { planned_share: planned, beam_share: wished } of document.groups) {
      expect(planned ?? 0).toBeCloseTo(wished, 3);
    }
    expect(document.groups[0]?.end_h).toBeGreaterThan(20);
    expect(document.what_if.map(({ what }) => what)).toEqual(
      expect.arrayContaining(["as planned", "3 s for each exposure", "filter Mo 0.1 mm", "without g3"]),
    );
    const text = readFileSync(out, "utf8");
    expect(text).toContain("custody: custody\n");
    expect(text).toContain("share_dark_controls: [g5, g6, g7] #");
    expect(text).toContain("A1: { barcode: g0-001, active_mass_mg: 20.4 }");
    await expect(planCommand(context, args)).rejects.toMatchObject({ code: "export.exists" });
  });

  it("refuses two boxes with one barcode, and writes nothing where a cell has no slot", async () => {
    const { context, lines, write, out } = bench();
    const site = join(import.meta.dirname, "../../../protocols/sites/reference.yaml");
    const twins = [write("a.csv", box("a", 2)), write("b.csv", box("b", 2).replaceAll("b-001", "a-001"))];
    expect(await planCommand(context, [...twins, "--site", site, "--out", out])).toBe(2);
    expect(lines.join("\n")).toContain("barcode a-001 stands in");
    expect(JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "")).toMatchObject({
      ok: false,
      findings: [{ code: "manifest.duplicate" }],
    });
    const cold = write("c.csv", box("c", 1).replaceAll(",15,35,", ",-20,-10,"));
    expect(await planCommand(context, [cold, "--site", site, "--out", out])).toBe(3);
    expect(lines.join("\n")).toContain("no slot stands at -20 to -10 C");
    expect(JSON.parse(lines.findLast((line) => line.startsWith("{")) ?? "")).toMatchObject({
      ok: false,
      findings: [{ code: "plan.no-slot" }],
    });
    expect(existsSync(out)).toBe(false);
  });

  it("says what the ledger has against cells that it plans", async () => {
    const { context, lines, write, out } = bench();
    const folder = join(out, "../custody");
    const { cells, shipment } = manifest("a", 3);
    const ledger = openCustody(folder, () => 0);
    for (const { barcode, ...cell } of cells.slice(0, 2)) {
      const known = { barcode, shipment, group: "a", chemistry: cell.chemistry, after: "return", hazards: [] } as const;
      ledger.note("ada", {
        kind: "expect",
        cell: { ...known, openCircuitV: null, impedanceOhm: null, measuredMs: null },
      });
    }
    ledger.note("ada", { kind: "receive", barcode: "a-001" });
    ledger.note("ada", { kind: "inspect", barcode: "a-001", isSound: false, note: "bulged" });
    ledger.note("ada", { kind: "close-box", shipment });
    ledger.close();
    const site = join(import.meta.dirname, "../../../protocols/sites/reference.yaml");
    expect(await planCommand(context, [write("a.csv", box("a", 3)), "--site", site, "--custody", folder])).toBe(0);
    const { findings } = JSON.parse(lines.at(-1) ?? "") as { findings: { code: string; what: string }[] };
    const told = findings.filter(({ code }) => code === "plan.custody").map(({ what }) => what);
    expect(told).toHaveLength(3);
    expect(told[0]).toContain("a-001 is damaged: bulged; the plan has it at");
    expect(told[1]).toContain("a-002 was not in the box box-a");
    expect(told[2]).toContain("does not know it");
  });
});
