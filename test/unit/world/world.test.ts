import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { NO_CLAIMS, SITE, attenuation, cell, expose, layer, ready, testWorld } from "./worlds.ts";
import { passes } from "../../../simulator/world/world-dose.ts";
import { CELL_FAULT_KINDS } from "../../../simulator/cell/cell-fault.ts";
import { lightFaults, parseWorldFaults } from "../../../simulator/world/world-faults.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import type { WorldDoseLimit } from "../../../simulator/world/world-site.ts";

const A1 = [12.5, 12.5] as const;
const B3 = [62.5, 37.5] as const;
const B3_INDEX = 14;

function limit(doseGy: number, more: Partial<WorldDoseLimit> = {}): WorldDoseLimit {
  return {
    layerIndex: 2,
    location: "mean",
    convention: "en",
    doseGy,
    doseRateGyS: null,
    scope: "spot-total",
    ...more,
  };
}

/** And is whole again after twenty. Returns when it was said. */
function doorBreaksInASecond({ clock, world }: ReturnType<typeof testWorld>): number {
  const nowMs = clock.nowMs();
  world.schedule([{ kind: "interlock", name: "doorClosed", fromMs: nowMs + 1000, toMs: nowMs + 20_000 }], {
    links: new Map(),
    positionOfLink: new Map(),
    positions: [],
  });
  return nowMs;
}

