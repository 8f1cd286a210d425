import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { driverFor, openDatabase } from "../../../controller/record/sqlite.ts";

describe("SQLite's driver", () => {
  it("is the one made for this Node: the new one from Node-API 10 on, which crashes without it", () => {
    expect(["9", "10", "11", undefined].map(driverFor)).toEqual([
      "better-sqlite3",
      "better-sqlite3-13",
      "better-sqlite3-13",
      "better-sqlite3",
    ]);
  });

  it("says so where it is not installed, or is not for this machine", () => {
    const folder = mkdtempSync(join(tmpdir(), "beamrack-driver-"));
    const torn = join(folder, "torn.node");
    writeFileSync(torn, "no program");
    try {
      for (const driver of ["better-sqlite3-of-no-node", torn]) {
        expect(() => openDatabase(":memory:", {}, driver)).toThrow(
          expect.objectContaining({
            code: "store.no-driver",
            message: expect.stringContaining(`${driver} cannot be loaded by Node ${process.versions.node}: `) as string,
          }),
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  // better-sqlite3 12 ends the process of a Node 24.19 or later here.
  it.skipIf(driverFor(process.versions["napi"]) === "better-sqlite3")(
    "outlives statements that are collected between two microtasks",
    async () => {
      const database = openDatabase(":memory:");
      const nothing = async (): Promise<void> => Promise.resolve();
      for (let round = 0; round < 4000; round += 1) {
        if (round % 50 === 0) database.prepare("SELECT 1").get();
        for (let promise = 0; promise < 50; promise += 1) void nothing().then(nothing).then(nothing);
        await nothing();
      }
      expect(database.prepare("SELECT 1").pluck().get()).toBe(1);
      database.close();
    },
  );
});
