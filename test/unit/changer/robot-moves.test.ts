import { describe, expect, it } from "vitest";
import { createRobotMoves, type RobotMoves, type RobotMovesDeps } from "../../../controller/changer/robot-moves.ts";

/** A robot that is switched off, with one cell in its place; `at` is called as each act of a transfer begins. */
function openMoves(at: (act: string, moves: RobotMoves) => void) {
  const acts: string[] = [];
  const ended: string[] = [];
  const act = (name: string): Promise<void> => {
    acts.push(name);
    at(name, moves);
    return Promise.resolve();
  };
  const moves: RobotMoves = createRobotMoves({
    clock: { monoMs: () => 0 },
    cells: [{ position: "A1", barcode: "R-A1", slot: { tray: 1, slot: 1 } }],
    changer: {
      name: "robot",
      read: () => act("read").then(() => ({ isPowered: false })),
      powerOn: () => act("power on"),
    },
    stage: { moveTo: () => act("stage") },
    io: {
      readInputs: () =>
        act("levels").then(() => ({
          readAtMs: 0,
          interlocks: { searched: true, doorClosed: true, emergencyOk: true, motionEnabled: true },
          ...{ shutterClosedSwitch: true, shutterOpenSwitch: false },
          ...{ safetyShutterClosedSwitch: true, safetyShutterOpenSwitch: false },
        })),
    },
    recorder: {
      record: (type: string, data: { outcome?: string }) => type === "transfer-ended" && ended.push(data.outcome ?? ""),
    },
    commit: () => act("commit"),
    ...{ alarms: { raise: () => undefined, clearAll: () => undefined }, stopExposing: () => undefined },
    ...{ showLevels: () => undefined, latched: () => [], levelsMaximumAgeMs: 100 },
  } as unknown as RobotMovesDeps);
  function load(): Promise<string | null> {
    return moves.transfer("load", [moves.move(0, "beam", 3.6)], () => act("go").then(() => undefined));
  }
  return { moves, acts, ended, load };
}

const ALL = ["commit", "levels", "stage", "read", "power on", "levels", "go", "commit"];

describe("a transfer that is being prepared", () => {
  it("goes on to its end where nobody stops it", async () => {
    const { moves, acts, ended, load } = openMoves(() => undefined);
    await load();
    expect(acts).toEqual(ALL);
    expect(ended).toEqual(["done"]);
    expect(moves.at("beam")).toBe(0);
  });

  describe.each([
    [
      "a stop of all motion",
      (moves: RobotMoves): void => {
        moves.abort("stopped by a person");
      },
    ],
    [
      "a hazard",
      (moves: RobotMoves): void => {
        moves.stand("stop exposing by input gas");
      },
    ],
  ])("ends after %s", (_, stop) => {
    it.each([0, 1, 2, 3, 4, 5])("with no further act and every cell where it was (step %i)", async (step) => {
      let count = 0;
      const { moves, acts, ended, load } = openMoves((__, own) => {
        if (count === step) stop(own);
        count += 1;
      });
      await expect(load()).rejects.toMatchObject({ code: "changer.not-ready" });
      expect(acts).toEqual(ALL.slice(0, step + 1));
      expect(ended).toEqual(["not-begun"]);
      expect(moves.places.size).toBe(0);
      expect(moves.isUnderWay).toBe(false);
    });
  });
});

describe("a robot that stands", () => {
  it("begins nothing, and puts nothing on record, until it is let go", async () => {
    const { moves, acts, load } = openMoves(() => undefined);
    moves.stand("stop motion by a person");
    await expect(load()).rejects.toMatchObject({ code: "changer.not-ready" });
    expect(acts).toEqual([]);
    moves.stand(null);
    await load();
    expect(acts).toEqual(ALL);
  });
});
