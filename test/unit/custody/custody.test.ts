import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, appendFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openCustody, readCustody, type CustodyLedger } from "../../../controller/custody/custody-ledger.ts";
import type { CustodyAct, ExpectedCell } from "../../../controller/custody/custody.ts";
import { parsePosition, type Position } from "../../../protocols/base/position.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-custody-"));
  folders.push(folder);
  return folder;
}

function position(text: string): Position {
  const found = parsePosition(text);
  if (found === undefined) throw new Error(text);
  return found;
}

const A1 = position("A1");
const A2 = position("A2");

function announced(barcode: string): ExpectedCell {
  return {
    ...{ barcode, shipment: "box-1", group: "lno-lab", chemistry: "lno-graphite", after: "return" },
    ...{ hazards: ["none"], openCircuitV: 3.02, impedanceOhm: 8, measuredMs: 0 },
  };
}

/** A folder in which these have been announced, received and found sound. */
function begun(barcodes: readonly string[]): { readonly ledger: CustodyLedger; readonly folder: string } {
  const folder = newFolder();
  let atMs = Date.UTC(2026, 10, 21);
  const ledger = openCustody(folder, () => (atMs += 60_000));
  for (const barcode of barcodes) {
    expectTaken(ledger, { kind: "expect", cell: announced(barcode) });
    expectTaken(ledger, { kind: "receive", barcode });
    expectTaken(ledger, { kind: "inspect", barcode, isSound: true, note: "" });
  }
  return { ledger, folder };
}

function expectTaken(ledger: CustodyLedger, act: CustodyAct): void {
  expect(ledger.note("ada", act)).toBeNull();
}

function stateOf(ledger: CustodyLedger, barcode: string): string | undefined {
  return ledger.custody.cells.get(barcode)?.state;
}

function kindsOf(ledger: CustodyLedger): readonly string[] {
  return ledger.custody.discrepancies.map(({ kind, barcode }) => `${kind} ${barcode ?? "?"}`);
}

const loaded = (barcode: string | null, at: Position, planned: Position | null = null): CustodyAct => ({
  ...{ kind: "load", barcode, position: at, planned },
});

describe("custody of a cell", () => {
  it("goes from the box to its return, each step with whom and when, and is read back as it was written", () => {
    const { ledger, folder } = begun(["LNO-001"]);
    const barcode = "LNO-001";
    const acts: readonly CustodyAct[] = [
      loaded(barcode, A1, A1),
      { kind: "verify", barcode, position: A1, openCircuitV: 3.02, resistanceOhm: 25 },
      { kind: "cycle", barcode },
      { kind: "finish", barcode },
      { kind: "unload", barcode },
      { kind: "prepare", barcode, openCircuitV: 3.1, leaks: false, isLabelled: true },
      { kind: "return", barcode },
    ];
    for (const act of acts) expectTaken(ledger, act);
    ledger.close();
    const { custody, entries, findings } = readCustody(folder);
    expect(findings).toEqual([]);
    expect(entries).toHaveLength(10);
    const cell = custody.cells.get(barcode);
    expect(cell?.steps.map(({ state }) => state)).toEqual([
      ...["expected", "received", "inspected", "loaded", "verified", "cycling", "done", "unloaded"],
      ...["ready-to-leave", "returned"],
    ]);
    expect(cell?.steps.every(({ by, atMs }) => by === "ada" && atMs > 0)).toBe(true);
    expect(cell?.lastSeen).toMatchObject({ openCircuitV: 3.1, resistanceOhm: 25 });
    expect(custody).toEqual(ledger.custody);
  });

  it("begins anew where its group sends it a second time, and not before it was sent back", () => {
    const { ledger } = begun(["LNO-001"]);
    const barcode = "LNO-001";
    const again: CustodyAct = { kind: "expect", cell: { ...announced(barcode), shipment: "box-2" } };
    expect(ledger.note("ada", again)?.what).toContain("is announced already, in box-1");
    expectTaken(ledger, { kind: "prepare", barcode, openCircuitV: 3.1, leaks: false, isLabelled: true });
    expectTaken(ledger, { kind: "return", barcode });
    expectTaken(ledger, again);
    expect(ledger.custody.cells.get(barcode)).toMatchObject({ state: "expected", lastSeen: null, position: null });
    expectTaken(ledger, { kind: "receive", barcode });
    expect(kindsOf(ledger)).toEqual([]);
  });

  it("takes no step out of its order", () => {
    const { ledger } = begun(["LNO-001"]);
    const barcode = "LNO-001";
    expect(ledger.note("ada", { kind: "cycle", barcode })?.what).toContain("is inspected, so it cannot be cycled");
    expect(ledger.note("ada", { kind: "return", barcode })?.what).toContain("cannot be returned");
    expectTaken(ledger, loaded(barcode, A1));
    const elsewhere: CustodyAct = { kind: "verify", barcode, position: A2, openCircuitV: 3, resistanceOhm: null };
    expect(ledger.note("ada", elsewhere)?.what).toContain("lies at A1, not at A2");
    expect(ledger.note("ada", { kind: "unload", barcode: "LNO-009" })?.what).toContain("no cell LNO-009");
    ledger.close();
  });

  it("leaves at transport charge, without a leak, with its label, and the way its group wants", () => {
    const { ledger } = begun(["LNO-001"]);
    const barcode = "LNO-001";
    const ready = (openCircuitV: number, isLabelled: boolean, leaks: boolean): CustodyAct => ({
      ...{ kind: "prepare", barcode, openCircuitV, leaks, isLabelled },
    });
    expect(ledger.note("ada", ready(4.1, true, false))?.what).toContain("above the");
    expect(ledger.note("ada", ready(0.4, true, false))?.what).toContain("below the");
    expect(ledger.note("ada", ready(3.1, false, false))?.what).toContain("no hazard label");
    expectTaken(ledger, ready(3.1, true, true));
    expect(kindsOf(ledger)).toEqual(["leaking LNO-001"]);
    expect(ledger.note("ada", { kind: "return", barcode })?.what).toContain("cannot be returned");
    expectTaken(ledger, ready(3.1, true, false));
    expect(ledger.note("ada", { kind: "dispose", barcode })?.what).toContain("wants LNO-001 returned");
    ledger.close();
  });
});

