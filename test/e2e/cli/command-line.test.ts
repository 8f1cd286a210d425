import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { COMMANDS } from "../../../tui/command-list.ts";
import { commandLineHere } from "../../support/command-line-here.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DIST = `${ROOT}dist`;
const MAIN = `${DIST}/tui/main.js`;
/** Not the bus of a controller that another test runs. */
const NO_BUS = "mqtt://127.0.0.1:1";

/** Commands that refuse any argument but options. */
const TAKE_NOTHING = ["start", "broker"];
/** The heaviest, one that asks the bus, and one that hears from stdin when to end. */
const OWN_PROCESS = ["simulate", "status", "broker"];

function beamrack(args: readonly string[]): Promise<{ exitCode: number | null; out: string; err: string; ms: number }> {
  const startMs = performance.now();
  return new Promise((resolve) => {
    const env = { ...process.env, BEAMRACK_BROKER: NO_BUS };
    const child = execFile(process.execPath, [MAIN, ...args], { cwd: ROOT, env }, (_, out, err) => {
      resolve({ exitCode: child.exitCode, out, err, ms: performance.now() - startMs });
    });
    child.stdin?.end();
  });
}

/** A built module with those of ours that it waits for before it runs. */
function importsOf(path: string): readonly [path: string, imports: readonly string[]] {
  const found = readFileSync(path, "utf8").matchAll(/^(?:(?:import|export)\b[^;]*? from|import) "(\.[^"]+)";$/gm);
  return [path, [...found].map(([, to = ""]) => join(dirname(path), to))];
}

beforeAll(() => {
  process.env["BEAMRACK_BROKER"] = NO_BUS;
  expect(existsSync(MAIN), "npm run build comes first").toBe(true);
});

afterAll(() => {
  delete process.env["BEAMRACK_BROKER"];
});

describe("beamrack as it is shipped", () => {
  it("tells what it can do, and each command what it takes", async () => {
    const { exitCode, out, err } = await beamrack(["--help"]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    for (const { name } of COMMANDS) {
      expect(out).toContain(`  ${name} `);
      expect((await commandLineHere([name, "--help"])).out).toContain(`Usage: beamrack ${name}`);
    }
  });

  it("can load every command it lists: a missing argument is refused, not a crash", async () => {
    // These need none: they have a campaign of their own.
    const wrong = new Map([
      ["explore", ["--seeds", "all"]],
      ["start", ["fast"]],
    ]);
    for (const { name } of COMMANDS) {
      const run = OWN_PROCESS.includes(name) ? beamrack : commandLineHere;
      const { exitCode, err } = await run([name, ...(wrong.get(name) ?? [])]);
      expect({ name, exitCode }).toEqual({ name, exitCode: 2 });
      expect(err.trim().split("\n"), name).toHaveLength(1);
    }
  });

  it("can load each of them first: no module waits for one that waits for it", () => {
    const imports = new Map(
      ["controller", "drivers", "protocols", "simulator", "tui"].flatMap((layer) =>
        readdirSync(join(DIST, layer), { recursive: true, encoding: "utf8" })
          .filter((name) => name.endsWith(".js"))
          .map((name) => importsOf(join(DIST, layer, name))),
      ),
    );
    const [done, circles] = [new Set<string>(), [] as string[]];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" > "));
      if (done.has(path) || way.includes(path)) return;
      for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
      done.add(path);
    };
    for (const path of imports.keys()) visit(path, []);
    expect(imports.size).toBeGreaterThan(1000);
    expect([...imports.values()].flat().length).toBeGreaterThan(2 * imports.size);
    expect(circles).toEqual([]);
  });

  it("refuses a command and an option that it does not know, in one line", async () => {
    const command = await beamrack(["fly"]);
    expect(command).toMatchObject({ exitCode: 2, out: "" });
    expect(command.err).toMatch(/^beamrack: unknown command "fly" .*\n$/);
    for (const { name } of COMMANDS) {
      const option = await commandLineHere([name, ...(TAKE_NOTHING.includes(name) ? [] : ["x"]), "--warp"]);
      expect({ name, exitCode: option.exitCode }).toEqual({ name, exitCode: 2 });
      expect(option.err, name).toMatch(/^.*--warp.*\n$/);
    }
  });

  it("says the same as JSON on stdout when asked", async () => {
    const { exitCode, out } = await beamrack(["fly", "--json"]);
    expect(exitCode).toBe(2);
    const document = z.object({ error: z.object({ code: z.string(), what: z.string() }) }).parse(JSON.parse(out));
    expect(document.error.code).toBe("command.unknown");
  });

  it("does not mind a reader that has had enough", async () => {
    const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const complaints: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    expect(exitCode).toBe(0);
    expect(Buffer.concat(complaints).toString()).toBe("");
  });

  it.runIf(existsSync("/dev/full"))("says that its answer was lost to a full disk, and fails", async () => {
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", full, "pipe"] });
    const complaints: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => complaints.push(chunk));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    closeSync(full);
    expect(exitCode).toBe(1);
    expect(Buffer.concat(complaints).toString()).toMatch(/^stdout: .*ENOSPC.* \[output\.unwritable\] /);
  });

  it.each([
    ["nowhere", "nowhere: no such folder [file.missing]"],
    ["package.json", "package.json: this is a file; a data folder was expected [file.missing]"],
    ["docs", "docs: there is no campaign record in this folder: it has no campaign.db [file.missing]"],
  ])("verify refuses %s with its reason", async (folder, words) => {
    const { exitCode, err } = await commandLineHere(["verify", folder]);
    expect({ exitCode, says: err.startsWith(words) }, err).toEqual({ exitCode: 2, says: true });
  });
});

