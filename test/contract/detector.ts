/** What every detector must do, whichever family: run it on the family's bench. */
import { expect, it } from "vitest";
import { Fault } from "../../protocols/base/fault.ts";
import type { Acquisition, Detector, FrameRecord } from "../../protocols/roles/detector.ts";
import {
  describeContract,
  expectFault,
  onBench,
  REAL_SLACK_S,
  type ContractBench,
  type ContractOptions,
} from "./contract-bench.ts";

export interface DetectorBench extends ContractBench {
  readonly detector: Detector;
  /** A folder that the detector has. */
  readonly folder: string;
  /** Where the frame of this file name will lie, by the detector's word. */
  framePath(fileName: string): string;
  /** Exposures that the device began, however it was asked. */
  beganCount(): number;
  isExposing(): boolean;
  /** From now on exposures do not end by themselves. */
  neverEnd(never: boolean): void;
  /** The device hears the next start and its answer is lost. */
  loseNextStartAnswer(): void;
  /** Whatever connection is open breaks. */
  cut(): void | Promise<void>;
  /** The device hears nothing and says nothing. */
  silence(isSilent: boolean): void;
}

export interface DetectorBenchOptions {
  /** Something else answers at the address. */
  readonly isAnotherDevice?: boolean;
}

const EXPOSURE_S = 0.3;