describe("the world's truth about exposures", () => {
  it("counts the photons of an opening exactly: flux x time between the orders", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    await expose(test, 10);
    const [opening] = test.world.openings;
    // Opening and closing each cost half their travel, and the closing travel comes after the order.
    expect((opening?.photons ?? 0) / (1e11 * 10)).toBeCloseTo(1, 3);
    expect(opening?.deposits).toHaveLength(1);
    expect((opening?.endMs ?? 0) - (opening?.startMs ?? 0)).toBeCloseTo(10_020, 6);
  });

  it("gives the electrode of a coin cell the dose of the worked example: 183.8 Gy/s mean, 185.7 at the surface", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    await expose(test, 10);
    const photons = test.world.openings[0]?.photons ?? NaN;
    const perSecond = 1e11 / photons;
    expect(test.world.dose.doseGy(0, 2, "mean", "en", 0, 0) * perSecond).toBeCloseTo(183.8, 0);
    expect(test.world.dose.doseGy(0, 2, "surface", "en", 0, 0) * perSecond).toBeCloseTo(185.7, 0);
    expect(test.world.dose.doseGy(0, 0, "mean", "en", 0, 0) * perSecond).toBeCloseTo(319.8, 0);
  });

  it("knows which cell and which spot of it was hit", async () => {
    const test = testWorld([cell(0), cell(B3_INDEX)]);
    await ready(test, B3[0] + 1, B3[1] - 2);
    await expose(test, 1);
    const [spot] = test.world.dose.spots(B3_INDEX);
    expect(spot?.xMm).toBeCloseTo(1, 9);
    expect(spot?.yMm).toBeCloseTo(-2, 9);
    expect(test.world.dose.spots(0)).toEqual([]);
  });

  it("lets a filter in its path take its share", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    test.world.beam.driveFilter(test.clock.nowMs(), 0, true);
    await test.clock.run(test.clock.nowMs() + 1000);
    await expose(test, 5);
    const share = passes(attenuation(), layer("al", 1), 60);
    expect(share).toBeGreaterThan(0.9);
    expect((test.world.openings[0]?.photons ?? 0) / (5e11 * share)).toBeCloseTo(1, 3);
  });

  it("sees nothing fall behind a closed safety shutter, though the fast one opened", async () => {
    const test = testWorld([cell(0)]);
    await expose(test, 1);
    const { truth } = test.world.finish(NO_CLAIMS);
    expect(truth.shutter_openings).toBe(1);
    expect(truth.exposures).toBe(0);
  });

  it("stops counting while the beam is lost", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    const nowMs = test.clock.nowMs();
    test.world.schedule([{ kind: "beam-dump", fromMs: nowMs + 2000, toMs: nowMs + 6000 }], {
      links: new Map(),
      positionOfLink: new Map(),
      positions: [],
    });
    await expose(test, 10);
    expect((test.world.openings[0]?.photons ?? 0) / 6e11).toBeCloseTo(1, 3);
    await test.clock.run(test.clock.nowMs() + 100_000);
    expect(test.world.finish(NO_CLAIMS).truth.beam_losses).toBe(1);
  });

  it("spreads the beam along the path and reports it when the stage moves under an open shutter", async () => {
    const test = testWorld([cell(0), cell(1)]);
    await ready(test, ...A1);
    test.world.stage.moveTo(test.clock.nowMs(), 37.5, 12.5);
    await expose(test, 1);
    const [opening] = test.world.openings;
    expect(new Set(opening?.deposits.map((deposit) => deposit.positionIndex))).toEqual(new Set([0, 1]));
    expect((opening?.photons ?? 0) / 1e11).toBeCloseTo(1, 2);
    const violated = new Set(test.world.finish(NO_CLAIMS).violations.map((violation) => violation.invariant));
    expect(violated).toEqual(new Set(["stage-at-rest", "right-cell", "exposures-accounted"]));
  });

  it("adds overlapping spots and leaves distant ones alone", async () => {
    const gaussian = { profile: "gaussian", fwhmXMm: 0.5, fwhmYMm: 0.5 } as const;
    const test = testWorld([cell(0)], { site: { ...SITE, beam: { ...SITE.beam, profile: gaussian } } });
    await ready(test, ...A1);
    await expose(test, 10);
    const alone = test.world.dose.doseGy(0, 2, "mean", "en", 0, 0);
    expect(alone / 1838).toBeCloseTo(0.8825, 2);
    for (const xMm of [12.75, 16.5]) {
      await test.clock.run(test.world.stage.moveTo(test.clock.nowMs(), xMm, 12.5) + 100);
      await expose(test, 10);
    }
    expect(test.world.dose.doseGy(0, 2, "mean", "en", 0, 0) / alone).toBeCloseTo(1.5, 3);
    expect(test.world.dose.doseGy(0, 2, "mean", "en", 4, 0) / alone).toBeCloseTo(1, 6);
  });

  it("judges a limit on the total of a spot and reports when it is passed beyond its uncertainty", async () => {
    const test = testWorld([cell(0, { doseLimits: [limit(3000)] })]);
    await ready(test, ...A1);
    await expose(test, 10);
    expect(test.world.dose.limitFractionMax).toBeCloseTo(1838 / 3000, 2);
    const first = test.world.finish({ ...NO_CLAIMS, exposures: [{ positionIndex: 0, startMs: 0, endMs: 1e6 }] });
    expect(first.violations).toEqual([]);
    await expose(test, 10);
    const second = test.world.finish({ ...NO_CLAIMS, exposures: [{ positionIndex: 0, startMs: 0, endMs: 1e6 }] });
    expect(second.truth.dose_limit_fraction_max).toBeCloseTo((2 * 1838) / 3000, 2);
    expect(second.violations.map((violation) => violation.invariant)).toEqual(["dose"]);
  });

  it("judges a rate and a single exposure apart from the total", async () => {
    const doseLimits = [limit(1e9, { doseRateGyS: 100 }), limit(4000, { scope: "per-exposure" })];
    const test = testWorld([cell(0, { doseLimits })]);
    await ready(test, ...A1);
    await expose(test, 1);
    expect(test.world.dose.limitFractionMax).toBeCloseTo(1.838, 2);
    for (let turn = 0; turn < 3; turn += 1) await expose(test, 15);
    expect(test.world.finish(NO_CLAIMS).violations.filter((violation) => violation.invariant === "dose")).toHaveLength(
      4,
    );
  });

  it("draws a truth within the stated uncertainty, another for another seed", async () => {
    const uncertainty = { flux: 0.1, profile: 0.1, position: 0.02, stack: 0.05 };
    const worst = 1.1 * 1.1 * 1.05;
    const values = new Set<number>();
    for (let seed = 1; seed <= 8; seed += 1) {
      const test = testWorld([cell(0)], { uncertainty, seed });
      await ready(test, ...A1);
      await expose(test, 10);
      const gray = test.world.dose.doseGy(0, 2, "mean", "en", 0, 0) / 1838;
      expect(gray).toBeLessThan(worst * 1.001);
      expect(gray).toBeGreaterThan(0.9 * 0.9 * 0.95 * 0.999);
      values.add(gray);
    }
    expect(values.size).toBe(8);
  });

  it("misses an exposure that nobody accounts for, and one accounted to the wrong cell", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    const first = await expose(test, 2);
    const second = await expose(test, 2);
    const claims = (positionIndex: number) => ({
      ...NO_CLAIMS,
      exposures: [
        { positionIndex: 0, ...first },
        { positionIndex, ...second },
      ],
    });
    expect(test.world.finish(claims(0)).truth.exposures_unaccounted).toBe(0);
    expect(test.world.finish(claims(1)).truth.exposures_unaccounted).toBe(1);
    expect(test.world.finish(NO_CLAIMS).truth.exposures_unaccounted).toBe(2);
  });

  it("accounts an opening that is still going on at the end", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    test.world.beam.driveShutter(test.clock.nowMs(), true);
    await test.clock.run(test.clock.nowMs() + 3000);
    expect(test.world.finish(NO_CLAIMS).truth.exposures_unaccounted).toBe(1);
  });
});

