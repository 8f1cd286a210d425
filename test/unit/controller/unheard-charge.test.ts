import { describe, expect, it } from "vitest";
import { Fault } from "../../../protocols/base/fault.ts";
import type { LeftStep } from "../../../controller/machines/programme.ts";
import { createEffectsBench, LIMITS } from "./effects-bench.ts";
import { CHARGE, REST_STEP, STEP } from "./unheard-steps-bench.ts";

it.each([
  ["ends with the step where its instrument runs it alone", true, 100],
  ["goes on behind the step's end where nobody could tell its instrument", false, 1000],
] as const)("charge that nobody heard of %s", async (_, runsProgrammeAlone, mostS) => {
  const { effects, intake, time } = createEffectsBench({ capabilities: { runsProgrammeAlone } as never });
  await effects.startStep(STEP, 0, null);
  time.nowMs = 1_000_000;
  await effects.openCircuit();
  const { chargedAh, doubtAh } = intake.totals(0);
  expect((chargedAh + doubtAh) * 3600).toBeCloseTo(0.001 * mostS, 9);
});

it("a step that goes on may let flow what is left once all that may have flowed is taken off", async () => {
  const asked: (number | undefined)[] = [];
  const { effects, time } = createEffectsBench({
    capabilities: { runsProgrammeAlone: true } as never,
    start: ({ chargeMaxAh }) => {
      asked.push(chargeMaxAh);
      return Promise.resolve();
    },
  });
  const step = { ...STEP, channelStep: { ...CHARGE, untilTimeS: 3600, chargeMaxAh: 0.001 } };
  await effects.startStep(step, 0, null);
  time.nowMs = 360_000;
  await effects.openCircuit();
  // Six minutes at 1 mA may have flowed, and half of that is counted.
  await effects.startStep(step, 0.1, null);
  expect(asked).toEqual([0.001, expect.closeTo(0.0009, 9)]);
});

const NOTHING_LEFT: LeftStep = { step: null, runningSinceMs: null, elapsedS: 0 };

it("of a cell that is given up, what runs may move up to its own end is in doubt, where it has one", async () => {
  for (const [runsProgrammeAlone, untilMs, inDoubtAs] of [
    [true, 100_000, 0.001 * 60],
    [false, Infinity, 0],
  ] as const) {
    const { effects, intake, heard, time } = createEffectsBench({ capabilities: { runsProgrammeAlone } as never });
    expect(effects.givenUp?.(NOTHING_LEFT)).toBeNull();
    await effects.startStep(STEP, 0, null);
    heard.to?.sample(40, 3.5, 0.001, 0);
    time.nowMs = 70_000;
    expect(effects.givenUp?.(NOTHING_LEFT)).toBe(untilMs);
    expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(inDoubtAs, 9);
  }
});

it("a cell whose channel found its step running as it connected after a restart has run it until then", async () => {
  const { effects, time } = createEffectsBench(
    { capabilities: {} as never, measureOpenCircuitV: () => Promise.resolve(3.5), foundRunningAtMs: 40_000 },
    { wasLeft: true },
  );
  time.nowMs = 50_000;
  const found = await effects.findAgain({ step: STEP, runningSinceMs: 10_000, elapsedS: 5 });
  expect(found).toMatchObject({ kind: "off", stepElapsedS: 35 });
});

