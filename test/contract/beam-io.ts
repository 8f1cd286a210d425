/** What every input/output unit of the beam must do, whichever make: run it on the family's bench. */
import { describe, expect, it } from "vitest";
import { INTERLOCKS, shutterState, type BeamIo, type Interlock } from "../../protocols/roles/beam-io.ts";
import { expectFault, faultOf, onBench, type ContractBench, type ContractOptions } from "./contract-bench.ts";

export interface BeamIoBench extends ContractBench {
  readonly io: BeamIo;
  readonly filterCount: number;
  /** The permit's life without a heartbeat: what the site books. */
  readonly watchdogS: number;
  /** The shutter's travel; its switches follow the drive line after it. */
  readonly travelS: number;
  /** Interlocks that share an input fall together. */
  readonly areInterlocksInSeries: boolean;
  /** The shutter's drive line, and when it last changed, by the bench's clock. */
  isShutterDriven(): boolean;
  drivenSinceS(): number;
  isSafetyShutterRequested(): boolean;
  setInterlock(name: Interlock, holds: boolean): void;
  /** The shutter ignores its drive line. */
  stickShutter(isStuck: boolean): void;
  cut(): void | Promise<void>;
  /** The cable stays open and nothing passes. */
  hang(isHung: boolean): void;
  powerCycle(): void;
}

export interface BeamIoBenchOptions {
  /** Something else answers at the address. */
  readonly isAnotherDevice?: boolean;
}

const BEAT_S = 0.15;

