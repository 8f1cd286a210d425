import { createActor } from "xstate";
import { describe, expect, it } from "vitest";
import { createExposureMachine } from "../../../controller/machines/exposure-machine.ts";
import type { ExposureEffects } from "../../../controller/machines/exposure-order.ts";
import { createSafetySupervisorMachine } from "../../../controller/machines/safety-supervisor-machine.ts";
import { sleep } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { BeamIo } from "../../../protocols/roles/beam-io.ts";
import { HEARTBEAT_DELAY_S, longestOpenS, permitLifeS } from "../../../protocols/site/longest-open.ts";
import type { SiteShutter } from "../../../protocols/site/site.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { ORDER } from "./exposure-bench.ts";
import { GOOD_LEVELS } from "./levels.ts";
import { createParent, createRecorder, never, testClock } from "./machine-bench.ts";

type Way = "works" | "hangs" | "fails" | "late";

interface Scenario {
  readonly shutter: SiteShutter;
  readonly exposureS: number;
  readonly open: Way;
  readonly expose: Way;
  readonly close: Way;
  /** Taking the permit away; heartbeats and readings are answered whatever happens. */
  readonly drop: Way;
  /** Of each request to the unit. */
  readonly requestMs: number;
}

/**
 * One exposure under a supervisor whose unit obeys nothing but its watchdog: the beam is on from the order to open
 * until the permit has lapsed and the shutter upstream has fallen shut. Seconds from order to end.
 */
async function litS(scenario: Scenario): Promise<{ readonly litS: number; readonly beats: number }> {
  const { shutter, requestMs } = scenario;
  const clock = testClock();
  const recorder = createRecorder();
  let openAskedAtMs = NaN;
  const beatsAtMs: number[] = [];

  async function act(way: Way, takesMs: number): Promise<void> {
    await sleep(clock, takesMs);
    if (way === "hangs") await never();
    if (way === "late") await sleep(clock, 400);
    if (way === "fails") throw new Fault("device.refused", "unit", "refused");
  }
  const unused = never;
  const io: BeamIo = {
    name: "io",
    driver: "none",
    connect: unused,
    disconnect: () => undefined,
    onFault: () => () => undefined,
    async readInputs() {
      await sleep(clock, requestMs);
      return { ...GOOD_LEVELS, filtersIn: ORDER.filtersIn, readAtMs: clock.monoMs() };
    },
    requestShutterOpen: unused,
    requestShutterClosed: unused,
    requestSafetyShutter: unused,
    setFilters: unused,
    permit: {
      async renewShutterPermit() {
        // The unit hears it as late as its driver ever lets it.
        beatsAtMs.push(clock.monoMs() + HEARTBEAT_DELAY_S * 1000);
        await sleep(clock, requestMs);
      },
      dropShutterPermit: () => act(scenario.drop, requestMs),
      rearmWatchdog: () => act("works", requestMs),
    },
  };
  const effects: ExposureEffects = {
    check: () => act("works", 10),
    async move() {
      await act("works", 10);
      return clock.monoMs();
    },
    async book() {
      await act("works", 10);
      return 1;
    },
    arm: () => act("works", 10),
    async open(_, __, note) {
      openAskedAtMs = clock.monoMs();
      note({ openAskedAtMs });
      await act(scenario.open, 1000 * shutter.travelS + requestMs);
    },
    async expose() {
      await act(scenario.expose, 1000 * scenario.exposureS);
      return { path: "f" };
    },
    stopDetector: () => act("works", 10),
    close: () => act(scenario.close, requestMs),
    makeSafe: never,
    awaitClosed: never,
    settle: () => undefined,
  };
  const relay = createParent((event) => {
    if (event.type === "WANT_PERMIT") supervisor.send({ type: "PERMIT_WANTED", request: event["request"] as never });
    if (event.type === "USE_PERMIT") supervisor.send({ type: "PERMIT_USED", exposureId: ORDER.exposureId });
    if (event.type === "RETURN_PERMIT") supervisor.send({ type: "PERMIT_RETURNED", exposureId: ORDER.exposureId });
    if (event.type === "PERMIT_GRANTED") exposure.send({ type: "PERMIT_GRANTED", exposureId: ORDER.exposureId });
    if (event.type === "PERMIT_REFUSED") {
      exposure.send({ type: "PERMIT_REFUSED", exposureId: ORDER.exposureId, reasons: event["reasons"] as string[] });
    }
  });
  const supervisor = createActor(
    createSafetySupervisorMachine({
      clock,
      io,
      recorder,
      permitCycleMs: 0.45 * shutter.watchdogMs,
      idleCycleMs: 1000,
      levelsMaximumAgeMs: shutter.watchdogMs,
      showLevels: () => undefined,
    }),
    { parent: relay.ref },
  );
  const exposure = createActor(
    createExposureMachine({
      isOver: () => false,
      clock,
      recorder,
      effects,
      bringDeadlineMs: 13_000,
      permitDeadlineMs: 2000,
      permitLifeMs: (exposureS) => 1000 * permitLifeS(shutter, exposureS),
      exposeGraceMs: 250,
      closeDeadlineMs: 10_000,
      unclosedRoundMs: 120_000,
    }),
    { parent: relay.ref },
  );
  supervisor.start();
  exposure.start();
  supervisor.send({ type: "IO_READY" });
  await clock.run(100);
  exposure.send({ type: "EXPOSE", order: { ...ORDER, exposureS: scenario.exposureS } });
  await clock.run(60_000);
  const lapsedAtMs = Math.max(...beatsAtMs) + shutter.watchdogMs;
  const offAtMs = lapsedAtMs + 1000 * shutter.safetyShutterCloseS;
  return { litS: (offAtMs - openAskedAtMs) / 1000, beats: beatsAtMs.length };
}

