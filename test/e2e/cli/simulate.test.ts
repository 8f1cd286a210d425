import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { commandLineHere } from "../../support/command-line-here.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const CAMPAIGN = ["test/fixtures/world/small.yaml", "--site", "protocols/sites/reference.yaml"];

const folder = mkdtempSync(join(tmpdir(), "beamrack-simulate-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ran {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

/** A line of progress once the beam was used: what the beam waits for just then is chance. */
const HAS_EXPOSED = /exposures [1-9]/;

/** `onText` is told all that stderr has said so far, and may stop the run. */
function beamrack(args: readonly string[], onText: (text: string, stop: () => void) => void = () => undefined) {
  return new Promise<Ran>((resolve) => {
    const child = execFile(
      process.execPath,
      [join(ROOT, "dist/tui/main.js"), ...args],
      { cwd: ROOT },
      (_, out, err) => {
        resolve({ exitCode: child.exitCode, out, err });
      },
    );
    let said = "";
    let isStopped = false;
    // A second signal would end the process at once.
    const stop = (): void => {
      if (!isStopped) child.kill("SIGINT");
      isStopped = true;
    };
    child.stderr?.on("data", (chunk: string) => {
      said += chunk;
      onText(said, stop);
    });
  });
}

function simulateIn(data: string, ...more: readonly string[]): readonly string[] {
  return ["simulate", ...CAMPAIGN, "--data", join(folder, data), "--json", ...more];
}

const counts = z.record(z.string(), z.number());
const spread = z.object({ min: z.number(), median: z.number(), max: z.number() });
/** CONTRACTS, `beamrack simulate`: names and units to the letter. */
const summarySchema = z.object({
  campaign: z.literal("small-rack"),
  seed: z.number(),
  faults: z.literal("none"),
  world: z.literal("virtual"),
  virtual_s: z.number(),
  wall_s: z.number(),
  cells: z.object({ total: z.literal(10), by_state: counts }),
  requests: z.object({
    asked: z.number(),
    met: z.number(),
    late: z.number(),
    missed: z.number(),
    missed_by_reason: counts,
  }),
  exposures: z.object({ made: z.number(), partial: z.number(), aborted: z.number() }),
  sweeps: z.object({ count: z.number(), duration_s: spread, bound_s: z.object({ median: z.number() }) }),
  dose: z.object({ limit_fraction_max: z.number(), refused: z.number(), booked_not_settled: z.number() }),
  samples: z.object({ acknowledged: z.number(), stored: z.number(), gaps: z.number() }),
  alarms: z.object({ raised: z.number(), open: z.number() }),
  truth: z.object({
    shutter_openings: z.number(),
    exposures: z.number(),
    exposures_unaccounted: z.number(),
    dose_limit_fraction_max: z.number(),
    shutter_failure_excess_Gy: z.number(),
    requests_feasible: z.number(),
    cells_isolated_without_fault: z.number(),
    voltage_excursions: z.number(),
    current_excursions: z.number(),
    beam_losses: z.number(),
    cells_disturbed_by_beam_loss: z.number(),
    samples_lost: z.number(),
  }),
  checks: counts,
  violations: z.array(z.unknown()),
  log: z.object({ events: z.number(), digest: z.string().regex(/^sha256:[0-9a-f]{64}$/) }),
});

function lastDocument({ out }: Ran): z.output<typeof summarySchema> {
  return summarySchema.parse(JSON.parse(out.trim().split("\n").at(-1) ?? ""));
}

/** Two that want the same folder for an hour of the campaign, and an audit of it while the one that got it runs. */
async function twoInOneFolder() {
  const data = join(folder, "shared");
  const args = ["simulate", ...CAMPAIGN, "--data", data, "--until", "1h", "--json"];
  const audits: Promise<Ran>[] = [];
  const both = await Promise.all(
    [1, 2].map(() =>
      beamrack(args, (text) => {
        if (audits.length === 0 && HAS_EXPOSED.test(text)) audits.push(beamrack(["verify", data]));
      }),
    ),
  );
  const [done, refused] = both.sort((a, b) => (a.exitCode ?? 9) - (b.exitCode ?? 9));
  return { data, done, refused, audits: await Promise.all(audits) };
}

let begun: ReturnType<typeof twoInOneFolder> | undefined;
function sharedFolder(): ReturnType<typeof twoInOneFolder> {
  begun ??= twoInOneFolder();
  return begun;
}

/** The one that got the folder went through without a stop. */
async function notStopped(): Promise<Ran> {
  const { done } = await sharedFolder();
  if (done === undefined) throw new Error("neither of two ran");
  return done;
}

describe("beamrack simulate", () => {
  it("ends with the summary that other programs read, and keeps it in the folder", async () => {
    const ran = await beamrack(simulateIn("whole", "--until", "20min"));
    expect(ran.exitCode).toBe(0);
    const summary = lastDocument(ran);
    expect(summary.violations).toEqual([]);
    expect(summary.exposures.made).toBeGreaterThan(0);
    expect(summarySchema.parse(JSON.parse(readFileSync(join(folder, "whole", "summary.json"), "utf8")))).toEqual(
      summary,
    );
  });

  it("refuses to go on in a folder that was begun with another seed, end or choice of faults, and says which", async () => {
    for (const [more, what] of [
      [["--until", "20min", "--seed", "2"], "it was begun with seed 1, this run has seed 2"],
      [["--until", "30min"], "it was begun until 1200 s, faults none; this run is until 1800 s, faults none"],
      [
        ["--until", "20min", "--faults", "light"],
        "it was begun until 1200 s, faults none; this run is until 1200 s, faults light",
      ],
    ] as const) {
      const { exitCode, err } = await commandLineHere(simulateIn("whole", ...more));
      expect({ exitCode, says: err.includes(what) }, err).toEqual({ exitCode: 2, says: true });
    }
  });

  it("stopped by Ctrl-C leaves a folder that holds and from which the same command goes on", async () => {
    const args = ["simulate", ...CAMPAIGN, "--data", join(folder, "stopped"), "--until", "1h", "--json"];
    const stopped = await beamrack(args, (text, stop) => {
      if (HAS_EXPOSED.test(text)) stop();
    });
    expect(stopped.exitCode).toBe(1);
    expect(stopped.err).toContain("nothing is lost");
    expect(JSON.parse(stopped.out)).toMatchObject({ interrupted: true, violations: [] });
    expect((await beamrack(["verify", join(folder, "stopped")])).exitCode).toBe(0);
    const resumed = lastDocument(await beamrack(args));
    expect(resumed.log.digest).toBe(lastDocument(await notStopped()).log.digest);
  });

  it("tells the summary and then what could not be written beside a run that is over", async () => {
    mkdirSync(join(folder, "beside", "summary.json.part"), { recursive: true });
    const ran = await beamrack(simulateIn("beside", "--until", "8min"));
    expect(ran.exitCode).toBe(1);
    expect(lastDocument(ran).violations).toEqual([]);
    expect(ran.err).toMatch(/beside\/summary\.json: cannot be written: EISDIR.* \[output\.unwritable\]/);
  });

  it("refuses a data folder that is a file, or nothing", async () => {
    writeFileSync(join(folder, "a file"), "");
    const { exitCode, err } = await commandLineHere(simulateIn("a file", "--until", "1min"));
    expect({ exitCode, err }).toMatchObject({ exitCode: 2, err: expect.stringContaining("this is a file") as string });
    expect((await commandLineHere(["simulate", ...CAMPAIGN, "--data", ""])).exitCode).toBe(2);
  });

  it("lets one of two into a folder, tells the other who is in it, and lets a third audit it meanwhile", async () => {
    const { data, done, refused, audits } = await sharedFolder();
    expect([done?.exitCode, refused?.exitCode]).toEqual([0, 2]);
    expect(refused?.err).toMatch(
      /shared: another beamrack writes in it: process \d+ on .*, since .* UTC \[store\.in-use\]/,
    );
    expect(JSON.parse(refused?.out ?? "")).toMatchObject({ error: { code: "store.in-use", where: data } });
    for (const audit of audits) expect(audit).toMatchObject({ exitCode: 0, err: "" });
    expect(audits).toHaveLength(1);
    expect((await beamrack(["verify", data])).exitCode).toBe(0);
  });
});
