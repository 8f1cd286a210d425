import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { isFault } from "../../../protocols/base/fault.ts";
import type { CommandContext } from "../../../tui/command-context.ts";
import { protocolCommand } from "../../../tui/commands/protocol.ts";
import { createTerminal } from "../../support/methodscript-bench.ts";

const FILE = JSON.stringify({
  unicycler: { version: "0.4.6" },
  record: { time_s: 1 },
  safety: {},
  method: [
    { step: "tag", tag: "a" },
    { step: "constant_current", rate_C: 0.5, until_voltage_V: 4.1, until_time_s: 9000 },
    { step: "constant_voltage", voltage_V: 4.1, until_rate_C: 0.05, until_time_s: 3600 },
    { step: "constant_current", rate_C: -0.5, until_voltage_V: 2.9, until_time_s: 9000 },
    { step: "loop", loop_to: "a", cycle_count: 3 },
  ],
});
const LIMITS = ["--capacity-mAh", "4", "--chemistry", "lno-graphite", "--limits=-200..200mA"];

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "methodscript-"));
  folders.push(folder);
  return folder;
}

async function convert(more: readonly string[], json = false, file = FILE) {
  const out: string[] = [];
  const err: string[] = [];
  const unused = (): never => {
    throw new Error("not needed here");
  };
  const context: CommandContext = {
    json,
    isTerminal: false,
    progress: { isTerminal: false, colour: false, columns: () => 80, draw: () => undefined },
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
    readText: () => file,
    packagePath: (path) => path,
    readPackageText: unused,
    attenuationTables: unused,
    clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined },
    drain: () => Promise.resolve(),
    onInterrupt: () => () => undefined,
    ask: () => Promise.resolve(null),
    askSecret: () => Promise.resolve(null),
    self: { pid: 1, host: "rack" },
    takeSiteLock: unused,
    version: "0.0.0",
  };
  const exitCode = await protocolCommand(context, ["convert", "ageing.json", "--to", "methodscript", ...more]);
  return { exitCode, out: out.join("\n"), err: err.join("\n") };
}

async function refusal(more: readonly string[], file = FILE): Promise<string> {
  try {
    await convert(more, false, file);
  } catch (error) {
    if (isFault(error)) return `${error.where}: ${error.message}`;
    throw error;
  }
  return "accepted";
}

describe("protocol convert --to methodscript", () => {
  test("prints a script that an instrument takes as it is and runs to its end", async () => {
    const { exitCode, out } = await convert(LIMITS);
    expect(exitCode).toBe(0);
    expect(out).toContain("loop n1 < 3i");
    expect(out).toContain("if p > 4300m");
    const terminal = createTerminal({ model: "mes4hr" });
    terminal.send(`e\n${out}\n\n`);
    while (terminal.twin.isRunning) await terminal.pass(600);
    const output = terminal.take();
    expect(output).not.toMatch(/^!|^e!/m);
    expect(output).toContain("Tsegment 1 of 1 done");
    expect(output.match(/^Tend voltage$/gm)?.length).toBe(6);
  });

  test("a script that would be too long is written as segments, with the order to run them in", async () => {
    const folder = temporaryFolder();
    const { out } = await convert([...LIMITS, "--script-bytes", "1500", "--out", join(folder, "ageing.mscr")]);
    expect(readdirSync(folder).sort()).toEqual(["ageing.1.mscr", "ageing.2.mscr", "ageing.3.mscr"]);
    expect(out).toContain("in this order: (1, 2, 3) x 3");
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), "utf8");
      // A blank line would end the script.
      expect(text).not.toContain("\n\n");
      expect(text).toMatch(/on_finished:\ncell_off\nsend_string "cell off"\n$/);
    }
  });

  test("answers in JSON with each script and the order", async () => {
    const { out } = await convert([...LIMITS, "--script-bytes", "1500"], true);
    expect(JSON.parse(out)).toMatchObject({
      to: "methodscript",
      order: "(1, 2, 3) x 3",
      segments: [{ first_step: 2 }, { first_step: 3 }, { first_step: 4, last_step: 4 }],
    });
  });

  test("the tightest of safety block, chemistry and --limits goes into the script", async () => {
    const file = FILE.replace('"safety":{}', '"safety":{"max_voltage_V":4.25,"max_current_mA":5}');
    const { out } = await convert([...LIMITS.slice(0, 4), "--limits", "2.7..4.5V,-9..9mA"], false, file);
    expect(out).toContain("if p > 4250m");
    expect(out).toContain("if p < 2700m");
    expect(out).toContain("if c > 5m");
    expect(out).toContain("if c < -9m");
  });

  test("without limits nothing is written, and the refusal says how to give them", async () => {
    expect(await refusal(["--capacity-mAh", "4"])).toMatch(/no voltage limits .*--chemistry/);
    expect(await refusal(["--capacity-mAh", "4", "--chemistry", "lno-graphite"])).toMatch(/-2\.4\.\.2\.4mA/);
  });

  test.each([
    [["--model", "es4lr"], "--model"],
    [["--chemistry", "nmc"], "--chemistry"],
    [["--limits", "4.3..2.4V"], "--limits"],
    [["--limits", "4..5A"], "--limits"],
    [["--script-bytes", "many"], "--script-bytes"],
  ])("%s is refused", async (more, where) => {
    expect(await refusal([...LIMITS.slice(0, 2), ...more])).toContain(`${where}: `);
  });

  test("a technique that no script has is named with its step", async () => {
    const file = FILE.replace('"rate_C":0.5', '"rate_C":60');
    expect(await refusal(LIMITS, file)).toContain("step 2: current 0.24 A is outside");
  });
});
