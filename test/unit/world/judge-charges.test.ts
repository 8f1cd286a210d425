import { describe, expect, it } from "vitest";
import { judgeCharges, type ClaimedCharge } from "../../../simulator/world/judge-charges.ts";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import { joined, silentSpans, type Unknowable } from "../../../simulator/world/unknowable.ts";
import { createLedger, unaccounted } from "../../../simulator/world/world-truth.ts";

function opening(startMs: number, endMs: number, photons: number): Opening {
  return {
    ...{
      startMs,
      endMs,
      litEndMs: endMs,
      orderedShutMs: endMs,
      photons,
      peakPhS: 1e10,
      stageMoved: false,
      excessPhotons: 0,
    },
    deposits: [{ positionIndex: 4, xMm: 0, yMm: 0, photons }],
  };
}

function charge(exposureId: string, startMs: number, endMs: number, photons: number): ClaimedCharge {
  return { exposureId, positionIndex: 4, startMs, endMs, photons };
}

function violationsOf(
  charges: readonly ClaimedCharge[],
  openings: readonly Opening[],
  unknowable?: Unknowable,
): readonly string[] {
  const ledger = createLedger(["dose-charged"]);
  judgeCharges(charges, {
    ledger,
    openings,
    fluxUncertainty: 0.05,
    fluxTruthFactor: 1,
    ...(unknowable === undefined ? {} : { unknowable }),
  });
  expect(ledger.checks["dose-charged"]).toBe(charges.length);
  return ledger.violations.map(({ what }) => what);
}

it("an exposure that is repeated within half a second is charged by itself, and so is the repeat", () => {
  const openings = [opening(1000, 1048, 100), opening(1502, 1550, 100)];
  const first = charge("first", 1000, 1047, 100);
  expect(violationsOf([first, charge("second", 1501, 1549, 100)], openings)).toEqual([]);
  expect(violationsOf([first, charge("second", 1501, 1549, 90)], openings)).toEqual([
    "second is charged with 90 photons, and was given 100",
  ]);
  expect(violationsOf([charge("first", 1000, 1047, 90), charge("second", 1501, 1549, 200)], openings)).toEqual([
    "first is charged with 90 photons, and was given 100",
  ]);
});

it("what a trigger's gate gives again belongs to the exposure that it came with", () => {
  const openings = [opening(1000, 1048, 100), opening(1090, 1140, 100)];
  expect(violationsOf([charge("only", 1000, 1141, 200)], openings)).toEqual([]);
  expect(violationsOf([charge("only", 1000, 1141, 150)], openings)).toEqual([
    "only is charged with 150 photons, and was given 200",
  ]);
});

it("what was found late, behind an exposure, is charged with it, where it covers light of the same opening", () => {
  const openings = [opening(1000, 15_000, 140)];
  const first = charge("first", 1000, 15_000, 40);
  const late = { ...charge("late", 5000, 15_500, 100), isFoundLate: true as const };
  const ofFirst = (found: ClaimedCharge): readonly string[] => {
    const ledger = createLedger(["dose-charged"]);
    judgeCharges([first, found], { ledger, openings, fluxUncertainty: 0.05, fluxTruthFactor: 1 });
    return ledger.violations.map(({ what }) => what);
  };
  expect(ofFirst(late)).toEqual([]);
  const tooLittle = ["first is charged with 40 photons, and was given 140"];
  expect(ofFirst({ ...late, startMs: 15_100 })).toEqual(tooLittle);
  expect(ofFirst({ ...late, positionIndex: 5 })).toEqual(tooLittle);
  expect(ofFirst({ ...late, photons: 50 })).toEqual(["first is charged with 90 photons, and was given 140"]);
});