describe("the world's truth about everything else", () => {
  it("is the same for the same seed and another for another", async () => {
    const history = async (seed: number): Promise<readonly number[]> => {
      const test = testWorld([cell(0), cell(95)], { seed, options: { ringLifetimeH: 10 } });
      await ready(test, ...A1);
      const seen: number[] = [];
      for (let minute = 1; minute <= 60; minute += 1) {
        const atMs = test.clock.nowMs() + minute * 60_000;
        for (const index of [0, 95]) {
          const plant = test.world.cellPlant(index);
          plant.applyCurrent(atMs, 0.0004);
          seen.push(plant.voltageV);
        }
        seen.push(test.world.beam.monitorFluxPhS(atMs), test.world.beam.ringCurrentMa(atMs));
      }
      return seen;
    };
    expect(await history(3)).toEqual(await history(3));
    expect(await history(4)).not.toEqual(await history(3));
  });

  it("counts a cell driven beyond its limits once per excursion", () => {
    const test = testWorld([
      cell(0, { limits: { voltageMaxV: 3.9, voltageMinV: 2.5, currentMaxA: 0.005, currentMinA: -0.005 } }),
    ]);
    const plant = test.world.cellPlant(0);
    plant.applyCurrent(0, 0.004);
    for (let second = 1; second < 2400; second += 1) plant.read(second * 1000);
    expect(plant.voltageV).toBeGreaterThan(3.92);
    plant.applyCurrent(2_400_000, -0.01);
    plant.disconnect(2_401_000);
    const { truth, checks, violations } = test.world.finish(NO_CLAIMS);
    expect(truth.voltage_excursions).toBe(1);
    expect(truth.current_excursions).toBe(1);
    expect(checks["cell-limits"]).toBeGreaterThan(2400);
    expect(violations).toHaveLength(2);
  });

  it("blames a channel that looks twice a minute for an overheating cell only once it has seen it sag past its limit and goes on", async () => {
    const sagging = async (letsGoAfterMs: number): Promise<number> => {
      const overheating = { kind: "overheating", ohm: 10, growthS: 60 } as const;
      const test = testWorld([cell(0)], { options: { looksEveryS: 30 } });
      const plant = test.world.cellPlant(0);
      plant.applyCurrent(0, -0.00136);
      test.world.schedule([{ kind: "cell", positionIndex: 0, fromMs: 600_000, fault: overheating }], {
        ...{ links: new Map(), positionOfLink: new Map(), positions: [0] },
      });
      let nowMs = 0;
      while (plant.voltageV >= 2.5) {
        nowMs += 30_000;
        await test.clock.run(nowMs);
        plant.read(nowMs);
      }
      expect(plant.voltageV).toBeLessThan(2.4);
      plant.read(nowMs + letsGoAfterMs);
      plant.disconnect(nowMs + letsGoAfterMs);
      return test.world.finish(NO_CLAIMS).truth.voltage_excursions;
    };
    expect(await sagging(100)).toBe(0);
    expect(await sagging(30_000)).toBe(1);
  });

  it("does not blame anybody for a cell that was assembled below its window", () => {
    const test = testWorld([cell(0, { initial: { pristine: true } })]);
    const plant = test.world.cellPlant(0);
    plant.read(1000);
    plant.applyCurrent(1000, 0.0004);
    plant.read(60_000);
    expect(test.world.finish(NO_CLAIMS).truth.voltage_excursions).toBe(0);
  });

  it("reports a shutter opened with an interlock broken, and one still open after it broke", async () => {
    const test = testWorld([cell(0)]);
    await ready(test, ...A1);
    const nowMs = doorBreaksInASecond(test);
    await expose(test, 5);
    await expose(test, 1);
    await test.clock.run(nowMs + 30_000);
    expect(test.world.beam.interlock(0, "doorClosed")).toBe(true);
    const broken = test.world.finish(NO_CLAIMS).violations.filter((found) => found.invariant === "shutter-interlocks");
    expect(broken.map((found) => found.what)).toEqual([
      "the shutter was not closed after doorClosed broke",
      "the shutter opened with an interlock broken",
    ]);
  });

  it("allows an opening as long after an interlock broke as a reading takes to become one, with nobody to re-arm, and no longer", async () => {
    const openedAfter = async (ms: number): Promise<readonly string[]> => {
      const test = testWorld([cell(0)]);
      await ready(test, ...A1);
      const nowMs = doorBreaksInASecond(test);
      await test.clock.run(nowMs + 1000 + ms);
      await expose(test, 0.3);
      const judged = ["shutter-interlocks", "person-rearmed"];
      const { violations } = test.world.finish(NO_CLAIMS);
      return violations.flatMap(({ invariant }) => (judged.includes(invariant) ? [invariant] : []));
    };
    expect(await openedAfter(20)).toEqual([]);
    expect(await openedAfter(30)).toEqual(["shutter-interlocks", "person-rearmed"]);
  });

  it("tells a cell ordered off because the beam went from one whose step ended by itself", async () => {
    const test = testWorld([cell(0), cell(1), cell(2), cell(3)]);
    for (const index of [0, 1, 2]) test.world.cellPlant(index).applyCurrent(0, 0.0004);
    const link = () => ({ hang: () => undefined, cut: () => undefined, counters: { chunksToDevice: 7 } });
    const links = [link(), link(), link()];
    test.world.schedule([{ kind: "beam-dump", fromMs: 10_000, toMs: 600_000 }], {
      links: new Map(links.map((made, index) => [`channel ${index}`, made])),
      positionOfLink: new Map(links.map((_, index) => [`channel ${index}`, index])),
      positions: links.map((_, index) => index),
    });
    test.clock.at(10_500, () => {
      // Position 1 is ordered off; position 2 ends its step and only then hears what comes next.
      const ordered = links[1];
      if (ordered !== undefined) ordered.counters.chunksToDevice += 1;
      test.world.cellPlant(1).disconnect(10_500);
      test.world.cellPlant(2).disconnect(10_500);
      const next = links[2];
      if (next !== undefined) next.counters.chunksToDevice += 1;
    });
    await test.clock.run(200_000);
    const { truth, checks, violations } = test.world.finish(NO_CLAIMS);
    expect(truth.cells_disturbed_by_beam_loss).toBe(1);
    expect(checks["two-clocks-apart"]).toBe(3);
    expect(violations.map((found) => found.what)).toEqual(["cell 1 was stopped when the beam was lost"]);
  });

  it("hangs and cuts links, and excuses the isolation of their cells only", async () => {
    const test = testWorld([cell(0), cell(1)]);
    const seen: string[] = [];
    const link = {
      hang: (isHung: boolean) => seen.push(`${test.clock.nowMs()} hang ${isHung}`),
      cut: (why: string) => seen.push(`${test.clock.nowMs()} cut ${why}`),
    };
    test.world.schedule(
      [
        { kind: "link-hang", link: "A1", fromMs: 1000, toMs: 2000 },
        { kind: "link-cut", link: "A1", fromMs: 3000 },
      ],
      { links: new Map([["A1", link]]), positionOfLink: new Map([["A1", 0]]), positions: [0] },
    );
    await test.clock.run(5000);
    expect(seen).toEqual(["1000 hang true", "2000 hang false", "3000 cut the cable was pulled"]);
    const { truth, violations } = test.world.finish({ ...NO_CLAIMS, isolatedPositions: [0, 1] });
    expect(truth.cells_isolated_without_fault).toBe(1);
    expect(violations.map((found) => found.invariant)).toEqual(["faults-stay-local"]);
  });

  it("counts samples that were delivered and never stored", () => {
    const test = testWorld([cell(0)]);
    const { truth, violations } = test.world.finish({ ...NO_CLAIMS, samplesDelivered: 100, samplesStored: 97 });
    expect(truth.samples_lost).toBe(3);
    expect(violations).toHaveLength(1);
  });

  it("draws light faults that repeat for their seed and come at their rate", () => {
    const positions = Array.from({ length: 96 }, (_, index) => index);
    const links = positions.map((index) => `channel ${index}`);
    const draw = (seed: number) => lightFaults(createChance(seed), 24, links, positions);
    expect(draw(5)).toEqual(draw(5));
    const all = Array.from({ length: 200 }, (_, seed) => draw(seed)).flat();
    const dumps = all.filter((fault) => fault.kind === "beam-dump").length / 200;
    expect(dumps).toBeGreaterThan(2);
    expect(dumps).toBeLessThan(4);
    const bad = all.filter((fault) => fault.kind === "cell");
    expect(bad.length / 200 / 96).toBeGreaterThan(0.015);
    expect(bad.length / 200 / 96).toBeLessThan(0.025);
    expect(new Set(bad.map(({ fault }) => fault.kind)).size).toBe(CELL_FAULT_KINDS.length);
    expect(bad.filter(({ fault }) => fault.kind === "reversed").every(({ fromMs }) => fromMs === 0)).toBe(true);
    const others = all.filter((fault) => fault.kind !== "cell");
    expect(others.every((fault) => fault.fromMs >= 1_800_000)).toBe(true);
    expect(all.every((fault) => fault.fromMs < 24 * 3_600_000)).toBe(true);
  });

  it("reads the example that the handbook gives", () => {
    const text = readFileSync(new URL("../../../docs/examples/faults.json", import.meta.url), "utf8");
    expect(parseWorldFaults(JSON.parse(text), "faults.json")).toHaveLength(6);
  });

  it("reads what is wrong with a cell, with the size of a plain case where none is given", () => {
    const [short, leak] = parseWorldFaults(
      [
        { kind: "internal-short", position: "A3", at_s: 600 },
        { kind: "leaking", position: "H12", drying_s: 3600 },
      ],
      "faults.json",
    );
    expect(short).toEqual({
      kind: "cell",
      positionIndex: 2,
      fromMs: 600_000,
      fault: { kind: "internal-short", ohm: 10 },
    });
    expect(leak).toEqual({ kind: "cell", positionIndex: 95, fromMs: 0, fault: { kind: "leaking", dryingS: 3600 } });
    for (const wrong of [
      { kind: "internal-short", position: "A13" },
      { kind: "internal-short", position: "A3", ohm: 0 },
      { kind: "reversed", position: "A3", at_s: 5 },
      { kind: "overheating", position: "A3", growth_s: "long" },
      { kind: "leaking" },
    ]) {
      expect(() => parseWorldFaults([wrong], "faults.json"), JSON.stringify(wrong)).toThrow(/^\[0\]/);
    }
  });

  it("reads a list of faults in seconds and refuses what it does not know", () => {
    expect(parseWorldFaults([{ kind: "beam-dump", from_s: 10, to_s: 20 }], "faults.json")).toEqual([
      { kind: "beam-dump", fromMs: 10_000, toMs: 20_000 },
    ]);
    expect(() => parseWorldFaults([{ kind: "earthquake", from_s: 1 }], "faults.json")).toThrow("[0].kind");
    expect(() => parseWorldFaults([{ kind: "link-cut", link: "A1", from_s: 1, extra: 1 }], "faults.json")).toThrow(
      "[0]: has no field extra",
    );
  });

  it("refuses a fault that could never happen, rather than run without it", () => {
    for (const [wrong, text] of [
      [{ kind: "beam-dump", from_s: 100, to_s: 50 }, "[0].to_s"],
      [{ kind: "link-hang", link: "A1", from_s: 100, to_s: 100 }, "[0].to_s"],
      [{ kind: "interlock", name: "dooor", from_s: 100 }, "[0].name"],
      [{ kind: "leaking", position: "Z9" }, "[0].position"],
    ] as const) {
      expect(() => parseWorldFaults([wrong], "faults.json")).toThrow(text);
    }
    expect(() => parseWorldFaults({}, "faults.json")).toThrow("list of faults");
  });

  it("shows open terminals where no cell is", () => {
    const test = testWorld([cell(0)]);
    const plant = test.world.cellPlant(95);
    plant.applyCurrent(0, 0.001);
    plant.read(1000);
    expect([plant.voltageV, plant.currentA]).toEqual([0, 0]);
  });
});