describe("of a cell that is given up after a restart", () => {
  it.each([
    ["whose link was lost before, the step may have run on since its last sample", 30_000, 100_000, 75],
    ["whose step may just have begun, all of it may have flowed", undefined, 570_000, 70],
  ] as const)("%s, and is in doubt", (_, lostAtMs, untilMs, inDoubtS) => {
    for (const runsProgrammeAlone of [true, false]) {
      const capabilities = { runsProgrammeAlone } as never;
      const { effects, intake, time } = createEffectsBench({ capabilities }, { wasLeft: true });
      intake.lastSeen(0, 25_000, 3.5, 0.001);
      time.nowMs = 500_000;
      const lost = lostAtMs === undefined ? {} : { lostAtMs };
      const left = { step: STEP, runningSinceMs: null, elapsedS: 30, mayHaveBegun: true, ...lost };
      expect(effects.givenUp?.(left)).toBe(runsProgrammeAlone ? untilMs : Infinity);
      expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(runsProgrammeAlone ? 0.001 * inDoubtS : 0, 9);
    }
  });

  it("nothing is in doubt of what was left once it was found off", async () => {
    const { effects, intake } = createEffectsBench(
      { capabilities: { runsProgrammeAlone: true } as never, measureOpenCircuitV: () => Promise.resolve(3.5) },
      { wasLeft: true },
    );
    intake.lastSeen(0, 0, 3.5, 0.001);
    const left = { step: STEP, runningSinceMs: null, elapsedS: 30, mayHaveBegun: true };
    await effects.findAgain(left);
    expect(effects.givenUp?.(left)).toBeNull();
    expect(intake.totals(0).doubtAh).toBe(0);
  });
});

it("of a cell that is given up after a start whose answer was lost, all of that step is in doubt", async () => {
  const { effects, intake, time } = createEffectsBench({
    capabilities: { runsProgrammeAlone: true } as never,
    start: () => Promise.reject(new Error("no answer")),
  });
  await expect(effects.startStep(STEP, 40, null)).rejects.toThrow("no answer");
  time.nowMs = 5000;
  expect(effects.givenUp?.(NOTHING_LEFT)).toBe(65_000);
  expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * 60, 9);
  await effects.openCircuit();
  expect(effects.givenUp?.(NOTHING_LEFT)).toBeNull();
});

it("of a cell that is given up after such a start, and that its instrument did not confirm off, there is no end", async () => {
  const { effects, time } = createEffectsBench({
    capabilities: { runsProgrammeAlone: true } as never,
    start: () => Promise.reject(new Error("no answer")),
    abort: () => Promise.reject(new Fault("cell.not-off", "channel D4", "not confirmed off")),
  });
  await expect(effects.startStep(STEP, 40, null)).rejects.toThrow("no answer");
  await expect(effects.openCircuit()).rejects.toThrow("not confirmed off");
  time.nowMs = 5000;
  expect(effects.givenUp?.(NOTHING_LEFT)).toBe(Infinity);
});

describe("a start whose answer was lost", () => {
  async function asked(nowMs: number, runsProgrammeAlone = true) {
    const bench = createEffectsBench({
      capabilities: { runsProgrammeAlone } as never,
      start: () => Promise.reject(new Error("no answer")),
    });
    await expect(bench.effects.startStep(STEP, 40, null)).rejects.toThrow("no answer");
    bench.time.nowMs = nowMs;
    return { ...bench, inDoubtAs: () => bench.intake.totals(0).doubtAh * 3600 };
  }

  it.each([
    ["until then", 5000, true, 5],
    ["up to its own end", 900_000, true, 60],
    ["until then, where nothing ends it", 900_000, false, 900],
  ] as const)(
    "may have driven its cell until that is confirmed off, which is in doubt: %s",
    async (_, nowMs, alone, s) => {
      const { effects, inDoubtAs } = await asked(nowMs, alone);
      await effects.openCircuit();
      expect(inDoubtAs()).toBeCloseTo(0.001 * s, 9);
      await effects.openCircuit();
      expect(inDoubtAs()).toBeCloseTo(0.001 * s, 9);
    },
  );

  it("is in doubt up to its end, where that is told; the end of the step before says nothing of it", async () => {
    const { effects, heard, inDoubtAs } = await asked(3000);
    heard.to?.stepEnded("aborted");
    expect(inDoubtAs()).toBe(0);
    heard.to?.stepEnded("time");
    expect(inDoubtAs()).toBeCloseTo(0.001 * 3, 9);
    expect(effects.givenUp?.(NOTHING_LEFT)).toBeNull();
  });

  it("is in doubt once where its cell was given up first", async () => {
    const { effects, inDoubtAs } = await asked(5000);
    effects.givenUp?.(NOTHING_LEFT);
    await effects.openCircuit();
    expect(inDoubtAs()).toBeCloseTo(0.001 * 60, 9);
  });
});

