import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCustody, readCustody } from "../../controller/custody/custody-ledger.ts";
import { readCampaignRecord } from "../../controller/export/read-campaign-record.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { openDatabase } from "../../controller/record/sqlite.ts";
import { campaignReport } from "../../controller/report/campaign-report.ts";
import { reportJson } from "../../controller/report/report-json.ts";
import { readEnvelopes, type RackEnvelopes } from "../../controller/report/rack-envelopes.ts";
import { assert } from "../../protocols/base/assert.ts";
import { openFrameWriter } from "../../simulator/frames/nexus-frame.ts";
import { reportCommand } from "../../tui/commands/report.ts";
import { reportPage } from "../../tui/report/report-page.ts";
import { frameFileName } from "../../tui/virtual/frame-files.ts";
import { exporting, newPlace, removePlaces, sha256Of, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import { checkPage } from "../support/strict-html.ts";
import { field, type WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

let run: WorldRun;
let page: string;

async function reported(folder: string, ...args: readonly string[]): Promise<string> {
  const out = newPlace();
  expect(await reportCommand(exporting(), [folder, "--out", out, ...args])).toBe(0);
  return readFileSync(out, "utf8");
}

beforeAll(async () => {
  run = await twoGroupsRun();
  page = await reported(run.folder, "--author", "A. Person");
});

type Data = Readonly<Record<string, unknown>>;

function facts(group: string | null): Data {
  const record = openRecord(run.folder);
  try {
    return reportJson(campaignReport(record, readCampaignRecord(record, group, run.folder)));
  } finally {
    record.close();
  }
}

describe("the report of a campaign", () => {
  it("is one page, well formed, that needs and may fetch nothing else", () => {
    const { problems, elements, attributes } = checkPage(page);
    expect(problems).toEqual([]);
    for (const name of ["img", "link", "iframe", "object", "form"]) expect(elements.get(name)).toBeUndefined();
    for (const [key, value] of attributes) {
      if (key === "href" || key === "src") expect(value).toMatch(/^#/);
      expect(key).not.toMatch(/^on|^style$/);
    }
    expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
  });

  it("lets its own style and script run and no other", () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? "";
    expect(policy).toMatch(/^default-src 'none'; /);
    for (const [name, rule] of [
      ["style", "style-src"],
      ["script", "script-src"],
    ] as const) {
      const [, content = ""] = new RegExp(`<${name}>([^]*?)</${name}>`).exec(page) ?? [];
      expect(content).not.toBe("");
      const digest = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${rule} 'sha256-${digest}'`);
    }
    expect(policy).not.toContain("unsafe");
  });

  it("has the numbers of the run itself", () => {
    const told = facts(null) as { requests: Data; cells: { dose: Data | null }[]; groups: Data[]; log: Data };
    const { asked, met, late, missed } = run.summary.requests;
    expect(told.requests).toMatchObject({ asked, met, late, missed });
    const fractions = told.cells.map(({ dose }) => Number(dose?.["limit_fraction"] ?? 0));
    expect(Math.max(...fractions)).toBeCloseTo(run.summary.dose.limit_fraction_max ?? NaN, 9);
    expect(told.log["digest"]).toBe(run.virtual.store.digest);
    const exposures = told.groups.map((group) => Number(group["exposures"]));
    expect(exposures.reduce((sum, count) => sum + count, 0)).toBe(run.summary.exposures.made);
    for (const group of told.groups) expect(Number(group["beam_s"])).toBeGreaterThan(Number(group["open_s"]));
  });

  it("shows each cell with its plots and every section with its name", () => {
    for (const { position, barcode } of TWO_GROUPS.cells) {
      expect(page).toContain(`id="cell-${position}"`);
      expect(page).toContain(barcode);
      expect(page).toContain(`id="v-${position}"`);
    }
    for (const name of ["Rack", "Timetable", "Dose", "Quality", "Incidents", "Custody", "Provenance", "How to cite"])
      expect(page).toMatch(new RegExp(`<h[23]>\\s*${name}`));
    expect(page).toContain("A. Person (2026).");
    const { text, attributes } = checkPage(page);
    const said = [text, ...attributes.map(([, value]) => value)];
    expect(said.filter((one) => /NaN|Infinity|undefined|\[object/.test(one))).toEqual([]);
  });

  it("draws powder patterns where they stand", async () => {
    const folder = newPlace();
    mkdirSync(folder);
    const writer = await openFrameWriter();
    const taken = run.of("exposure-ended").filter((event) => field(event, "position") === "A1");
    const meta = { title: "", sampleName: "R-A1", startTime: "2026-03-02T08:00:00Z", exposureS: 5 };
    const more = { energyKeV: 60, wavelengthA: 0.2066, fluxPhS: 1e11, twoThetaDeg: Float64Array.of(1, 2, 3) };
    for (const [index, event] of taken.entries()) {
      const bytes = writer.frameToNexus({ ...meta, ...more }, Int32Array.of(10, 400, index));
      writeFileSync(join(folder, frameFileName(field(event, "frame"))), bytes);
    }
    const drawn = await reported(run.folder, "--frames", folder);
    expect(checkPage(drawn).problems).toEqual([]);
    expect(drawn).toContain(`A1: ${taken.length} powder patterns`);
    expect(drawn.match(/class="under"/g)).toHaveLength(taken.length);
  });

  it("prints its facts as JSON, with or without a page", async () => {
    const context = exporting();
    expect(await reportCommand(context, [run.folder])).toBe(0);
    const told = JSON.parse(context.lines[0] ?? "") as Data;
    expect(told).toMatchObject({ out: null, campaign: "small-rack", group: null, beam_effect: null });
    expect(told["summary"]).toHaveLength(3);
  });
});

describe("the report of a group", () => {
  it("has no cell, place, name or number of another group, and may not be made to say any", async () => {
    const record = openRecord(run.folder);
    const campaign = readCampaignRecord(record, null, run.folder);
    record.close();
    const foreign = campaign.cells.filter(({ group }) => group === "beta");
    expect(foreign.length).toBeGreaterThan(0);
    const own = await reported(run.folder, "--group", "alpha");
    const { text, attributes } = checkPage(own);
    const all = [text, ...attributes.map(([, value]) => value), JSON.stringify(facts("alpha"))].join("\n");
    for (const { position, barcode, channel, exposures } of foreign) {
      expect(all).not.toMatch(new RegExp(`(?<![A-Za-z0-9])${position}(?![A-Za-z0-9])`));
      expect(all).not.toContain(barcode);
      const serial = campaign.instruments.find(({ name }) => name === channel)?.serialNumber ?? "";
      expect(serial).not.toBe("");
      expect(all).not.toContain(serial);
      for (const { exposureId, frame } of exposures) {
        expect(all).not.toContain(exposureId);
        if (frame !== null) expect(all).not.toContain(frame);
      }
    }
    expect(all).not.toContain("beta");
    // That this would be found: the whole report has it all.
    expect(page).toContain("beta");
    expect(page).toContain(foreign[0]?.barcode ?? "-");
  });

  it("is refused for a group that there is not", async () => {
    const refused = reportCommand(exporting(), [run.folder, "--group", "gamma", "--out", newPlace()]);
    await expect(refused).rejects.toMatchObject({ code: "export.unknown-group", severity: "refuse" });
  });
});

function envelopesOf(
  record: ReturnType<typeof openRecord>,
  campaign: Parameters<typeof readEnvelopes>[1],
): RackEnvelopes {
  const walk = readEnvelopes(record, campaign, 50);
  for (;;) {
    const step = walk.next();
    if (step.done === true) return step.value;
  }
}

it("takes no name for markup, whatever a name holds", async () => {
  const nasty = `</style></title><script>alert(1)</script>"' onload=x ]]>--><!-- \u202egroup\u0007 &amp; <b>`;
  const record = openRecord(run.folder);
  const read = readCampaignRecord(record, null, run.folder);
  const cells = read.cells.map((cell) => ({
    ...cell,
    ...{ barcode: nasty, group: nasty, chemistry: nasty, electrolyte: nasty, protocolName: nasty, role: nasty },
  }));
  const plan = { ...read.plan, title: nasty, siteTitle: nasty, detector: nasty };
  const header = { ...read.header, campaign: nasty, conditions: nasty, softwareVersion: nasty };
  const campaign = { ...read, cells, plan, header, siteName: nasty, group: nasty, unreadable: [nasty] };
  const step = { barcode: nasty, step: nasty, atMs: 0, by: nasty, note: nasty };
  const custody = { steps: [step], open: [{ kind: "missing", barcode: nasty, what: nasty } as const], damage: [nasty] };
  const whole = { ...campaignReport(record, campaign), unreadable: [nasty], custody };
  const envelopes = envelopesOf(record, campaign);
  record.close();
  let text = "";
  for await (const piece of reportPage({
    ...{ report: whole, envelopes, patterns: () => Promise.resolve([]), currency: nasty, madeMs: 0 },
    attribution: { authors: [nasty], license: nasty },
    softwareVersion: nasty,
  }))
    text += piece;
  const { problems, elements, attributes, text: shown } = checkPage(text);
  expect(problems).toEqual([]);
  expect(elements.get("script")).toBe(1);
  expect(elements.get("style")).toBe(1);
  expect(text).not.toMatch(/<script>alert|\u202e|\u0007/);
  expect(attributes.map(([key]) => key)).not.toContain("onload");
  expect(shown).toContain("<script>alert(1)</script>");
});

it("tells a group who had its own cells, and nothing of others'", () => {
  const folder = newPlace();
  const ledger = openCustody(folder, () => Date.UTC(2026, 2, 1));
  for (const barcode of ["R-A1", "S-B1"]) {
    const announced = {
      shipment: "box",
      group: barcode,
      chemistry: "lno-graphite",
      after: "return",
      hazards: [],
    } as const;
    const measured = { openCircuitV: 2.6, impedanceOhm: null, measuredMs: null };
    ledger.note("Ada", { kind: "expect", cell: { barcode, ...announced, ...measured } });
    ledger.note("Ada", { kind: "receive", barcode });
  }
  ledger.note("Ada", { kind: "inspect", barcode: "S-B1", isSound: false, note: "bent" });
  ledger.close();
  const record = openRecord(run.folder);
  const campaign = readCampaignRecord(record, "alpha", run.folder);
  const { custody, summary } = campaignReport(record, campaign, { custody: readCustody(folder) });
  record.close();
  expect(custody?.steps.map(({ barcode, step }) => `${barcode} ${step}`)).toEqual(["R-A1 announced", "R-A1 received"]);
  expect(custody?.open).toEqual([]);
  expect(summary[2]).not.toContain("S-B1");
});

describe("a report that cannot be made, or not whole", () => {
  it("says what of a damaged record is not in it, and has the rest", async () => {
    const { folder } = await twoGroupsRun();
    const database = openDatabase(join(folder, "campaign.db"));
    database.exec("DROP TRIGGER IF EXISTS frame_no_update; DROP TRIGGER IF EXISTS block_no_update");
    const table = database.prepare("SELECT count(*) AS count FROM block").get() as { readonly count: number };
    database.exec(`UPDATE ${table.count > 0 ? "block" : "frame"} SET crc32 = crc32 + 1 WHERE row = 2`);
    database.close();
    const context = exporting();
    const out = newPlace();
    expect(await reportCommand(context, [folder, "--out", out])).toBe(0);
    const told = JSON.parse(context.lines[0] ?? "") as { unreadable: string[]; summary: string[]; cells: unknown[] };
    expect(told.unreadable).toHaveLength(1);
    expect(told.unreadable[0]).toMatch(/sample (block|frame) 2/);
    expect(told.summary[2]).toMatch(/cannot be read, so run beamrack verify/);
    expect(told.cells).toHaveLength(TWO_GROUPS.cells.length);
    expect(readFileSync(out, "utf8")).toContain("Part of the record cannot be read.");
  });

  it("takes the place of nothing, and leaves nothing when it is broken off", async () => {
    const out = newPlace();
    writeFileSync(out, "a shopping list");
    const refused = reportCommand(exporting(), [run.folder, "--out", out]);
    await expect(refused).rejects.toMatchObject({ code: "export.exists", severity: "refuse" });
    expect(readFileSync(out, "utf8")).toBe("a shopping list");

    const place = newPlace();
    expect(await reportCommand(exporting({ interruptAfter: 4 }), [run.folder, "--out", place])).toBe(1);
    expect(readdirSync(dirname(place))).toEqual([]);

    const nowhere = join(newPlace(), "no", "where.html");
    const unwritable = reportCommand(exporting(), [run.folder, "--out", nowhere]);
    await expect(unwritable).rejects.toMatchObject({ code: "output.unwritable" });
  });

  it("writes over the half that a killed attempt has left, and over no other file", async () => {
    const out = newPlace();
    writeFileSync(`${out}.part`, "<!doctype html>\n<!-- a report of beamrack -->\n<html");
    expect(await reportCommand(exporting(), [run.folder, "--out", out])).toBe(0);
    expect(existsSync(`${out}.part`)).toBe(false);
    const other = newPlace();
    writeFileSync(`${other}.part`, "a shopping list");
    const refused = reportCommand(exporting(), [run.folder, "--out", other]);
    await expect(refused).rejects.toMatchObject({ code: "export.exists" });
  });

  it("never writes into the record, and leaves it as it was", async () => {
    const before = sha256Of(join(run.folder, "campaign.db"));
    const refused = reportCommand(exporting(), [run.folder, "--out", join(run.folder, "campaign.db")]);
    await expect(refused).rejects.toMatchObject({ severity: "refuse" });
    expect(sha256Of(join(run.folder, "campaign.db"))).toBe(before);
  });

  it.each([[[]], [["a", "b"]], [["--out", "x.html"]]])("is refused as %j", async (args) => {
    const refused = (async () => reportCommand(exporting(), args))();
    await expect(refused).rejects.toMatchObject({ code: "command.usage", severity: "refuse" });
  });
});

it("is the same page for the same record", async () => {
  const again = await reported(run.folder, "--author", "A. Person");
  assert(page.length > 10_000, "a page");
  expect(again).toBe(page);
});