describe("what does not agree", () => {
  it("holds back the cell concerned and no other: missing, extra, damaged, twice", () => {
    const { ledger } = begun(["LNO-001", "LNO-002", "LNO-003"]);
    expectTaken(ledger, { kind: "expect", cell: announced("LNO-004") });
    expectTaken(ledger, { kind: "receive", barcode: "LNO-099" });
    expectTaken(ledger, { kind: "receive", barcode: "LNO-002" });
    expectTaken(ledger, { kind: "inspect", barcode: "LNO-003", isSound: false, note: "dented" });
    expectTaken(ledger, { kind: "close-box", shipment: "box-1" });
    expect(kindsOf(ledger)).toEqual(["extra LNO-099", "duplicate LNO-002", "damaged LNO-003", "missing LNO-004"]);
    for (const barcode of ["LNO-002", "LNO-003"]) {
      expect(ledger.note("ada", loaded(barcode, A2))?.what).toContain(`${barcode} is kept back`);
    }
    expectTaken(ledger, loaded("LNO-001", A1));
    expectTaken(ledger, { kind: "settle", barcode: "LNO-003", reason: "only the label is" });
    expectTaken(ledger, loaded("LNO-003", A2));
    // A late box, and a manifest that came after its cell.
    expectTaken(ledger, { kind: "receive", barcode: "LNO-004" });
    expectTaken(ledger, { kind: "expect", cell: announced("LNO-099") });
    expect(kindsOf(ledger)).toEqual(["duplicate LNO-002"]);
    ledger.close();
  });

  it("in the rack: a cell in another slot than planned, one code in two slots, a code that cannot be read", () => {
    const { ledger } = begun(["LNO-001", "LNO-002"]);
    expectTaken(ledger, loaded("LNO-001", A1, A2));
    expect(kindsOf(ledger)).toEqual(["wrong-slot LNO-001"]);
    expect(ledger.note("ada", { kind: "cycle", barcode: "LNO-001" })?.what).toContain("kept back");
    expectTaken(ledger, { kind: "unload", barcode: "LNO-001" });
    expect(kindsOf(ledger)).toEqual([]);
    expectTaken(ledger, loaded(null, A2));
    expect(kindsOf(ledger)).toEqual(["unreadable ?"]);
    expectTaken(ledger, loaded("LNO-001", A2));
    expect(kindsOf(ledger)).toEqual([]);
    expect(ledger.note("ada", loaded(null, A2))?.what).toContain("A2 holds LNO-001");
    expectTaken(ledger, loaded("LNO-001", A1));
    expect(kindsOf(ledger)).toEqual(["duplicate LNO-001"]);
    expect(ledger.custody.slots.get(A1)).toBeNull();
    ledger.close();
  });
});

