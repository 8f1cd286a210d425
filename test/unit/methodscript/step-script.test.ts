import { describe, expect, test } from "vitest";
import type { CellLimits, ChannelStep } from "../../../protocols/roles/channel.ts";
import { deviceModel, EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import { formatLiteral } from "../../../protocols/wire/methodscript/literal.ts";
import { SCRIPT_LINE_BYTES_MAX } from "../../../protocols/wire/methodscript/script-lines.ts";
import { compileStep } from "../../../protocols/wire/methodscript/step-script.ts";

const limits: CellLimits = { voltageMaxV: 4.3, voltageMinV: 2.4, currentMaxA: 0.004, currentMinA: -0.004 };
const charge: Extract<ChannelStep, { kind: "constant-current" }> = {
  kind: "constant-current",
  currentA: 300e-6,
  untilVoltageV: 4.2,
  sampleIntervalS: 1,
  untilTimeS: 43_200,
  limits,
};
const measured = { measuresHeldPotential: true };

function linesOf(step: ChannelStep, options = measured): readonly string[] {
  const compiled = compileStep(step, EMSTAT4_HR, options);
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.lines;
}

function reasonOf(step: ChannelStep): string {
  const compiled = compileStep(step, EMSTAT4_HR, measured);
  return compiled.ok ? "accepted" : compiled.reason;
}

describe("script numbers", () => {
  test.each([
    [4.2, 6, "4200m"],
    [43_200, 3, "43200"],
    [300e-6, 9, "300u"],
    [-300e-6, 9, "-300u"],
    [0, 6, "0"],
    [-0, 6, "0"],
    [1.5, 3, "1500m"],
    [4.30005, 6, "4300050u"],
    [0.1 + 0.2, 6, "300m"],
    [864_000.5, 3, "864000500m"],
    [12.5e-9, 12, "12500p"],
  ])("%d is written %s", (value, decimals, text) => {
    expect(formatLiteral(value, decimals)).toBe(text);
  });

  test("a limit is rounded to the safe side, and a decimal number is not rounded at all", () => {
    expect(formatLiteral(4.3000009, 6, "down")).toBe("4300m");
    expect(formatLiteral(2.4000001, 6, "up")).toBe("2400001u");
    for (let millivolts = -6000; millivolts <= 6000; millivolts += 1) {
      const text = formatLiteral(millivolts / 1000, 6, "down");
      expect(text).toBe(millivolts % 1000 === 0 ? String(millivolts / 1000) : `${millivolts}m`);
      expect(formatLiteral(millivolts / 1000, 6, "up")).toBe(text);
    }
  });

  test("what no 32-bit integer holds is refused", () => {
    expect(formatLiteral(2_147_483.648, 3)).toBeUndefined();
    expect(formatLiteral(Number.NaN, 3)).toBeUndefined();
    expect(formatLiteral(Number.POSITIVE_INFINITY, 3)).toBeUndefined();
    expect(formatLiteral(1e300, 3)).toBeUndefined();
  });
});

describe("the script of a step", () => {
  test("a charge: limits by abort, the cut-off by breakloop, each with its word", () => {
    expect(linesOf(charge)).toEqual([
      "var t",
      "var p",
      "var c",
      "var w",
      "store_var w 0i ja",
      "set_pgstat_chan 0",
      "set_pgstat_mode 6",
      "set_max_bandwidth 5850m",
      "set_range_minmax ab 2400m 4300m",
      "set_autoranging ab 2400m 4300m",
      "set_range db 1m",
      "set_autoranging db 1m 1m",
      "set_i 0",
      "cell_on",
      "timer_start",
      "meas_loop_cp p c 300u 1 43200",
      "timer_get t",
      "pck_start",
      "pck_add t",
      "pck_add p",
      "pck_add c",
      "pck_end",
      "if p > 4300m",
      'send_string "end limit"',
      "abort",
      "endif",
      "if p < 2400m",
      'send_string "end limit"',
      "abort",
      "endif",
      "if c > 4m",
      'send_string "end limit"',
      "abort",
      "endif",
      "if c < -4m",
      'send_string "end limit"',
      "abort",
      "endif",
      "if p >= 4200m",
      'send_string "end voltage"',
      "store_var w 1i ja",
      "breakloop",
      "endif",
      "endloop",
      "if w == 0i",
      'send_string "end time"',
      "endif",
      "on_finished:",
      "cell_off",
      'send_string "cell off"',
    ]);
  });

  test("a discharge is cut off from above", () => {
    const lines = linesOf({ ...charge, currentA: -300e-6, untilVoltageV: 2.7 });
    expect(lines).toContain("meas_loop_cp p c -300u 1 43200");
    expect(lines).toContain("if p <= 2700m");
  });

  test("a hold tapers to |I| with two nested conditions, one comparison each", () => {
    const hold: ChannelStep = { ...charge, kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 30e-6 };
    const lines = linesOf(hold);
    expect(lines).toContain("meas_loop_ca p c 4200m 1 43200 add_meas(0 ab v)");
    expect(lines).toContain("if v > 4300m");
    const at = lines.indexOf("if c <= 30u");
    expect(lines.slice(at, at + 6)).toEqual([
      "if c <= 30u",
      "if c >= -30u",
      'send_string "end current"',
      "store_var w 1i ja",
      "breakloop",
      "endif",
    ]);
    expect(lines).toContain("set_autoranging ba 100u 10m");
    expect(linesOf(hold, { measuresHeldPotential: false })).toContain("meas_loop_ca p c 4200m 1 43200");
  });

  test.each([
    [60, 90, "45 90"],
    [60, 159, "53 159"],
    [60, 158.67839, "52892650u 158678m"],
    [10, 7200.001, "9986128u 7200001m"],
    // No shorter than a package takes to leave the wire.
    [0.02, 0.05, "24999u 50m"],
    [0.1, 2, "100m 2"],
    [3600, 5400, "2700 5400"],
    [2500, 12_499.9, "2499979m 12499900m"],
  ])("sampled every %d s for %d s, it lasts as long as that: whole intervals", (sampleIntervalS, untilTimeS, loop) => {
    expect(linesOf({ kind: "rest", sampleIntervalS, untilTimeS, limits })).toContain(`meas_loop_ocp p ${loop}`);
  });

  test("a rest keeps the cell off and its voltage limits on", () => {
    const lines = linesOf({ kind: "rest", sampleIntervalS: 10, untilTimeS: 3600, limits });
    expect(lines).not.toContain("cell_on");
    expect(lines).toContain("meas_loop_ocp p 10 3600");
    expect(lines).toContain("if p > 4300m");
  });

  test("lines stay within the instrument's buffer and literals have no point", () => {
    const odd: CellLimits = {
      voltageMaxV: 4.3000007,
      voltageMinV: -0.1234567,
      currentMaxA: 0.0123456789,
      currentMinA: -0.1,
    };
    const steps: readonly ChannelStep[] = [
      { ...charge, limits: odd, currentA: 1.23456789e-6, sampleIntervalS: 0.333, untilTimeS: 100_000.25 },
      { ...charge, limits: odd, kind: "constant-voltage", voltageV: 1 / 3, untilCurrentA: 1e-7 / 3 },
      { ...charge, limits: odd, kind: "rest" },
    ];
    for (const step of steps)
      for (const line of linesOf(step)) {
        expect(line.length).toBeLessThanOrEqual(SCRIPT_LINE_BYTES_MAX);
        expect(line).not.toMatch(/\d\.|\+|e-/);
        expect(line).not.toBe("");
      }
  });

  test("every reason is given at once when a step is refused", () => {
    const bad = { voltageMaxV: 4.3, voltageMinV: 4.4, currentMaxA: 1, currentMinA: -1 };
    expect(reasonOf({ ...charge, currentA: 0, untilVoltageV: null, sampleIntervalS: 0, limits: bad })).toBe(
      "sample interval 0 s is below 0.02 s; voltage limits 4.4..4.3 V leave no window; " +
        "current limits -1..1 A reach beyond the EmStat4 HR; a constant current of 0 A is a rest; " +
        "bandwidth Infinity cannot be written as a script number",
    );
  });

  test.each([
    ["a current beyond the cell's limit", { ...charge, currentA: 0.005 }],
    ["a cut-off beyond the cell's window", { ...charge, untilVoltageV: 4.31 }],
    ["a hold beyond the cell's window", { ...charge, kind: "constant-voltage", voltageV: 4.31, untilCurrentA: null }],
    ["a taper of nothing", { ...charge, kind: "constant-voltage", voltageV: 4.2, untilCurrentA: 0 }],
    ["limits the instrument cannot measure", { ...charge, limits: { ...limits, voltageMaxV: 6.5 } }],
    ["no current limit", { ...charge, limits: { ...limits, currentMaxA: 0 } }],
    ["an end before the first sample", { ...charge, untilTimeS: 0.5 }],
    ["not a number as current", { ...charge, currentA: Number.NaN }],
    ["not a number as limit", { ...charge, limits: { ...limits, voltageMaxV: Number.NaN } }],
    ["not a number as interval", { ...charge, sampleIntervalS: Number.NaN }],
    ["no end at all", { ...charge, untilTimeS: Number.POSITIVE_INFINITY }],
  ] satisfies readonly (readonly [string, ChannelStep])[])("%s is refused", (_, step) => {
    expect(reasonOf(step)).not.toBe("accepted");
  });

  test("a Nexus takes what an EmStat4 cannot", () => {
    const nexus = deviceModel("nexus1");
    if (nexus === undefined) throw new Error("no Nexus in the list");
    const strong: ChannelStep = { ...charge, currentA: 0.5, limits: { ...limits, currentMaxA: 0.9 } };
    expect(compileStep(strong, nexus, measured).ok).toBe(true);
    expect(compileStep(strong, EMSTAT4_HR, measured).ok).toBe(false);
  });
});
