import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import {
  expectSound,
  field,
  missesOf,
  numeric,
  removeFolders,
  runWorld,
  sharedRun,
  SIX,
  THREE,
} from "../support/world-campaign.ts";
import type { WorldRun } from "../support/world-campaign.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";

afterAll(removeFolders);

const HOURS = 0.36;
/** Long enough for the sweep after the trouble of a device. */
const DEVICE_HOURS = 0.27;
const FROM_MS = 800_000;
const A2 = SIX.cells.findIndex((cell) => cell.position === "A2");

/** Samples on record, by channel. */
function samplesByChannel(run: WorldRun): readonly number[] {
  const reader = openRecord(run.folder);
  try {
    return SIX.cells.map((_, index) => [...reader.samples(index)].length);
  } finally {
    reader.close();
  }
}

function stepsOf(run: WorldRun, position: string) {
  return run.of("step-started").filter((event) => field(event, "position") === position);
}

let calm: WorldRun;
beforeAll(async () => {
  calm = await sharedRun({ hours: HOURS, campaign: SIX });
});

function expectOthersUntouched(run: WorldRun): void {
  const without = (counts: readonly number[]): readonly number[] => counts.filter((_, index) => index !== A2);
  expect(without(samplesByChannel(run))).toEqual(without(samplesByChannel(calm)));
  const interrupted = run.of("step-interrupted").map((event) => field(event, "position"));
  expect(new Set(interrupted)).toEqual(new Set(["A2"]));
}

describe("a channel whose link fails", () => {
  it("by a cut is named, and its cell goes on with the time its step has left", async () => {
    const run = await runWorld({
      hours: HOURS,
      campaign: SIX,
      faults: [{ kind: "link-cut", link: "channel A2", fromMs: FROM_MS }],
    });
    expectSound(run);
    expectOthersUntouched(run);
    expect(run.alarms).toEqual(["link.closed channel A2"]);
    expect(run.summary.alarms.open).toBe(0);
    const again = stepsOf(run, "A2").at(-1);
    expect(again?.atMs).toBeLessThan(FROM_MS + 5000);
    const first = stepsOf(run, "A2").at(-2);
    // It ran on unheard until its link was made anew, which ended it.
    const ready = run
      .of("instrument-ready")
      .filter((event) => field(event, "instrument") === "channel A2")
      .at(-1);
    const elapsedMs = 1000 * numeric(again, "elapsed_s") + (first?.atMs ?? NaN);
    expect(elapsedMs).toBeGreaterThan(FROM_MS);
    expect(elapsedMs).toBeLessThanOrEqual(ready?.atMs ?? NaN);
    expect(field(again, "step")).toBe(field(first, "step"));
  });

  it("by a hang of half a minute is named within its silence, and its cell resumes", async () => {
    const run = await sharedRun({
      hours: HOURS,
      campaign: SIX,
      faults: [{ kind: "link-hang", link: "channel A2", fromMs: FROM_MS, toMs: FROM_MS + 30_000 }],
    });
    expectSound(run);
    expectOthersUntouched(run);
    const [interrupted] = run.of("step-interrupted");
    // Three intervals of five seconds, one second of grace, and what is left of the interval under way.
    expect((interrupted?.atMs ?? 0) - FROM_MS).toBeLessThan(21_000);
    expect(run.alarms).toEqual(["link.timeout channel A2"]);
    expect(run.summary.alarms.open).toBe(0);
    expect(stepsOf(run, "A2").at(-1)?.atMs).toBeLessThan(FROM_MS + 60_000);
    expect(run.summary.cells.by_state).toEqual(calm.summary.cells.by_state);
  });

  it("has the stretch in which nothing was heard on record as a gap", async () => {
    const run = await sharedRun({
      hours: HOURS,
      campaign: SIX,
      faults: [{ kind: "link-hang", link: "channel A2", fromMs: FROM_MS, toMs: FROM_MS + 30_000 }],
    });
    const reader = openRecord(run.folder);
    const gaps = [...reader.gaps()].flatMap((scanned) => (scanned.kind === "row" ? [scanned.row] : []));
    const inGap = gaps.flatMap((gap) => [...reader.samples(A2, gap.fromMs + 1, gap.toMs)]);
    reader.close();
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.channelIndex).toBe(A2);
    expect(gaps[0]?.fromMs).toBeLessThanOrEqual(FROM_MS);
    expect(gaps[0]?.toMs).toBeGreaterThan(FROM_MS + 30_000);
    expect(inGap).toEqual([]);
    expect(run.summary.samples.gaps).toBe(1);
  });

  it("for ever is given up by name within four minutes, with its cell alone", async () => {
    const run = await runWorld({
      hours: HOURS,
      campaign: SIX,
      faults: [{ kind: "link-hang", link: "channel A2", fromMs: FROM_MS }],
    });
    expectSound(run);
    expectOthersUntouched(run);
    const [isolated] = run.of("cell-isolated");
    expect(field(isolated, "position")).toBe("A2");
    expect((isolated?.atMs ?? Infinity) - FROM_MS).toBeLessThan(300_000);
    expect(run.alarms).toContain("link.isolated channel A2");
    expect(run.summary.cells.by_state).toMatchObject({ isolated: 1 });
    expect(missesOf(run).every(([position, reason]) => position === "A2" && reason === "cell")).toBe(true);
    expect(run.summary.requests.missed).toBeGreaterThan(0);
  });

  it("before the campaign begins holds nothing up but its own cell", async () => {
    const run = await runWorld({
      hours: HOURS,
      campaign: SIX,
      faults: [{ kind: "link-hang", link: "channel A2", fromMs: 0, toMs: 60_000 }],
    });
    expectSound(run);
    expect(run.summary.requests.missed).toBe(0);
    expect(stepsOf(run, "A2")[0]?.atMs).toBeGreaterThan(60_000);
    // The proofs of six cells take less than that, and none of them waits for A2.
    expect(stepsOf(run, "A1")[0]?.atMs).toBeLessThan(20_000);
  });
});