/** In real time the tests run side by side. */
export function beamIoContract(
  name: string,
  make: (options?: BeamIoBenchOptions) => Promise<BeamIoBench>,
  options: ContractOptions = {},
): void {
  const suite = options.isRealTime === true ? describe.concurrent : describe;
  /** What a busy machine may add to the permit's life. */
  const slackS = options.isRealTime === true ? 0.25 : 0.03;
  const connected = async (): Promise<BeamIoBench> => {
    const bench = await make();
    await bench.settle(bench.io.connect());
    return bench;
  };
  const beat = (bench: BeamIoBench): Promise<void> => bench.settle(bench.io.permit.renewShutterPermit());
  const opened = async (): Promise<BeamIoBench> => {
    const bench = await connected();
    await beat(bench);
    await bench.settle(bench.io.requestShutterOpen());
    await bench.pass(0.05);
    expect(bench.isShutterDriven()).toBe(true);
    return bench;
  };
  const levels = (bench: BeamIoBench) => bench.settle(bench.io.readInputs());

  suite(`${name}, as the beam's inputs and outputs`, () => {
    it("identifies itself, again and again, with the shutter shut", () =>
      onBench(make, async (bench) => {
        const first = await bench.settle(bench.io.connect());
        expect(first.model).not.toBe("");
        bench.io.disconnect();
        await bench.pass(0.05);
        expect(await bench.settle(bench.io.connect())).toEqual(first);
        expect(bench.isShutterDriven()).toBe(false);
        expect(bench.faults).toEqual([]);
      }));

    it("is refused when it is another unit", () =>
      onBench(
        () => make({ isAnotherDevice: true }),
        async (bench) => {
          await expectFault(bench, bench.io.connect(), "device.wrong");
          expect(bench.isShutterDriven()).toBe(false);
        },
      ));

    it("is named when it is silent, within a second", () =>
      onBench(make, async (bench) => {
        bench.hang(true);
        const fromS = bench.nowS();
        const fault = await expectFault(bench, bench.io.connect(), "link.timeout");
        expect(fault.where).toBe(bench.io.name);
        expect(bench.nowS() - fromS).toBeLessThan(2.5);
      }));

    it("reads every interlock as the level it has", () =>
      onBench(connected, async (bench) => {
        expect(Object.values((await levels(bench)).interlocks)).not.toContain(false);
        for (const interlock of INTERLOCKS) {
          bench.setInterlock(interlock, false);
          const { interlocks } = await levels(bench);
          expect(interlocks[interlock]).toBe(false);
          if (!bench.areInterlocksInSeries) expect(Object.values(interlocks).filter((holds) => !holds)).toHaveLength(1);
          bench.setInterlock(interlock, true);
        }
      }));

    it("puts each filter in and out and reads its own switch", () =>
      onBench(connected, async (bench) => {
        for (let index = 0; index < bench.filterCount; index += 1) {
          const wanted = Array.from({ length: bench.filterCount }, (_, at) => at === index);
          await bench.settle(bench.io.setFilters(wanted));
          expect((await levels(bench)).filtersIn).toEqual(wanted);
        }
        expect(bench.isShutterDriven()).toBe(false);
      }));

    it("does not open without a permit, nor on a permit without a request", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.io.requestShutterOpen());
        await bench.pass(0.1);
        expect(bench.isShutterDriven()).toBe(false);
        await bench.settle(bench.io.requestShutterClosed());
        await beat(bench);
        await bench.pass(0.1);
        expect(bench.isShutterDriven()).toBe(false);
        expect(shutterState(await levels(bench))).toBe("closed");
      }));

    it("opens under a living permit, stays open while it lives, and closes on request", () =>
      onBench(opened, async (bench) => {
        for (let count = 0; count < 10; count += 1) {
          await beat(bench);
          await bench.pass(BEAT_S);
          expect(bench.isShutterDriven()).toBe(true);
        }
        expect(shutterState(await levels(bench))).toBe("open");
        expect((await levels(bench)).watchdogTripped).toBe(false);
        await bench.settle(bench.io.requestShutterClosed());
        await bench.pass(2 * bench.travelS);
        expect(bench.isShutterDriven()).toBe(false);
        expect(shutterState(await levels(bench))).toBe("closed");
      }));

    it("closes at once when the permit is dropped, and takes a new one", () =>
      onBench(opened, async (bench) => {
        await bench.settle(bench.io.permit.dropShutterPermit());
        expect(bench.isShutterDriven()).toBe(false);
        await bench.settle(bench.io.requestShutterClosed());
        await bench.pass(2);
        expect((await levels(bench)).watchdogTripped).toBe(false);
        await beat(bench);
        await bench.settle(bench.io.requestShutterOpen());
        await bench.pass(0.05);
        expect(bench.isShutterDriven()).toBe(true);
      }));

    it("shuts within the permit's life when the heartbeat hangs and everything else goes on", () =>
      onBench(opened, async (bench) => {
        await beat(bench);
        const stoppedS = bench.nowS();
        while (bench.nowS() - stoppedS < bench.watchdogS + 0.6) {
          await levels(bench);
          await bench.settle(
            bench.io.setFilters(Array.from({ length: bench.filterCount }, () => true)).catch(() => undefined),
          );
          await bench.settle(bench.io.requestShutterOpen().catch(() => undefined));
          await bench.pass(0.02);
        }
        expect(bench.isShutterDriven()).toBe(false);
        expect(bench.drivenSinceS() - stoppedS).toBeLessThanOrEqual(bench.watchdogS + slackS);
        const after = await levels(bench);
        expect(shutterState(after)).toBe("closed");
        expect(after.watchdogTripped).toBe(true);
      }));

    it("shuts within the permit's life when the cable hangs", () =>
      onBench(opened, async (bench) => {
        bench.hang(true);
        const hungS = bench.nowS();
        await bench.pass(bench.watchdogS + 0.2);
        expect(bench.isShutterDriven()).toBe(false);
        expect(bench.drivenSinceS() - hungS).toBeLessThanOrEqual(bench.watchdogS + slackS);
      }));

    it("gives no permit after a trip until it is re-armed, and then does not open by itself", () =>
      onBench(opened, async (bench) => {
        await bench.pass(bench.watchdogS + 0.4);
        await expectFault(bench, bench.io.permit.renewShutterPermit(), "io.watchdog");
        await expectFault(bench, bench.io.permit.renewShutterPermit(), "io.watchdog");
        await bench.settle(bench.io.permit.rearmWatchdog());
        for (let count = 0; count < 4; count += 1) {
          await beat(bench);
          await bench.pass(BEAT_S);
          expect(bench.isShutterDriven()).toBe(false);
        }
        await bench.settle(bench.io.requestShutterOpen());
        await bench.pass(0.05);
        expect(bench.isShutterDriven()).toBe(true);
      }));

    it("is not re-armed while the shutter does not read closed", () =>
      onBench(opened, async (bench) => {
        await bench.pass(bench.travelS);
        bench.stickShutter(true);
        await bench.pass(bench.watchdogS + 0.4);
        await expectFault(bench, bench.io.permit.renewShutterPermit(), "io.watchdog");
        await expectFault(bench, bench.io.permit.rearmWatchdog(), "io.watchdog");
        bench.stickShutter(false);
        await bench.pass(2 * bench.travelS);
        await bench.settle(bench.io.permit.rearmWatchdog());
      }));

    it("drives the safety shutter and reads its switches", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.io.requestSafetyShutter(true));
        expect(bench.isSafetyShutterRequested()).toBe(true);
        expect(await levels(bench)).toMatchObject({ safetyShutterOpenSwitch: true, safetyShutterClosedSwitch: false });
        await bench.settle(bench.io.requestSafetyShutter(false));
        expect(await levels(bench)).toMatchObject({ safetyShutterOpenSwitch: false, safetyShutterClosedSwitch: true });
      }));

    it("says that an opening whose answer is lost may have happened, and begins anew with the shutter shut", () =>
      onBench(connected, async (bench) => {
        await beat(bench);
        const opening = bench.io.requestShutterOpen();
        opening.catch(() => undefined);
        bench.hang(true);
        const fault = await faultOf(bench, opening);
        expect(fault.code).toBe("device.unknown-outcome");
        bench.hang(false);
        await bench.pass(0.05);
        await levels(bench);
        expect(bench.isShutterDriven()).toBe(false);
        for (let count = 0; count < 3; count += 1) {
          await beat(bench).catch(() => undefined);
          await bench.pass(BEAT_S);
        }
        expect(bench.isShutterDriven()).toBe(false);
      }));

    it("tells of a cable that drops, and takes request and permit back before anything else", () =>
      onBench(opened, async (bench) => {
        await bench.cut();
        for (let waits = 0; waits < 100 && bench.faults.length === 0; waits += 1) await bench.pass(0.01);
        expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
        await bench.pass(0.05);
        await levels(bench);
        expect(bench.isShutterDriven()).toBe(false);
      }));

    it("does not open by itself after it lost its power", () =>
      onBench(opened, async (bench) => {
        bench.powerCycle();
        expect(bench.isShutterDriven()).toBe(false);
        await bench.pass(0.05);
        await levels(bench);
        await beat(bench).catch(() => undefined);
        await bench.pass(BEAT_S);
        expect(bench.isShutterDriven()).toBe(false);
      }));
  });
}
