/**
 * The simulated instrument runs scripts it was not made for: each uses the commands of one of the vendor's published
 * examples (named by its title there), written anew. Values stored in variables, comments, indentation and arrays
 * are as in those examples.
 */
import { describe, expect, test } from "vitest";
import { createPackageFields, decodePackage } from "../../../protocols/wire/methodscript/package-decoder.ts";
import { variableTypeLetters } from "../../../protocols/wire/methodscript/variable-types.ts";
import type { MethodScriptTwinDeps } from "../../../simulator/palmsens-methodscript/methodscript-twin.ts";
import { createTerminal, testCell, type TestCell } from "../../support/methodscript-bench.ts";

interface Options extends Partial<Omit<MethodScriptTwinDeps, "cell">> {
  readonly cell?: TestCell;
}

/** Everything the instrument said, line by line, without the echo. */
async function run(script: readonly string[], seconds: number, options: Options = {}): Promise<readonly string[]> {
  const terminal = createTerminal(options);
  terminal.send(`e\n${script.join("\n")}\n\n`);
  await terminal.pass(seconds);
  expect(terminal.twin.isRunning).toBe(false);
  expect(terminal.twin.isCellOn).toBe(false);
  const text = terminal.take();
  expect(text.startsWith("e\n")).toBe(true);
  expect(text.endsWith("\n\n")).toBe(true);
  return text.slice(2, -2).split("\n");
}

/** Values of all packages by type letters. */
function packages(lines: readonly string[]): readonly Readonly<Record<string, number>>[] {
  const fields = createPackageFields();
  return lines
    .filter((line) => line.startsWith("P"))
    .map((line) => {
      const bytes = Buffer.from(line);
      expect(decodePackage(bytes, 0, bytes.length, fields)).toBeNull();
      const found: Record<string, number> = {};
      for (let index = 0; index < fields.count; index += 1)
        found[variableTypeLetters(fields.types[index] ?? 0)] = fields.values[index] ?? Number.NaN;
      return found;
    });
}

const PACKAGE_TIME_CURRENT = [
  "    timer_get t",
  "    pck_start",
  "    pck_add t",
  "    # pck_add p",
  "    pck_add c",
  "    pck_end",
];

