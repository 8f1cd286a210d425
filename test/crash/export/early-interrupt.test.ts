import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cpSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportCommand } from "../../../tui/commands/export.ts";
import { exporting, filesIn, newPlace, removePlaces, twoGroupsRun } from "../../support/exports.ts";
import { ownProcess } from "../../support/own-process.ts";

const CHILD = ownProcess(new URL("./early-interrupt.ts", import.meta.url));

afterAll(removePlaces);

let folder: string;

beforeAll(async () => {
  ({ folder } = await twoGroupsRun());
});

function interrupted(times: number, out: string): SpawnSyncReturns<string> {
  const args = [...CHILD, String(times), "export", folder, "--as", "csv", "--out", out];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}

describe("an export that gets a Ctrl-C in its first second", () => {
  it("says so before its command is loaded", () => {
    const out = newPlace();
    const { status, stdout, stderr } = interrupted(1, out);
    expect([status, stdout, stderr]).toEqual([
      130,
      "",
      "beamrack: ended by SIGINT before it began; nothing was done\n",
    ]);
    expect(filesIn(dirname(out))).toEqual([]);
  });

  it("says so while it reads the record, and has written nothing", () => {
    const out = newPlace();
    const { status, stdout, stderr } = interrupted(2, out);
    expect([status, stdout, stderr]).toEqual([
      1,
      "",
      `${out}: broken off before anything was written; the data folder is as it was\n`,
    ]);
    expect(filesIn(dirname(out))).toEqual([]);
  });

  it("is listened for before anything is read", async () => {
    const out = newPlace();
    let interrupt: ((reason: "SIGINT") => void) | null = null;
    const context = exporting();
    const code = await exportCommand(
      {
        ...context,
        clock: {
          ...context.clock,
          wallMs() {
            if (interrupt === null) throw new Error("nobody listens, so the process would be gone");
            interrupt("SIGINT");
            return 0;
          },
        },
        onInterrupt(handler) {
          interrupt = handler;
          return () => {
            interrupt = null;
          };
        },
      },
      [folder, "--as", "csv", "--out", out],
    );
    expect([code, interrupt]).toEqual([1, null]);
    expect(context.errors).toEqual([`${out}: broken off before anything was written; the data folder is as it was`]);
  });

  it("tells of what an earlier attempt has left, and leaves it", async () => {
    const first = newPlace();
    const broken = exporting({ interruptAfter: 15 });
    expect(await exportCommand(broken, [folder, "--as", "rocrate", "--tables", "csv", "--out", first])).toBe(1);
    expect(existsSync(`${first}.part`)).toBe(true);
    const out = newPlace();
    cpSync(`${first}.part`, `${out}.part`, { recursive: true });
    const before = filesIn(dirname(out));
    const { status, stderr } = interrupted(2, out);
    expect([status, stderr]).toEqual([
      1,
      `${out}: broken off before anything was written; what waits in ${out}.part is as it was; the data folder is as it was\n`,
    ]);
    expect(filesIn(dirname(out))).toEqual(before);
  });
});
