/** The simulated instrument's bytes, as a terminal sees them, against the published protocol. */
import { describe, expect, test } from "vitest";
import { createTerminal, testCell, type Terminal } from "../../support/methodscript-bench.ts";

async function exchange(terminal: Terminal, text: string, seconds = 1): Promise<string> {
  terminal.send(text);
  await terminal.pass(seconds);
  return terminal.take();
}

const CONSTANT_CURRENT = `e
var t
var p
var c
set_pgstat_chan 0
set_pgstat_mode 6
set_max_bandwidth 1
set_range_minmax ab 1500m 4400m
set_autoranging ab 1500m 4400m
set_range db 1m
set_autoranging db 1m 1m
set_i 0
cell_on
timer_start
meas_loop_cp p c 300u 10 30
timer_get t
pck_start
pck_add t
pck_add p
pck_add c
pck_end
if p >= 4200m
breakloop
endif
if p <= 1500m
abort
endif
endloop
on_finished:
cell_off

`;

describe("the instrument's answers", () => {
  test("identity, serial number, unknown and empty commands", async () => {
    const terminal = createTerminal();
    expect(await exchange(terminal, "t\n")).toBe("tes4_hr1100#Jan 28 2022 11:04:43\nR*\n");
    expect(await exchange(terminal, "i\n")).toBe("iES4HR20B0008\n");
    expect(await exchange(terminal, "\n")).toBe("");
    expect(await exchange(terminal, "q\n")).toBe("q!0003\n");
    expect(await exchange(terminal, "Z\n")).toBe("Z!0006\n");
    expect(await exchange(terminal, "r\n")).toBe("r!000C\n");
  });

  test("input is ignored for a while after an error", async () => {
    const terminal = createTerminal();
    expect(await exchange(terminal, "q\n", 0.03)).toBe("q!0003\n");
    expect(await exchange(terminal, "i\n", 0.02)).toBe("");
    await terminal.pass(0.1);
    expect(await exchange(terminal, "i\n")).toBe("iES4HR20B0008\n");
  });

  test("the published constant-current stream, byte for byte", async () => {
    // 0.0003 A is 0.2 mV in 10 s in 15 F, and 3 mV over 10 ohm.
    const cell = testCell(3.6968, 15, 10);
    const terminal = createTerminal({ cell, measurement: { voltageStepV: 1e-6 } });
    expect(await exchange(terminal, CONSTANT_CURRENT, 60)).toBe(
      "e\nM000A\nPeb8989680u;ab8387520u;db80493E0n\nPeb9312D00u;ab83875E8u;db80493E0n\nPeb9C9C380u;ab83876B0u;db80493E0n\n*\n\n",
    );
    expect(terminal.twin.isCellOn).toBe(false);
  });

  test("load, then run; the blank line closes both", async () => {
    const terminal = createTerminal();
    expect(await exchange(terminal, 'l\nsend_string "hello"\n\n')).toBe("l\n");
    expect(await exchange(terminal, "r\n")).toBe("r\nThello\n\n");
    expect(await exchange(terminal, "r\n")).toBe("r\nThello\n\n");
  });

  test.each([
    ["cell_of\n", "!4001: Line 1, Col 1"],
    ["# a comment counts\n\tcell_of\n", "!4001: Line 2, Col 2"],
    ["var a\nvar a\n", "!4026: Line 2, Col 5"],
    ["var 1a\n", "!402B: Line 1, Col 5"],
    ["set_e p\n", "!4007: Line 1, Col 7"],
    ["set_e 4.2\n", "!4039: Line 1, Col 7"],
    ["var a\nstore_var a 1 zz\n", "!4006: Line 2, Col 15"],
    ["wait 1 2\n", "!420A: Line 1, Col 8"],
    ["var a\nif a => 1\nendif\n", "!4004: Line 2, Col 6"],
    ["var a\nif a > 1\n", "!4018: Line 3, Col 1"],
    ["var a\npck_add a\n", "!401B: Line 2, Col 1"],
    ["breakloop\n", "!400C: Line 1, Col 1"],
    ["on_finished:\non_finished:\n", "!400C: Line 2, Col 1"],
    ["var p\nmeas_loop_ocp p 1 2\nmeas_loop_ocp p 1 2\nendloop\nendloop\n", "!400B: Line 3, Col 1"],
    ["var p\nmeas_loop_ocp p 1 2\nset_e 1\nendloop\n", "!4032: Line 3, Col 1"],
    ["var p\nmeas_loop_ocp p 1 2 nscans(2)\nendloop\n", "!4008: Line 2, Col 21"],
    ["cell_on ocp(p)\n", "!4008: Line 1, Col 9"],
    ["send_string f\u00fcr\n", "!4004: Line 1, Col 14"],
  ])("a script that cannot be: %j answers %s", async (script, answer) => {
    const terminal = createTerminal();
    expect(await exchange(terminal, `l\n${script}\n`)).toBe(`l${answer}\n`);
  });

  test("limits of line and script length", async () => {
    const terminal = createTerminal({ scriptBytesMax: 64 });
    expect(await exchange(terminal, `l\n# ${"x".repeat(30)}\n# ${"x".repeat(30)}\ncell_off\n\n`)).toBe(
      "l!4005: Line 2, Col 1\n",
    );
    expect(await exchange(terminal, `G${"0".repeat(300)}\n`)).toBe("G!0008\n");
  });

  test.each([
    ["var a\nstore_var a 1 ja\ndiv_var a 0\n", "!0028: Line 3"],
    ["var a\nstore_var a 1i ja\nadd_var a 1\n", "!0002: Line 3"],
    ["var p\nvar c\nset_pgstat_mode 3\nmeas_loop_ca p c 1 1 2\nendloop\n", "!4027: Line 4"],
    ["var p\nset_pgstat_mode 3\nset_e 1\ncell_on\nmeas_loop_ocp p 1 2\nendloop\n", "!0014: Line 5"],
    ["set_e 7\n", "!000F: Line 1"],
    ["set_pgstat_mode 6\nset_i 300m\n", "!4206: Line 2"],
    ["array a 3i\nvar b\ncopy_var a[3i] b\n", "!4205: Line 3"],
    ["var f\nmeas_loop_acv f\nendloop\n", "!001B: Line 2"],
    ["var f\nvar r\nvar j\nset_pgstat_mode 3\nmeas_loop_eis f r j 10m 1k 1 11i 0\nendloop\n", "!4027: Line 5"],
    ["var f\nset_pgstat_mode 3\ncell_on\nmeas_loop_eis f f f 10m 1M 1 11i 0\nendloop\n", "!0011: Line 4"],
    ["var f\nset_pgstat_mode 3\ncell_on\nmeas_loop_eis f f f 2 1k 1 11i 0\nendloop\n", "!0012: Line 4"],
    ["var f\nset_pgstat_mode 3\ncell_on\nmeas_loop_geis f f f 1m 1k 1 11i 0\nendloop\n", "!0023: Line 4"],
  ])("a script that fails while it runs: %j answers %s and nothing more", async (script, answer) => {
    const terminal = createTerminal();
    expect(await exchange(terminal, `e\n${script}on_finished:\nsend_string "tidy"\n\n`)).toBe(`e\n${answer}\n`);
  });

  test("after a run-time error the cell stays as it was", async () => {
    const terminal = createTerminal();
    await exchange(
      terminal,
      "e\nvar a\nstore_var a 1 ja\nset_pgstat_mode 3\nset_e 3700m\ncell_on\ndiv_var a 0\non_finished:\ncell_off\n\n",
    );
    expect(terminal.twin.isCellOn).toBe(true);
    expect(await exchange(terminal, "e\ncell_off\n\n")).toBe("e\n\n");
    expect(terminal.twin.isCellOn).toBe(false);
  });

  test("Z inside the stream ends open loops and runs what follows on_finished", async () => {
    const terminal = createTerminal();
    terminal.send(CONSTANT_CURRENT.replace("10 30", "10 300"));
    await terminal.pass(25);
    terminal.take();
    expect(await exchange(terminal, "Z\n")).toBe("Z\n*\n\n");
    expect(terminal.twin.isCellOn).toBe(false);
    expect(await exchange(terminal, "Z\n")).toBe("Z!0006\n");
  });

  test("Y ends the measurement loop only; h and H halt and go on with the cell energised", async () => {
    const terminal = createTerminal({ cell: testCell(3.7, 10) });
    terminal.send(
      CONSTANT_CURRENT.replace("10 30", "10 300").replace("on_finished:", 'send_string "on"\non_finished:'),
    );
    await terminal.pass(15);
    terminal.take();
    expect(await exchange(terminal, "h\n", 100)).toBe("h\n");
    expect(terminal.twin.isCellOn).toBe(true);
    expect(await exchange(terminal, "H\n", 4)).toBe("H\n");
    await terminal.pass(2);
    expect(terminal.take()).toMatch(/^Peb[^\n]*\n$/);
    expect(await exchange(terminal, "Y\n")).toBe("Y\n*\nTon\n\n");
  });

  test("commands that cannot be while a script runs answer wrong mode", async () => {
    const terminal = createTerminal();
    terminal.send("e\nwait 100\n\n");
    await terminal.pass(1);
    terminal.take();
    expect(await exchange(terminal, "r\n")).toBe("r!0006\n");
    expect(terminal.twin.isRunning).toBe(true);
  });

  test("a script without any wait does not stop the world and can be stopped", async () => {
    const terminal = createTerminal();
    terminal.send("e\nloop 2 > 1\nendloop\n\n");
    await terminal.pass(5);
    expect(terminal.take()).toBe("e\nL\n");
    expect(await exchange(terminal, "Z\n")).toBe("Z\n+\n\n");
  });

  test("points fall on whole intervals and do not drift in a day", async () => {
    const terminal = createTerminal({ cell: testCell(3, 1e6, 10) });
    terminal.send(CONSTANT_CURRENT.replace("300u 10 30", "300u 100m 86400"));
    await terminal.pass(86_401);
    const lines = terminal.take().split("\n");
    expect(terminal.twin.packageCount).toBe(864_000);
    // Beyond 134 217 ms the timer's finest prefix is milli.
    expect(lines.at(-4)).toMatch(/^PebD265C00m;/);
  });
});
