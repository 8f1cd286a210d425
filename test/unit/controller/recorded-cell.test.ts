import { describe, expect, it } from "vitest";
import { expectedVoltage } from "../../../controller/cells/continuity.ts";
import { firstProgrammeStep } from "../../../controller/cells/programme.ts";
import { leftStep, withIdleTime } from "../../../controller/machines/cell-news.ts";
import type { FinishedStep, LeftStep } from "../../../controller/machines/programme.ts";
import { createCellFold, type CellFold, type EventData } from "../../../controller/resume/recorded-cell.ts";
import type { LeftRun } from "../../../controller/resume/read-run.ts";
import { restoreCells } from "../../../controller/resume/restore.ts";
import { createSampleBuffer } from "../../../controller/record/sample-buffer.ts";
import { createFrameEncoder } from "../../../controller/record/sample-frame.ts";
import type { Channel, LeftRunning } from "../../../protocols/roles/channel.ts";
import { assert } from "../../../protocols/base/assert.ts";
import { loadShipped } from "../../support/campaign-files.ts";
import { campaign } from "../../support/world-campaign.ts";
import { createOneIntake, LIMITS } from "./effects-bench.ts";

type Told = readonly [type: string, atS: number, data?: EventData];

const WHO = { author: "anna", reason: "a look" };
const HELD = { act: "hold", ...WHO };
const TOTALS = { charged_Ah: 0.0012, discharged_Ah: 0.0002, doubt_Ah: 0.0001 };
const [PLAIN] = campaign.cells;
assert(PLAIN !== undefined, "the small campaign has cells");

function fold(...events: readonly Told[]): CellFold {
  assert(PLAIN !== undefined, "the small campaign has cells");
  const cell = createCellFold(PLAIN, 1);
  for (const [type, atS, data] of events) cell.event(type, 1000 * atS, data ?? {});
  return cell;
}

/** What its channel is held against by the next controller. */
function leftOf(cell: CellFold): LeftStep {
  const { left } = cell.state();
  return leftStep({ left, cursor: left.cursor } as unknown as Parameters<typeof leftStep>[0]);
}

/** What the next controller has counted as it begins. */
function counted(cell: CellFold) {
  const intake = createOneIntake();
  const recorded = { cells: [cell.state()], transfers: { released: new Map() }, access: new Map() };
  restoreCells({ recorded, frames: [] } as unknown as LeftRun, { cells: [] }, [], intake, () => 0);
  return { ...intake.totals(0), inStepAh: intake.stepChargeAh[0] };
}

const STARTED: Told = ["step-started", 0, { elapsed_s: 0, state: {} }];

