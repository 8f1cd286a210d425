import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stepCurrentA, taperCurrentA } from "../../../protocols/echem/channel-step.ts";
import { expandProtocol } from "../../../protocols/echem/cursor.ts";
import type { Protocol, TechniqueStep } from "../../../protocols/echem/protocol.ts";
import { protocolStepFile } from "../../../protocols/wire/neware/protocol-step-file.ts";
import { encodeStepFile } from "../../../protocols/wire/neware/step-xml.ts";
import { createCyclerChannel, type TestRow } from "../../../simulator/neware-bts/cycler-channel.ts";
import { readStepProgramme } from "../../../simulator/neware-bts/step-programme.ts";
import { testCell, testClock } from "../../support/methodscript-bench.ts";
import { randomCyclingProtocol } from "../../support/random-protocols.ts";

const CAPACITY_MAH = 10;
const TICK_MS = 100;
const LABEL = { creator: "test", date: "20260101000000", guid: "00000000-0000-0000-0000-000000000000" };

/** Number of each step in the file, which has no tags. */
function fileNumbers({ steps }: Protocol): readonly number[] {
  let count = 0;
  return steps.map((step) => (step.kind === "tag" ? count : (count += 1)));
}

async function runFile(protocol: Protocol) {
  const file = protocolStepFile(protocol, LABEL);
  if (!file.ok) throw new Error(file.reason);
  const programme = readStepProgramme(encodeStepFile(file.value));
  if (typeof programme === "string") throw new Error(programme);
  const clock = testClock();
  const channel = createCyclerChannel({ clock, cell: testCell(), tickMs: TICK_MS, refreshMs: 5000 });
  channel.start(1, programme, "A1");
  while (channel.status === "working") await clock.run(clock.nowMs() + 600_000);
  return { status: channel.status, layers: channel.test(1)?.layers ?? [] };
}

/** The word of the step's type and, by the last row, an end that the protocol gives it. */
function judgeStep(step: TechniqueStep, { stepType, stepTimeMs, voltageV, currentA }: TestRow): void {
  const isTimeOver = "untilTimeS" in step && stepTimeMs >= 1000 * (step.untilTimeS ?? Infinity);
  switch (step.kind) {
    case "open-circuit-voltage":
      expect(stepType).toBe("rest");
      expect(isTimeOver).toBe(true);
      return;
    case "constant-current": {
      const orderedA = stepCurrentA(step, CAPACITY_MAH);
      expect(stepType).toBe(orderedA > 0 ? "cc" : "dc");
      expect(currentA).toBeCloseTo(orderedA, 9);
      const beyondV = step.untilVoltageV === null ? -1 : (voltageV - step.untilVoltageV) * Math.sign(orderedA);
      expect(isTimeOver || beyondV >= 0).toBe(true);
      return;
    }
    case "constant-voltage": {
      expect(stepType).toBe("cv");
      const taperA = taperCurrentA(step, CAPACITY_MAH);
      expect(isTimeOver || (taperA !== null && Math.abs(currentA) <= taperA)).toBe(true);
      return;
    }
    case "impedance-spectroscopy":
    case "voltage-scan":
      throw new Error("not made here");
  }
}

describe("a whole protocol as a step file", () => {
  test("the path that the channel stores is the protocol's", async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(randomCyclingProtocol, async (protocol) => {
        const { status, layers } = await runFile(protocol);
        const numbers = fileNumbers(protocol);
        const path = [...expandProtocol(protocol)];
        layers.forEach(({ first, last }, index) => {
          const expected = path[index];
          if (expected === undefined) throw new Error("more steps than the protocol has");
          expect([first.stepId, last.stepId]).toEqual(Array(2).fill(numbers[expected.cursor.stepIndex]));
          judgeStep(expected.step, last);
        });
        seen.add(status);
        // The file's protection cuts the path; nothing else does.
        if (status === "finish") expect(layers.length).toBe(path.length);
        else expect([status, layers.length < path.length]).toEqual(["protect", true]);
      }),
      { numRuns: 60, seed: 5 },
    );
    expect([...seen].sort()).toEqual(["finish", "protect"]);
  });
});
