import { describe, expect, test } from "vitest";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { EMSTAT4_HR } from "../../../protocols/wire/methodscript/device-models.ts";
import {
  compileProgramme,
  orderText,
  type CompiledProgramme,
  type ProgrammeRequest,
} from "../../../protocols/wire/methodscript/programme-script.ts";
import { createTerminal } from "../../support/methodscript-bench.ts";

const REST = { step: "open_circuit_voltage", until_time_s: 5 };
const CHARGE = { step: "constant_current", current_mA: 1, until_voltage_V: 3.9, until_time_s: 600 };
const DISCHARGE = { ...CHARGE, current_mA: -1, until_voltage_V: 3.6 };
const HOLD = { step: "constant_voltage", voltage_V: 3.9, until_current_mA: 0.1, until_time_s: 60 };
const tag = (name: string): object => ({ step: "tag", tag: name });
const loop = (name: string, count: number): object => ({ step: "loop", loop_to: name, cycle_count: count });

function protocol(method: readonly object[], safety: object = {}): Protocol {
  const document = { unicycler: { version: "0.4.6" }, record: { time_s: 1 }, safety, method };
  const read = readProtocol(parseDocument(JSON.stringify(document), "test.json"), [], "test");
  if (read.protocol === undefined) throw new Error(JSON.stringify(read.findings));
  return read.protocol;
}

function compile(
  method: readonly object[],
  more: Partial<ProgrammeRequest> = {},
  safety: object = {},
): CompiledProgramme {
  return compileProgramme({
    protocol: protocol(method, safety),
    device: EMSTAT4_HR,
    limits: { voltageMaxV: 4.3, voltageMinV: 2.5, currentMaxA: 0.05, currentMinA: -0.05 },
    nominalCapacityMah: 10,
    measuresHeldPotential: true,
    ...more,
  });
}

function accepted(programme: CompiledProgramme): Extract<CompiledProgramme, { ok: true }> {
  if (!programme.ok) throw new Error(JSON.stringify(programme.refusals));
  return programme;
}

function onlyScript(programme: CompiledProgramme): readonly string[] {
  const { segments } = accepted(programme);
  expect(segments.length).toBe(1);
  return segments[0]?.lines ?? [];
}

describe("a protocol as one script", () => {
  test("loops in loops count in variables of their own, set anew each time they begin", () => {
    const lines = onlyScript(
      compile([tag("outer"), REST, tag("inner"), CHARGE, DISCHARGE, loop("inner", 3), loop("outer", 2)]),
    );
    expect(lines.filter((line) => /^(var n|store_var n|loop|add_var n|endloop|send_string "step)/.test(line))).toEqual([
      "var n1",
      "var n2",
      "store_var n1 0i ja",
      "loop n1 < 2i",
      'send_string "step 2"',
      "endloop",
      "store_var n2 0i ja",
      "loop n2 < 3i",
      'send_string "step 4"',
      "endloop",
      'send_string "step 5"',
      "endloop",
      "add_var n2 1i",
      "endloop",
      "add_var n1 1i",
      "endloop",
    ]);
    expect(lines.slice(-3)).toEqual(["on_finished:", "cell_off", 'send_string "cell off"']);
  });

  test("a loop of one pass is its body", () => {
    expect(onlyScript(compile([tag("a"), REST, loop("a", 1)]))).not.toContain("add_var n1 1i");
  });

  test("a step shorter than the record interval is sampled once at its end", () => {
    const lines = onlyScript(compile([{ ...REST, until_time_s: 0.5 }]));
    expect(lines).toContain("meas_loop_ocp p 500m 500m");
  });

  test("a largest capacity is kept in the script and stops the step as a limit", async () => {
    const safety = { max_capacity_mAh: 0.0026 };
    const terminal = createTerminal();
    terminal.send(`e\n${onlyScript(compile([CHARGE, REST], {}, safety)).join("\n")}\n\n`);
    await terminal.pass(120);
    const output = terminal.take();
    // 1 mA for 9.36 s: the tenth sample is beyond it.
    expect(output.match(/^P/gm)?.length).toBe(10);
    expect(output).toContain("Tend limit\n");
    expect(output).not.toContain("step 2");
    expect(output).not.toContain("done");
    expect(terminal.twin.isCellOn).toBe(false);
  });

  test("stopped from outside in the middle of a loop, it leaves the cell off and does not say that it is done", async () => {
    const terminal = createTerminal();
    terminal.send(`e\n${onlyScript(compile([tag("a"), CHARGE, DISCHARGE, loop("a", 9)])).join("\n")}\n\n`);
    await terminal.pass(100);
    expect(terminal.twin.isCellOn).toBe(true);
    terminal.send("Z\n");
    await terminal.pass(1);
    const output = terminal.take();
    expect(output).toMatch(/\*\n\+\nTcell off\n\n$/);
    expect(output).not.toContain("done");
    expect(terminal.twin.isCellOn).toBe(false);
  });
});

describe("a protocol longer than the script memory", () => {
  test("becomes segments that follow each other, each within the bound", () => {
    const { segments, order } = accepted(
      compile([REST, CHARGE, HOLD, DISCHARGE, REST, CHARGE], { scriptBytesMax: 2_000 }),
    );
    expect(segments.length).toBeGreaterThan(1);
    expect(orderText(order)).toBe(segments.map(({ number }) => number).join(", "));
    for (const { lines } of segments) {
      expect(lines.join("\n").length + 4).toBeLessThanOrEqual(2_000);
      expect(lines.filter((line) => line === "on_finished:").length).toBe(1);
    }
    expect(segments.map(({ firstStep }) => firstStep)[0]).toBe(1);
    expect(segments.at(-1)?.lastStep).toBe(6);
  });

  test("keeps a loop that fits in one script, and names the segments of one that does not", () => {
    const long = compile([REST, tag("a"), CHARGE, HOLD, DISCHARGE, loop("a", 20), tag("b"), REST, loop("b", 7)], {
      scriptBytesMax: 1_800,
    });
    const { segments, order } = accepted(long);
    expect(orderText(order)).toBe("1, (2, 3) x 20, 4");
    expect(segments[3]?.lines).toContain("loop n1 < 7i");
  });

  test("the bound may be one of lines", () => {
    const { segments } = accepted(compile([REST, REST, REST, REST], { scriptLinesMax: 60 }));
    for (const { lines } of segments) expect(lines.length).toBeLessThanOrEqual(60);
    expect(segments.length).toBe(2);
  });

  test("a step that alone is too long is refused", () => {
    expect(compile([REST, CHARGE], { scriptBytesMax: 800 })).toEqual({
      ok: false,
      refusals: [{ step: 2, reason: "the step alone is longer than the script memory" }],
    });
  });
});

describe("what no script can hold", () => {
  test("is refused whole, each step with its reason", () => {
    const programme = compile(
      [
        { ...CHARGE, current_mA: undefined, rate_C: 1 },
        { ...CHARGE, until_voltage_V: 4.5 },
        { ...CHARGE, current_mA: 80 },
      ],
      { nominalCapacityMah: null },
    );
    expect(programme.ok ? [] : programme.refusals.map(({ step, reason }) => `${step}: ${reason}`)).toEqual([
      "1: a rate needs the cell's nominal capacity",
      "2: cut-off voltage 4.5 V is outside the cell's limits 2.5..4.3 V",
      "3: current 0.08 A is outside the cell's limits -0.05..0.05 A",
    ]);
  });

  test("a protocol without a technique is none", () => {
    const empty: Protocol = { ...protocol([REST]), steps: [] };
    expect(compile([REST], { protocol: empty }).ok).toBe(false);
  });
});
