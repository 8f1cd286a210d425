import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CampaignProgress } from "../../../controller/amendments/amendment.ts";
import { judgeAmendment } from "../../../controller/amendments/judge-amendment.ts";
import type { ExportedCell } from "../../../controller/export/exported-campaign.ts";
import { sharedControls } from "../../../controller/export/shared-controls.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { consentingGroups } from "../../../protocols/manifest/consents.ts";
import { dataCommand } from "../../../tui/commands/data.ts";
import { reportCommand } from "../../../tui/commands/report.ts";
import { load, repositoryText } from "../../support/campaign-files.ts";
import { exported, exporting, filesIn, newPlace, removePlaces } from "../../support/exports.ts";
import { checkPage } from "../../support/strict-html.ts";
import { newFolder, open, removeFolders } from "../record/record-fixture.ts";

afterAll(removeFolders);
afterAll(removePlaces);

const cellAt = (position: string, group: string, role = "dark-control", more: Record<string, Json> = {}) => ({
  ...{ position, group, role, channel: `unit-${position}`, barcode: `${group}-${position}`, chemistry: "lno-graphite" },
  ...{ electrolyte: "LP57", nominal_capacity_mAh: 4, stack: "s", protocol: `${group}-cycle`, protocol_sha256: "f00" },
  ...more,
});
const CELLS = [
  cellAt("A1", "alpha", "exposed"),
  cellAt("A2", "alpha"),
  cellAt("B1", "beta"),
  cellAt("B2", "beta", "exposed"),
  cellAt("B3", "beta", "dark-control", { electrolyte: "secret salt" }),
  cellAt("B4", "beta", "dark-control", { protocol_sha256: "beef" }),
  cellAt("B5", "beta", "dark-control", { nominal_capacity_mAh: 4.5 }),
  cellAt("B6", "beta"),
  cellAt("B7", "beta", "rare-control"),
  cellAt("C1", "gamma"),
];
/** Each cell's own. */
const capacityAh = (position: string): number =>
  0.00412347 + 1.1373e-6 * (CELLS.findIndex((one) => one.position === position) + 1);

let folder: string;

/** As the campaign ended: `amended` is who agrees then. */
function record(sharing: readonly string[], amended: readonly string[] = sharing): string {
  const place = newFolder();
  const store = open(place);
  const event = (type: string, data: Json, atMs = 0): unknown => store.appendEvent({ atMs, type, data });
  const plan = (shared: readonly string[]): Json => ({
    ...{ title: "t", site_title: "s", energy_keV: 38, detector: "d", frame_geometry: null, cells: CELLS },
    ...{ protocols: { f00: {}, beef: {} }, shared_controls: [...shared] },
  });
  event("campaign-started", { campaign: "c", site: "s", start_ms: 0 });
  event("rack-plan", plan(sharing));
  for (const { position } of CELLS) {
    const half = { half_cycle: 1, cycle: 1, direction: "charge", is_whole: true, coulombic_efficiency: 0.99 };
    event("half-cycle-ended", { position, ...half, capacity_Ah: capacityAh(position) }, 1000);
  }
  event("cell-isolated", { position: "B6" }, 2000);
  if (amended !== sharing) event("rack-plan", plan(amended), 3000);
  store.close();
  return place;
}

interface Asked {
  readonly page: string;
  readonly rows: readonly Readonly<Record<string, Json>>[];
  readonly text: string;
}

/** By `data`, a report and an export. */
async function asked(place: string, group: string): Promise<Asked> {
  const lines: string[] = [];
  const print = (line: string): number => lines.push(line);
  const context = { json: true, progress: { columns: () => 120 }, readPackageText: repositoryText };
  await dataCommand({ ...context, readText: repositoryText, print }, [place, "shared-controls", "--group", group]);
  const { "shared-controls": rows } = JSON.parse(lines.join("")) as { readonly "shared-controls": Asked["rows"] };
  const report = exporting();
  const page = newPlace();
  await reportCommand(report, [place, "--group", group, "--out", page]);
  const out = await exported(place, "--as", "csv", "--group", group);
  const files = filesIn(out).map((name) => readFileSync(join(out, name), "utf8"));
  const made = readFileSync(page, "utf8");
  return { rows, page: made, text: [...lines, ...report.lines, made, ...files].join("\n") };
}

beforeAll(() => {
  folder = record(["alpha", "beta"]);
});