const CALM = { open: "works", expose: "works", close: "works", drop: "works", requestMs: 2 } as const;
const QUICK: SiteShutter = { travelS: 0.02, watchdogMs: 900, safetyShutterCloseS: 0.1 };

describe("the time the beam can be on a cell", () => {
  it("is within the booking when an exposure hangs, and closing with it, though the hutch goes on being read", async () => {
    const { litS: lit, beats } = await litS({
      ...CALM,
      shutter: QUICK,
      exposureS: 5,
      expose: "hangs",
      close: "hangs",
      drop: "hangs",
    });
    // Not for want of heartbeats: the exposure was given its whole time.
    expect(beats).toBeGreaterThan(12);
    expect(lit).toBeGreaterThan(5);
    expect(lit).toBeLessThanOrEqual(longestOpenS(QUICK, 5));
  });

  it("is within the booking whatever of opening, exposing, closing and taking back hangs, fails or comes late", async () => {
    const ways: readonly Way[] = ["works", "hangs", "fails", "late"];
    const chance = createChance(5);
    const pick = <T>(items: readonly [T, ...T[]] | readonly T[]): T =>
      items[Math.floor(chance.uniform() * items.length)] as T;
    let openedCount = 0;
    for (let run = 0; run < 150; run += 1) {
      const shutter = {
        travelS: pick([0.005, 0.02, 0.1]),
        watchdogMs: pick([300, 900]),
        safetyShutterCloseS: pick([0.05, 0.2, 2]),
      };
      const scenario: Scenario = {
        shutter,
        exposureS: pick([0.02, 0.3, 1, 5]),
        open: pick(ways),
        expose: pick(ways),
        close: pick(ways),
        drop: pick(ways),
        requestMs: pick([0.5, 5, 60]),
      };
      const { litS: lit } = await litS(scenario);
      if (Number.isNaN(lit)) continue;
      openedCount += 1;
      expect(lit, JSON.stringify(scenario)).toBeLessThanOrEqual(longestOpenS(shutter, scenario.exposureS));
    }
    expect(openedCount).toBeGreaterThan(100);
  });
});