describe("of a cell that is switched off after a restart, and was not found again before", () => {
  const BEGUN: LeftStep = { step: STEP, runningSinceMs: null, elapsedS: 0, mayHaveBegun: true };

  it.each([
    ["what may just have begun", {}, BEGUN, 35],
    ["what may have run on since its link was lost", {}, { ...BEGUN, lostAtMs: 30_000 }, 35],
    ["what may have begun since nothing ran", {}, { ...BEGUN, idleSinceMs: 50_000 }, 10],
    // Its samples were on record before that it had begun was.
    ["what was heard since, and is not counted", {}, { ...BEGUN, lostAtMs: 30_000, idleSinceMs: 20_000 }, 40],
    ["nothing of what is heard to run", { hasTakenOver: true }, BEGUN, 0],
    ["nothing where nothing was to begin", {}, { ...BEGUN, mayHaveBegun: false }, 0],
  ] as const)("is in doubt: %s", async (_, channel, left, inDoubtS) => {
    const capabilities = { runsProgrammeAlone: true } as never;
    const { effects, intake, time } = createEffectsBench({ capabilities, ...channel }, { wasLeft: true });
    intake.lastSeen(0, 25_000, 3.5, 0.001);
    time.nowMs = 60_000;
    await effects.openCircuit(left);
    expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * inDoubtS, 9);
  });

  it("nothing is in doubt that may have followed a step whose end its instrument told", async () => {
    const capabilities = { runsProgrammeAlone: true } as never;
    const { effects, intake, heard, time } = createEffectsBench({ capabilities }, { wasLeft: true });
    time.nowMs = 200_000;
    const left = { step: REST_STEP, runningSinceMs: 0, elapsedS: 0, next: STEP };
    heard.to?.stepEnded("time");
    await effects.openCircuit(left);
    expect(intake.totals(0).doubtAh).toBe(0);
  });

  it("it is in doubt also where it was sought in vain", async () => {
    const { effects, intake, time } = createEffectsBench(
      { capabilities: { runsProgrammeAlone: true } as never, measureOpenCircuitV: () => Promise.resolve(1) },
      { wasLeft: true },
    );
    time.nowMs = 10_000;
    await expect(effects.findAgain(BEGUN)).rejects.toThrow("1.0000 V");
    await effects.openCircuit(BEGUN);
    expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * 10, 9);
  });
});

it("of a cell that is given up after a restart, the hold behind its lead may run to its end, and is in doubt", () => {
  const capabilities = { runsProgrammeAlone: true } as never;
  const { effects, intake, time } = createEffectsBench({ capabilities }, { wasLeft: true });
  intake.lastSeen(0, 50_000, 4.05, 0.001);
  time.nowMs = 60_000;
  const channelStep = { ...CHARGE, kind: "constant-voltage", voltageV: 4.1, untilCurrentA: null } as const;
  const left = { step: { ...STEP, channelStep }, runningSinceMs: 45_000, elapsedS: 20, isLead: true };
  expect(effects.givenUp?.(left)).toBe(140_000);
  expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.005 * 80, 9);
});

it("a start that is not answered is in doubt also where its channel had taken over the step before", async () => {
  const { effects, intake, time } = createEffectsBench(
    {
      capabilities: { runsProgrammeAlone: true } as never,
      hasTakenOver: true,
      start: () => Promise.reject(new Error("no answer")),
    },
    { wasLeft: true },
  );
  await effects.findAgain({ step: REST_STEP, runningSinceMs: 0, elapsedS: 0 });
  await expect(effects.startStep(STEP, 0, null)).rejects.toThrow("no answer");
  time.nowMs = 5000;
  await effects.openCircuit();
  expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * 5, 9);
});

