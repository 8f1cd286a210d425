import { describe, expect, test } from "vitest";
import { cyclerSetting } from "../../../drivers/modbus-cycler/cycler-step.ts";
import { smuSetting } from "../../../drivers/keithley-smu/smu-step.ts";
import { frequencyAtHz, spectrumLongestS } from "../../../protocols/echem/spectrum-plan.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { deviceModel, EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import { compileStep } from "../../../protocols/wire/methodscript/step-script.ts";
import { channelStepFile } from "../../../protocols/wire/neware/channel-step-file.ts";
import { createBench, testCell } from "../../support/methodscript-bench.ts";

type ImpedanceStep = Extract<ChannelStep, { kind: "impedance" }>;

const PLAN = { startFrequencyHz: 1000, endFrequencyHz: 0.1, pointCount: 25, sweepCount: 1 };
const SPECTRUM: ImpedanceStep = {
  kind: "impedance",
  excitation: { kind: "voltage", peakV: 0.01 },
  ...PLAN,
  sampleIntervalS: 51,
  untilTimeS: spectrumLongestS(PLAN),
  limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 },
};
const CURRENT: ImpedanceStep = { ...SPECTRUM, excitation: { kind: "current", peakA: 0.001 } };

function lines(step: ChannelStep): readonly string[] {
  const compiled = compileStep(step, EMSTAT4_HR, { measuresHeldPotential: true });
  return compiled.ok ? compiled.lines : [compiled.reason];
}

async function run(step: ChannelStep, options: Parameters<typeof createBench>[0] = {}) {
  const bench = createBench(options);
  await bench.settle(bench.channel.connect());
  await bench.settle(bench.channel.start(step));
  await bench.pass(step.untilTimeS + 5);
  return bench;
}

