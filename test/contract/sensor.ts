/** What every sensor must do, whichever family: run it on the family's bench. */
import { expect, it } from "vitest";
import type { Reading, Sensor } from "../../protocols/roles/sensor.ts";
import { describeContract, expectFault, onBench, type ContractBench, type ContractOptions } from "./contract-bench.ts";

export interface SensorBench extends ContractBench {
  readonly sensor: Sensor;
  /** Longest time between two readings while all is well. */
  readonly periodS: number;
  /** What there is to be sensed from now on, in the sensor's unit; null is nothing that a number could say. */
  sense(value: number | null): void;
  /** Whatever connection is open breaks. */
  cut(): void | Promise<void>;
  /** The link stays open and nothing passes any more. */
  silence(isSilent: boolean): void;
}

export interface SensorBenchOptions {
  /** Something else answers at the address. */
  readonly isAnotherDevice?: boolean;
}

export function sensorContract(
  name: string,
  make: (options?: SensorBenchOptions) => Promise<SensorBench>,
  options: ContractOptions = {},
): void {
  const connected = async (): Promise<SensorBench> => {
    const bench = await make();
    bench.sense(2);
    await bench.settle(bench.sensor.connect());
    return bench;
  };
  const near = (bench: SensorBench, value: number): void => {
    const reading = bench.sensor.fresh();
    expect(reading).toBeDefined();
    expect(Math.abs((reading?.value ?? NaN) - value)).toBeLessThan(Math.abs(value) * 0.01);
  };

  describeContract(`${name}, as a sensor`, options, () => {
    it("identifies itself, and reads nothing before it is connected", () =>
      onBench(make, async (bench) => {
        bench.sense(1);
        await bench.pass(2 * bench.periodS);
        expect(bench.sensor.fresh()).toBeUndefined();
        const identity = await bench.settle(bench.sensor.connect());
        expect(identity.model).not.toBe("");
        await bench.pass(2 * bench.periodS);
        near(bench, 1);
        expect(bench.faults).toEqual([]);
      }));

    it("refuses another device", () =>
      onBench(
        () => make({ isAnotherDevice: true }),
        async (bench) => {
          await expectFault(bench, bench.sensor.connect(), "device.wrong", "link.garbled", "link.closed");
          await bench.pass(3 * bench.periodS);
          expect(bench.sensor.fresh()).toBeUndefined();
        },
      ));

    it.skipIf(options.isRealTime)("gives up on a silent one by name and in time", () =>
      onBench(make, async (bench) => {
        bench.silence(true);
        const fromS = bench.nowS();
        const fault = await expectFault(bench, bench.sensor.connect(), "link.timeout");
        expect(fault.where).not.toBe("");
        expect(bench.nowS() - fromS).toBeLessThan(20);
      }),
    );

    it("tells each reading once, in order, as what it senses changes", () =>
      onBench(connected, async (bench) => {
        const readings: Reading[] = [];
        const stop = bench.sensor.onReading((reading) => readings.push(reading));
        for (const value of [2, 5, 3]) {
          bench.sense(value);
          await bench.pass(3 * bench.periodS);
          near(bench, value);
        }
        expect(readings.length).toBeGreaterThanOrEqual(6);
        const times = readings.map(({ arrivedAtMs }) => arrivedAtMs);
        expect(times).toEqual([...times].sort((a, b) => a - b));
        expect(new Set(times).size).toBe(times.length);
        stop();
        const { length } = readings;
        await bench.pass(3 * bench.periodS);
        expect(readings).toHaveLength(length);
        expect(bench.faults).toEqual([]);
      }));

    it("takes what is no number for no reading, says so, and recovers", () =>
      onBench(connected, async (bench) => {
        await bench.pass(2 * bench.periodS);
        near(bench, 2);
        bench.sense(null);
        await bench.pass(2 * bench.periodS);
        expect(bench.sensor.fresh()).toBeUndefined();
        const [fault, ...more] = bench.faults;
        expect(fault).toMatchObject({ code: "sensor.unreadable", where: bench.sensor.name });
        await bench.pass(3 * bench.periodS);
        expect(more.length).toBeLessThan(3);
        bench.sense(4);
        await bench.pass(2 * bench.periodS);
        near(bench, 4);
      }));

    it("gives no reading older than its age, and names the silence", () =>
      onBench(connected, async (bench) => {
        await bench.pass(2 * bench.periodS);
        near(bench, 2);
        bench.silence(true);
        await bench.pass(bench.sensor.maximumAgeS + 0.01);
        expect(bench.sensor.fresh()).toBeUndefined();
        await bench.pass(bench.sensor.maximumAgeS);
        expect(bench.faults.map(({ code }) => code)).toEqual(
          expect.arrayContaining([expect.stringMatching(/^(sensor\.stale|link\.timeout)$/)]),
        );
      }));

    it("forgets its reading with its link, and reads again on a new one", () =>
      onBench(connected, async (bench) => {
        await bench.pass(2 * bench.periodS);
        near(bench, 2);
        await bench.cut();
        await bench.pass(0.1);
        expect(bench.faults.map(({ code }) => code)).toContain("link.closed");
        await bench.pass(bench.sensor.maximumAgeS);
        bench.sense(6);
        await bench.settle(bench.sensor.connect());
        await bench.pass(2 * bench.periodS);
        near(bench, 6);
      }));

    it("reads nothing any more once it is disconnected", () =>
      onBench(connected, async (bench) => {
        await bench.pass(2 * bench.periodS);
        const readings: Reading[] = [];
        bench.sensor.onReading((reading) => readings.push(reading));
        bench.sensor.disconnect();
        expect(bench.sensor.fresh()).toBeUndefined();
        await bench.pass(3 * bench.periodS);
        expect(readings).toEqual([]);
        expect(bench.faults).toEqual([]);
      }));
  });
}
