import { describe, expect, it } from "vitest";
import { createExposureEffects } from "../../../controller/beam/exposure-effects.ts";
import type { ExposureOrder } from "../../../controller/machines/exposure-order.ts";
import { judgeGate } from "../../../controller/dose/exposure-gate.ts";
import { headerDifferences, headerText, identityText, parseHeader } from "../../../controller/record/record-header.ts";
import type { RecordHeader } from "../../../controller/record/record-header.ts";
import { lockShutter } from "../../../controller/rehearsal/locked-shutter.ts";
import { judgePermit, type PermitRequest } from "../../../controller/safety/permit-judgement.ts";
import type { BeamIo, InputLevels } from "../../../protocols/roles/beam-io.ts";
import { testClock } from "./machine-bench.ts";
import { watching } from "./supervisor-bench.ts";
import { broken, GOOD_LEVELS, mangled, NOW_MS } from "./levels.ts";

const SHUT: InputLevels = mangled({ safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true });

function toldIo(told: string[]): BeamIo {
  const tell = (what: string) => (): Promise<void> => {
    told.push(what);
    return Promise.resolve();
  };
  return {
    ...{ name: "io", driver: "test" },
    connect: () => Promise.resolve({ model: "m", serialNumber: null, firmware: null }),
    disconnect: () => undefined,
    onFault: () => () => undefined,
    readInputs: () => Promise.resolve(SHUT),
    requestShutterOpen: tell("open"),
    requestShutterClosed: tell("close"),
    requestSafetyShutter: (open) => tell(open ? "safety open" : "safety close")(),
    setFilters: tell("filters"),
    permit: { renewShutterPermit: tell("heartbeat"), dropShutterPermit: tell("drop"), rearmWatchdog: tell("rearm") },
  };
}

describe("a locked shutter", () => {
  it("lets what closes and reads through, and nothing that opens, however it is asked", async () => {
    const told: string[] = [];
    const io = lockShutter(toldIo(told));
    await expect(io.requestShutterOpen()).rejects.toMatchObject({ code: "rehearsal.locked" });
    await expect(io.requestSafetyShutter(true)).rejects.toMatchObject({ code: "rehearsal.locked" });
    await io.permit.renewShutterPermit();
    expect(told).toEqual([]);
    await io.requestShutterClosed();
    await io.requestSafetyShutter(false);
    await io.permit.dropShutterPermit();
    await io.permit.rearmWatchdog();
    await io.setFilters([true]);
    expect(told).toEqual(["close", "safety close", "drop", "rearm", "filters"]);
    expect(await io.readInputs()).toBe(SHUT);
  });
});

describe("a rehearsed exposure", () => {
  const real: PermitRequest = {
    ...{ exposureId: "x1", bookingSeq: 7, lifeMs: 8000, untilMs: NOW_MS + 500, filtersIn: [true, false] },
  };
  const request: PermitRequest = { ...real, isRehearsed: true };
  const conditions = { nowMs: NOW_MS, levelsMaximumAgeMs: 100, latched: [] };

  it("is let go on only while both shutters read closed, with the hutch in order and without need of beam", () => {
    const judged = (levels: InputLevels) => judgePermit(request, levels, conditions);
    expect(judged(SHUT)).toEqual({ grant: true });
    expect(judged({ ...SHUT, interlocks: broken("beamPermitted").interlocks })).toEqual({ grant: true });
    expect(judged(GOOD_LEVELS)).toEqual({ grant: false, reasons: ["safety shutter not closed"] });
    expect(judged({ ...SHUT, shutterClosedSwitch: false })).toMatchObject({
      reasons: ["shutter moving, not closed"],
    });
    expect(judged({ ...SHUT, interlocks: broken("doorClosed").interlocks })).toMatchObject({
      reasons: ["interlock doorClosed"],
    });
    expect(judgePermit(real, SHUT, conditions)).toEqual({ grant: false, reasons: ["safety shutter not open"] });
  });

  it("passes the gate without ring current, and not with a shutter upstream that is open", () => {
    const facts = {
      ...{ nowMs: NOW_MS, levels: SHUT, levelsMaximumAgeMs: 100, bookingSeq: 3, isBookingDurable: true },
      ...{
        filtersAsked: [true, false],
        stageReading: { xMm: 10, yMm: 20, atRest: true },
        target: { xMm: 10, yMm: 20 },
      },
      ...{ positionToleranceMm: 0.01, settledForMs: 150, settleMs: 100, belief: "confirmed" as const },
      ...{ ringCurrentMa: null, ringCurrentMinimumMa: 10, isRehearsal: true },
    };
    expect(judgeGate(facts)).toEqual({ open: true });
    expect(judgeGate({ ...facts, levels: GOOD_LEVELS })).toEqual({
      open: false,
      reasons: ["safety shutter not closed"],
    });
    expect(judgeGate({ ...facts, bookingSeq: null })).toMatchObject({ reasons: ["no dose booking"] });
    expect(judgeGate({ ...facts, isRehearsal: false })).toMatchObject({ reasons: ["no fresh ring current"] });
  });
});

