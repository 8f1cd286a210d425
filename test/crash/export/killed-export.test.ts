import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, cpSync, existsSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { exportCommand } from "../../../tui/commands/export.ts";
import {
  exporting,
  fileEnding,
  filesIn,
  newPlace,
  removePlaces,
  sha256Of,
  twoGroupsRun,
} from "../../support/exports.ts";
import { ownProcess } from "../../support/own-process.ts";
import { exportFewAtATime } from "./few-at-a-time.ts";

const CHILD = ownProcess(new URL("./stuck-export.ts", import.meta.url));
const COMMAND = ownProcess(new URL("../../../tui/main.ts", import.meta.url));
const MANIFEST = "manifest-sha256.txt";

afterAll(removePlaces);

let folder: string;
let undisturbed: string;
/** What a process that was killed in its third walk over the record has left. */
let left: string;

beforeAll(async () => {
  ({ folder } = await twoGroupsRun());
  undisturbed = newPlace();
  expect(exportFewAtATime(folder, undisturbed)).toEqual({ kept: 0, walks: 4 });
  left = newPlace();
  const child = spawn(process.execPath, [...CHILD, folder, left], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  expect(() => exportFewAtATime(folder, left)).toThrow(
    expect.objectContaining({ code: "export.exists", message: expect.stringContaining("now") as unknown }) as Error,
  );
  child.kill("SIGKILL");
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  expect(signal).toBe("SIGKILL");
});

/** A copy of it, to go on in. */
function leftCopy(): string {
  const out = newPlace();
  cpSync(`${left}.part`, `${out}.part`, { recursive: true });
  return out;
}

function shorten(path: string, bytes: number): void {
  truncateSync(path, statSync(path).size - bytes);
}

function expectWhole(out: string): void {
  expect(filesIn(out)).toEqual(filesIn(undisturbed));
  expect(readFileSync(join(out, MANIFEST), "utf8")).toBe(readFileSync(join(undisturbed, MANIFEST), "utf8"));
  for (const line of readFileSync(join(out, MANIFEST), "utf8").trimEnd().split("\n")) {
    const [sum = "", name = ""] = line.split("  ");
    expect(sha256Of(join(out, name)), name).toBe(sum);
  }
}

describe("an export killed in the middle of its work", () => {
  it("has not its name yet, so that nobody takes it for whole", () => {
    expect(existsSync(left)).toBe(false);
    expect(filesIn(`${left}.part`)).not.toContain(MANIFEST);
  });

  it("goes on behind the cells that are done, and ends byte for byte as an undisturbed one", () => {
    const out = leftCopy();
    // Of four walks over the record two were done: six cells with two tables and a side-car each.
    expect(exportFewAtATime(folder, out)).toEqual({ kept: 18, walks: 2 });
    expectWhole(out);
    expect(existsSync(`${out}.part`)).toBe(false);
  });

  const tableOf = (out: string, position: string): string => fileEnding(`${out}.part`, `-${position}_`, ".bdf.csv");
  const journalOf = (out: string): string => join(`${out}.part`, ".beamrack-export");

  it.each<[string, (out: string) => void, { kept: number; walks: number }]>([
    [
      "a table is cut short",
      (out) => {
        truncateSync(tableOf(out, "A1"), 100);
      },
      { kept: 0, walks: 4 },
    ],
    [
      "a table has a byte more",
      (out) => {
        appendFileSync(tableOf(out, "A4"), "0");
      },
      { kept: 9, walks: 3 },
    ],
    [
      "a table is gone",
      (out) => {
        rmSync(tableOf(out, "B1"));
      },
      { kept: 9, walks: 3 },
    ],
    [
      "its journal is cut short",
      (out) => {
        shorten(journalOf(out), 10);
      },
      { kept: 9, walks: 3 },
    ],
    [
      "its journal ends in a line cut short",
      (out) => {
        appendFileSync(journalOf(out), '{"stage":"ce');
      },
      { kept: 18, walks: 2 },
    ],
    [
      "its journal is empty",
      (out) => {
        truncateSync(journalOf(out), 0);
      },
      { kept: 0, walks: 4 },
    ],
  ])("makes again what is not as it was written: %s", (_what, spoil, goesOn) => {
    const out = leftCopy();
    spoil(out);
    expect(exportFewAtATime(folder, out)).toEqual(goesOn);
    expectWhole(out);
  });

  it("begins anew where what was left is another export's", () => {
    const out = leftCopy();
    expect(exportFewAtATime(folder, out, { key: "another key" })).toEqual({ kept: 0, walks: 4 });
    expectWhole(out);
  });
});

describe("an export that is broken off by hand", () => {
  it("keeps what is finished, says how it goes on, and goes on from there", async () => {
    const record = openRecord(folder);
    const blocks = [...record.frames()].length;
    record.close();
    const out = newPlace();
    const args = [folder, "--as", "rocrate", "--tables", "csv", "--out", out];
    // A breath before it begins, one walk over the record for tables; broken off in the next one, for NeXus.
    const broken = exporting({ interruptAfter: blocks + 3 });
    expect(await exportCommand(broken, args)).toBe(1);
    expect(broken.errors.at(-1)).toMatch(/what is finished waits in .*\.part, and the same command goes on from there/);
    expect(existsSync(out)).toBe(false);
    const again = exporting();
    expect(await exportCommand(again, args)).toBe(0);
    expect(again.errors[0]).toBe("goes on where it was broken off: 20 files of it stand");
    const { files } = JSON.parse(again.lines[0] ?? "") as { readonly files: readonly { readonly name: string }[] };
    expect(files.filter(({ name }) => name.startsWith("nexus/"))).toHaveLength(11);
    expect(files.filter(({ name }) => name.endsWith(".bdf.csv"))).toHaveLength(10);
  });
});

describe("what is written onto a disk that takes no more", () => {
  it.each(["export --as bdf", "export --as nexus", "repair"])(
    "ends with a plain line, leaves nothing, and touches nothing else: %s",
    (what) => {
      const [name = "", ...options] = what.split(" ");
      const out = newPlace();
      const before = filesIn(folder).map((name) => `${name} ${sha256Of(join(folder, name))}`);
      // No file may grow beyond so many blocks: what a full disk says, said by the system.
      const command = 'ulimit -f 20; exec "$0" "$@"';
      const args = [...COMMAND, name, folder, ...options, "--out", out];
      // The compiler must not try its hand at files of its own under this limit.
      const env = { ...process.env, TSX_DISABLE_CACHE: "1" };
      const child = spawnSync("sh", ["-c", command, process.execPath, ...args], { encoding: "utf8", env });
      expect(child.stderr).toMatch(/\[output\.unwritable\] Free space or permissions, or name another place/);
      expect(child.stderr).not.toMatch(/defect|HDF5-DIAG/);
      expect([child.status, child.stdout]).toEqual([1, ""]);
      expect(filesIn(join(out, ".."))).toEqual([]);
      expect(filesIn(folder).map((name) => `${name} ${sha256Of(join(folder, name))}`)).toEqual(before);
    },
  );
});
