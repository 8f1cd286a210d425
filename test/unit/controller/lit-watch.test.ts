import { describe, expect, it } from "vitest";
import { createLitWatch } from "../../../controller/rehearsal/lit-watch.ts";
import type { InputLevels } from "../../../protocols/roles/beam-io.ts";
import { GOOD_LEVELS } from "./levels.ts";

const OPEN: Partial<InputLevels> = { shutterOpenSwitch: true, shutterClosedSwitch: false };
const SHUT_UPSTREAM: Partial<InputLevels> = { safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true };

function bench(ringCurrentMa: number | null = 200) {
  const [charged, asked, alarms, stops]: [(readonly [number, number])[], string[], string[], string[]] = [
    [],
    [],
    [],
    [],
  ];
  const ask = (what: string) => (): Promise<void> => {
    asked.push(what);
    return Promise.resolve();
  };
  const watch = createLitWatch({
    io: {
      name: "io",
      permit: { dropShutterPermit: ask("drop") } as never,
      requestShutterClosed: ask("close"),
      requestSafetyShutter: (open) => ask(open ? "open" : "close upstream")(),
    },
    alarms: {
      raise: ({ code }) => void alarms.push(code),
      clear: (code) => void alarms.push(`over ${code}`),
    },
    ...{ ringCurrentMa: () => ringCurrentMa, ringCurrentNoneMa: 0.2 },
    charge: (fromMs, toMs) => charged.push([fromMs, toMs]),
    stopExposing: (reason) => stops.push(reason),
    fail: (error) => {
      throw error;
    },
  });
  const show = (readAtMs: number, changes: Partial<InputLevels> = {}): void => {
    watch.showLevels({ ...GOOD_LEVELS, ...changes, readAtMs });
  };
  return { watch, show, charged, asked, alarms, stops };
}

describe("both shutters open in a rehearsal", () => {
  it("are asked closed, told once and charged from the last dark levels to the next", () => {
    const { watch, show, charged, asked, alarms, stops } = bench();
    show(0);
    show(500, OPEN);
    for (const atMs of [502, 900, 1600]) show(atMs, OPEN);
    show(1700, { ...OPEN, ...SHUT_UPSTREAM });
    show(2000);
    expect(charged).toEqual([
      [0, 500],
      [500, 1600],
      [1600, 1700],
    ]);
    expect(asked.slice(0, 3)).toEqual(["close", "drop", "close upstream"]);
    expect(asked).not.toContain("open");
    expect([alarms, stops.length]).toEqual([["rehearsal.lit"], 1]);
    watch.noteResumed();
    expect(alarms).toEqual(["rehearsal.lit", "over rehearsal.lit"]);
  });

  it("are told and closed but not charged while the machine has no beam", () => {
    const { show, charged, alarms } = bench(0);
    show(0);
    show(500, OPEN);
    show(900);
    expect([charged, alarms]).toEqual([[], ["rehearsal.lit"]]);
  });

  it("are not charged at the very current that is none, and are just above it", () => {
    for (const [currentMa, rows] of [
      [0.2, 0],
      [0.21, 1],
    ] as const) {
      const { show, charged } = bench(currentMa);
      show(0);
      show(500, OPEN);
      expect(charged).toHaveLength(rows);
    }
  });

  it("are charged second by second, and for no time at all not", () => {
    const { show, charged } = bench();
    show(500, OPEN);
    expect(charged).toEqual([]);
    for (const atMs of [1499, 1500, 1500]) show(atMs, OPEN);
    expect(charged).toEqual([[500, 1500]]);
    show(1500);
    expect(charged).toEqual([[500, 1500]]);
  });

  it("are charged where the ring current is not known", () => {
    const { show, charged } = bench(null);
    show(0);
    show(500, OPEN);
    expect(charged).toEqual([[0, 500]]);
  });
});

it("one shutter open with the other closed is no light", () => {
  const { show, charged, asked, alarms } = bench();
  show(0);
  show(100, { ...OPEN, ...SHUT_UPSTREAM });
  show(200, SHUT_UPSTREAM);
  show(300);
  expect([charged, asked, alarms]).toEqual([[], [], []]);
});