describe("a spectrum on a MethodSCRIPT channel", () => {
  test.each([
    ["of voltage", SPECTRUM],
    ["of current", CURRENT],
  ])("by a sine %s is the cell's, from the first frequency to the last, and leaves the cell off", async (_, step) => {
    const bench = await run(step);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.stepFaults).toEqual([]);
    expect(bench.faults).toEqual([]);
    expect(bench.twin.isCellOn).toBe(false);
    expect(bench.points).toHaveLength(25);
    bench.points.forEach((point, index) => {
      const hz = frequencyAtHz(PLAN, index);
      expect(point.frequencyHz / hz).toBeCloseTo(1, 5);
      // The open-circuit voltage is known to 0.15 mV, and what is off relaxes through the cell meanwhile.
      expect(point.zRealOhm).toBeCloseTo(10, 2);
      expect(point.zImagOhm * 2 * Math.PI * hz * 0.06).toBeCloseTo(-1, 3);
      expect(point.voltageV).toBeCloseTo(3.7, 3);
      expect(point.currentA).toBeCloseTo(0, 4);
    });
    // The same instants are samples of what the cell stands at.
    expect(bench.samples.map((sample) => sample.timeS)).toEqual(bench.points.map((point) => point.stepTimeS));
    const lastS = bench.points.at(-1)?.stepTimeS ?? NaN;
    expect(lastS).toBeLessThan(step.untilTimeS);
    expect(lastS).toBeGreaterThan(step.untilTimeS / 3);
  });

  test("is measured as often as asked for, each sweep told by itself", async () => {
    const twice = { ...SPECTRUM, sweepCount: 2, untilTimeS: 2 * SPECTRUM.untilTimeS };
    const bench = await run(twice);
    expect(bench.ends).toEqual(["time"]);
    expect(bench.points.map((point) => point.frequencyHz)).toHaveLength(50);
    expect(bench.points[25]?.frequencyHz).toBeCloseTo(1000, 3);
    expect(lines(twice).filter((line) => line === "loop s < 2i")).toHaveLength(1);
  });

  test("taken up again, it begins at the first frequency that its time may not have reached", () => {
    const loops = (step: ImpedanceStep): readonly string[] =>
      lines(step).filter((line) => line.startsWith("meas_loop"));
    expect(loops(SPECTRUM)).toEqual(["meas_loop_eis f r j 7071068n 1000 100m 25i p eis_acdc(x v y c)"]);
    // Only the last point, of 51 s at the most, is left.
    expect(loops({ ...SPECTRUM, untilTimeS: 51 })).toEqual([
      "meas_loop_eis f r j 7071068n 100m 100m 1i p eis_acdc(x v y c)",
    ]);
    const two = { ...SPECTRUM, sweepCount: 2, untilTimeS: SPECTRUM.untilTimeS + 51 };
    expect(loops(two)).toEqual([
      "meas_loop_eis f r j 7071068n 100m 100m 1i p eis_acdc(x v y c)",
      "meas_loop_eis f r j 7071068n 1000 100m 25i p eis_acdc(x v y c)",
    ]);
  });

  test("of a cell that still relaxes is off at low frequencies, and says by how much the cell moved", async () => {
    const cell = testCell(3.7, 20);
    const bench = createBench({ cell });
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(SPECTRUM));
    // The cell's own voltage moves under the hold.
    await bench.pass(1);
    cell.innerV += 0.005;
    await bench.pass(SPECTRUM.untilTimeS);
    const worst = Math.max(...bench.points.map(({ zRealOhm }) => Math.abs(zRealOhm - 10)));
    expect(worst).toBeGreaterThan(0.05);
    expect(Math.max(...bench.points.map(({ currentA }) => Math.abs(currentA)))).toBeGreaterThan(1e-6);
  });

  test("is not begun where the sine would pass a limit, nor gone on with where it drives too much", async () => {
    const near = await run({ ...SPECTRUM, limits: { ...SPECTRUM.limits, voltageMaxV: 3.705 } });
    expect(near.ends).toEqual(["limit"]);
    expect(near.points).toEqual([]);
    expect(near.twin.isCellOn).toBe(false);
    // 1 mA through 10 ohm: a limit of current is one of slow sines, from 50 Hz down.
    const strong = await run({ ...SPECTRUM, limits: { ...SPECTRUM.limits, currentMaxA: 0.0005 } });
    expect(strong.ends).toEqual(["limit"]);
    expect(strong.points.at(-1)?.frequencyHz).toBeLessThan(50);
    expect(strong.points.at(-2)?.frequencyHz).toBeGreaterThan(50);
    expect(strong.twin.isCellOn).toBe(false);
  });

  test("is stopped by its channel, and what was measured stays", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start(SPECTRUM));
    await bench.pass(20);
    const heard = bench.points.length;
    expect(heard).toBeGreaterThan(5);
    await bench.settle(bench.channel.abort());
    expect(bench.ends).toEqual(["aborted"]);
    expect(bench.twin.isCellOn).toBe(false);
    expect(bench.points).toHaveLength(heard);
  });

  test("that falls silent is missed at the frequency it stands at, not hours later", async () => {
    const bench = createBench();
    await bench.settle(bench.channel.connect());
    await bench.settle(bench.channel.start({ ...SPECTRUM, endFrequencyHz: 0.001, pointCount: 37, untilTimeS: 30000 }));
    await bench.pass(1);
    bench.cable.hang(true);
    await bench.pass(15);
    expect(bench.stepFaults.map((fault) => fault.code)).toEqual(["channel.silent"]);
  });

  test("is refused by firmware that does not tell what lies under the sine", async () => {
    const bench = createBench({ twin: { supportsAddMeas: false } });
    await bench.settle(bench.channel.connect());
    await expect(bench.settle(bench.channel.start(SPECTRUM))).rejects.toMatchObject({ code: "device.refused" });
    expect(bench.twin.isCellOn).toBe(false);
  });

  test.each([
    [{ startFrequencyHz: 300e3 }, "frequency 300000 Hz is not between"],
    [{ endFrequencyHz: Number.NaN }, "frequency NaN Hz"],
    [{ excitation: { kind: "voltage", peakV: 0.2 } }, "amplitude 0.2 V"],
    [{ excitation: { kind: "voltage", peakV: Number.NaN } }, "amplitude NaN V"],
    [{ excitation: { kind: "current", peakA: 0.06 } }, "the cell's limit 0.05 A"],
    [{ pointCount: 5000 }, "5000 points in 1 sweeps"],
    [{ pointCount: 2.5 }, "2.5 points"],
  ] as const)("%o is refused", (wrong, reason) => {
    expect(lines({ ...SPECTRUM, ...wrong })[0]).toContain(reason);
  });

  test("keeps to what the device can do", () => {
    const nexus = deviceModel("nexus1");
    const fast = { ...SPECTRUM, startFrequencyHz: 1e6 };
    expect(compileStep(fast, nexus ?? EMSTAT4_HR, { measuresHeldPotential: true }).ok).toBe(true);
    const ofCurrent = compileStep({ ...CURRENT, startFrequencyHz: 1e6 }, nexus ?? EMSTAT4_HR, {
      measuresHeldPotential: true,
    });
    expect(ofCurrent).toMatchObject({ ok: false, reason: "frequency 1000000 Hz is not between 0.00001 and 200000 Hz" });
  });

  test("is refused by instruments that measure none", () => {
    const range = { voltageRangeV: { min: 0, max: 5 }, currentMaxA: 0.1, sampleIntervalMinS: 0.1 };
    const label = { creator: "test", date: "20260101000000", guid: "0", remark: "A1" };
    const file = channelStepFile(SPECTRUM, { direction: "charge", currentMaxA: 0.01 }, range, label);
    expect(file).toMatchObject({ ok: false, reason: "the channel measures no impedance" });
    expect(smuSetting(SPECTRUM, null, { voltageMaxV: 20, currentMaxA: 1, sampleIntervalMinS: 0.1 })).toMatch(
      /no impedance/,
    );
    const cycler = {
      voltageMinV: 0,
      voltageMaxV: 5,
      currentMaxA: 1,
      sampleIntervalMinS: 0.1,
      voltageToleranceV: 0.001,
      currentToleranceA: 0.001,
    };
    expect(cyclerSetting(SPECTRUM, null, cycler as Parameters<typeof cyclerSetting>[2])).toMatch(/no impedance/);
  });
});
