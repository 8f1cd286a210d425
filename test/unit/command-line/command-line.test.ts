import { describe, expect, it } from "vitest";
import { parseArgs } from "node:util";
import { z } from "zod";
import { Fault } from "../../../protocols/base/fault.ts";
import type { Command, CommandContext } from "../../../tui/command-context.ts";
import { runCommandLine } from "../../../tui/command-line.ts";
import { COMMANDS, type CommandEntry } from "../../../tui/command-list.ts";
import { integrateCommand } from "../../../tui/commands/integrate.ts";

const errorDocument = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    where: z.string(),
    what: z.string(),
    advice: z.string(),
    detail: z.unknown().optional(),
  }),
});

const CONTEXT: CommandContext = {
  json: false,
  isTerminal: false,
  progress: { isTerminal: false, colour: false, columns: () => 80, draw: () => undefined },
  print: () => undefined,
  printError: () => undefined,
  readText: () => "",
  packagePath: (path) => path,
  readPackageText: () => "",
  attenuationTables() {
    throw new Error("not needed here");
  },
  clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined },
  drain: () => Promise.resolve(),
  onInterrupt: () => () => undefined,
  ask: () => Promise.resolve(null),
  askSecret: () => Promise.resolve(null),
  self: { pid: 1, host: "rack" },
  takeSiteLock: () => ({ release: () => undefined }),
  version: "0.0.0",
};

function entry(name: string, run: Command): CommandEntry {
  return { name, usage: "FILE", summary: `does ${name}`, details: [], load: () => Promise.resolve(run) };
}

async function call(argv: readonly string[], run: Command = () => Promise.resolve(0)) {
  const out: string[] = [];
  const err: string[] = [];
  const calls: { args: readonly string[]; json: boolean }[] = [];
  const noted: Command = (context, args) => {
    calls.push({ args, json: context.json });
    return run(context, args);
  };
  const exitCode = await runCommandLine(
    argv,
    {
      print: (line) => out.push(line),
      printError: (line) => err.push(line),
      version: () => "1.2.3",
      createContext: (json) => Promise.resolve({ ...CONTEXT, json }),
    },
    [entry("simulate", noted), entry("check", noted)],
  );
  return { exitCode, out, err, calls };
}

describe("the command line", () => {
  it("hands a command its arguments and returns its exit code", async () => {
    const { exitCode, calls } = await call(["check", "day.yaml", "--site", "s.yaml"], () => Promise.resolve(3));
    expect(exitCode).toBe(3);
    expect(calls).toEqual([{ args: ["day.yaml", "--site", "s.yaml"], json: false }]);
  });

  it("takes --json wherever it stands, but not behind --", async () => {
    expect((await call(["--json", "check", "x"])).calls).toEqual([{ args: ["x"], json: true }]);
    expect((await call(["check", "x", "--json"])).calls).toEqual([{ args: ["x"], json: true }]);
    expect((await call(["check", "--", "--json"])).calls).toEqual([{ args: ["--", "--json"], json: false }]);
  });

  it("lists every command in its help, and explains one without running it", async () => {
    const overview = await call(["--help"]);
    expect(overview.exitCode).toBe(0);
    expect(overview.out.join("\n")).toMatch(/simulate +does simulate/);
    const one = await call(["check", "--help"]);
    expect(one.out.join("\n")).toContain("beamrack check FILE");
    expect(one.calls).toEqual([]);
  });

  it("prints its version", async () => {
    expect(await call(["--version"])).toMatchObject({ exitCode: 0, out: ["1.2.3"] });
  });

  it.each([
    [["simulat"], 'unknown command "simulat"; did you mean simulate?'],
    [["fly"], 'unknown command "fly"'],
    [["--fast"], 'unknown option "--fast"'],
    [[], "no command given"],
  ])("refuses %j in one clear line", async (argv, text) => {
    const { exitCode, out, err, calls } = await call(argv);
    expect(exitCode).toBe(2);
    expect(err).toHaveLength(1);
    expect(err[0]).toContain(text);
    expect(out).toEqual([]);
    expect(calls).toEqual([]);
  });

  it("refuses an option that the command does not know, in one clear line", async () => {
    const { exitCode, err } = await call(["check", "--fast"], (_, args) => {
      parseArgs({ args: [...args], options: {}, strict: true, allowPositionals: true });
      return Promise.resolve(0);
    });
    expect(exitCode).toBe(2);
    expect(err).toEqual(["beamrack check: unknown option '--fast' [command.usage] See beamrack COMMAND --help."]);
  });

  it("says which option was left without its value", async () => {
    const { exitCode, err } = await call(["check", "--out", "--fast"], (_, args) => {
      parseArgs({ args: [...args], options: { out: { type: "string" } }, strict: true });
      return Promise.resolve(0);
    });
    expect(exitCode).toBe(2);
    expect(err).toEqual(["beamrack check: option '--out' needs a value [command.usage] See beamrack COMMAND --help."]);
  });

  it("exits 2 on a refusal and 1 on a fault while running, with the same on stdout as JSON if asked", async () => {
    const refused = await call(["check", "--json"], () => {
      throw new Fault("file.missing", "day.yaml", "no such file");
    });
    expect(refused.exitCode).toBe(2);
    expect(refused.err).toHaveLength(1);
    expect(refused.out).toHaveLength(1);
    const { error } = errorDocument.parse(JSON.parse(refused.out[0] ?? ""));
    expect(error).toMatchObject({ code: "file.missing", where: "day.yaml", what: "no such file" });
    const failed = await call(["check"], () => Promise.reject(new Fault("stage.alarm", "stage", "alarm 1")));
    expect(failed).toMatchObject({ exitCode: 1, out: [] });
  });

  it("lets nothing that an instrument or a file said steer the terminal", async () => {
    const words = "alarm \u001b[2J1\u009b31m\r";
    const { err } = await call(["check"], () => Promise.reject(new Fault("stage.alarm", "stage", words)));
    expect(err[0]).toMatch(/^stage: alarm \?\[2J1\?31m\? \[stage\.alarm\]/);
  });

  it("calls a defect a defect", async () => {
    const { exitCode, out, err } = await call(["check", "--json"], () => Promise.reject(new RangeError("lost count")));
    expect(exitCode).toBe(1);
    expect(err.join("\n")).toContain("please report");
    expect(errorDocument.parse(JSON.parse(out[0] ?? "")).error).toMatchObject({ code: "internal", what: "lost count" });
  });
});

it("offers no command twice", () => {
  const names = COMMANDS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it("opens no images that a broker names, but those of one folder", async () => {
  const { exitCode, err } = await call(["check", "--broker", "mqtt://127.0.0.1:1", "--topic", "t"], integrateCommand);
  expect(exitCode).toBe(2);
  expect(err[0]).toContain("need --frames");
});
