import { afterAll, describe, expect, it } from "vitest";
import type { ExposureWish } from "../../controller/beam/wanted.ts";
import { createTimetableFold } from "../../controller/schedule/timetable.ts";
import { timetableCommand } from "../../tui/commands/timetable.ts";
import { load } from "../support/campaign-files.ts";
import { assert } from "../../protocols/base/assert.ts";
import {
  expectSound,
  field,
  FILES,
  missesOf,
  numeric,
  removeFolders,
  runWorld,
  type WorldRun,
  type WorldRunOptions,
} from "../support/world-campaign.ts";

afterAll(removeFolders);

/** Without a sweep before the last minutes. */
function quiet(firstAfterMin = 170) {
  const text = FILES["small.yaml"].replace("first_after_min: 5", `first_after_min: ${firstAfterMin}`);
  const loaded = load({ ...FILES, "small.yaml": text }, "small.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded.findings, null, 1));
  return loaded.campaign;
}

function wish(key: string, cellIndex: number, wantedS: number, changes: Partial<ExposureWish> = {}): ExposureWish {
  return {
    ...{ key, cellIndex, trigger: "grid", presetName: "pattern", weight: 1, owner: null, reason: `mark ${key}` },
    ...{ earliestMs: 1000 * (wantedS - 30), wantedMs: 1000 * wantedS, latestMs: 1000 * (wantedS + 60) },
    ...changes,
  };
}

function asking(wishes: readonly ExposureWish[], atS = 60): NonNullable<WorldRunOptions["at"]>[number] {
  return [
    atS,
    (virtual) => {
      virtual.run.wishes.ask(wishes);
    },
  ];
}

/** Seconds by which each exposure opened after its wanted moment, by key. */
function offs(run: WorldRun): ReadonlyMap<string, number> {
  const wanted = new Map<string, { readonly key: string; readonly atMs: number }>();
  for (const event of [...run.of("exposure-wanted"), ...run.of("request-retimed")]) {
    const id = String(numeric(event, "request"));
    const key = wanted.get(id)?.key ?? field(event, "key");
    wanted.set(id, { key, atMs: numeric(event, "wanted_at_ms") });
  }
  return new Map(
    run.of("exposure-ended").flatMap((event) => {
      const id = /^R0*(\d+)-/.exec(field(event, "request_id"))?.[1];
      const one = wanted.get(id ?? "");
      return one === undefined ? [] : [[one.key, (numeric(event, "open_seen_at_ms") - one.atMs) / 1000] as const];
    }),
  );
}

describe("exposures that are wanted at a moment", () => {
  it("open at it: the cell is brought and the detector armed before", async () => {
    const wishes = [wish("a", 0, 300), wish("b", 9, 420), wish("c", 3, 440), wish("d", 5, 1500)];
    const run = await runWorld({ campaign: quiet(), hours: 0.5, at: [asking(wishes)] });
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ asked: 4, met: 4, late: 0, missed: 0 });
    for (const off of offs(run).values()) expect(Math.abs(off)).toBeLessThan(0.05);
  });
});