describe("dark controls that are shared", () => {
  it("reach another group that shares its own: alike, neither exposed nor isolated, by no name", async () => {
    const { rows, text, page } = await asked(folder, "alpha");
    expect(checkPage(page).problems).toEqual([]);
    expect(page).toContain('href="#shared-controls"');
    expect(rows).toEqual([
      expect.objectContaining({ control: "shared-control-1", capacity_mAh: 1000 * capacityAh("B1"), half_cycle: 1 }),
    ]);
    expect(text).toContain("Shared dark controls");
    expect(text).toContain("shared-control-1,lno-graphite,LP57,4,1,1,charge,4.1");
    for (const word of ["beta", "gamma", "unit-B", "unit-C", "secret salt", "beef"]) expect(text).not.toContain(word);
    expect(text).not.toMatch(/(?<![\p{L}\p{N}#])(?:B[1-7]|C1)(?![\p{L}\p{N}])/u);
    for (const position of ["B2", "B3", "B4", "B5", "B6", "B7", "C1"])
      expect(text).not.toContain(String(1000 * capacityAh(position)));
  });

  it("go the other way as well, and from nobody to a group that did not agree", async () => {
    expect((await asked(folder, "beta")).rows.map((row) => row["capacity_mAh"])).toEqual([1000 * capacityAh("A2")]);
    const { rows, text } = await asked(folder, "gamma");
    expect(rows).toEqual([]);
    expect(text).not.toMatch(/shared-control-|Shared dark controls|alpha|beta/);
  });

  it.each([[[]], [["alpha"]], [["beta", "gamma"]]])("do not reach alpha where %j agree", async (sharing) => {
    const { rows, text } = await asked(record(sharing), "alpha");
    expect(rows).toEqual([]);
    expect(text).not.toMatch(/shared-control-|beta|gamma/);
  });

  it("are taken back where the group is not among them any more", async () => {
    expect((await asked(record(["alpha", "beta"], ["alpha"]), "alpha")).rows).toEqual([]);
  });

  it("are told to a group, not to whoever names none, and not by place", async () => {
    const context = { json: true, progress: { columns: () => 120 }, readPackageText: repositoryText };
    const order = (...args: readonly string[]): Promise<number> =>
      dataCommand({ ...context, readText: repositoryText, print: () => undefined }, [folder, ...args]);
    const refused = { code: "command.usage", severity: "refuse" };
    await expect(order("shared-controls")).rejects.toMatchObject(refused);
    await expect(order("shared-controls", "B1", "--group", "alpha")).rejects.toMatchObject(refused);
    await expect(order("cycles", "B1", "--group", "alpha")).rejects.toMatchObject(refused);
    await expect(order("cells", "shared-control-1", "--group", "alpha")).rejects.toMatchObject(refused);
  });

  it("are none that met the beam after all", () => {
    const cell = { position: "B1", barcode: "b", halfCycles: [{ number: 1 }], over: null };
    const shown = (exposures: readonly unknown[]): number =>
      sharedControls([{ ...cell, exposures } as unknown as ExportedCell], "salt").length;
    expect([shown([]), shown([{ exposureId: "X" }])]).toEqual([1, 0]);
  });
});

describe("who agrees to share dark controls", () => {
  const box = (group: string, sharesDarkControls: boolean, embargoUntilMs: number | null = null) => ({
    ...{ group, sharesDarkControls, embargoUntilMs },
  });

  it("is a group all of whose boxes say so, and none of whose is under embargo", () => {
    const boxes = [box("a", true), box("b", false), box("c", true), box("c", false), box("d", true, 1), box("a", true)];
    expect(consentingGroups(boxes)).toEqual(["a"]);
  });

  const files = (more: string) => ({
    "small.yaml": `${repositoryText("test/fixtures/world/small.yaml")}\n${more}\n`,
    "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
    "site.yaml": repositoryText("protocols/sites/reference.yaml"),
  });

  it("stands in the campaign, which refuses groups that it does not have", () => {
    const groups = load(files(""), "small.yaml");
    assert(groups.kind === "loaded", "refused");
    expect(groups.campaign).not.toHaveProperty("sharedControls");
    const known = groups.campaign.cells[0]?.group ?? "";
    const agreed = load(files(`share_dark_controls: [${JSON.stringify(known)}]`), "small.yaml");
    assert(agreed.kind === "loaded", JSON.stringify(agreed.findings));
    expect(agreed.campaign.sharedControls).toEqual([known]);
    const refused = load(files("share_dark_controls: [nobody]"), "small.yaml");
    expect(refused.findings.map(({ where, what }) => `${where} ${what}`).join()).toMatch(
      /share_dark_controls\[0\].*no cell is of group nobody/,
    );
    const progress: CampaignProgress = {
      ...{ atMs: 0, startMs: 0, isComplete: false, begunIndex: new Map(), rows: [] },
      ...{ over: new Set<string>(), ended: new Set<string>() },
      ...{ spotPlan: undefined, requests: [], positions: agreed.campaign.cells.map(({ position }) => position) },
    };
    const judged = judgeAmendment(agreed.campaign, groups.campaign, progress);
    expect(judged.changes.map(({ path }) => path).join()).toContain("share_dark_controls");
  });
});
