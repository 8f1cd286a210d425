import { describe, expect, test } from "vitest";
import { cyclerSetting } from "../../../drivers/modbus-cycler/cycler-step.ts";
import { smuSetting } from "../../../drivers/keithley-smu/smu-step.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import { compileStep } from "../../../protocols/wire/methodscript/step-script.ts";
import { channelStepFile } from "../../../protocols/wire/neware/channel-step-file.ts";
import { createBench } from "../../support/methodscript-bench.ts";

const SCAN: Extract<ChannelStep, { kind: "voltage-scan" }> = {
  kind: "voltage-scan",
  startVoltageV: 3.7,
  endVoltageV: 4.1,
  scanRateVS: 0.005,
  sampleIntervalS: 0.2,
  untilTimeS: 80,
  limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 },
};

function loopLine(step: ChannelStep): string | undefined {
  const compiled = compileStep(step, EMSTAT4_HR, { measuresHeldPotential: true });
  if (!compiled.ok) return compiled.reason;
  return compiled.lines.find((line) => line.startsWith("meas_loop"));
}

async function runScan(step: ChannelStep, options: Parameters<typeof createBench>[0] = {}) {
  const bench = createBench(options);
  await bench.settle(bench.channel.connect());
  await bench.settle(bench.channel.start(step));
  await bench.pass(step.untilTimeS + 5);
  return bench;
}

describe("a voltage scan", () => {
  test("goes to its end in stairs, says so itself, and leaves the cell off", async () => {
    const bench = await runScan(SCAN);
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.stepFaults).toEqual([]);
    expect(bench.twin.isCellOn).toBe(false);
    // 0.4 V in stairs of a millivolt, both ends counted.
    expect(bench.samples).toHaveLength(401);
    expect(bench.samples.at(-1)?.voltageV).toBeCloseTo(4.1, 3);
    // 0.06 F at 5 mV/s take 0.3 mA, a little less at the end of each stair.
    const late = bench.samples.slice(50);
    for (const { currentA } of late) expect(Math.abs(currentA - 0.0003)).toBeLessThan(0.00006);
  });

  test("goes downwards with a discharge", async () => {
    const bench = await runScan({ ...SCAN, endVoltageV: 3.3 });
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.samples.at(-1)?.voltageV).toBeCloseTo(3.3, 3);
    expect(bench.samples.at(-1)?.currentA).toBeLessThan(-0.00025);
  });

  test("taken up again, it begins as much further on as its time is less", () => {
    expect(loopLine(SCAN)).toBe("meas_loop_lsv p c 3700m 4100m 1m 5m add_meas(0 ab v)");
    expect(loopLine({ ...SCAN, untilTimeS: 20 })).toBe("meas_loop_lsv p c 4 4100m 1m 5m add_meas(0 ab v)");
    expect(loopLine({ ...SCAN, endVoltageV: 3.3, untilTimeS: 20 })).toBe(
      "meas_loop_lsv p c 3400m 3300m 1m 5m add_meas(0 ab v)",
    );
  });

  test("ends at its end voltage whatever the stairs", () => {
    // 0.1 V by 3 mV are 34 stairs of 2.941 mV.
    const line = loopLine({ ...SCAN, endVoltageV: 3.8, scanRateVS: 0.015, untilTimeS: 0.1 / 0.015 });
    expect(line).toBe("meas_loop_lsv p c 3700m 3800m 2941176n 15m add_meas(0 ab v)");
  });

  test("that would draw more than the cell may is stopped by its limit", async () => {
    const bench = await runScan({
      ...SCAN,
      startVoltageV: 4.2,
      endVoltageV: 4.25,
      limits: { ...SCAN.limits, currentMaxA: 0.02 },
    });
    expect(bench.ends).toEqual(["limit"]);
    expect(bench.twin.isCellOn).toBe(false);
  });

  test("runs without the further measurement where the firmware does not know it", async () => {
    const bench = await runScan(SCAN, { twin: { supportsAddMeas: false } });
    expect(bench.ends).toEqual(["voltage"]);
    expect(bench.samples).toHaveLength(401);
  });

  test.each([
    [{ startVoltageV: 4.4 }, "start voltage 4.4 V is outside"],
    [{ endVoltageV: 2.4 }, "end voltage 2.4 V is outside"],
    [{ scanRateVS: 0 }, "scan rate 0 V/s"],
    [{ scanRateVS: Number.NaN }, "scan rate NaN V/s"],
  ])("%o is refused", (wrong, reason) => {
    expect(loopLine({ ...SCAN, ...wrong })).toContain(reason);
  });

  test("is refused by instruments that have none", () => {
    const range = { voltageRangeV: { min: 0, max: 5 }, currentMaxA: 0.1, sampleIntervalMinS: 0.1 };
    const label = { creator: "test", date: "20260101000000", guid: "0", remark: "A1" };
    const file = channelStepFile(SCAN, { direction: "charge", currentMaxA: 0.01 }, range, label);
    expect(file).toMatchObject({ ok: false, reason: "the channel has no voltage scan" });
    expect(smuSetting(SCAN, null, { voltageMaxV: 20, currentMaxA: 1, sampleIntervalMinS: 0.1 })).toMatch(
      /no voltage scan/,
    );
    const cycler = {
      voltageMinV: 0,
      voltageMaxV: 5,
      currentMaxA: 1,
      sampleIntervalMinS: 0.1,
      voltageToleranceV: 0.001,
      currentToleranceA: 0.001,
    };
    expect(cyclerSetting(SCAN, null, cycler as Parameters<typeof cyclerSetting>[2])).toMatch(/no voltage scan/);
  });
});
