import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assert } from "../../../protocols/base/assert.ts";
import { inRecordedOrder } from "../../../protocols/campaign/cell-order.ts";
import { keepCampaign } from "../../../tui/amend/campaign-in-force.ts";
import { readProposal, writeProposal } from "../../../tui/amend/proposals.ts";
import { goesOnWith, type LeftFolder } from "../../../tui/run/left-folder.ts";
import { load } from "../../support/campaign-files.ts";
import { FILES } from "../../support/world-campaign.ts";

const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", "refused");
const { campaign, campaignHash } = loaded;
let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "beamrack-proposal-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a proposal to a controller that runs", () => {
  it("is read as it was written, by its hash, and not when it was touched since, or is none", () => {
    const hash = writeProposal(folder, { campaign, texts: new Map([["small.yaml", "..."]]) });
    const read = readProposal(folder, hash);
    assert(typeof read !== "string", "not read");
    expect([read.campaignHash, [...read.texts]]).toEqual([campaignHash, [["small.yaml", "..."]]]);
    expect(readProposal(folder, "0".repeat(64))).toMatch(/no such proposal/);
    writeFileSync(join(folder, "amendments", `${hash}.json`), "{}");
    expect(readProposal(folder, hash)).toMatch(/is damaged/);
  });

  it("is a plain file of the folder: links, pipes and other names are none, and nobody waits for them", () => {
    const hash = writeProposal(folder, { campaign, texts: new Map() });
    const path = join(folder, "amendments", `${hash}.json`);
    expect(readProposal(folder, `../amendments/${hash}`)).toMatch(/no such proposal/);
    renameSync(path, join(folder, "elsewhere.json"));
    symlinkSync(join(folder, "elsewhere.json"), path);
    expect(readProposal(folder, hash)).toMatch(/no such proposal/);
    rmSync(path);
    execFileSync("mkfifo", [path]);
    expect(readProposal(folder, hash)).toMatch(/no such proposal/);
  });
});

describe("a run that goes on in an amended folder", () => {
  const before = { ...loaded, campaignHash: "begun" };
  const left: LeftFolder = {
    ...{ startMs: 0, lastMs: 1, events: 3, positions: [] },
    amended: { campaignHash, begunWith: "begun", before: ["begun"] },
  };

  it("goes on by the last amendment where it is given the file it was begun with, as long as the folder keeps it", () => {
    expect(goesOnWith(folder, left, before).campaignHash).toBe("begun");
    keepCampaign(folder, campaign);
    expect(goesOnWith(folder, left, before).campaignHash).toBe(campaignHash);
    expect(goesOnWith(folder, left, { ...loaded, campaignHash: "another" }).campaignHash).toBe("another");
  });

  it("counts cells as its record does, and what triggers watch with them", () => {
    const preset = campaign.presets[0];
    assert(preset !== undefined, "no preset");
    const grid = {
      ...({ kind: "time-grid", name: "grid", preset, everyS: 60, firstAfterS: 0, window: null } as const),
      ...{ cells: [{ cellIndex: 1, stepIndexes: null }], cycles: null, weight: 1, owner: null },
    };
    const last = inRecordedOrder({ ...campaign, triggers: [grid] }, ["A1", "A3"]);
    expect(last.cells.slice(0, 3).map(({ position }) => position)).toEqual(["A1", "A3", "A2"]);
    expect(last.triggers?.[0]?.cells).toEqual([{ cellIndex: 2, stepIndexes: null }]);
    expect(inRecordedOrder(campaign, [])).toBe(campaign);
  });

  it("goes on by it as it was proposed where nothing else was kept: the disk refused, or the controller was lost just then", () => {
    keepCampaign(folder, { ...campaign, title: "the one before" });
    writeProposal(folder, { campaign: { ...campaign, title: "another" }, texts: new Map() });
    expect(goesOnWith(folder, left, before).campaignHash).toBe("begun");
    writeProposal(folder, { campaign, texts: new Map() });
    expect(goesOnWith(folder, left, before)).toMatchObject({ campaignHash, campaign: { cells: campaign.cells } });
  });
});