describe("beamrack dose", () => {
  const doseAnswer = z.object({
    convention: z.literal("en"),
    stack_transmission: z.number(),
    layers: z.array(z.object({ name: z.string(), peak_dose_mean_Gy: z.number() })).length(2),
  });

  it("answers the example case with one JSON document", async () => {
    const { exitCode, out, err } = await beamrack(["dose", "docs/examples/dose-case.json", "--json"]);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
    const answer = doseAnswer.parse(JSON.parse(out));
    expect(answer.stack_transmission).toBeGreaterThan(0);
    expect(answer.stack_transmission).toBeLessThan(1);
  });

  it("refuses a file that is not there and one that is not a case, naming it", async () => {
    const missing = await commandLineHere(["dose", "nowhere.json"]);
    expect(missing.exitCode).toBe(2);
    expect(missing.err).toContain("nowhere.json");
    const wrong = await commandLineHere(["dose", "package.json"]);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.err).toContain("package.json");
  });
});

describe("beamrack check and verify", () => {
  const findings = z.object({
    ok: z.boolean(),
    findings: z.array(z.object({ severity: z.string(), where: z.string() })),
  });

  it("find the shipped day of formation sound", async () => {
    const { exitCode, out } = await beamrack(["check", "protocols/campaigns/formation-day.yaml", "--json"]);
    expect(exitCode).toBe(0);
    expect(findings.parse(JSON.parse(out)).ok).toBe(true);
  });

  it("list everything that is wrong with a file that is no campaign, each with its place", async () => {
    const { exitCode, out } = await commandLineHere(["check", "package.json", "--json"]);
    expect(exitCode).toBe(2);
    const answer = findings.parse(JSON.parse(out));
    expect(answer.ok).toBe(false);
    expect(answer.findings.length).toBeGreaterThan(3);
    for (const { where } of answer.findings) expect(where).toMatch(/package\.json:\d+/);
  });

  it("refuse a folder without a record", async () => {
    const { exitCode, err } = await commandLineHere(["verify", "docs"]);
    expect(exitCode).toBe(2);
    expect(err).toContain("docs");
  });
});