it("of a cell that is given up after a restart, the step that may have followed may run to its end, and is in doubt", () => {
  for (const [nowMs, untilMs, inDoubtAs] of [
    [59_000, null, 0],
    [75_000, 175_000, 0.001 * 100],
  ] as const) {
    const capabilities = { runsProgrammeAlone: true } as never;
    const { effects, intake, time } = createEffectsBench({ capabilities }, { wasLeft: true });
    intake.lastSeen(0, 50_000, 3.5, 0);
    time.nowMs = nowMs;
    const left = { step: REST_STEP, runningSinceMs: 0, elapsedS: 0, next: STEP };
    expect(effects.givenUp?.(left)).toBe(untilMs);
    expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(inDoubtAs, 9);
  }
});

it("of a cell that was not proven, its first step may have begun as the controller was lost, and is in doubt once it is off", async () => {
  const left = { step: STEP, runningSinceMs: null, elapsedS: 0, mayHaveBegun: true, idleSinceMs: 20_000 };
  for (const how of ["prove", "off"] as const) {
    for (const [mayHaveBeenProven, inDoubtS] of [
      [true, 30],
      [false, 0],
    ] as const) {
      const proof = { code: { pulseS: 1, bitCount: 6 }, limits: LIMITS, nominalCapacityAh: 0.004 };
      const channel = {
        capabilities: { runsProgrammeAlone: true } as never,
        measureOpenCircuitV: () => Promise.resolve(1),
      };
      const { effects, intake, time } = createEffectsBench(channel, { mayHaveBeenProven, proof } as never);
      const beforeAh = intake.totals(0).doubtAh;
      time.nowMs = 50_000;
      if (how === "off") await effects.openCircuit(left);
      // An open-circuit voltage that proves nothing tells that it is off all the same.
      else await expect(effects.prove(new AbortController().signal, left)).rejects.toThrow("1.0000 V");
      expect((intake.totals(0).doubtAh - beforeAh) * 3600).toBeCloseTo(0.001 * inDoubtS, 9);
    }
  }
});

it("a proof that was under way as the controller was lost may have driven all of its current, and is in doubt", () => {
  const inDoubtAs = (mayHaveBeenProven: boolean): number => {
    const proof = { code: { pulseS: 1, bitCount: 6 }, limits: LIMITS, nominalCapacityAh: 0.004 };
    const { intake } = createEffectsBench({}, { mayHaveBeenProven, proof } as never);
    return intake.totals(0).doubtAh * 3600;
  };
  expect(inDoubtAs(false)).toBe(0);
  // A twentieth of the capacity in an hour, in three rounds of six pulses.
  expect(inDoubtAs(true)).toBeCloseTo((0.004 / 20) * 3 * 6, 9);
});

it("of a cell whose silence was noticed before a restart, and that is found off, all since its last sample is in doubt", async () => {
  const { effects, intake, time } = createEffectsBench(
    { capabilities: { runsProgrammeAlone: true } as never, measureOpenCircuitV: () => Promise.resolve(3.5) },
    { wasLeft: true },
  );
  intake.lastSeen(0, 25_000, 3.5, 0.001);
  time.nowMs = 500_000;
  await effects.findAgain({ step: STEP, runningSinceMs: null, elapsedS: 45, mayHaveBegun: true, lostAtMs: 45_000 });
  expect(intake.totals(0).doubtAh * 3600).toBeCloseTo(0.001 * 75, 9);
});