describe("the supervisor in a rehearsal", () => {
  const SHUT_UPSTREAM = { safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true };

  it("lets a rehearsed exposure go on without a heartbeat", async () => {
    const bench = await watching(true);
    bench.setLevels(SHUT_UPSTREAM);
    await bench.want({ isRehearsed: true });
    await bench.for(1000);
    expect([bench.toldTypes(), bench.renewedAtMs]).toEqual([["PERMIT_GRANTED"], []]);
  });

  it.each([
    ["a rehearsed exposure on a unit that can be asked to open", false, { isRehearsed: true as const }, SHUT_UPSTREAM],
    ["an exposure with beam on one that is locked", true, {}, {}],
  ])("grants nothing to %s", async (_, isLocked, request, levels) => {
    const bench = await watching(isLocked);
    bench.setLevels(levels);
    await bench.want(request);
    await bench.for(1000);
    expect([bench.toldTypes(), bench.renewedAtMs]).toEqual([["PERMIT_REFUSED"], []]);
  });
});

describe("before a rehearsed exposure", () => {
  function check(levels: InputLevels, obeys: boolean) {
    const clock = testClock();
    const told: string[] = [];
    let now = levels;
    const io = lockShutter({
      ...toldIo(told),
      readInputs: () => Promise.resolve({ ...now, readAtMs: clock.monoMs() }),
      requestSafetyShutter(open) {
        told.push(open ? "safety open" : "safety close");
        if (obeys) now = { ...now, safetyShutterOpenSwitch: open, safetyShutterClosedSwitch: !open };
        return Promise.resolve();
      },
    });
    const timings = { levelsMaximumAgeMs: 900, safetyShutterCloseMs: 2000, switchGraceMs: 200 };
    const effects = createExposureEffects({
      ...{ clock, io, timings: timings as never, belief: () => "confirmed" as const, latched: () => [] },
      ...{ stage: {} as never, detector: {} as never, detectorFolder: "/frames", accounts: {} as never },
      ...{ ringCurrentMa: () => null, lastLevels: () => null, showLevels: () => undefined },
    });
    const order = { cellIndex: 0, position: "A1", filtersIn: [true, false] } as unknown as ExposureOrder;
    const outcome = effects.check(order).then(
      () => "done",
      (error: unknown) => error,
    );
    return { told, clock, outcome };
  }

  it("a safety shutter that a run left open is asked closed, and nothing else is asked", async () => {
    const { told, clock, outcome } = check(GOOD_LEVELS, true);
    await clock.run(10_000);
    expect([await outcome, told]).toEqual(["done", ["safety close"]]);
  });

  it("one that does not close is named", async () => {
    const { clock, outcome } = check(GOOD_LEVELS, false);
    await clock.run(10_000);
    expect(await outcome).toMatchObject({ code: "shutter.stuck-open", where: "io" });
  });
});

describe("the folder of a rehearsal", () => {
  const real: RecordHeader = {
    ...{ campaign: "c", campaignHash: "h", siteHash: "s", seed: null, world: "site", softwareVersion: "1" },
  };
  const rehearsal: RecordHeader = { ...real, isRehearsal: true };

  it("says so, and is another's: a real run does not go on in it, nor it in a real run's", () => {
    expect(parseHeader(headerText(rehearsal))).toEqual(rehearsal);
    expect(parseHeader(headerText(real))).toEqual(real);
    expect(identityText(rehearsal)).not.toBe(identityText(real));
    expect(headerDifferences(rehearsal, real)).toEqual(["it holds a rehearsal"]);
    expect(headerDifferences(real, rehearsal)).toEqual(["it holds a run with beam, no rehearsal"]);
    expect(headerDifferences(rehearsal, rehearsal)).toEqual([]);
  });
});