export function detectorContract(
  name: string,
  make: (options?: DetectorBenchOptions) => Promise<DetectorBench>,
  options: ContractOptions = {},
): void {
  /** Beyond exposure and read-out, until the end is known. */
  const slackS = 0.25 + (options.isRealTime === true ? REAL_SLACK_S : 0);
  const connected = async (): Promise<DetectorBench> => {
    const bench = await make();
    await bench.settle(bench.detector.connect());
    return bench;
  };
  const acquisition = (bench: DetectorBench, number: number, exposureS = EXPOSURE_S): Acquisition => ({
    exposureS,
    folder: bench.folder,
    fileName: `A1_${number}_00000.cbf`,
  });
  const expose = async (bench: DetectorBench, number: number): Promise<FrameRecord> => {
    await bench.settle(bench.detector.arm(acquisition(bench, number)));
    const { finished } = await bench.settle(bench.detector.start());
    return bench.settle(finished);
  };

  describeContract(`${name}, as a detector`, options, () => {
    it("identifies itself, again and again", () =>
      onBench(make, async (bench) => {
        const first = await bench.settle(bench.detector.connect());
        expect(first.model).not.toBe("");
        bench.detector.disconnect();
        // A device that takes one connection needs a moment to notice that it is gone.
        await bench.pass(0.2);
        expect(await bench.settle(bench.detector.connect())).toEqual(first);
        expect(bench.faults).toEqual([]);
      }));

    it("refuses another device", () =>
      onBench(
        () => make({ isAnotherDevice: true }),
        async (bench) => {
          await expectFault(bench, bench.detector.connect(), "device.wrong");
          await expectFault(bench, bench.detector.arm(acquisition(bench, 1)), "link.closed");
        },
      ));

    it("gives up on a silent one by name and in time", () =>
      onBench(make, async (bench) => {
        bench.silence(true);
        const fromS = bench.nowS();
        const fault = await expectFault(bench, bench.detector.connect(), "link.timeout");
        expect(fault.where).toBe(bench.detector.name);
        expect(bench.nowS() - fromS).toBeLessThan(15);
      }));

    it("takes the frames it is armed for, one after the other", () =>
      onBench(connected, async (bench) => {
        for (let number = 1; number <= 3; number += 1) {
          await bench.settle(bench.detector.arm(acquisition(bench, number)));
          expect(bench.isExposing()).toBe(false);
          const fromS = bench.nowS();
          const { finished } = await bench.settle(bench.detector.start());
          const frame = await bench.settle(finished);
          expect(bench.nowS() - fromS).toBeGreaterThanOrEqual(EXPOSURE_S - 0.001);
          expect(bench.nowS() - fromS).toBeLessThan(EXPOSURE_S + bench.detector.readOutS + slackS);
          expect(frame.path).toBe(bench.framePath(acquisition(bench, number).fileName));
          expect(frame.exposureS).toBeCloseTo(EXPOSURE_S, 5);
          expect(bench.beganCount()).toBe(number);
        }
        await bench.pass(3);
        expect(bench.faults).toEqual([]);
      }));

    it("starts nothing that is not armed, and what is armed only once", () =>
      onBench(connected, async (bench) => {
        await expectFault(bench, bench.detector.start(), "detector.refused");
        await expose(bench, 1);
        await expectFault(bench, bench.detector.start(), "detector.refused");
        expect(bench.beganCount()).toBe(1);
      }));

    it("refuses what cannot be", () =>
      onBench(connected, async (bench) => {
        const good = acquisition(bench, 1);
        for (const wrong of [
          { exposureS: NaN },
          { exposureS: 0 },
          { exposureS: -1 },
          { exposureS: Infinity },
          { fileName: "" },
          { fileName: "a\nb.cbf" },
          { fileName: "../a.cbf" },
        ]) {
          await expectFault(bench, bench.detector.arm({ ...good, ...wrong }), "detector.refused");
          await expectFault(bench, bench.detector.start(), "detector.refused");
        }
        expect(bench.beganCount()).toBe(0);
      }));

    it("arms nothing while it exposes", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.detector.arm(acquisition(bench, 1, 1)));
        const { finished } = await bench.settle(bench.detector.start());
        expect(bench.isExposing()).toBe(true);
        await expectFault(bench, bench.detector.arm(acquisition(bench, 2)), "detector.refused");
        expect(await bench.settle(finished)).toMatchObject({ exposureS: 1 });
      }));

    it("ends an exposure on request, and again without harm", () =>
      onBench(connected, async (bench) => {
        expect(await bench.settle(bench.detector.abort())).toBeNull();
        await bench.settle(bench.detector.arm(acquisition(bench, 1, 60)));
        const { finished } = await bench.settle(bench.detector.start());
        await bench.pass(0.2);
        expect(bench.isExposing()).toBe(true);
        const fromS = bench.nowS();
        // What it read out goes by the name that was armed; not every detector keeps it.
        const left = await bench.settle(bench.detector.abort());
        expect([null, bench.framePath("A1_1_00000.cbf")]).toContain(left?.path ?? null);
        expect(bench.nowS() - fromS).toBeLessThan(5);
        await expectFault(bench, finished, "detector.aborted");
        expect(bench.isExposing()).toBe(false);
        await bench.settle(bench.detector.abort());
        expect(await expose(bench, 2)).toMatchObject({ path: bench.framePath("A1_2_00000.cbf") });
      }));

    it.skipIf(options.isRealTime)("names an end that is late, ends it, and goes on", () =>
      onBench(connected, async (bench) => {
        bench.neverEnd(true);
        await bench.settle(bench.detector.arm(acquisition(bench, 1)));
        const { finished } = await bench.settle(bench.detector.start());
        const fromS = bench.nowS();
        await expectFault(bench, finished, "detector.late");
        expect(bench.nowS() - fromS).toBeLessThan(EXPOSURE_S + 12);
        bench.neverEnd(false);
        expect(await expose(bench, 2)).toMatchObject({ exposureS: EXPOSURE_S });
        expect(bench.isExposing()).toBe(false);
      }),
    );

    it.skipIf(options.isRealTime)("settles a start whose answer was lost, and does not start twice", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.detector.arm(acquisition(bench, 1)));
        bench.loseNextStartAnswer();
        expect(await outcomeOf(bench)).toBe(true);
        expect(bench.beganCount()).toBe(1);
        await bench.settle(bench.detector.connect());
        expect(bench.isExposing()).toBe(false);
        expect(bench.beganCount()).toBe(1);
        await expose(bench, 2);
        expect(bench.beganCount()).toBe(2);
      }),
    );

    it.skipIf(options.isRealTime)("settles an exposure that loses its link, and ends it on connecting anew", () =>
      onBench(connected, async (bench) => {
        await bench.settle(bench.detector.arm(acquisition(bench, 1, 20)));
        const { finished } = await bench.settle(bench.detector.start());
        expect(bench.isExposing()).toBe(true);
        await bench.cut();
        await bench.pass(1);
        await bench.settle(bench.detector.connect());
        expect(bench.isExposing()).toBe(false);
        await expectFault(bench, finished, "device.unknown-outcome");
        expect(await expose(bench, 2)).toMatchObject({ exposureS: EXPOSURE_S });
      }),
    );
  });

  /** True when it is either known to have been made, or said to be unknown. */
  async function outcomeOf(bench: DetectorBench): Promise<boolean> {
    try {
      const { finished } = await bench.settle(bench.detector.start());
      const frame = await bench.settle(finished);
      return frame.path === bench.framePath("A1_1_00000.cbf");
    } catch (error) {
      if (error instanceof Fault) return error.code === "device.unknown-outcome";
      throw error;
    }
  }
}
