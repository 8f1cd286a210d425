/** The desk of an alignment by the run itself, its points answered by a test in the place of beam and stage. */
import { expect, it } from "vitest";
import { createAlignDesk, type AlignDesk, type KeepAlignment } from "../../../controller/align/align-desk.ts";
import { createFluxHistory } from "../../../controller/dose/flux.ts";
import { NO_MARKS, type ExposureOutcome } from "../../../controller/machines/exposure-order.ts";
import type { FaultNote } from "../../../controller/machines/errors.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import { createRackSetup } from "../../../simulator/world/rack-setup.ts";
import { asBuiltSetup } from "../../../tui/align/random-setup.ts";
import { load } from "../../support/campaign-files.ts";
import { ALIGNED_FILES } from "../../support/rehearsed-alignment.ts";

const loaded = load(ALIGNED_FILES, "campaign.yaml");
assert(loaded.kind === "loaded", "the campaign is refused");
const { site, campaign } = loaded;
const built = asBuiltSetup(site);
assert(built !== undefined, "the rack cannot be set up");
const BY = { author: "anna", reason: "the rack was out" };
const POINT_MS = 1000;

interface Answer {
  readonly outcome?: ExposureOutcome;
  readonly fault?: FaultNote;
  readonly isBlind?: boolean;
}

/** Each point is over after a second, by `answer`; what the diode sees is the rack's as it truly stands. */
async function aligned(
  options: {
    readonly answer?: (count: number, desk: AlignDesk) => Answer;
    readonly keep?: KeepAlignment;
    readonly commit?: () => Promise<void>;
    readonly shiftXMm?: number;
  } = {},
) {
  assert(built !== undefined, "the rack cannot be set up");
  const truth = createRackSetup(site, {
    ...built,
    shiftXMm: options.shiftXMm ?? 0.7,
    shiftYMm: -0.5,
    rotationDeg: 0.2,
  });
  const history = createFluxHistory(16);
  const recorded: string[] = [];
  const placed: unknown[] = [];
  let nowMs = 0;
  const desk = createAlignDesk({
    ...{ site, campaign, ringCurrentMa: () => 200, hindrance: () => null },
    commit: options.commit ?? (() => Promise.resolve()),
    clock: {
      monoMs: () => nowMs,
      wallMs: () => nowMs,
      setTimeout: () => undefined,
      clearTimeout: () => undefined,
    },
    recorder: { record: (type) => recorded.push(type) },
    transmitted: { history, photonsPerAs: null, saturatedFromA: Infinity },
    keep: options.keep ?? (({ aligned: { placement } }) => ({ placement, alignedAtMs: 1 })),
    changed: () => undefined,
    placed: (placement) => placed.push(placement),
    fail(error) {
      throw error;
    },
  });
  const over = desk.order(BY);
  const longest: number[] = [];
  let count = 0;
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!desk.isPointDue) break;
    const order = desk.nextOrder();
    longest.push(order.exposureS);
    count += 1;
    const { outcome = "made", fault = null, isBlind = false } = options.answer?.(count, desk) ?? {};
    const openSeenAtMs = nowMs;
    nowMs += POINT_MS;
    if (!isBlind) history.add(nowMs - 100, 1e-7 * truth.passes(order.stageXMm, order.stageYMm));
    desk.noteSettled(order, { ...NO_MARKS, openAskedAtMs: openSeenAtMs, openSeenAtMs, closeAskedAtMs: nowMs });
    desk.noteDone(order, outcome, fault);
  }
  return { outcome: await over, desk, recorded, placed, longest, count };
}

