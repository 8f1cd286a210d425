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

  it("says so where it is not installed", () => {
    expect(() => openDatabase(":memory:", {}, "better-sqlite3-of-no-node")).toThrow(
      expect.objectContaining({
        code: "store.no-driver",
        message: `better-sqlite3-of-no-node is not installed for Node ${process.versions.node}`,
      }),
    );
  });

  // better-sqlite3 12 ends the process of a Node 24.19 or later here
  it("outlives statements that are collected between two microtasks", async () => {
    const database = openDatabase(":memory:");
    const nothing = async (): Promise<void> => Promise.resolve();
    for (let round = 0; round < 4000; round += 1) {
      if (round % 50 === 0) database.prepare("SELECT 1").get();
      for (let promise = 0; promise < 50; promise += 1) void nothing().then(nothing).then(nothing);
      await nothing();
    }
    expect(database.prepare("SELECT 1").pluck().get()).toBe(1);
    database.close();
  });
});
