import { describe, expect, it } from "vitest";
import { createBeamOnCell, createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { createDoseLedger, proposalOf, type Measured } from "../../../controller/dose/dose-ledger.ts";
import { ledgerEventData } from "../../../controller/record/ledger-row.ts";
import type { StoredEvent } from "../../../controller/record/record-rows.ts";
import { replayDoseDecisions } from "../../../controller/run/replay-dose.ts";
import { recordStart } from "../../../controller/run/start-record.ts";
import { canonicalJson, type Json } from "../../../protocols/base/canonical-json.ts";
import { load, goodFiles, tables } from "../../support/campaign-files.ts";

type Data = { readonly [key: string]: Json };

function loaded() {
  const result = load(goodFiles);
  if (result.kind === "refused") throw new Error("the good campaign is refused");
  return result;
}

/** A log of a real campaign: booked, settled, charged in full, and one exposure refused at the end. */
function log(): readonly StoredEvent[] {
  const { campaign, site } = loaded();
  const events: StoredEvent[] = [];
  const record = (type: string, data: Data): number =>
    events.push({
      seq: events.length + 1,
      atMs: events.length,
      type,
      dataText: canonicalJson(data),
      hash: "",
      wallMs: null,
    });
  const cells = createLedgerCells(campaign, site, tables);
  recordStart({ record }, campaign, site, cells);
  const ledger = createDoseLedger({
    cells,
    convention: "en",
    nowMs: () => events.length,
    write: (row) => record(row.kind === "booking" ? "exposure-booked" : "exposure-settled", ledgerEventData(row)),
  });
  const beam = createBeamOnCell(site, tables)([]);
  const flux = { fluxPhS: site.beam.fluxMaxPhS, source: "highest-possible" } as const;
  const measured = (openTimeS: number): Measured => ({ openTimeS, flux, beam, reason: "test" });
  const position = cells[0]?.position ?? "";
  let openTimeS = 1;
  for (let number = 1; ; number += 1) {
    const proposal = proposalOf(0, openTimeS, flux, beam);
    const refusals = ledger.refusals(0, proposal);
    if (refusals.length > 0) {
      record("exposure-refused", {
        position,
        spot: 0,
        fluence_ph_cm2: proposal.fluencePhCm2,
        fluence_rate_ph_cm2_s: proposal.fluenceRatePhCm2S,
        text: refusals.map((item) => item.text).join("; "),
      });
      break;
    }
    ledger.book(`x${number}`, 0, 0, [], measured(openTimeS));
    ledger.settle(`x${number}`, number % 3 === 0 ? null : measured(openTimeS * 0.9), "test");
    openTimeS *= 2;
  }
  return events;
}

const SOUND = log();

function dataOf(event: StoredEvent): Data {
  return JSON.parse(event.dataText) as Data;
}

/** The log with the data of one event changed: the n-th of its type. */
function tampered(type: string, which: number, change: (data: Data) => Data): readonly StoredEvent[] {
  const target = SOUND.filter((event) => event.type === type).at(which);
  if (target === undefined) throw new Error(`no event ${type} ${which}`);
  return SOUND.map((event) =>
    event === target ? { ...event, dataText: canonicalJson(change(dataOf(event))) } : event,
  );
}

function without(type: string, which: number): readonly StoredEvent[] {
  const target = SOUND.filter((event) => event.type === type).at(which);
  return SOUND.filter((event) => event !== target);
}

function texts(events: readonly StoredEvent[]): string {
  return replayDoseDecisions(events)
    .map((finding) => `${finding.severity} ${finding.code} ${finding.where}: ${finding.what}`)
    .join("\n");
}

describe("the replay of a log", () => {
  it("finds nothing in one that is sound, with bookings, settlements, a charge in full and a refusal in it", () => {
    const kinds = SOUND.map((event) => event.type);
    for (const type of ["exposure-booked", "exposure-settled", "exposure-refused"]) expect(kinds).toContain(type);
    expect(SOUND.some((event) => event.dataText.includes("charge-in-full"))).toBe(true);
    expect(replayDoseDecisions(SOUND)).toEqual([]);
  });

  it("passes over events that decide nothing about dose", () => {
    expect(replayDoseDecisions([])).toEqual([]);
    const other = { ...(SOUND[0] as StoredEvent), type: "beam-lost", dataText: "not even JSON" };
    expect(replayDoseDecisions([...SOUND, other])).toEqual([]);
  });

  it("knows of a cell that was put back, whose spots count on one another from there on", () => {
    const { campaign, site } = loaded();
    const cells = createLedgerCells(campaign, site, tables);
    const position = cells[0]?.position ?? "";
    const moved = { position, spots_moved_within_mm: 5 };
    const at = SOUND.findLastIndex(({ type }) => type === "exposure-settled");
    const event = { ...(SOUND[0] as StoredEvent), type: "access-closed", dataText: canonicalJson(moved) };
    // Only one spot was exposed: nothing that was refused before is allowed, or refused otherwise, since.
    expect(replayDoseDecisions([...SOUND.slice(0, at + 1), event, ...SOUND.slice(at + 1)])).toEqual([]);
    const elsewhere = tampered("exposure-refused", 0, (data) => ({ ...data, spot: 1, text: "" }));
    expect(texts(elsewhere)).not.toContain("but now");
    const counted = [...elsewhere.slice(0, at + 1), event, event, ...elsewhere.slice(at + 1)];
    expect(texts(counted)).toMatch(/\(exposure-refused\): was refused, but now: .* Gy/);
  });

  it("names the event that was booked against a limit", () => {
    const lower = tampered("dose-limits", 0, (data) => {
      const limits = data["limits"] as readonly Data[];
      return { limits: limits.map((limit) => ({ ...limit, dose_Gy: 1e-6 })) };
    });
    expect(texts(lower)).toMatch(/error replay\.differs event \d+ \(exposure-booked\): was booked, but is refused now/);
  });

  it("passes over what cannot be read of a refusal or of a cell that was put back", () => {
    const spoilt = (type: string, dataText: string): StoredEvent => ({ ...(SOUND[0] as StoredEvent), type, dataText });
    const unreadable = ["null", "not even JSON"].flatMap((text) => [
      spoilt("exposure-refused", text),
      spoilt("access-closed", text),
    ]);
    const partly = [{ position: 7, spots_moved_within_mm: 5 }, { position: "A1" }].map((data) =>
      spoilt("access-closed", canonicalJson(data)),
    );
    expect(texts([...SOUND, ...unreadable, ...partly])).toBe("");
  });

  it("names a row that states a layer more than its plan has", () => {
    const more = tampered("exposure-booked", 0, (data) => ({
      ...data,
      layer_doses: [...(data["layer_doses"] as readonly Data[]), ...(data["layer_doses"] as readonly Data[])],
    }));
    expect(texts(more)).toContain("(exposure-booked): states layer doses that its fluence does not give");
  });

  it("takes a limit that cannot be read for none that allows", () => {
    const spoilt = tampered("dose-limits", 0, (data) => {
      const limits = data["limits"] as readonly Data[];
      return { limits: limits.map((limit) => ({ ...limit, dose_Gy: "a lot", dose_rate_Gy_s: null })) };
    });
    expect(texts(spoilt)).toContain("states no number");
    expect(texts(tampered("dose-limits", 0, () => ({})))).toContain("no dose limit is given");
  });

  it.each([
    [
      "a higher limit",
      "dose-limits",
      (data: Data) => ({
        limits: (data["limits"] as readonly Data[]).map((limit) => ({ ...limit, dose_Gy: 1e12, dose_rate_Gy_s: null })),
      }),
    ],
    ["another text", "exposure-refused", (data: Data) => ({ ...data, text: "no reason" })],
    ["a smaller fluence", "exposure-refused", (data: Data) => ({ ...data, fluence_ph_cm2: 1 })],
  ])("names a refusal that does not follow: %s", (_, type, change) => {
    expect(texts(tampered(type, 0, change))).toMatch(/\(exposure-refused\): was refused, but now: /);
  });

  it.each([
    ["exposure-booked", 0],
    ["exposure-settled", 0],
    ["exposure-settled", -1],
  ] as const)("names a row (%s, %d) whose fluence was made smaller", (type, which) => {
    const smaller = tampered(type, which, (data) => ({ ...data, fluence_ph_cm2: Number(data["fluence_ph_cm2"]) / 10 }));
    expect(texts(smaller)).toContain("states layer doses that its fluence does not give");
  });

  it("names a settlement of another spot, and one without its booking", () => {
    expect(texts(tampered("exposure-settled", 0, (data) => ({ ...data, spot: 1 })))).toContain(
      "settles spot 1, booked was spot 0",
    );
    expect(texts(without("exposure-booked", 1))).toContain("settles x2, which is not booked");
  });

  it("misses a settlement that was taken out by the decisions after it", () => {
    expect(texts(without("exposure-settled", -1))).toContain("was refused, but now:");
  });

  it.each([
    ["a row of a cell that is not in the plan", "exposure-booked", (data: Data) => ({ ...data, position: "H12" })],
    ["a row of no cell", "exposure-settled", (data: Data) => ({ ...data, position: "Z99" })],
    ["a row that says nothing", "exposure-booked", () => ({})],
    ["a refusal of no cell", "exposure-refused", (data: Data) => ({ ...data, position: "Z99" })],
  ])("names %s", (_, type, change) => {
    expect(texts(tampered(type, 0, change))).toContain("names no cell of the dose plan");
  });

  it.each(["profile", "stacks", "cells"])("says so when the plan states no %s", (key) => {
    const spoilt = tampered("dose-plan", 0, (data) => ({ ...data, [key]: null }));
    expect(texts(spoilt)).toContain("(dose-plan): states no dose plan that can be read");
  });

  it("computes with the plan of the log: another uncertainty, beam or coefficient gives other decisions", () => {
    expect(texts(tampered("dose-plan", 0, (data) => ({ ...data, relative_uncertainty: null })))).toContain(
      "the uncertainty of the dose is not known",
    );
    expect(texts(tampered("dose-plan", 0, (data) => ({ ...data, spots: [] })))).toContain("is not of the plan");
  });

  it("takes nothing back of what was given when the plan is stated again", () => {
    const plan = SOUND.find((event) => event.type === "dose-plan") as StoredEvent;
    const last = SOUND.at(-1) as StoredEvent;
    expect(replayDoseDecisions([...SOUND.slice(0, -1), plan, last])).toEqual([]);
  });
});