describe("what came through two stuck shutters while no controller lived", () => {
  const LIT = { ...opening(1000, 15_000, 140), orderedShutMs: 3000 };
  const COVERED = charge("lost", 1000, 20_000, 40);
  const unknowable = (freeMs: number, backMs: number): Unknowable => ({
    shuttersStuck: [{ fromMs: 1500, toMs: freeMs }],
    unattended: [{ fromMs: 2000, toMs: backMs }],
    coveredMs: 2000,
    knownAfterMs: 5000,
  });

  it("need not be charged beyond what covers a lost controller, where both were free before one could look", () => {
    expect(violationsOf([COVERED], [LIT], unknowable(15_000, 20_000))).toEqual([]);
    // A second of exposing, and two until one should have closed.
    const [short] = violationsOf([charge("lost", 1000, 20_000, 25)], [LIT], unknowable(15_000, 20_000));
    expect(short).toMatch(/charged with 25 photons, and was given 30/);
  });

  it("nor where the unit did not answer, whoever lived, and whoever was killed meanwhile", () => {
    const silent = silentSpans(
      [
        { kind: "link-hang", link: "io", fromMs: 2000, toMs: 8000 },
        { kind: "link-hang", link: "stage", fromMs: 0, toMs: 90_000 },
      ],
      "io",
    );
    const facts = unknowable(15_000, 20_000);
    expect(violationsOf([COVERED], [LIT], { ...facts, unattended: silent })).toHaveLength(1);
    const unattended = joined([...silent, { fromMs: 12_000, toMs: 20_000 }]);
    expect(violationsOf([COVERED], [LIT], { ...facts, unattended })).toEqual([]);
    const early = charge("ended early", 1000, 9000, 25);
    expect(violationsOf([early], [LIT], { ...facts, unattended })).toHaveLength(1);
    const claimed = [{ positionIndex: 4, startMs: 1000, endMs: 9000 }];
    expect(unaccounted([LIT], claimed, { ...facts, unattended })).toEqual([]);
    expect(unaccounted([LIT], claimed, facts)).toEqual([]);
    expect(unaccounted([LIT], claimed, { ...facts, unattended: silent })).toEqual([LIT]);
  });

  it.each(["link-hang", "link-unplugged", "link-deaf", "link-mute"] as const)(
    "is nobody's to see where the unit's cable is as a %s leaves it, and up to its being asked again",
    (kind) => {
      const silent = silentSpans([{ kind, link: "io", fromMs: 2000, toMs: 14_000 }], "io");
      expect(silent).toEqual([{ fromMs: 2000, toMs: 20_000 }]);
      expect(violationsOf([COVERED], [LIT], { ...unknowable(15_000, 20_000), unattended: silent })).toEqual([]);
    },
  );

  it("is still to be seen where the cable loses a message now and then", () => {
    expect(silentSpans([{ kind: "link-drops", link: "io", fromMs: 2000, toMs: 14_000 }], "io")).toEqual([]);
  });

  it.each([
    ["both were still stuck as one looked", unknowable(25_000, 14_000)],
    ["one shutter alone was stuck", { ...unknowable(15_000, 20_000), shuttersStuck: [] }],
    ["a controller lived", { ...unknowable(15_000, 20_000), unattended: [] }],
    [
      "the controller was lost before it opened",
      { ...unknowable(15_000, 20_000), unattended: [{ fromMs: 500, toMs: 20_000 }] },
    ],
    [
      "the controller was lost after it could see that neither closed",
      { ...unknowable(15_000, 20_000), unattended: [{ fromMs: 8500, toMs: 20_000 }] },
    ],
  ])("is owed in full where %s", (_, facts) => {
    expect(violationsOf([COVERED], [LIT], facts)).toEqual(["lost is charged with 40 photons, and was given 140"]);
  });
});

it("what a trigger's gate gives late in an exposure is not the next one's, however near that begins", () => {
  const openings = [opening(1000, 1048, 100), opening(1300, 1340, 100), opening(1501, 1548, 100)];
  expect(violationsOf([charge("first", 1000, 1341, 200), charge("second", 1500, 1549, 100)], openings)).toEqual([]);
});
