/** Spectra as bytes: the script against the published grammar, a point against device output printed by the vendor. */
import { describe, expect, test } from "vitest";
import { createSpectrumReader } from "../../../drivers/palmsens-methodscript/spectrum-reader.ts";
import { spectrumLongestS } from "../../../protocols/echem/spectrum-plan.ts";
import type { ChannelStep } from "../../../protocols/roles/channel.ts";
import { EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import { SCRIPT_LINE_BYTES_MAX } from "../../../protocols/wire/methodscript/script-lines.ts";
import { compileStep } from "../../../protocols/wire/methodscript/step-script.ts";
import { createTerminal } from "../../support/methodscript-bench.ts";

const PLAN = { startFrequencyHz: 100e3, endFrequencyHz: 0.1, pointCount: 61, sweepCount: 1 };
const LIMITS = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.005, currentMinA: -0.005 };
const STEP: Extract<ChannelStep, { kind: "impedance" }> = {
  kind: "impedance",
  excitation: { kind: "voltage", peakV: 0.01 * Math.SQRT2 },
  ...PLAN,
  sampleIntervalS: 51,
  untilTimeS: spectrumLongestS(PLAN),
  limits: LIMITS,
};

function script(step: ChannelStep): readonly string[] {
  const compiled = compileStep(step, EMSTAT4_HR, { measuresHeldPotential: true });
  if (!compiled.ok) throw new Error(compiled.reason);
  return compiled.lines;
}

describe("the script of a spectrum", () => {
  test("measures the open circuit with the cell off and holds it under 10 mV rms, 100 kHz to 0.1 Hz, 61 points", () => {
    expect(script(STEP)).toEqual([
      ...["t", "f", "r", "j", "x", "v", "y", "c", "p"].map((name) => `var ${name}`),
      "set_pgstat_chan 0",
      "set_pgstat_mode 3",
      "set_range ab 4300m",
      "set_autoranging ab 4300m 4300m",
      "cell_off",
      "meas 100m p ab",
      ...["if p > 4285857u", 'send_string "end limit"', "abort", "endif"],
      ...["if p < 2514143u", 'send_string "end limit"', "abort", "endif"],
      "set_pgstat_mode 3",
      "set_max_bandwidth 100000",
      "set_range_minmax da 2500m 4300m",
      "set_range ba 100m",
      "set_autoranging ba 100u 100m",
      "set_e p",
      "cell_on",
      "timer_start",
      "meas_loop_eis f r j 10m 100000 100m 61i p eis_acdc(x v y c)",
      "timer_get t",
      ...["pck_start", "pck_add t", "pck_add f", "pck_add r", "pck_add j", "pck_add v", "pck_add c", "pck_end"],
      ...["if v > 4300m", 'send_string "end limit"', "abort", "endif"],
      ...["if v < 2500m", 'send_string "end limit"', "abort", "endif"],
      ...["if c > 5m", 'send_string "end limit"', "abort", "endif"],
      ...["if c < -5m", 'send_string "end limit"', "abort", "endif"],
      ...["if f < 50", "if y > 3535533n", 'send_string "end limit"', "abort", "endif", "endif"],
      "endloop",
      'send_string "end time"',
      ...["on_finished:", "cell_off", 'send_string "cell off"'],
    ]);
  });

  test("has no current under a sine of current", () => {
    const lines = script({ ...STEP, excitation: { kind: "current", peakA: 1e-4 } });
    expect(lines).toContain("meas_loop_geis f r j 70710678p 100000 100m 61i 0 eis_acdc(x v y c)");
    expect(lines).toContain("set_pgstat_mode 6");
    expect(lines).toContain("set_i 0");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(SCRIPT_LINE_BYTES_MAX);
  });

  test.each([
    [123456.7891, "123456800m"],
    [31.6227766, "31622780u"],
    [0.0316227766, "31622780n"],
    [1e-5, "10u"],
  ])("writes %s Hz as %s", (startFrequencyHz, literal) => {
    const plan = { ...PLAN, startFrequencyHz, endFrequencyHz: 1e-5 };
    const lines = script({ ...STEP, ...plan, untilTimeS: spectrumLongestS(plan) });
    expect(lines.find((line) => line.startsWith("meas_loop_eis"))).toContain(` 10m ${literal} 10u `);
  });

  test("is answered by the simulated instrument in the order of published streams", async () => {
    const terminal = createTerminal();
    const plan = { startFrequencyHz: 1000, endFrequencyHz: 100, pointCount: 2, sweepCount: 2 };
    terminal.send(
      `e\n${script({ ...STEP, ...plan, sampleIntervalS: 1.1, untilTimeS: spectrumLongestS(plan) }).join("\n")}\n\n`,
    );
    await terminal.pass(5);
    const lines = terminal.take().split("\n");
    expect(lines.map((line) => line.replace(/^P.*/, "P"))).toEqual([
      ...["e", "L", "M000D", "P", "P", "*", "M000D", "P", "P", "*", "+", "Tend time", "Tcell off", "", ""],
    ]);
    const [point = ""] = lines.filter((line) => line.startsWith("P"));
    // Time, 1 kHz, 10 ohm, -1/(2 pi 1 kHz 0.06 F), what lies under the sine; each with status and range but the set ones.
    expect(point.split(";").map((part) => part.replace(/^P/, "").slice(0, 2))).toEqual([
      ...["eb", "dc", "cc", "cd", "ci", "ck"],
    ]);
    expect(point).toMatch(/;cc[0-9A-F]{7}.,1[0-9A-F],2[0-9A-F]{2}/);
  });
});

describe("a point of a spectrum", () => {
  function read(line: string): unknown {
    const bytes = Buffer.from(line, "latin1");
    return createSpectrumReader().read(bytes, 0, bytes.length);
  }

  test("is read from what the vendor prints, with time and what lies under the sine", () => {
    const line = "Peb8989680u;dcDF5DFF4u;cc896D904m,10,287;cd82DB1A8u,10,287;ci8387520u,10,206;ck80493E0n,14,218";
    expect(read(line)).toEqual({
      stepTimeS: 10,
      frequencyHz: 99.999732,
      zRealOhm: 9885.956,
      zImagOhm: 2.9946,
      voltageV: 3.7,
      currentA: 300e-6,
      flags: 4,
    });
  });

  test.each([
    ["PdcDF5DFF4u;cc896D904m,10,287;cd82DB1A8u,10,287", "no reading"],
    ["Peb8989680u;dcDF5DFF4u;cc     nan,10,287;cd82DB1A8u;ci8387520u;ck80493E0n", "no reading"],
    ["Peb8989680u;dc8000000 ;cc896D904m;cd82DB1A8u;ci8387520u;ck80493E0n", "no reading"],
    ["Peb8989680u;dcDF5DFF4u;cc896D904m;cd82DB1A8u;ci8387520u;ck80493E", "cut short"],
    ["Peb8989680u;dcDF5DFF4u;cc896D9G4m", "bad value"],
  ])("%s is none: %s", (line, why) => {
    expect(read(line)).toBe(why);
  });
});
