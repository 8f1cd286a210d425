import { describe, expect, it } from "vitest";
import { csvTemplate, jsonTemplate } from "../../../protocols/manifest/manifest-template.ts";
import { readManifest } from "../../../protocols/manifest/read-manifest.ts";
import { goodCsv } from "../../support/manifests.ts";

function wordsOf(text: string): readonly string[] {
  return readManifest(text, "box.csv").findings.map(({ where, what }) => `${where}: ${what}`);
}

describe("a manifest", () => {
  it("as the template has it passes in both forms, and says the same", () => {
    const csv = readManifest(csvTemplate(), "box");
    const json = readManifest(jsonTemplate(), "box");
    expect(csv.findings).toEqual([]);
    expect(json.findings).toEqual([]);
    const plain = (manifest: typeof csv.manifest): unknown => ({
      ...manifest,
      cells: manifest?.cells.map((cell) => ({ ...cell, where: "" })),
    });
    expect(plain(json.manifest)).toEqual(plain(csv.manifest));
    expect(csv.manifest).toMatchObject({
      group: "lno-lab",
      after: "return",
      embargoUntilMs: Date.UTC(2027, 2, 1),
      cells: [
        { barcode: "LNO-001", hazards: ["flammable_electrolyte"], triggers: [{ kind: "every", everyMin: 30 }] },
        { barcode: "LNO-002", triggers: [{ kind: "state-of-charge", step: 0.1 }, { kind: "rest-end" }] },
      ],
    });
  });

  it("comes from spreadsheets with a byte order mark, CRLF, semicolons, tabs and padded lines", () => {
    const good = readManifest(goodCsv(3), "box").manifest;
    const padded = goodCsv(3, ";")
      .split("\n")
      .map((line) => (line.startsWith("LNO") || line.startsWith("barcode") || line === "" ? line : `${line};;;`))
      .join("\r\n");
    expect(readManifest(`\uFEFF${padded}`, "box").manifest).toEqual(good);
    expect(readManifest(goodCsv(3, "\t"), "box").manifest).toEqual(good);
  });

  it("names a decimal comma and does not guess what was meant", () => {
    const text = goodCsv(2, ";").replace(";4.09;", ";4,09;");
    expect(wordsOf(text)).toEqual(["box.csv:11:56 cells[0].nominal_capacity_mAh: 4,09 has a decimal comma"]);
    expect(readManifest(text, "box.csv").findings[0]?.advice).toBe("Write 4.09, with a point.");
  });

  it("that lacks a column is told so once, at the column names, and not for each cell", () => {
    const text = goodCsv(3)
      .split("\n")
      .map((line, index) =>
        index >= 9
          ? line
              .split(",")
              .filter((_, column) => column !== 7)
              .join(",")
          : line,
      )
      .join("\n");
    const found = wordsOf(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^box\.csv:10:\d+ electrolyte: column electrolyte is missing$/);
  });

  it("is refused where a protocol goes beyond the cell's own limits", () => {
    const text = goodCsv(1).replace(",2.5,4.25,", ",2.9,4.15,");
    expect(wordsOf(text)).toEqual([
      "box.csv:11:61 cells[0].voltage_min_V: formation discharges to 2.8 V, below 2.9 V",
      "box.csv:11:65 cells[0].voltage_max_V: formation charges to 4.2 V, beyond 4.15 V",
    ]);
  });

  it("is refused where there is nothing to expose a cell by: no limit of dose, and no dark control", () => {
    const without = goodCsv(1).replace(",30000,", ",,");
    expect(wordsOf(without)).toEqual([expect.stringContaining("dose_limit_Gy is missing")]);
    const dark = without.replace(",every:30min,2,exposed,", ",,2,dark-control,");
    expect(readManifest(dark, "box.csv").manifest?.cells[0]).toMatchObject({ role: "dark-control", doseLimitGy: null });
  });

  it("needs an address for what is to be returned", () => {
    expect(wordsOf(goodCsv(1).replace("return_address,Example Lab\n", ""))).toEqual([
      "box.csv:8:7 return_address: return_address is missing",
    ]);
  });

  it("is refused where a code would be taken for a slot or a word at the rack", () => {
    for (const barcode of ["A1", "H12", "damaged"]) {
      expect(wordsOf(goodCsv(1).replace(/\n[^,\n]+(,lno-graphite)/, `\n${barcode}$1`))).toEqual([
        `box.csv:11:1 cells[0].barcode: barcode ${barcode} is what a slot is called, or a word of whoever scans`,
      ]);
    }
  });

  it("that is meant to be told at length is told in few words", () => {
    const many = "9".repeat(100_000);
    const texts = [`{"cells":[${"1,".repeat(5000)}1]}`, `{"${many}":1}`, `{"proposal":${many}}`, `{"group":[${many}]}`];
    for (const text of texts) {
      const { manifest, findings } = readManifest(text, "box");
      expect(manifest).toBeUndefined();
      expect(findings.length).toBeLessThan(250);
      expect(JSON.stringify(findings).length).toBeLessThan(60_000);
    }
  });

  it("that is empty, or something else, is refused in words", () => {
    for (const text of ["", "\n\n", "# nothing", "{}", "[]", "hello", "\u0000"]) {
      const { manifest, findings } = readManifest(text, "box");
      expect(manifest).toBeUndefined();
      expect(findings[0]?.where).toMatch(/^box:\d+:\d+/);
    }
  });
});