it("the rack is found where it stands, and nobody exposes anything else meanwhile", async () => {
  let meanwhile: unknown = null;
  const { outcome, recorded, placed, desk } = await aligned({
    answer(count, one) {
      if (count === 5) meanwhile = [one.obstacle()?.reason, one.refusal()];
      return {};
    },
  });
  expect(outcome).toMatchObject({ kind: "aligned" });
  expect(placed).toMatchObject([{ placement: { shiftXMm: expect.closeTo(0.7, 2) as number } }]);
  expect(meanwhile).toEqual(["the rack to be aligned, for anna: 4 points so far", "anna has the rack aligned already"]);
  expect(recorded).toEqual(["alignment-begun", "rack-aligned"]);
  expect([desk.obstacle(), desk.refusal(), desk.refusal("another")]).toEqual([
    null,
    null,
    "the controller runs diode-behind-rack, and not another",
  ]);
});

it("a point without a reading is measured again, for longer; what cannot be measured or kept ends in words, and in no place", async () => {
  const again = await aligned({ answer: (count) => (count === 3 ? { isBlind: true } : {}) });
  expect(again.outcome.kind).toBe("aligned");
  expect(again.longest[3]).toBeCloseTo(2 * (again.longest[2] ?? NaN));
  const fault = { code: "dose.limit", where: "A1", what: "A1 has had enough", advice: "" };
  const wrong = [
    await aligned({ answer: (count) => (count >= 7 ? { isBlind: true } : {}) }),
    await aligned({ answer: (count) => (count === 9 ? { outcome: "aborted", fault } : {}) }),
    await aligned({ answer: (count) => (count === 2 ? { outcome: "shutter-failure" } : {}) }),
    await aligned({ shiftXMm: 12 }),
    await aligned({ keep: () => "the stage cannot bring H12 into the beam: nothing was kept" }),
    await aligned({
      answer(count, desk) {
        if (count === 4) desk.giveUp("the campaign's time is over");
        return {};
      },
    }),
  ];
  expect(wrong.map(({ outcome }) => (outcome.kind === "refused" ? outcome.what : outcome))).toEqual([
    "the diode gave no reading in 4 openings of the shutter",
    "A1 has had enough",
    "the shutter failed",
    expect.stringMatching(/F1|bright|across/),
    "the stage cannot bring H12 into the beam: nothing was kept",
    "the campaign's time is over",
  ]);
  for (const { placed, recorded, desk } of wrong) {
    expect(placed).toEqual([]);
    expect(recorded).toEqual(["alignment-begun", "alignment-failed"]);
    expect(desk.obstacle()).toBe(null);
  }
});

it("what comes of a point that was given up is nothing to the next alignment", async () => {
  const marks = { ...NO_MARKS, openAskedAtMs: 0, openSeenAtMs: 0, closeAskedAtMs: POINT_MS };
  const left: ReturnType<AlignDesk["nextOrder"]>[] = [];
  const given = await aligned({
    answer(count, desk) {
      if (count === 2) {
        left.push(desk.nextOrder());
        desk.giveUp("the rack was taken out meanwhile");
        expect(desk.isPointDue).toBe(false);
      }
      return {};
    },
  });
  expect(given.outcome).toMatchObject({ kind: "refused", what: "the rack was taken out meanwhile" });
  const { desk } = given;
  const again = desk.order(BY);
  for (const order of left) {
    desk.noteSettled(order, marks);
    desk.noteDone(order, "made", null);
  }
  expect([left.length, desk.isPointDue, desk.obstacle()?.reason]).toEqual([
    1,
    true,
    "the rack to be aligned, for anna: 0 points so far",
  ]);
  desk.giveUp("enough");
  expect(await again).toMatchObject({ kind: "refused", what: "enough" });
});

it("a disk that refuses the record of it does not make it undone", async () => {
  const { outcome, placed, recorded } = await aligned({
    commit: () => Promise.reject(new Fault("store.refused", "record", "the disk is full")),
  });
  expect(outcome).toMatchObject({ kind: "aligned", what: expect.stringContaining("not on record yet") as string });
  expect([placed.length, recorded]).toEqual([1, ["alignment-begun", "rack-aligned"]]);
});