describe("a cell by its record", () => {
  it.each([
    ["given up", ["cell-isolated", 700, { code: "cell.limit", totals: TOTALS }]],
    ["taken out of its place", ["cell-taken-out", 700, { totals: TOTALS }]],
  ] as readonly [string, Told][])("that was %s keeps what was put in doubt later", (_, off) => {
    const { doubtAh } = counted(fold(STARTED, off, ["charge-doubted", 800, { doubt_Ah: 0.0005 }]));
    expect(doubtAh).toBeCloseTo(0.0006, 9);
  });

  it.each([
    ["held", "cell-held", {}],
    ["taken out of its place", "cell-taken-out", {}],
    ["found off", "cell-found", { found: "off" }],
  ])(
    "that was %s has run for as long as it had then, and keeps what was counted as it was switched off",
    (_, type, more) => {
      const cell = fold(STARTED, [type, 600, { elapsed_s: 590, totals: TOTALS, ...more }], ["alarm-raised", 9000]);
      expect(cell.state().left).toMatchObject({ runningSinceMs: null, stepElapsedS: 590 });
      expect(counted(cell)).toEqual({
        ...{ chargedAh: 0.0012, dischargedAh: 0.0002, doubtAh: 0.0001 },
        inStepAh: 0.0012 - 0.0002,
      });
      cell.event("step-started", 700_000, { elapsed_s: 590, state: { totals: TOTALS } });
      expect(cell.state().offTotals).toBeUndefined();
    },
  );

  it("whose step was aborted at its instrument is not counted twice", () => {
    const began = { charged_Ah: 0.001, discharged_Ah: 0, doubt_Ah: 0 };
    const cell = fold(
      ["step-started", 0, { state: { totals: began } }],
      ["step-ended", 60, { ended_by: "aborted", totals: TOTALS }],
    );
    expect(cell.state().counted.totals.chargedAh).toBe(0.001);
    expect(counted(cell)).toMatchObject({ chargedAh: 0.0012, dischargedAh: 0.0002 });
  });

  it("whose instrument ended its step by a limit is not under way as before, and counts what had flowed by then", () => {
    const ended = { ended_by: "limit", voltage_V: 4.3, current_A: 0.001, totals: TOTALS };
    const { left, offTotals } = fold(STARTED, ["step-ended", 60_000, ended]).state();
    expect(left).toMatchObject({ phase: "under-way", runningSinceMs: null, fault: { code: "cell.limit" } });
    expect(offTotals).toEqual({ chargedAh: 0.0012, dischargedAh: 0.0002, doubtAh: 0.0001 });
  });

  it.each([
    ["nothing came between", false, []],
    ["its step ended", false, [["step-ended", 60, { ended_by: "time", samples: { to_ms: 60_000 } }]]],
    ["its step was aborted", true, [["step-ended", 60, { ended_by: "aborted" }]]],
    ["its step was skipped as it ran", true, [["step-ended", 60, { ended_by: "skipped", samples: { to_ms: 60_000 } }]]],
    ["its step was cut off", true, [["step-interrupted", 60]]],
    ["it was held", true, [["cell-held", 60, { elapsed_s: 60 }]]],
    [
      "a person had it, and it is proven since",
      false,
      [
        ["cell-taken-out", 60],
        ["cell-put-back", 90, { current_A: 1e-4 }],
      ],
    ],
    [
      "a robot had it",
      true,
      [
        ["cell-taken-out", 60],
        ["cell-put-back", 90],
      ],
    ],
  ] as readonly [string, boolean, readonly Told[]][])(
    "whose step begins had been switched off since its last sample where that is so: %s",
    (_, wasOffBefore, between) => {
      const cell = fold(STARTED, ...between, ["step-started", 100, { elapsed_s: 60, state: {} }]);
      expect(cell.state().wasOffBefore).toBe(wasOffBefore);
    },
  );

  it("that was off before its hold has as much in doubt of it after a restart as without one", () => {
    const limits = { ...LIMITS, currentMaxA: 0.002 };
    const channelStep = { kind: "constant-voltage", voltageV: 3.7, untilCurrentA: null, untilTimeS: 600, limits };
    const inDoubtAh = (wasOffBefore: boolean): number => {
      const intake = createOneIntake();
      const before = { chargedAh: 0, dischargedAh: 0, doubtAh: 0 };
      const cell = {
        left: { cursor: { step: { channelStep: { ...channelStep, sampleIntervalS: 60 } } }, runningSinceMs: 100_000 },
        ...{ counted: { totals: before, stepChargeAh: 0, atMs: 100_000 }, stepBeganMs: 100_000, wasOffBefore },
      };
      const buffer = createSampleBuffer(1, 8);
      buffer.atMs.set([90_000, 160_000]);
      buffer.voltageV.fill(3.7);
      buffer.currentA.fill(0.001);
      buffer.counts[0] = 2;
      const recorded = { cells: [cell], transfers: { released: new Map() }, access: new Map(), identities: new Map() };
      const frames = [createFrameEncoder(1, 8).encode(buffer, new Uint32Array(1))];
      restoreCells({ recorded, frames } as unknown as LeftRun, { cells: [] }, [], intake, () => 0);
      return intake.totals(0).doubtAh;
    };
    expect(inDoubtAh(false)).toBe(0);
    expect(inDoubtAh(true) * 3600).toBeCloseTo(0.001 * 60, 9);
  });

  it("that was held may have relaxed from whatever its step before had done", () => {
    const held = leftOf(fold(STARTED, ["cell-act", 5, HELD], ["cell-held", 6, { elapsed_s: 5 }]));
    const { lowV, highV } = expectedVoltage(held, { voltageV: 3, currentA: 0 }, LIMITS, 7_200_000);
    expect([lowV, highV]).toEqual([expect.closeTo(2.4), expect.closeTo(3.9)]);
  });

  it.each(["hold", "skip-step", "end-step"])(
    "whose link was lost may have run on until it was confirmed off, whatever a person ordered meanwhile: %s",
    (act) => {
      const lost: readonly Told[] = [STARTED, ["step-interrupted", 60], ["cell-act", 70, { ...HELD, act }]];
      expect(leftOf(fold(...lost))).toMatchObject({ mayHaveBegun: true, lostAtMs: 60_000 });
      for (const off of ["cell-held", "cell-taken-out"]) {
        expect(leftOf(fold(...lost, [off, 80, { elapsed_s: 60 }])).mayHaveBegun).toBeUndefined();
      }
    },
  );

  it("whose step ran as nobody heard of it any more may have come to its end since, until it is confirmed off", () => {
    const lost = [STARTED, ["step-interrupted", 60, { is_unheard: true }]] as const;
    expect(leftOf(fold(...lost))).toMatchObject({ runningSinceMs: null, elapsedS: 60, unheardSinceMs: 60_000 });
    for (const then of [
      ["cell-found", 80, { found: "off", elapsed_s: 60 }],
      // Off by then: its step was begun anew, and refused.
      ["step-interrupted", 80, {}],
      STARTED,
    ] as const) {
      expect(fold(...lost, then).state().left.unheardSinceMs).toBeUndefined();
    }
  });

  it("whose instrument did not confirm it off may be driven without end until it does", () => {
    const lost = [STARTED, ["step-interrupted", 60, { is_unheard: true, code: "cell.not-off" }]] as const;
    expect(leftOf(fold(...lost))).toMatchObject({ mayHaveBegun: true, isEndless: true });
    expect(leftOf(fold(STARTED, ["step-interrupted", 60, { code: "link.closed" }])).isEndless).toBeUndefined();
    const off = fold(...lost, ["cell-found", 80, { found: "off", elapsed_s: 60 }]);
    expect(leftOf(off).isEndless).toBeUndefined();
  });

  it("whose step broke off has run for as long as its record says, and not up to the word of it", () => {
    const lost = fold(STARTED, ["step-interrupted", 60, { elapsed_s: 45, is_unheard: true }]);
    expect(leftOf(lost)).toMatchObject({ runningSinceMs: null, elapsedS: 45 });
    lost.event("step-interrupted", 400_000, { elapsed_s: 300 });
    expect(leftOf(lost).elapsedS).toBe(300);
  });

  it("that was led back to the voltage of its hold is not left running as that: its channel knows nothing of the hold", () => {
    const lead: Told = ["step-started", 0, { elapsed_s: 0, is_lead: true, state: {} }];
    for (const [started, isTold] of [
      [STARTED, true],
      [lead, false],
    ] as const) {
      const told: LeftRunning[] = [];
      const channel = {
        ...{ name: "A1", capabilities: { runsProgrammeAlone: true } },
        leaveRunning: (left: LeftRunning) => told.push(left),
      } as unknown as Channel;
      const recorded = {
        ...{ cells: [fold(started).state()], transfers: { released: new Map() } },
        ...{ access: new Map(), identities: new Map() },
      };
      restoreCells(
        { recorded, frames: [] } as unknown as LeftRun,
        { cells: [] },
        [channel],
        createOneIntake(),
        () => 0,
      );
      expect(told.length > 0).toBe(isTold);
      expect(fold(started).state().left.isLeading === true).toBe(!isTold);
    }
  });

  it("that is about to begin its step has not begun it before it was off, or before a person let it go on", () => {
    const ended: Told = ["step-ended", 60, { ended_by: "time", totals: TOTALS }];
    const held: readonly Told[] = [STARTED, ["cell-act", 60, HELD], ["cell-held", 61, { elapsed_s: 60 }]];
    const resumed: Told = ["cell-act", 900, { ...HELD, act: "resume" }];
    expect(leftOf(fold(STARTED, ended))).toMatchObject({ mayHaveBegun: true, idleSinceMs: 60_000 });
    expect(leftOf(fold(...held)).mayHaveBegun).toBeUndefined();
    expect(leftOf(fold(...held, resumed))).toMatchObject({ mayHaveBegun: true, idleSinceMs: 900_000 });
  });

  it("that is not proven on record has begun nothing before its last event; one that is, nothing before its proof", () => {
    const until = (cell: CellFold) => withIdleTime(cell.state().left, 90_000);
    expect(until(fold())).toMatchObject({ phase: "unproven", idleSinceMs: 90_000 });
    const proven = until(fold(["cell-proof", 60, { is_proven: true }]));
    expect(proven).toMatchObject({ phase: "unproven", idleSinceMs: 60_000 });
    expect(leftStep({ left: proven, cursor: null } as never).mayHaveBegun).toBe(true);
    expect(until(fold(["cell-act", 50, HELD])).wasBeginning).toBeUndefined();
    expect(until(fold(["cell-proof", 60, { is_proven: true }], ["cell-act", 61, HELD])).wasBeginning).toBe(true);
  });

  it.each(["hold", "skip-step", "end-step", "all cells off", "a stop of steps"])(
    "whose step may have been asked to begin before a person's order may have begun it: %s",
    (order) => {
      const ended: Told = ["step-ended", 60, { ended_by: "time", totals: TOTALS }];
      for (const [before, mayHaveBegun] of [
        [[STARTED, ended], true],
        // What runs then is heard to.
        [[STARTED], undefined],
      ] as const) {
        const cell = fold(...before);
        if (order === "all cells off") cell.orderedOff();
        else if (order === "a stop of steps") cell.orderedHeld(WHO);
        else cell.event("cell-act", 61_000, { ...HELD, act: order });
        expect(cell.state().left.wasBeginning).toBe(mayHaveBegun);
        if (mayHaveBegun === true) expect(leftOf(cell)).toMatchObject({ mayHaveBegun, idleSinceMs: 60_000 });
        cell.event("cell-held", 62_000, { elapsed_s: 0 });
        expect(leftOf(cell).mayHaveBegun).toBeUndefined();
      }
    },
  );

  it("is not looked at for a step that beamrack itself found to be over; for one that a person ended it is", () => {
    const ended = (author: string): Told => ["step-ended", 60, { ended_by: "operator", author, totals: TOTALS }];
    expect(fold(STARTED, ended("anna")).state().left.mustLook).toBe(true);
    expect(fold(STARTED, ended("beamrack")).state().left.mustLook).toBeUndefined();
  });
});

