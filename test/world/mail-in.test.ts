import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CUSTODY_FILE, readCustody } from "../../controller/custody/custody-ledger.ts";
import { recordedActs } from "../../controller/custody/recorded-acts.ts";
import { assert } from "../../protocols/base/assert.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { readManifest } from "../../protocols/manifest/read-manifest.ts";
import { createVirtualCustody, displacedCells, type CourseBox } from "../../tui/virtual/simulated-course.ts";
import { goodCsv } from "../support/manifests.ts";
import { campaign, field, newFolder, removeFolders, runWorld } from "../support/world-campaign.ts";

afterAll(removeFolders);

const mixed = {
  ...campaign,
  cells: campaign.cells.map((cell) =>
    cell.position.startsWith("A") ? cell : { ...cell, chemistry: "nmc811-graphite-siox" as const },
  ),
};

/** A box of these cells, as its group measured them four days before. */
function box(group: string, barcodes: readonly string[], comesMs: number): CourseBox {
  const { manifest } = readManifest(goodCsv(1), "box.csv");
  const [first] = manifest?.cells ?? [];
  assert(manifest !== undefined && first !== undefined, "the good manifest is refused");
  const measuredMs = mixed.startMs - 4 * 86_400_000;
  const cells = barcodes.map((barcode) => {
    const isLno = barcode.startsWith("R");
    const chemistry = isLno ? ("lno-graphite" as const) : ("nmc811-graphite-siox" as const);
    return { ...first, barcode, chemistry, openCircuitV: isLno ? 2.63 : 3.105, impedanceOhm: null, measuredMs };
  });
  return { comesMs, manifest: { ...manifest, group, shipment: `box of ${group}`, cells } };
}

function place(text: string): Position {
  const found = parsePosition(text);
  assert(found !== undefined, `${text} is no position`);
  return found;
}

describe("boxes that come in the virtual world", () => {
  it("are received, loaded, proven and completed in a ledger of their own; labels that were exchanged are found before current and beam", async () => {
    const folder = newFolder();
    const boxes = [
      box("lno-lab", ["R-A1", "R-A2", "R-A3", "R-A4", "R-A5", "S-B1", "S-B2"], 0),
      box("nmc-lab", ["S-B3", "S-B4", "S-B5"], 1),
    ];
    const custody = createVirtualCustody(mixed, boxes, folder);
    const run = await runWorld({
      hours: 0.55,
      folder,
      campaign: mixed,
      displaced: displacedCells({ boxes: [], exchanged: [[place("A2"), place("B2")]], faults: [] }),
      ...{ identity: custody.identity, absentUntilMs: custody.absentUntilMs },
      at: [
        // Before it came: it is neither driven nor exposed after.
        [
          100,
          ({ run: { stops } }) => {
            stops.order({ stopClass: "open-circuit", author: "anna", reason: "a test", positions: ["B5"] });
          },
        ],
        [
          0.5,
          ({ clock }) => {
            custody.begin(clock);
          },
        ],
      ],
    });
    custody.finish(run.virtual.clock.monoMs());
    expect(JSON.stringify(run.summary.violations)).toBe("[]");
    expect(run.alarms.toSorted()).toEqual(["cell.wrong A2", "cell.wrong B2"]);
    const begun = new Set(run.of("step-started").map((event) => field(event, "position")));
    expect(begun).toEqual(new Set(["A1", "A3", "A4", "A5", "B1", "B3", "B4"]));
    const exposed = run.of("exposure-booked").map((event) => field(event, "position"));
    expect(exposed).toContain("A1");
    for (const position of ["A2", "B2", "B5"]) expect(exposed).not.toContain(position);
    const [come] = run.of("cell-come");
    expect(come?.atMs).toBe(1_800_001);
    const { custody: kept, findings } = readCustody(folder);
    expect(findings).toEqual([]);
    const states = Object.fromEntries([...kept.cells.values()].map(({ barcode, state }) => [barcode, state]));
    expect(states).toMatchObject({ "R-A1": "done", "R-A2": "loaded", "S-B2": "loaded", "S-B3": "done" });
    expect(kept.cells.get("S-B3")?.steps.map(({ state }) => state)).toEqual([
      ...["expected", "received", "inspected", "loaded", "verified", "cycling", "done"],
    ]);
    // Taken over when the run was done, and told as of when it was.
    const [first] = run.of("step-started").filter((event) => field(event, "position") === "B3");
    const cycling = kept.cells.get("S-B3")?.steps.find(({ state }) => state === "cycling");
    expect(cycling?.atMs).toBe(mixed.startMs + (first?.atMs ?? NaN));
    // The campaign was over, and their protocols were not.
    const before = new Map([...kept.cells].map(([code, cell]) => [code, { ...cell, state: "cycling" as const }]));
    expect(recordedActs(folder, { ...kept, cells: before }, true).map(({ said }) => said)).toContain(
      "R-A1 has cycled to the campaign's end, within its protocol",
    );
    // The same run again finds what it would write.
    const text = readFileSync(join(folder, CUSTODY_FILE), "utf8");
    createVirtualCustody(mixed, boxes, folder);
    expect(readFileSync(join(folder, CUSTODY_FILE), "utf8")).toBe(text);
  });
});
