import { describe, expect, it } from "vitest";
import type { StagePosition } from "../../../protocols/roles/stage.ts";
import type { ParkingPlace } from "../../../controller/beam/sweeps.ts";
import { createParking } from "../../../controller/run/parking.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { broken, GOOD_LEVELS, NOW_MS } from "./levels.ts";

/** What is told of one way to wait; the stage fails on it where that is said. */
async function told(
  place: ParkingPlace,
  way: readonly StagePosition[] | undefined,
  fails = false,
  parkAt?: StagePosition,
  levels: InputLevels = GOOD_LEVELS,
): Promise<readonly string[]> {
  const news: string[] = [];
  const parking = createParking({
    roles: {
      io: { readInputs: () => Promise.resolve(levels) },
      stage: {
        name: "stage",
        read: () => Promise.resolve({ xMm: 0, yMm: 0, atRest: true }),
        moveTo() {
          news.push("moves");
          return fails ? Promise.reject(new Error("it tripped")) : Promise.resolve();
        },
      },
    } as never,
    nowMs: () => NOW_MS,
    levelsMaximumAgeMs: 900,
    latched: () => [],
    showLevels: () => undefined,
    shadowPath: () => way,
    parkAt,
    target: () => way?.[0],
    noteParking: () => news.push("sets out"),
    noteParked: (_, isThere) => news.push(isThere ? "is there" : "stays"),
  });
  await parking.park(place, new AbortController().signal).catch(() => undefined);
  return news;
}

describe("a stage that goes to wait", () => {
  it("says where it sets out for before it moves, and that it is there after", async () => {
    expect(await told({ cellIndex: 1 }, [{ xMm: 25, yMm: 0 }])).toEqual(["sets out", "moves", "is there"]);
    expect(await told({ cellIndex: 1 }, [{ xMm: 25, yMm: 0 }], true)).toEqual(["sets out", "moves"]);
    expect(await told("shadow", [])).toEqual(["is there"]);
  });

  it("is not taken for being in a shadow that the site does not have", async () => {
    expect(await told("shadow", undefined)).toEqual(["stays"]);
  });

  it("goes on from the shadow to where it is parked, and only from there", async () => {
    const park = { xMm: 0, yMm: 200 };
    expect(await told("shadow", [{ xMm: 0, yMm: 0 }], false, park)).toEqual([
      ...["sets out", "moves", "sets out", "moves", "is there"],
    ]);
    expect(await told("shadow", undefined, false, park)).toEqual(["stays"]);
    expect(await told({ cellIndex: 1 }, [{ xMm: 25, yMm: 0 }], false, park)).toEqual(["sets out", "moves", "is there"]);
  });

  it("does not set out where the hutch does not allow motion", async () => {
    const way = [{ xMm: 25, yMm: 0 }];
    expect(await told({ cellIndex: 1 }, way, false, undefined, broken("motionEnabled"))).toEqual([]);
  });
});