describe("the exposure that a step waits for", () => {
  const loaded = loadShipped("protocols/campaigns/held-for-exposure.yaml");
  assert(loaded.kind === "loaded", "the campaign can be read");
  const { cells } = loaded.campaign;
  const finished: FinishedStep = {
    ...{ chargeAh: 0.004, doubtAh: 0, isCut: false, voltageV: 4.2, charge: null },
    end: "time",
  };

  /** From the start of the first step that waits for an exposure. */
  function waited(...events: readonly Told[]) {
    const [one] = cells;
    assert(one !== undefined, "the campaign has cells");
    let cursor = firstProgrammeStep(one, 1);
    while (cursor !== null && cursor.step.wait?.for !== "exposure") cursor = cursor.next(finished);
    const cell = createCellFold(one, 1);
    cell.event("step-started", 100_000, { elapsed_s: 0, state: { place: cursor?.place ?? null } });
    for (const [type, atS, data] of events) cell.event(type, 1000 * atS, data ?? {});
    return cell.state().left;
  }

  const made = (openedS: number): Told => [
    "exposure-ended",
    openedS + 6,
    { outcome: "made", open_asked_at_ms: 1000 * openedS },
  ];

  it.each([
    ["runs", []],
    ["cannot be heard", [["step-interrupted", 150, {}]]],
    [
      "is held",
      [
        ["cell-act", 150, HELD],
        ["cell-held", 150, { elapsed_s: 50 }],
      ],
    ],
    [
      "has begun again",
      [
        ["step-interrupted", 150, {}],
        ["step-started", 160, { elapsed_s: 50, state: {} }],
      ],
    ],
  ] as const)("ends it after a restart, though it came while the cell %s", (_, before) => {
    expect(waited(...before, made(200)).leave?.kind).toBe("awaited");
    expect(waited(...before, made(90)).leave?.kind).toBeUndefined();
  });

  it("is not awaited any more once the step is over", () => {
    expect(waited(["step-ended", 150, { ended_by: "time", totals: TOTALS }], made(200)).leave).toBeNull();
  });
});