describe("a wish", () => {
  it("moves with its forecast, is given up when it is withdrawn, and is not asked twice", async () => {
    const run = await runWorld({
      campaign: quiet(),
      hours: 0.3,
      at: [
        asking([wish("moves", 0, 300), wish("goes", 1, 500), wish("stays", 2, 700)]),
        [
          100,
          ({ run: { wishes } }) => {
            wishes.ask([wish("moves", 0, 400, { reason: "later" }), wish("stays", 2, 700.5)]);
            wishes.withdraw([{ key: "goes", reason: "its step was left" }]);
          },
        ],
        asking([wish("moves", 0, 900), wish("goes", 1, 900)], 600),
      ],
    });
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ asked: 2, met: 2 });
    expect(run.of("request-retimed")).toHaveLength(1);
    expect(field(run.of("request-withdrawn")[0], "text")).toBe("its step was left");
    const openings = run.of("exposure-ended").map((event) => Math.round(numeric(event, "open_seen_at_ms") / 1000));
    expect(openings).toEqual([400, 700]);
    const { counts, behind, ahead } = timetableOf(run);
    expect(counts).toEqual({ met: 2, late: 0, missed: 0, withdrawn: 1 });
    expect(behind.map(({ position, outcome, why }) => [position, outcome, why])).toEqual([
      ["A2", "withdrawn", "its step was left"],
      ["A1", "met", "at its wanted moment; before 1 other"],
      ["A3", "met", "at its wanted moment; nothing else is asked"],
    ]);
    expect(ahead).toEqual([]);
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    await timetableCommand({ json: false, print }, [run.folder, "--position", "A2"]);
    expect(lines[0]).toContain("met 2, late 0, missed 0, withdrawn 1");
    expect(lines.at(-1)).toMatch(/A2 +R2 +withdrawn +grid: mark goes; its step was left$/);
    lines.length = 0;
    await timetableCommand({ json: true, print }, [run.folder]);
    expect(JSON.parse(lines.join(""))).toMatchObject({ counts: { met: 2, withdrawn: 1 }, ahead: [] });
  });

  it("is met beside a sweep that is under way, and the sweep loses nothing", async () => {
    const run = await runWorld({
      campaign: quiet(5),
      hours: 0.2,
      at: [asking([wish("a", 3, 330), wish("b", 6, 345)])],
    });
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ late: 0, missed: 0 });
    expect(run.of("exposure-ended").filter((event) => field(event, "request_id").startsWith("S"))).toHaveLength(20);
    for (const off of offs(run).values()) expect(Math.abs(off)).toBeLessThan(1.5);
  });

  it("that comes while the machine has no beam is missed with that reason; the stage waits at the next cell", async () => {
    const run = await runWorld({
      campaign: quiet(),
      hours: 0.4,
      faults: [{ kind: "beam-dump", fromMs: 200_000, toMs: 600_000 }],
      at: [
        asking([
          wish("before", 9, 150),
          wish("lost", 0, 300),
          wish("late", 7, 590, { latestMs: 900_000 }),
          wish("after", 3, 800),
        ]),
      ],
    });
    expectSound(run);
    expect(missesOf(run).map(([position, reason, text]) => [position, reason, text])).toEqual([
      ["A1", "beam", expect.stringMatching(/^its window passed: no beam for /)],
    ]);
    const backMs = run.of("beam-back").at(-1)?.atMs ?? NaN;
    const [, first] = run.of("exposure-ended");
    expect(field(first, "position")).toBe("B3");
    // The stage stands there: checks, permit and the shutter's own time, less than the shortest way would take.
    expect(numeric(first, "open_seen_at_ms") - backMs).toBeLessThan(300);
  });

  it("and what was decided outlast a restart", async () => {
    const wishes = [wish("a", 0, 200), wish("b", 9, 500), wish("c", 3, 800)];
    const run = await runWorld({
      campaign: quiet(),
      hours: 0.3,
      kills: [{ atS: 300, downS: 20 }],
      at: [asking(wishes), asking(wishes, 420)],
    });
    expectSound(run);
    expect(run.summary.requests).toMatchObject({ asked: 3, met: 3 });
    expect(run.of("exposure-wanted")).toHaveLength(3);
    for (const off of offs(run).values()) expect(Math.abs(off)).toBeLessThan(0.05);
  });
});

describe("wishes in trouble", () => {
  it("are met or missed with a reason, whatever fails on the way", async () => {
    const wishes = Array.from({ length: 40 }, (_, index) => wish(`n${index}`, (7 * index) % 10, 100 + 38 * index));
    const run = await runWorld({
      campaign: quiet(20),
      hours: 0.5,
      faults: [
        { kind: "interlock", name: "doorClosed", fromMs: 200_000, toMs: 230_000 },
        { kind: "link-hang", link: "stage", fromMs: 480_000, toMs: 520_000 },
        { kind: "beam-dump", fromMs: 700_000, toMs: 800_000, refillMs: 60_000 },
        { kind: "interlock", name: "motionEnabled", fromMs: 1_000_000, toMs: 1_060_000 },
        { kind: "link-hang", link: "detector", fromMs: 1_200_000, toMs: 1_230_000 },
      ],
      at: [
        asking(wishes),
        [
          300,
          ({ run: { actor } }) => {
            actor.send({ type: "RE_ARM", author: "test" });
          },
        ],
      ],
    });
    expectSound(run);
    const { asked, met } = run.summary.requests;
    expect(met / asked).toBeGreaterThan(0.7);
    for (const [, , text] of missesOf(run)) expect(text).not.toBe("");
  });
});

function timetableOf(run: WorldRun) {
  const fold = createTimetableFold();
  for (const { type, atMs, dataText } of run.events) {
    fold.event(type, atMs, JSON.parse(dataText) as Parameters<typeof fold.event>[2]);
  }
  return fold.timetable();
}
