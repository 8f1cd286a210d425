import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { openStore } from "../../../controller/record/store.ts";
import { recordStart } from "../../../controller/run/start-record.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { keepCampaign } from "../../../tui/amend/campaign-in-force.ts";
import { amendCommand, type AmendContext } from "../../../tui/commands/amend.ts";
import { lookAtFolder, recordedHash } from "../../../tui/run/left-folder.ts";
import { contextOf, load, repositoryText, tables } from "../../support/campaign-files.ts";

const SMALL = repositoryText("test/fixtures/world/small.yaml");
const FILES = {
  "small.yaml": SMALL,
  "lower.yaml": SMALL.replace("dose_Gy: 2000", "dose_Gy: 1500"),
  "higher.yaml": SMALL.replace("dose_Gy: 2000", "dose_Gy: 6000"),
  "later.yaml": SMALL.replace("first_after_min: 5", "first_after_min: 10"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};
const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", "refused");
const { campaign, site, campaignHash, siteHash } = loaded;

let folder = "";
let printed: string[] = [];

const clock = createVirtualClock(campaign.startMs + 600_000, { drain: () => Promise.resolve() });
const context: AmendContext = {
  ...contextOf(FILES),
  ...{ json: true, clock, self: { pid: 1, host: "here" }, version: "test" },
  print: (line) => printed.push(line),
  printError: () => undefined,
};

function openFolder() {
  return openStore({
    ...{ folder, clock, durability: "process-death", commitLatencyMs: 0, channelCount: campaign.cells.length },
    header: { campaign: campaign.name, campaignHash, siteHash, seed: null, world: "bench", softwareVersion: "test" },
  });
}

function goOn(): void {
  const store = openFolder();
  store.appendEvent({ atMs: 1, type: "campaign-resumed", data: {} });
  store.close();
}

beforeEach(() => {
  printed = [];
  folder = mkdtempSync(join(tmpdir(), "beamrack-amend-"));
  const store = openFolder();
  const recorder = {
    record(type: string, data: Parameters<typeof store.appendEvent>[0]["data"]): void {
      store.appendEvent({ atMs: 0, type, data });
    },
  };
  recordStart(recorder, campaign, site, createLedgerCells(campaign, site, tables));
  store.close();
  keepCampaign(folder, campaign);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function types(): readonly string[] {
  const reader = openRecord(folder);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "row" ? [scanned.row.type] : []));
  } finally {
    reader.close();
  }
}

const told = (): Readonly<Record<string, unknown>> => JSON.parse(printed.at(-1) ?? "{}") as Record<string, unknown>;
const ADA = ["--name", "ada", "--reason", "the last sweep was weak"];

describe("beamrack amend", () => {
  it("previews what would change and what check forecasts then, and puts nothing on record", async () => {
    const before = types();
    expect(await amendCommand(context, [folder, "higher.yaml", "--preview"])).toBe(0);
    expect(told()).toMatchObject({
      amended: null,
      changes: [{ positions: ["B5"], from: 2000, to: 6000, raised: true }],
      what_if: [{ what: "dose" }],
    });
    expect(types()).toEqual(before);
  });

  it("puts it on record by name with the plans that follow, and the folder goes on with that file alone", async () => {
    await expect(amendCommand(context, [folder, "higher.yaml"])).rejects.toThrow(/a dose limit is raised/);
    expect(await amendCommand(context, [folder, "higher.yaml", ...ADA])).toBe(0);
    expect(types().slice(-4)).toEqual(["campaign-amended", "rack-plan", "dose-limits", "dose-plan"]);
    const left = lookAtFolder(folder);
    const higher = load(FILES, "higher.yaml");
    assert(higher.kind === "loaded", "refused");
    expect(recordedHash(folder, left, higher.campaignHash)).toBe(campaignHash);
    expect(() => recordedHash(folder, left, campaignHash)).toThrow(/was amended/);
    // The next is held against this one.
    expect(await amendCommand(context, [folder, "higher.yaml", ...ADA])).toBe(0);
    expect(told()).toMatchObject({ amended: null, changes: [] });
    expect(await amendCommand(context, [folder, "lower.yaml", ...ADA])).toBe(0);
    expect(told()).toMatchObject({ amended: 2, changes: [{ from: 6000, to: 1500 }] });
  });

  it("refuses with place, reason and what would be right, and then nothing is changed", async () => {
    const before = types();
    expect(await amendCommand(context, [folder, "later.yaml", ...ADA])).toBe(2);
    expect(told()).toMatchObject({ ok: false, findings: [{ code: "amend.refused", where: "triggers" }] });
    expect(types()).toEqual(before);
  });

  it("puts nothing on record where the run went on while it was judged", async () => {
    let isGoingOn = true;
    const beside: AmendContext = {
      ...context,
      // Asked first between the record's reading and the folder's lock.
      clock: {
        ...clock,
        wallMs() {
          if (isGoingOn) {
            isGoingOn = false;
            goOn();
          }
          return clock.wallMs();
        },
      },
    };
    await expect(amendCommand(beside, [folder, "higher.yaml", ...ADA])).rejects.toThrow(/record went on/);
    expect(types().slice(-2)).toEqual(["dose-plan", "campaign-resumed"]);
  });

  it("asks for the file of the campaign in force, where the folder has lost it, and takes no other", async () => {
    rmSync(join(folder, "campaign.json"));
    await expect(amendCommand(context, [folder, "higher.yaml", "--preview"])).rejects.toThrow(
      /name its file with --from/,
    );
    const wrong = [folder, "higher.yaml", "--preview", "--from", "lower.yaml"];
    await expect(amendCommand(context, wrong)).rejects.toThrow(/is not the campaign/);
    expect(await amendCommand(context, [folder, "higher.yaml", "--preview", "--from", "small.yaml"])).toBe(0);
  });
});