/** What becomes of a device's link concerns all cells alike. */
let calmThree: Promise<WorldRun> | undefined;

describe.each(["io", "stage", "detector", "broker"])("the link of the %s", (link) => {
  let calm: WorldRun;
  beforeAll(async () => {
    calmThree ??= runWorld({ hours: DEVICE_HOURS, campaign: THREE });
    calm = await calmThree;
  });

  const at = [
    ["in mid-exposure", 603_000],
    ["while the stage moves", 605_500],
    ["between two sweeps", 800_000],
  ] as const;

  it.each(at)("cut %s harms nothing, and exposures go on by themselves", async (_, fromMs) => {
    const run = await runWorld({ hours: DEVICE_HOURS, campaign: THREE, faults: [{ kind: "link-cut", link, fromMs }] });
    expectSound(run);
    expect(run.alarms.some((alarm) => alarm.endsWith(` ${link}`))).toBe(true);
    expect(run.summary.requests.missed).toBeLessThanOrEqual(2);
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.summary.alarms.open).toBe(0);
  });

  it.each(at)("silent for a minute %s harms nothing, and exposures go on after it", async (_, fromMs) => {
    const run = await runWorld({
      ...{ hours: DEVICE_HOURS, campaign: THREE },
      faults: [{ kind: "link-hang", link, fromMs, toMs: fromMs + 60_000 }],
    });
    expectSound(run);
    const named = link === "broker" ? / (flux monitor|ring current|broker)$/ : new RegExp(` ${link}$`);
    if (fromMs < 700_000) expect(run.alarms.some((alarm) => named.test(alarm))).toBe(true);
    expect(run.summary.requests.missed).toBeLessThanOrEqual(2);
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.summary.alarms.open).toBe(0);
  });

  it("silent for ever leaves the cells cycling, the beam off and the device named to the end", async () => {
    const run = await runWorld({
      hours: DEVICE_HOURS,
      campaign: THREE,
      faults: [{ kind: "link-hang", link, fromMs: 603_000 }],
    });
    expectSound(run);
    expect(run.summary.samples).toEqual(calm.summary.samples);
    expect(run.summary.cells).toEqual(calm.summary.cells);
    expect(run.summary.alarms.open).toBeGreaterThan(0);
    expect(run.virtual.world.openings.filter((opening) => opening.litEndMs > 625_000)).toEqual([]);
    expect(run.summary.requests.met).toBeLessThan(calm.summary.requests.met - 3);
  });
});

it("a ring current that is unheard for a moment keeps the beam for no longer than that", async () => {
  // Exposures of the sweep end at about 310.6 and 316.9 s, and the current is heard every two seconds.
  const faults: readonly WorldFault[] = [
    { kind: "feed-not-a-number", feed: "ring-current", fromMs: 309_900, toMs: 310_100 },
    { kind: "link-unplugged", link: "broker", fromMs: 314_500, toMs: 318_000 },
  ];
  const run = await runWorld({ hours: 0.1, campaign: THREE, faults });
  expectSound(run);
  expect(run.alarms).toEqual(["sensor.unreadable ring current", "link.closed broker", "link.open-failed broker"]);
  const [first, second, third, ...more] = run.of("shutter-opened").map(({ atMs }) => atMs);
  expect(first).toBeLessThan(309_900);
  expect(second).toBeGreaterThan(312_000);
  expect(second).toBeLessThan(314_500);
  expect(third).toBeGreaterThan(318_000);
  expect(third).toBeLessThan(325_000);
  expect(more).toEqual([]);
  expect(run.of("beam-lost").filter(({ atMs }) => atMs > 300_000)).toEqual([]);
  expect(run.summary.alarms.open).toBe(0);
});
