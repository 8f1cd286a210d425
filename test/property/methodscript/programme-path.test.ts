import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandProtocol } from "../../../protocols/echem/cursor.ts";
import { stepCurrentA, taperCurrentA } from "../../../protocols/echem/channel-step.ts";
import type { Protocol, TechniqueStep } from "../../../protocols/echem/protocol.ts";
import { EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import {
  compileProgramme,
  type CompiledProgramme,
  type ProgrammeRun,
} from "../../../protocols/wire/methodscript/programme-script.ts";
import { SCRIPT_LINE_BYTES_MAX } from "../../../protocols/wire/methodscript/script-lines.ts";
import { createTerminal, type Terminal } from "../../support/methodscript-bench.ts";
import { randomProtocol } from "../../support/random-protocols.ts";

const CAPACITY_MAH = 10;
const LIMITS = { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.2, currentMinA: -0.2 };
const TECHNIQUES = {
  "open-circuit-voltage": "M000B",
  "constant-current": "M000A",
  "constant-voltage": "M0007",
  "voltage-scan": "M0000",
} as const;
const EXPONENTS: Readonly<Record<string, number>> = { p: -12, n: -9, u: -6, m: -3, " ": 0, k: 3 };
/** A package's last digit. */
const CLOSE = 1e-7;

type Compiled = Extract<CompiledProgramme, { ok: true }>;

function compiled(protocol: Protocol, scriptBytesMax: number): Compiled {
  const programme = compileProgramme({
    protocol,
    device: EMSTAT4_HR,
    limits: LIMITS,
    nominalCapacityMah: CAPACITY_MAH,
    measuresHeldPotential: true,
    scriptBytesMax,
  });
  if (!programme.ok) throw new Error(programme.refusals.map(({ step, reason }) => `${step}: ${reason}`).join("; "));
  return programme;
}

interface Sample {
  readonly timeS: number;
  readonly voltageV: number;
  readonly currentA: number;
}

/** A step as the instrument's own lines tell it. */
interface MeasuredStep {
  readonly stepNumber: number;
  technique: string;
  readonly samples: Sample[];
  end: string;
}

function sampleOf(line: string): Sample {
  const fields = new Map<string, number>();
  for (const field of line.slice(1).split(";")) {
    const exponent = EXPONENTS[field.charAt(9)] ?? 0;
    fields.set(field.slice(0, 2), (Number.parseInt(field.slice(2, 9), 16) - 0x8000000) * 10 ** exponent);
  }
  const currentA = fields.get("db") ?? fields.get("ba") ?? 0;
  return { timeS: fields.get("eb") ?? NaN, voltageV: fields.get("ab") ?? NaN, currentA };
}

/** Runs one script; false when it did not say that it came to its end. */
async function runScript(terminal: Terminal, lines: readonly string[], steps: MeasuredStep[]): Promise<boolean> {
  terminal.send(`e\n${lines.join("\n")}\n\n`);
  while (terminal.twin.isRunning) await terminal.pass(600);
  expect(terminal.twin.isCellOn).toBe(false);
  const output = terminal.take();
  expect(output).toMatch(/^e\n/);
  expect(output).toMatch(/Tcell off\n\n$/);
  let isDone = false;
  for (const line of output.split("\n")) {
    const step = steps.at(-1);
    const begins = /^Tstep (\d+)$/.exec(line);
    if (begins !== null) steps.push({ stepNumber: Number(begins[1]), technique: "", samples: [], end: "" });
    else if (/^Tsegment \d+ of \d+ done$/.test(line)) isDone = true;
    else if (line.startsWith("!")) throw new Error(`the script stopped: ${line}`);
    else if (step === undefined) continue;
    else if (line.startsWith("M")) step.technique = line;
    else if (line.startsWith("P")) step.samples.push(sampleOf(line));
    else if (line.startsWith("Tend ")) step.end = line.slice(1);
  }
  return isDone;
}

async function runAll(
  terminal: Terminal,
  { segments }: Compiled,
  order: readonly ProgrammeRun[],
  steps: MeasuredStep[],
): Promise<boolean> {
  for (const run of order) {
    if (run.kind === "repeat") {
      for (let pass = 0; pass < run.count; pass += 1)
        if (!(await runAll(terminal, { ok: true, segments, order: run.runs }, run.runs, steps))) return false;
      continue;
    }
    const segment = segments[run.number - 1];
    if (segment === undefined) throw new Error(`no segment ${run.number}`);
    if (!(await runScript(terminal, segment.lines, steps))) return false;
  }
  return true;
}

/** What ends a step at this sample by the protocol's own words, limits first. */
function endAt(step: TechniqueStep, { voltageV, currentA }: Sample, slack: number): string | null {
  if (voltageV > LIMITS.voltageMaxV + slack || voltageV < LIMITS.voltageMinV - slack) return "end limit";
  if (Math.abs(currentA) > LIMITS.currentMaxA + slack) return "end limit";
  if (step.kind === "constant-current" && step.untilVoltageV !== null) {
    const beyondV = (voltageV - step.untilVoltageV) * Math.sign(stepCurrentA(step, CAPACITY_MAH));
    if (beyondV >= slack) return "end voltage";
  }
  if (step.kind === "constant-voltage") {
    const taperA = taperCurrentA(step, CAPACITY_MAH);
    if (taperA !== null && Math.abs(currentA) <= taperA - slack) return "end current";
  }
  return null;
}

function judgeStep(step: TechniqueStep, measured: MeasuredStep): void {
  if (step.kind === "impedance-spectroscopy") throw new Error("not made here");
  expect(measured.technique).toBe(TECHNIQUES[step.kind]);
  if (step.kind === "voltage-scan") {
    judgeScan(step, measured);
    return;
  }
  measured.samples.forEach(({ timeS }, index) => {
    expect(timeS).toBeCloseTo(index + 1, 6);
  });
  if (step.kind === "constant-current")
    for (const { currentA } of measured.samples) expect(currentA).toBeCloseTo(stepCurrentA(step, CAPACITY_MAH), 9);
  for (const sample of measured.samples.slice(0, -1)) expect(endAt(step, sample, CLOSE)).toBeNull();
  const last = measured.samples.at(-1);
  if (last === undefined) throw new Error("a step without a sample");
  if (measured.end === "end time") {
    expect(measured.samples.length).toBe(step.untilTimeS);
    expect(endAt(step, last, CLOSE)).toBeNull();
  } else expect(measured.end).toBe(endAt(step, last, -CLOSE));
}

/** The cell's voltage goes the whole way at the scan's rate. */
function judgeScan(step: Extract<TechniqueStep, { kind: "voltage-scan" }>, { samples, end }: MeasuredStep): void {
  const wayV = step.endVoltageV - step.startVoltageV;
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error("a scan without a sample");
  for (const { timeS, voltageV } of samples) {
    const expectedV = step.startVoltageV + Math.sign(wayV) * (step.scanRateMvS / 1000) * (timeS - first.timeS);
    expect(Math.abs(voltageV - expectedV)).toBeLessThan(0.0005);
  }
  expect(end).toBe("end voltage");
  expect(Math.abs(last.voltageV - step.endVoltageV)).toBeLessThan(0.0005);
  expect((last.timeS - first.timeS) * (step.scanRateMvS / 1000)).toBeCloseTo(Math.abs(wayV), 4);
  // Stairs of 2 mV at the most: a millivolt, or what the shortest interval gives.
  expect(samples.length).toBeGreaterThan(Math.abs(wayV) / 0.0021);
}

describe("a whole protocol as scripts", () => {
  test("the path that the instrument measures is the protocol's, in one script or in many", async () => {
    const seen = { segments: 0, repeats: 0, ends: new Set<string>() };
    await fc.assert(
      fc.asyncProperty(randomProtocol, fc.integer({ min: 1_800, max: 5_000 }), async (protocol, scriptBytesMax) => {
        const programme = compiled(protocol, scriptBytesMax);
        for (const { lines } of programme.segments)
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(SCRIPT_LINE_BYTES_MAX);
        const terminal = createTerminal({ scriptBytesMax });
        const measured: MeasuredStep[] = [];
        const isDone = await runAll(terminal, programme, programme.order, measured);
        const path = [...expandProtocol(protocol)];
        measured.forEach((found, index) => {
          const expected = path[index];
          if (expected === undefined) throw new Error("more steps than the protocol has");
          expect(found.stepNumber).toBe(expected.cursor.stepIndex + 1);
          judgeStep(expected.step, found);
        });
        const isCut = measured.at(-1)?.end === "end limit";
        expect(isDone).toBe(!isCut);
        if (!isCut) expect(measured.length).toBe(path.length);
        // A limit ends everything: nothing follows it.
        expect(measured.slice(0, -1).some(({ end }) => end === "end limit")).toBe(false);
        seen.segments = Math.max(seen.segments, programme.segments.length);
        seen.repeats += programme.order.filter(({ kind }) => kind === "repeat").length;
        for (const { end } of measured) seen.ends.add(end);
      }),
      { numRuns: 100, seed: 5 },
    );
    // The property would be empty had the chance never led there.
    expect(seen.segments).toBeGreaterThan(2);
    expect(seen.repeats).toBeGreaterThan(5);
    expect([...seen.ends].sort()).toEqual(["end current", "end limit", "end time", "end voltage"]);
  });
});