describe("a slot that is scanned again", () => {
  it("with another code holds back the cell that lay there, and both where two were exchanged", () => {
    const { ledger } = begun(["LNO-001", "LNO-002", "LNO-003"]);
    expectTaken(ledger, loaded("LNO-001", A1));
    expectTaken(ledger, loaded("LNO-003", A1));
    expect(kindsOf(ledger)).toEqual(["wrong-slot LNO-001"]);
    expect(stateOf(ledger, "LNO-003")).toBe("inspected");
    expectTaken(ledger, { kind: "unload", barcode: "LNO-001" });
    expectTaken(ledger, loaded("LNO-003", A1));
    expect(kindsOf(ledger)).toEqual([]);
    expectTaken(ledger, loaded("LNO-002", A2));
    expectTaken(ledger, loaded("LNO-002", A1));
    expectTaken(ledger, loaded("LNO-003", A2));
    expect([...kindsOf(ledger)].sort()).toEqual([
      ...["duplicate LNO-002", "duplicate LNO-003", "wrong-slot LNO-002", "wrong-slot LNO-003"],
    ]);
    ledger.close();
  });

  it("and found with a cell that nobody announced is not forgotten", () => {
    const { ledger } = begun([]);
    expectTaken(ledger, loaded("LNO-099", A1));
    expect(kindsOf(ledger)).toEqual(["extra LNO-099"]);
    expect(ledger.custody.slots.get(A1)).toBe("LNO-099");
    ledger.close();
  });
});

describe("the custody ledger", () => {
  it("says where it cannot be written, and that what was noted stands", () => {
    const path = join(newFolder(), "file");
    writeFileSync(path, "");
    expect(() => openCustody(path, () => 0)).toThrow(expect.objectContaining({ code: "custody.not-written" }) as Error);
    const { ledger, folder } = begun(["LNO-001"]);
    mkdirSync(join(folder, "custody-head.json.draft"));
    expect(() => ledger.note("ada", loaded("LNO-001", A1))).toThrow("EISDIR");
    ledger.close();
    expect(readCustody(folder)).toMatchObject({ findings: [], entries: { length: 4 } });
  });

  it("takes nothing that it could not read again: a code that is none is refused", () => {
    const { ledger, folder } = begun(["LNO-001"]);
    for (const barcode of ["", "x".repeat(65), "https://qr.example.org/?id=1", "A\u001b[31m", "../x"]) {
      expect(ledger.note("ada", { kind: "receive", barcode })?.what).toContain("is no barcode");
      expect(ledger.note("ada", loaded(barcode, A1))?.what).toContain("is no barcode");
    }
    ledger.close();
    expect(readCustody(folder)).toMatchObject({ findings: [], entries: { length: 3 } });
    for (const head of ["", "{}"]) {
      writeFileSync(join(folder, "custody-head.json"), head);
      expect(readCustody(folder).findings[0]?.what).toContain("custody-head.json is missing or cannot be read");
    }
  });

  it("is found out when a line is changed, taken out or cut off; a torn last line was never acknowledged", () => {
    const { ledger, folder } = begun(["LNO-001", "LNO-002"]);
    ledger.close();
    const path = join(folder, "custody.jsonl");
    const whole = readFileSync(path, "utf8");
    const lines = whole.trimEnd().split("\n");
    const spoilt: readonly (readonly [string, string])[] = [
      [whole.replace('"by":"ada"', '"by":"eve"'), ":1"],
      [whole.replace("LNO-002", "LNO-022"), ":4"],
      [`${lines.filter((_, index) => index !== 2).join("\n")}\n`, ":3"],
      [`${lines.slice(0, 5).join("\n")}\n`, ":5"],
      ["", ":0"],
    ];
    for (const [text, where] of spoilt) {
      writeFileSync(path, text);
      expect(readCustody(folder).findings[0]?.where).toBe(`${path}${where}`);
      expect(() => openCustody(folder, () => 0)).toThrow();
    }
    writeFileSync(path, whole);
    appendFileSync(path, '{"act":{"kind":"rec');
    const again = openCustody(folder, () => 5);
    expectTaken(again, loaded("LNO-001", A1));
    expect(() => openCustody(folder, () => 0, 0)).toThrow();
    again.close();
    expect(readCustody(folder)).toMatchObject({ findings: [], entries: { length: 7 } });
    expect(stateOf(again, "LNO-001")).toBe("loaded");
  });
});
