/** What every channel must do, whichever family: run it on the family's bench. */
import { describe, expect, it } from "vitest";
import type { Fault } from "../../protocols/base/fault.ts";
import type { CellLimits, Channel, ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import type { Sample } from "../support/methodscript-bench.ts";
import { expectFault, faultOf, onBench, type ContractBench, type ContractOptions } from "./contract-bench.ts";
import type { CountedCell } from "./counted-cell.ts";

export interface ChannelBench extends ContractBench {
  readonly channel: Channel;
  /** 0.06 F behind 10 ohm, at 3.7 V. */
  readonly cell: CountedCell;
  /** By the channel's own listener; `listenTo` fills them. */
  readonly heard: HeardChannel;
  /** How far readings may be off: the instrument's resolution. */
  readonly voltageToleranceV: number;
  readonly currentToleranceA: number;
  /** The device hears the next start, and its answer is lost. */
  loseNextStartAnswer(): void;
  /** Whatever connection is open breaks, and may be opened again. */
  cut(): void | Promise<void>;
  /** The connection stays open and nothing passes. */
  silence(isSilent: boolean): void;
}

export interface ChannelBenchOptions {
  /** Something else answers at the address. */
  readonly isAnotherDevice?: boolean;
}

export interface HeardChannel {
  readonly samples: Sample[];
  readonly ends: StepEnd[];
  readonly stepFaults: Fault[];
  readonly faults: Fault[];
}

/** `wake` is called where a virtual clock must look at promises. */
export function listenTo(channel: Channel, wake: () => void = () => undefined): HeardChannel {
  const heard: HeardChannel = { samples: [], ends: [], stepFaults: [], faults: [] };
  channel.listen({
    sample(timeS, voltageV, currentA, flags) {
      heard.samples.push({ timeS, voltageV, currentA, flags });
    },
    stepEnded(end) {
      heard.ends.push(end);
      wake();
    },
    fault(fault) {
      heard.stepFaults.push(fault);
      wake();
    },
  });
  channel.onFault((fault) => {
    heard.faults.push(fault);
  });
  return heard;
}

type CurrentStep = ChannelStep & { readonly kind: "constant-current" };

export interface ChannelContractOptions extends ContractOptions {
  /** The instrument counts the charge of a step by itself. */
  readonly countsCharge?: boolean;
  /**
   * The cell has this share of its farads, and steps and samples take this share of their time: 1 mA changes it by as
   * much in a sample. Default 1, at which a sample takes a second.
   */
  readonly pace?: number;
}

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.01, currentMinA: -0.01 };
/** Where an instrument looks at its limits once a sample: 1 mA into 0.06 F for a second. */
const OVERSHOOT_V = 0.018;
/** Until an end is told: clients of an instrument's store learn of it later than the cell. */
const TOLD_WITHIN_S = 30;