describe("a script in the style of the published examples runs", () => {
  test("linear sweep voltammetry", async () => {
    const lines = await run(
      [
        "# a sweep of 10 mV steps",
        "var p",
        "var c",
        "var begin",
        "var end",
        "store_var begin 3600m ja",
        "store_var end 3800m ja",
        "set_pgstat_chan 0",
        "set_pgstat_mode 3",
        "set_max_bandwidth 60",
        "set_range_minmax da begin end",
        "set_range ba 30u",
        "set_autoranging ba 50n 2m",
        "set_e begin # potential when the cell turns on",
        "cell_on",
        "meas_loop_lsv p c begin end 10m 100m",
        "    pck_start",
        "    pck_add p",
        "    pck_add c",
        "    pck_end",
        "endloop",
        "on_finished:",
        "    cell_off",
      ],
      5,
      { cell: testCell(3.7, 1e6, 1000) },
    );
    expect(lines[0]).toBe("M0000");
    expect(lines.at(-1)).toBe("*");
    const points = packages(lines);
    expect(points).toHaveLength(21);
    expect(points[0]?.["da"]).toBe(3.6);
    expect(points[20]?.["da"]).toBeCloseTo(3.8, 9);
    // 1 kOhm around 3.7 V.
    expect(points[0]?.["ba"]).toBeCloseTo(-100e-6, 7);
    expect(points[20]?.["ba"]).toBeCloseTo(100e-6, 7);
    expect(lines[1]).toMatch(/^Pda[0-9A-F]{7}.;ba[0-9A-F]{7}.,10,212,40$/);
  });

  test("cyclic voltammetry in three scans", async () => {
    const lines = await run(
      [
        "var p",
        "var c",
        "set_pgstat_mode 3",
        "set_range ba 1m",
        "set_e 3700m",
        "cell_on",
        "meas_loop_cv p c 3700m 3800m 3600m 10m 100m nscans(3)",
        "pck_start",
        "pck_add p",
        "pck_add c",
        "pck_end",
        "endloop",
        "on_finished:",
        "cell_off",
      ],
      60,
    );
    expect(lines.filter((line) => !line.startsWith("P"))).toEqual([
      "M0005",
      "C0000",
      "-",
      "C0001",
      "-",
      "C0002",
      "-",
      "*",
    ]);
    const points = packages(lines);
    expect(points).toHaveLength(3 * 41);
    expect(Math.max(...points.map((point) => point["da"] ?? 0))).toBeCloseTo(3.8, 9);
    expect(Math.min(...points.map((point) => point["da"] ?? 9))).toBeCloseTo(3.6, 9);
  });

  test("chronoamperometry: two seconds at 100 ms are twenty points, the first after one interval", async () => {
    const lines = await run(
      [
        "var p",
        "var c",
        "var t",
        "var level",
        "store_var level 3700m ja",
        "set_pgstat_mode 2",
        "set_range ba 100u",
        "set_autoranging ba 50n 2m",
        "set_e level",
        "cell_on",
        "timer_start",
        "meas_loop_ca p c level 100m 2",
        ...PACKAGE_TIME_CURRENT,
        "endloop",
        "on_finished:",
        "    cell_off",
      ],
      5,
    );
    const points = packages(lines);
    expect(points.map((point) => point["eb"])).toEqual(Array.from({ length: 20 }, (_, index) => (index + 1) / 10));
  });

  test("open-circuit potentiometry", async () => {
    const lines = await run(
      [
        "var p",
        "var t",
        "set_pgstat_mode 3",
        "set_range ab 4",
        "set_autoranging ab 4 4",
        "cell_off                # it must be off",
        "timer_start",
        "meas_loop_ocp p 100m 2100m",
        "timer_get t",
        "pck_start",
        "pck_add t",
        "pck_add p",
        "pck_end",
        "endloop",
        "on_finished:",
        "cell_off",
      ],
      5,
    );
    expect(packages(lines)).toHaveLength(21);
    expect(packages(lines)[0]?.["ab"]).toBeCloseTo(3.7, 4);
  });

  test("charge versus cycles: loops around measurement loops, arrays, texts with values, muted output", async () => {
    const lines = await run(
      [
        "var cycles",
        "var cycle",
        "var c",
        "var p",
        "var q",
        "var t",
        "array capacity 10i",
        "store_var cycle 1i ja",
        "store_var cycles 2i ja",
        "set_acquisition_frac_autoadjust 50",
        "set_pgstat_chan 0",
        "set_pgstat_mode 6",
        "set_range db 10m",
        "meas 100m p ab",
        "cell_on ocp(p)",
        "timer_start",
        "loop cycle <= cycles",
        "    meas_loop_cp p c 3m 1 4000",
        "        timer_get t",
        "        copy_var c q",
        "        mul_var q 1",
        "        div_var q 3600m",
        "        add_var capacity[cycle] q",
        "        set_script_output 0",
        '        send_string "not to be seen"',
        "        set_script_output 1",
        "        if p > 4000m",
        "            breakloop",
        "        endif",
        "    endloop",
        "    meas_loop_cp p c -3m 1 4000",
        "        if p < 3500m",
        "            breakloop",
        "        endif",
        "    endloop",
        '    send_string f"cycle {cycle}/{cycles} q={capacity[cycle]} mAh"',
        "    pck_start",
        "    pck_add cycle",
        "    pck_end",
        "    add_var cycle 1i",
        "endloop",
        "on_finished:",
        "cell_off",
      ],
      200,
      { model: "nexus1" },
    );
    expect(lines).toEqual([
      "L",
      ...["M000A", "*", "M000A", "*", "Tcycle 1/2 q=0.005 mAh", "Pja8000001i"],
      ...["M000A", "*", "M000A", "*", "Tcycle 2/2 q=0.00833333 mAh", "Pja8000002i"],
      "+",
    ]);
  });

  test("trigger on a measured current: five-point mean, else branches, a second measurement after a break", async () => {
    const lines = await run(
      [
        "var p",
        "var c",
        "var index",
        "var broke",
        "store_var broke 0i aa",
        "array currents 5i",
        ...[0, 1, 2, 3, 4].map((index) => `store_var currents[${index}i] 100m ja`),
        "store_var index 0i aa",
        "set_pgstat_mode 3",
        "set_range ba 10m",
        "set_autoranging ba 59n 10m",
        "set_e 3800m",
        "cell_on",
        "meas_loop_ca p c 3800m 100m 3600",
        "    copy_var c currents[index]",
        "    mean currents c",
        "    if c < 1m # falls by half every 0.42 s",
        "        store_var broke 1i ja",
        "        breakloop",
        "    endif",
        "    if index < 4i",
        "        add_var index 1i",
        "    else",
        "        store_var index 0i aa",
        "    endif",
        "endloop",
        "cell_off",
        "if broke == 1i",
        "    meas_loop_ocp p 100m 300m",
        "    pck_start",
        "    pck_add p",
        "    pck_end",
        "    endloop",
        "elseif broke == 0i",
        '    send_string "never"',
        "endif",
        "on_finished:",
        "cell_off",
      ],
      60,
    );
    expect(lines.filter((line) => !line.startsWith("P"))).toEqual(["M0007", "*", "M000B", "*"]);
    expect(packages(lines)).toHaveLength(3);
  });

  test("polarisation resistance: a linear fit of a sweep, at fixed intervals", async () => {
    const lines = await run(
      [
        "var p",
        "var c",
        "var index",
        "var slope",
        "var intercept",
        "var round",
        "store_var round 0i aa",
        "var points",
        "store_var points 21 aa",
        "array potentials points",
        "array currents points",
        "set_pgstat_mode 3",
        "set_range ba 100u",
        "set_e 3690m",
        "loop round < 2i",
        "    set_int 10",
        "    store_var index 0i aa",
        "    cell_on",
        "    meas_loop_lsv p c 3690m 3710m 1m 100m",
        "        copy_var p potentials[index]",
        "        copy_var c currents[index]",
        "        add_var index 1i",
        "    endloop",
        "    cell_off",
        "    linear_fit potentials currents slope intercept",
        "    pow_var slope -1",
        "    alter_vartype slope cb",
        "    pck_start",
        "    pck_add slope",
        "    pck_end",
        "    add_var round 1i",
        "    await_int",
        "endloop",
        "on_finished:",
        "cell_off",
      ],
      60,
      { cell: testCell(3.7, 1e6, 1000) },
    );
    const resistances = packages(lines);
    expect(resistances).toHaveLength(2);
    expect(resistances[0]?.["cb"]).toBeCloseTo(1000, -1);
  });

  test("alternating channels: a package filled from a loop", async () => {
    const lines = await run(
      [
        "var i",
        "array a 3i",
        "store_var i 0i aa",
        "loop i < 3i",
        "store_var a[i] 1500m ba",
        "add_var i 1i",
        "endloop",
        "store_var i 0i aa",
        "pck_start",
        "loop i < 3i",
        "pck_add a[i]",
        "add_var i 1i",
        "endloop",
        "pck_end",
      ],
      1,
    );
    expect(lines).toContain("Pba816E360u;ba816E360u;ba816E360u");
  });

  test("constant current, then constant voltage, in one script as the vendor's cycling templates have it", async () => {
    const point = ["timer_get t", "pck_start", "pck_add t", "pck_add p", "pck_add c", "pck_end"];
    const lines = await run(
      [
        "var t",
        "var p",
        "var c",
        "set_pgstat_chan 0",
        "set_pgstat_mode 6",
        "set_max_bandwidth 1",
        "set_range_minmax ab 1500m 4400m",
        "set_autoranging ab 1500m 4400m",
        "set_range db 1m",
        "set_autoranging db 1m 1m",
        "set_i 0",
        "cell_on",
        "timer_start",
        "meas_loop_cp p c 300u 10 43200",
        ...point,
        "if p >= 4200m",
        "breakloop",
        "endif",
        "if p <= 1500m",
        "abort",
        "endif",
        "endloop",
        "set_pgstat_mode 3",
        "set_max_bandwidth 1",
        "set_range_minmax da 4200m 4200m",
        "set_range ba 1m",
        "set_autoranging ba 10u 1m",
        "set_e 4200m",
        "cell_on",
        "meas_loop_ca p c 4200m 10 7200",
        ...point,
        "if c <= 30u",
        "breakloop",
        "endif",
        "endloop",
        "on_finished:",
        "cell_off",
      ],
      3000,
      { cell: testCell(4, 1, 100) },
    );
    expect(lines.filter((line) => !line.startsWith("P"))).toEqual(["M000A", "*", "M0007", "*"]);
    const points = packages(lines);
    // 0.17 V at 0.3 mV a second: the 57th point; then the current falls with a time constant of 100 s.
    expect(points.findIndex((point_) => point_["da"] !== undefined)).toBe(57);
    expect(points.at(-1)?.["ba"]).toBeLessThanOrEqual(30e-6);
    expect(points.at(-2)?.["ba"]).toBeGreaterThan(30e-6);
  });
});
