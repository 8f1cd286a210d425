import { describe, expect, it } from "vitest";
import type { ExportedCampaign, ExportedCell } from "../../../controller/export/exported-campaign.ts";
import { bdfFileStem, cellNames } from "../../../controller/export/file-names.ts";
import { crateDocument, type RoCrateOptions } from "../../../controller/export/rocrate/export-rocrate.ts";

function cell(position: string, barcode: string): ExportedCell {
  return { position, barcode, chemistry: "", electrolyte: "", role: "exposed" } as unknown as ExportedCell;
}

describe("names of cells' files", () => {
  it("are unlike where one cell has come back, where case is all that differs, and where a name is made so", () => {
    const cells = [cell("A7", "LNO-1"), cell("A7.2", "LNO-1"), cell("B1", "lno-2"), cell("B2", "LNO-2")];
    expect([...cellNames(cells).values()]).toEqual(["LNO-1-A7", "LNO-1-A7.2", "lno-2-B1", "LNO-2-B2"]);
    const named = [...cellNames([...cells, cell("C1", "LNO-1-A7")]).values()].map((name) => name.toLowerCase());
    expect(new Set(named).size).toBe(5);
  });

  it("are not that of the file which leads to all of them", () => {
    expect([...cellNames([cell("A1", "Campaign"), cell("A2", "LNO-1")]).values()]).toEqual(["Campaign-A1", "LNO-1"]);
  });
});

describe("a crate", () => {
  it("says of each file which cell it is about, also where one's name begins another's", () => {
    const cells = [
      cell("A1", "LNO-1"),
      cell("A2", "LNO-1.5"),
      cell("A7", "LNO-2"),
      cell("A7.2", "LNO-2"),
      cell("B1", "cells"),
    ];
    const campaign = {
      cells,
      siteName: "reference",
      header: { campaign: "a campaign", world: "virtual" },
      plan: { title: "" },
      clock: { startMs: 0 },
      lastMs: 1000,
      instruments: [],
      group: null,
      digest: "",
    } as unknown as ExportedCampaign;
    const names = cellNames(cells);
    const files = cells.flatMap(({ position }) => {
      const name = names.get(position) ?? "";
      const all = [
        `nexus/${name}.nxs`,
        `battinfo/${name}.battinfo.jsonld`,
        `bdf/${bdfFileStem(campaign, name)}.bdf.csv`,
      ];
      return all.map((path) => ({ position, file: { name: path, bytes: 1, sha256: "" } }));
    });
    const options = { attribution: { authors: [], license: null }, publishedMs: 0 } as unknown as RoCrateOptions;
    const document = crateDocument(campaign, options, [
      ...files.map(({ file }) => file),
      { name: "tables/cells.csv", bytes: 1, sha256: "" },
    ]) as { readonly "@graph": readonly { readonly "@id": string; readonly about?: { readonly "@id": string } }[] };
    const about = new Map(document["@graph"].map((node) => [node["@id"], node.about?.["@id"]]));
    for (const { position, file } of files)
      expect([file.name, about.get(file.name)]).toEqual([file.name, `#cell-${position}`]);
    expect([about.has("tables/cells.csv"), about.get("tables/cells.csv")]).toEqual([true, undefined]);
  });
});