export function channelContract(
  name: string,
  make: (options?: ChannelBenchOptions) => Promise<ChannelBench>,
  options: ChannelContractOptions = {},
): void {
  const pace = options.pace ?? 1;
  const common = { sampleIntervalS: pace, untilTimeS: 600, limits };
  const charge: CurrentStep = { kind: "constant-current", currentA: 0.001, untilVoltageV: 3.8, ...common };
  const discharge: CurrentStep = { ...charge, currentA: -0.001, untilVoltageV: 3.6 };
  const hold: ChannelStep & { readonly kind: "constant-voltage" } = {
    kind: "constant-voltage",
    voltageV: 3.8,
    untilCurrentA: 0.0003,
    ...common,
  };
  const rest: ChannelStep = { kind: "rest", ...common, untilTimeS: 4 * pace };
  const suite = options.isRealTime === true ? describe.concurrent : describe;
  const connected = async (): Promise<ChannelBench> => {
    const bench = await make();
    await bench.settle(bench.channel.connect());
    return bench;
  };
  const started = async (step: ChannelStep = charge): Promise<ChannelBench> => {
    const bench = await connected();
    await bench.settle(bench.channel.start(step));
    return bench;
  };

  async function until(bench: ChannelBench, isSo: () => boolean, withinS: number): Promise<void> {
    const lastS = bench.nowS() + withinS;
    while (!isSo() && bench.nowS() < lastS) await bench.pass(0.25);
    expect(isSo(), `not within ${withinS} s`).toBe(true);
  }

  async function ended(bench: ChannelBench, withinS = TOLD_WITHIN_S): Promise<StepEnd | undefined> {
    const before = bench.heard.ends.length;
    await until(bench, () => bench.heard.ends.length > before || bench.heard.stepFaults.length > 0, withinS);
    expect(bench.heard.stepFaults).toEqual([]);
    expect(bench.cell.isConnected && Math.abs(bench.cell.currentA) > 0).toBe(false);
    return bench.heard.ends.at(-1);
  }

  function expectInOrder(bench: ChannelBench): void {
    const { samples } = bench.heard;
    expect(samples.length).toBeGreaterThan(0);
    samples.forEach(({ timeS, voltageV, currentA }, index) => {
      expect(timeS).toBeGreaterThan(samples[index - 1]?.timeS ?? -1e-9);
      expect(Number.isFinite(voltageV) && Number.isFinite(currentA)).toBe(true);
    });
  }

  suite(`${name}, as a channel`, () => {
    it("identifies itself, again and again, and leaves the cell off", () =>
      onBench(make, async (bench) => {
        const first = await bench.settle(bench.channel.connect());
        expect(first.model).not.toBe("");
        bench.channel.disconnect();
        await bench.pass(0.05);
        expect(await bench.settle(bench.channel.connect())).toEqual(first);
        expect(bench.cell.driveCount).toBe(0);
        expect(bench.faults).toEqual([]);
      }));

    it("refuses another device, and does nothing with it", () =>
      onBench(
        () => make({ isAnotherDevice: true }),
        async (bench) => {
          await expectFault(bench, bench.channel.connect(), "device.wrong");
          await expectFault(bench, bench.channel.start(charge), "link.closed");
          expect(bench.cell.driveCount).toBe(0);
        },
      ));

    it.skipIf(options.isRealTime)("gives up on a silent one by name and in time", () =>
      onBench(make, async (bench) => {
        bench.silence(true);
        const fromS = bench.nowS();
        const fault = await faultOf(bench, bench.channel.connect());
        expect(["link.timeout", "link.open-failed"]).toContain(fault.code);
        expect(fault.where).not.toBe("");
        expect(bench.nowS() - fromS).toBeLessThan(30);
      }),
    );

    it("charges to a voltage, with its samples in order and the cell off after", () =>
      onBench(started, async (bench) => {
        expect(await ended(bench)).toBe("voltage");
        expectInOrder(bench);
        const { samples } = bench.heard;
        expect(samples.length).toBeGreaterThanOrEqual(4);
        expect(samples.length).toBeLessThanOrEqual(8);
        for (const { currentA } of samples.slice(0, 4))
          expect(Math.abs(currentA - 0.001)).toBeLessThanOrEqual(bench.currentToleranceA + 1e-8);
        for (const { voltageV } of samples) expect(voltageV).toBeLessThan(3.8 + bench.voltageToleranceV + OVERSHOOT_V);
        expect(bench.cell.innerV).toBeGreaterThan(3.77);
        expect(bench.cell.driveCount).toBe(1);
      }));

    it("discharges to a voltage, current negative", () =>
      onBench(
        () => started(discharge),
        async (bench) => {
          expect(await ended(bench)).toBe("voltage");
          expectInOrder(bench);
          expect(bench.heard.samples[2]?.currentA).toBeLessThan(-0.0009);
          expect(bench.cell.innerV).toBeLessThan(3.63);
          expect(bench.cell.innerV).toBeGreaterThan(3.59);
        },
      ));

    it("holds a voltage until the current has fallen, as its own step", () =>
      onBench(started, async (bench) => {
        await ended(bench);
        await bench.settle(bench.channel.start(hold));
        expect(await ended(bench)).toBe("current");
        expect(bench.cell.innerV).toBeGreaterThan(3.795);
        expect(bench.cell.highestA).toBeLessThan(0.0011 + bench.currentToleranceA);
      }));

    it("rests without loading the cell, until the time is over", () =>
      onBench(
        () => started(rest),
        async (bench) => {
          expect(await ended(bench)).toBe("time");
          expectInOrder(bench);
          expect(bench.cell.innerV).toBeCloseTo(3.7, 6);
          for (const { voltageV } of bench.heard.samples)
            expect(Math.abs(voltageV - 3.7)).toBeLessThan(bench.voltageToleranceV + 0.0005);
        },
      ));

    it("ends a step by time that reaches nothing else", () =>
      onBench(
        () => started({ ...charge, untilTimeS: 3 * pace }),
        async (bench) => {
          expect(await ended(bench)).toBe("time");
          expect([undefined, bench.heard.samples.length]).toContain(bench.channel.samplesCounted?.());
          expect(bench.cell.innerV).toBeGreaterThan(3.74);
          // On a real clock a busy computer lets the cell run on for a moment more; its end by voltage is at 3.8 V.
          expect(bench.cell.innerV).toBeLessThan(options.isRealTime === true ? 3.78 : 3.76);
        },
      ));

    it.skipIf(options.isRealTime)("ends at the cell's limit when the step has no voltage of its own", () =>
      onBench(
        () => started({ ...charge, untilVoltageV: null }),
        async (bench) => {
          expect(await ended(bench, 90)).toBe("limit");
          expect(bench.cell.highestV).toBeLessThan(4.3 + bench.voltageToleranceV + OVERSHOOT_V);
        },
      ),
    );

    it.skipIf(options.isRealTime)("keeps voltage and current by itself when nobody is there any more", () =>
      onBench(
        () => started({ ...charge, untilVoltageV: null }),
        async (bench) => {
          bench.silence(true);
          await bench.pass(3600);
          expect(bench.cell.highestV).toBeLessThan(4.3 + bench.voltageToleranceV + OVERSHOOT_V);
          expect(bench.cell.highestA).toBeLessThan(0.0011 + bench.currentToleranceA);
        },
      ),
    );

    // What 1 mA moves in three samples is 0.05 V of the cell.
    const most = { chargeMaxAh: (0.001 * 3 * pace) / 3600 };
    it.skipIf(options.isRealTime === true || options.countsCharge !== true).each([
      ["a current", { ...charge, untilVoltageV: null, ...most }, 3.785],
      // Without it the hold would go on for ten minutes.
      ["a hold", { ...hold, untilCurrentA: null, chargeMaxAh: most.chargeMaxAh / 2 }, 3.8],
    ] as const)("keeps the most charge of %s by itself when nobody is there any more", (_what, step, highestV) =>
      onBench(
        () => started(step),
        async (bench) => {
          bench.silence(true);
          await bench.pass(60);
          expect(bench.cell.innerV).toBeGreaterThan(3.74);
          expect(bench.cell.innerV).toBeLessThan(highestV);
          expect(bench.cell.isConnected).toBe(false);
        },
      ),
    );

    it("refuses steps that cannot be or would pass a limit, and touches nothing", () =>
      onBench(connected, async (bench) => {
        const refused: readonly ChannelStep[] = [
          { ...charge, currentA: 0.02 },
          { ...discharge, currentA: -0.02 },
          { ...charge, currentA: Number.NaN },
          { ...charge, untilVoltageV: 4.4 },
          { ...charge, untilVoltageV: Number.NaN },
          { ...hold, voltageV: 4.4 },
          { ...hold, voltageV: Number.NaN },
          { ...charge, untilTimeS: Number.NaN },
          { ...charge, untilTimeS: Infinity },
          { ...charge, sampleIntervalS: 0.0001 },
          { ...charge, limits: { ...limits, currentMaxA: Number.NaN } },
          { ...charge, limits: { ...limits, voltageMaxV: 2 } },
          // Nowhere: not by those that measure no impedance, nor by those that do.
          {
            ...{ kind: "impedance", excitation: { kind: "voltage", peakV: Number.NaN }, limits },
            ...{ startFrequencyHz: 1000, endFrequencyHz: Number.NaN, pointCount: 10, sweepCount: 1 },
            ...{ sampleIntervalS: 6, untilTimeS: 60 },
          },
        ];
        for (const step of refused) await expectFault(bench, bench.channel.start(step), "protocol.invalid");
        expect(bench.cell.driveCount).toBe(0);
        await bench.settle(bench.channel.start(charge));
        expect(bench.cell.driveCount).toBe(1);
      }));

    it("starts nothing beside a running step, and measures no open circuit then", () =>
      onBench(started, async (bench) => {
        await bench.pass(1.5 * pace);
        await expectFault(bench, bench.channel.start(charge), "device.refused");
        await expectFault(bench, bench.channel.measureOpenCircuitV(), "device.refused");
        expect(bench.cell.isConnected).toBe(true);
        expect(await ended(bench)).toBe("voltage");
        expect(bench.cell.driveCount).toBe(1);
      }));

    it("measures the open circuit with the cell off, loading nothing", () =>
      onBench(connected, async (bench) => {
        const volts = await bench.settle(bench.channel.measureOpenCircuitV());
        expect(Math.abs(volts - 3.7)).toBeLessThan(bench.voltageToleranceV + 0.0005);
        expect(bench.cell.innerV).toBeCloseTo(3.7, 6);
        expect(bench.cell.driveCount).toBe(0);
      }));

    it("ends a step on request, at once, and again without harm", () =>
      onBench(
        () => started({ ...charge, untilVoltageV: 4.2 }),
        async (bench) => {
          await bench.pass(2.5 * pace);
          const fromS = bench.nowS();
          await bench.settle(bench.channel.abort());
          expect(bench.nowS() - fromS).toBeLessThan(5);
          expect(bench.cell.isConnected && bench.cell.currentA !== 0).toBe(false);
          await bench.settle(bench.channel.abort());
          await until(bench, () => bench.heard.ends.length > 0, TOLD_WITHIN_S);
          expect(bench.heard.ends).toEqual(["aborted"]);
          await bench.settle(bench.channel.abort());
          await bench.settle(bench.channel.start(rest));
          expect(await ended(bench)).toBe("time");
        },
      ));

    it.skipIf(options.isRealTime)(
      "reads the device back when the answer to a start is lost, and never sends it again",
      () =>
        onBench(connected, async (bench) => {
          bench.loseNextStartAnswer();
          const fault = await expectFault(bench, bench.channel.start(charge), "device.unknown-outcome");
          expect(fault.message).toMatch(/read back/i);
          await bench.pass(1);
          expect(bench.cell.isConnected && bench.cell.currentA !== 0).toBe(false);
          expect(bench.cell.driveCount).toBe(1);
          await bench.settle(bench.channel.connect());
          await bench.pass(10);
          expect(bench.cell.driveCount).toBe(1);
          await bench.settle(bench.channel.start(charge));
          expect(bench.cell.driveCount).toBe(2);
        }),
    );

    it("tells of a connection that breaks in a step, and has the cell off when it is back", () =>
      onBench(
        () => started({ ...charge, untilVoltageV: 4.2 }),
        async (bench) => {
          await bench.pass(2.5 * pace);
          await bench.cut();
          await until(bench, () => bench.heard.stepFaults.length > 0, 30);
          expect(bench.heard.stepFaults[0]?.code).toBe("link.closed");
          await expectFault(bench, bench.channel.start(charge), "link.closed");
          await bench.settle(bench.channel.connect());
          expect(bench.channel.foundRunningAtMs).toEqual(expect.any(Number));
          expect(bench.cell.isConnected && bench.cell.currentA !== 0).toBe(false);
          expectInOrder(bench);
          await bench.settle(bench.channel.start(rest));
          expect(bench.channel.foundRunningAtMs).toBeNull();
        },
      ));

    it.skipIf(options.isRealTime)(
      "names a device that falls silent in a step, and has the cell off when it answers again",
      () =>
        onBench(
          () => started({ ...charge, untilVoltageV: 4.2 }),
          async (bench) => {
            await bench.pass(2.5 * pace);
            bench.silence(true);
            await until(bench, () => bench.heard.stepFaults.length > 0, 60);
            bench.silence(false);
            await bench.settle(bench.channel.connect());
            expect(bench.cell.isConnected && bench.cell.currentA !== 0).toBe(false);
            expect(bench.cell.driveCount).toBe(1);
          },
        ),
    );
  });
}