describe("a step whose start was not answered, and that is begun again, may let flow what is left once what may have flowed before is taken off", () => {
  const ALLOWED = { ...STEP, channelStep: { ...CHARGE, untilTimeS: 3600, chargeMaxAh: 0.001 } };

  function begun(more: Parameters<typeof createEffectsBench>[1] = {}) {
    const asked: (number | undefined)[] = [];
    const behaviour = { isAnswered: true };
    const channel = { foundRunningAtMs: null as number | null };
    const bench = createEffectsBench(
      {
        capabilities: { runsProgrammeAlone: true } as never,
        measureOpenCircuitV: () => Promise.resolve(3.5),
        get foundRunningAtMs() {
          return channel.foundRunningAtMs;
        },
        start: ({ chargeMaxAh }) => {
          asked.push(chargeMaxAh);
          return behaviour.isAnswered ? Promise.resolve() : Promise.reject(new Error("no answer"));
        },
      },
      more,
    );
    return { ...bench, asked, behaviour, channel };
  }

  it("of each of its starts, and of none of the step before", async () => {
    const { effects, intake, heard, time, asked, behaviour, channel } = begun();
    await effects.startStep({ ...ALLOWED, stepNumber: 7 }, 0, null);
    heard.to?.sample(60, 3.5, 0.003, 0);
    heard.to?.stepEnded("time");
    behaviour.isAnswered = false;
    for (const lostAtMs of [100_000, 1_100_000]) {
      time.nowMs = lostAtMs;
      await expect(effects.startStep(ALLOWED, 0, null)).rejects.toThrow("no answer");
      time.nowMs = lostAtMs + 360_000;
      await effects.openCircuit();
    }
    expect(effects.ranAtLeastS?.(ALLOWED)).toBeNull();
    channel.foundRunningAtMs = time.nowMs - 60_000;
    expect(effects.ranAtLeastS?.(ALLOWED)).toBe(300);
    expect(effects.ranAtLeastS?.({ ...ALLOWED })).toBeNull();
    behaviour.isAnswered = true;
    await effects.startStep(ALLOWED, 300, null);
    expect(effects.ranAtLeastS?.(ALLOWED)).toBeNull();
    expect(asked).toEqual([0.001, 0.001, expect.closeTo(0.0009, 9), expect.closeTo(0.0008, 9)]);
    // What may have flowed before is no reading, by which a cell would be switched off.
    expect(intake.stepChargeAh[0]).toBe(0);
    await effects.startStep({ ...ALLOWED }, 0, null);
    expect(asked.at(-1)).toBe(0.001);
  });

  it.each([
    ["that the record left", false],
    ["that followed what the record left", true],
  ] as const)("after a restart: %s", async (_, isNext) => {
    const { effects, time, asked } = begun({ wasLeft: true });
    time.nowMs = 360_000;
    await effects.findAgain(
      isNext
        ? { step: { ...REST_STEP, stepNumber: 2 }, runningSinceMs: -60_000, elapsedS: 0, next: { ...ALLOWED } }
        : { step: ALLOWED, runningSinceMs: null, elapsedS: 0, mayHaveBegun: true },
    );
    await effects.startStep(ALLOWED, 0, null);
    expect(asked).toEqual([expect.closeTo(0.0009, 9)]);
  });

  it("where it led the cell back to the voltage that its step holds", async () => {
    const { effects, time, asked, behaviour } = begun();
    behaviour.isAnswered = false;
    const hold = { ...ALLOWED, channelStep: { ...CHARGE, kind: "constant-voltage", voltageV: 4, untilCurrentA: null } };
    const lead = (): typeof ALLOWED & { leadsTo: unknown } => ({ ...ALLOWED, leadsTo: hold });
    await expect(effects.startStep(lead() as never, 0, null)).rejects.toThrow("no answer");
    time.nowMs = 360_000;
    await effects.openCircuit();
    await expect(effects.startStep(lead() as never, 0, null)).rejects.toThrow("no answer");
    expect(asked).toEqual([0.001, expect.closeTo(0.0009, 9)]);
  });
});
