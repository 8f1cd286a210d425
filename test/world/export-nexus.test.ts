import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import { openDatabase } from "../../controller/record/sqlite.ts";
import { openFrameWriter } from "../../simulator/frames/nexus-frame.ts";
import { frameFileName } from "../../tui/virtual/frame-files.ts";
import { writeWhole } from "../../tui/virtual/world-files.ts";
import { exported, newPlace, removePlaces, TWO_GROUPS, twoGroupsRun } from "../support/exports.ts";
import { field, type WorldRun } from "../support/world-campaign.ts";

afterAll(removePlaces);

const READER = fileURLToPath(new URL("../support/read-export.py", import.meta.url));
/** Debian's h5py belongs to the system's Python, which need not be the first on the path. */
const python = ["python3", "/usr/bin/python3"].find((name) => {
  try {
    execFileSync(name, ["-c", "import h5py"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

let run: WorldRun;
let out: string;

/** A pattern for each frame of cell A1, as `simulate --frames` would have written it. */
async function patternsOfA1(): Promise<string> {
  const folder = newPlace();
  mkdirSync(folder);
  const writer = await openFrameWriter();
  const frames = run.of("exposure-ended").filter((event) => field(event, "position") === "A1");
  for (const [index, event] of frames.entries()) {
    const bytes = writer.frameToNexus(
      {
        ...{ title: "a pattern", sampleName: "R-A1", startTime: "2026-03-02T08:00:00Z", exposureS: 5 },
        ...{ energyKeV: 60, wavelengthA: 0.2066, fluxPhS: 1e11, twoThetaDeg: Float64Array.of(1, 2, 3) },
      },
      Int32Array.of(10, 20, index),
    );
    writeWhole(join(folder, frameFileName(field(event, "frame"))), bytes);
  }
  return folder;
}

beforeAll(async () => {
  run = await twoGroupsRun();
  out = await exported(run.folder, "--as", "nexus", "--frames", await patternsOfA1());
});

type Column = { readonly value: unknown } | null;

describe("a campaign as NeXus", () => {
  it("has every sample of the store in the file of its cell, and leads to the default plot", async () => {
    const hdf5 = await import("h5wasm/node");
    await hdf5.ready;
    const record = openRecord(run.folder);
    for (const [channelIndex, cell] of TWO_GROUPS.cells.entries()) {
      const file = new hdf5.File(join(out, `${cell.barcode}.nxs`), "r");
      const column = (name: string): Float64Array =>
        (file.get(`electrochemistry/cycling/${name}`) as Column)?.value as Float64Array;
      const stored = [...record.samples(channelIndex)];
      expect([...column("test_time_second")]).toEqual(stored.map(({ atMs }) => atMs / 1000));
      expect([...column("voltage_volt")]).toEqual(stored.map(({ voltageV }) => voltageV));
      expect([...column("current_ampere")]).toEqual(stored.map(({ currentA }) => currentA));
      expect(column("step_count")).toHaveLength(stored.length);
      file.close();
    }
    record.close();
  });

  it("has one file for each cell and one that leads to them all", () => {
    expect(readdirSync(out).sort()).toEqual(
      [
        "campaign.nxs",
        "frames.json",
        "manifest-sha256.txt",
        "provenance.json",
        ...TWO_GROUPS.cells.map(({ barcode }) => `${barcode}.nxs`),
      ].sort(),
    );
  });

  describe.skipIf(python === undefined)("read by h5py", () => {
    interface Read {
      readonly classes: readonly (readonly [string, string])[];
      readonly signal: string;
      readonly axis: string;
      readonly x: readonly number[];
      readonly y: readonly number[];
      readonly x_units: string;
      readonly y_units: string;
      readonly provenance: unknown;
      readonly links: Readonly<Record<string, number>>;
      readonly patterns: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    }
    let cell: Read;
    let master: Read;

    beforeAll(() => {
      const paths = [join(out, "R-A1.nxs"), join(out, "campaign.nxs")];
      const text = execFileSync(python ?? "python3", [READER, ...paths], { encoding: "utf8", cwd: dirname(out) });
      [cell, master] = JSON.parse(text) as [Read, Read];
    });

    it("shows voltage over time by default, and every group has its class", () => {
      expect([cell.signal, cell.axis, cell.y_units, cell.x_units]).toEqual([
        "voltage_volt",
        "test_time_second",
        "V",
        "s",
      ]);
      expect(cell.x).toHaveLength(cell.y.length);
      expect(cell.x.length).toBeGreaterThan(400);
      for (const [name, nexusClass] of cell.classes) expect(`${name} ${nexusClass}`).toMatch(/ NX\w+$/);
      expect(cell.provenance).toMatchObject({ log: { digest: run.virtual.store.digest } });
    });

    it("has an NXmonopd entry for each pattern that there is", () => {
      const made = run.of("exposure-ended").filter((event) => field(event, "position") === "A1");
      const patterns = Object.values(cell.patterns);
      expect(patterns).toHaveLength(made.length);
      for (const [index, pattern] of patterns.entries())
        expect(pattern).toEqual({
          ...{ definition: "NXmonopd", counts: 30 + index, is_same: true, mode: "timer", wavelength: 0.2066 },
        });
    });

    it("leads from the campaign to every cell, and shows the dose over the rack", () => {
      expect(Object.keys(master.links)).toEqual(TWO_GROUPS.cells.map(({ position }) => position));
      expect(master.links["A1"]).toBe(cell.x.length);
      expect([master.signal, master.axis, master.y_units]).toEqual(["dose_highest", "changer_position", "Gy"]);
      expect(Math.min(...master.y)).toBeGreaterThan(0);
    });
  });

  it("says in each file what of the record could not be read", async () => {
    const { folder } = await twoGroupsRun();
    const database = openDatabase(join(folder, "campaign.db"));
    database.exec("DROP TRIGGER block_no_update; UPDATE block SET crc32 = crc32 + 1 WHERE row = 3");
    database.close();
    const place = await exported(folder, "--as", "nexus");
    const hdf5 = await import("h5wasm/node");
    await hdf5.ready;
    for (const [name, entry] of [
      ["R-A3.nxs", "electrochemistry"],
      ["campaign.nxs", "campaign"],
    ] as const) {
      const file = new hdf5.File(join(place, name), "r");
      const note = (file.get(`${entry}/provenance/data`) as Column)?.value as Uint8Array;
      expect(JSON.parse(Buffer.from(note).toString("utf8"))).toMatchObject({
        unreadable: [expect.stringMatching(/^sample block 3 of A3, .* CRC-32/)],
      });
      file.close();
    }
  });

  it("gives a group its own cells and no word of the others'", async () => {
    const own = await exported(run.folder, "--as", "nexus", "--group", "beta");
    for (const name of readdirSync(own))
      expect(readFileSync(join(own, name), "latin1"), name).not.toMatch(/R-A\d|alpha/);
  });
});
