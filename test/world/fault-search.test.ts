import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { CommandContext } from "../../tui/command-context.ts";
import { exploreCommand } from "../../tui/commands/explore.ts";
import { contextOf, repositoryText } from "../support/campaign-files.ts";
import { explore, summaryOf } from "../support/explore-command.ts";
import { expectSound, newFolder, removeFolders, runWorld, THREE } from "../support/world-campaign.ts";

afterAll(removeFolders);

it("ten campaigns under heavy faults: every photon accounted and charged, no limit passed, and not safe by refusing", async () => {
  const ran = await explore(["--seeds", "141..150"], true);
  const summary = summaryOf(ran);
  expect(summary.violations).toEqual([]);
  expect(ran.exitCode).toBe(0);
  expect(summary.runs).toBe(10);
  expect(summary.feasible_met_fraction).toBeGreaterThanOrEqual(0.7);
  expect(summary.exposures).toBeGreaterThan(150);
  expect(summary.dose_limit_fraction_max).toBeLessThan(1);
  expect(Object.entries(summary.checks).filter(([, count]) => count === 0)).toEqual([]);
  expect(summary.checks["dose-charged"]).toBeGreaterThanOrEqual(summary.exposures);
  expect(Object.keys(summary.coverage.faults).length).toBeGreaterThan(25);
  expect(summary.coverage.faults["controller-kill"]).toBeGreaterThan(1);
  const { faults, faults_begun: begun, faults_without_effect: idle } = summary.coverage;
  expect(Object.keys(begun).sort()).toEqual([...Object.keys(faults), ...idle].sort());
  for (const [kind, count] of Object.entries(faults)) expect(count).toBeLessThanOrEqual(begun[kind] ?? 0);
  expect(Object.keys(summary.coverage.states)).toEqual(
    expect.arrayContaining([
      "exposure.exposing",
      "exposure.closing",
      "exposure.makingSafe",
      "cell.finding",
      "campaign.running.beam.held",
    ]),
  );
});

it("a controller whose computer's clock is set while it is lost, or which is started anew, knows what time it is", async () => {
  const faults = "restarts.json";
  const text = JSON.stringify([
    { kind: "clock-step", from_s: 10, by_s: 3600 },
    { kind: "host-restarts", from_s: 140, to_s: 145 },
    { kind: "host-restarts", from_s: 270, to_s: 275, by_s: 1800, reboots: false },
  ]);
  const ran = await explore(["--seeds", "1", "--faults", faults], false, { [faults]: text });
  const summary = summaryOf(ran);
  expect(summary.violations).toEqual([]);
  expect(summary.coverage.faults).toMatchObject({ "clock-step": 1, "host-restarts": 2 });
});

it("cells that come late, are taken out, held before they are proven and ended, and a channel that is gone for good, break nothing", async () => {
  const faults = "people.json";
  const text = JSON.stringify([
    { kind: "cell-comes", position: "A2", at_s: 100 },
    { kind: "link-unplugged", link: "channel B2", from_s: 20 },
    { kind: "orders-access", from_s: 60, to_s: 80 },
    { kind: "orders-end-cells", from_s: 330, to_s: 340, who: "all" },
  ]);
  const ran = await explore(["--seeds", "1", "--faults", faults], false, { [faults]: text });
  const summary = summaryOf(ran);
  expect(summary.violations).toEqual([]);
  expect(summary.feasible_met_fraction).toBe(1);
  expect(Object.keys(summary.coverage.states)).toEqual(
    expect.arrayContaining([
      ...["cell.expected", "cell.away", "cell.returning", "cell.givingBack", "cell.stopping", "cell.stopped"],
      ...["campaign.running.cells.ended", "link.isolated", "cell.isolated"],
    ]),
  );
});

it("a run that does not come to its end is a violation, whoever repeats the seed", async () => {
  const { summary } = await runWorld({
    hours: 0.1,
    campaign: THREE,
    kills: [{ atS: 350, downS: 7200 }],
    abandon: true,
  });
  expect(summary.violations.filter(({ invariant }) => invariant === "run")).toHaveLength(1);
});

it("without faults every feasible request is met, charged within one per cent of what was given, and no seed run twice", async () => {
  const results = join(newFolder(), "results.jsonl");
  const once = summaryOf(await explore(["--seeds", "1", "--faults", "none", "--results", results]));
  expect(once.runs).toBe(1);
  const before = readFileSync(results, "utf8");
  // A process that was killed left the half of a line.
  appendFileSync(results, '\n{"seed":9,"viol');
  const summary = summaryOf(await explore(["--seeds", "1..2", "--faults", "none", "--results", results], true));
  expect(summary.runs).toBe(2);
  expect(
    readFileSync(results, "utf8")
      .slice(before.length)
      .match(/"seed":\d+,"violations":\[\]/g),
  ).toEqual(['"seed":2,"violations":[]']);
  await expect(explore(["--seeds", "1", "--results", results])).rejects.toThrow(/is of another campaign, site, faults/);
  expect(summary.coverage.states_never_entered).toContain("exposure.makingSafe");
  expect(summary.violations).toEqual([]);
  expect(summary.feasible_met_fraction).toBe(1);
  expect(summary.charged_over_given_max).toBeGreaterThan(0.999);
  expect(summary.charged_over_given_max).toBeLessThan(1.01);
});

it("a seed that breaks an invariant is told with the command that repeats it, and the exit code is 3", async () => {
  const faults = "lost.json";
  const dim = { kind: "beam-dim", from_s: 20, to_s: 30, share: 0.7 };
  const lost = JSON.stringify([dim, { kind: "stage-lost-steps", from_s: 50, x_mm: 8, y_mm: 0 }]);
  const folder = newFolder();
  const own = contextOf({ [faults]: lost });
  const out: string[] = [];
  const context: Partial<CommandContext> = {
    ...own,
    json: false,
    print: (line) => {
      out.push(line);
    },
    printError: () => undefined,
    readPackageText: repositoryText,
    clock: { wallMs: () => 0, monoMs: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined },
    drain: () => new Promise((resolve) => setImmediate(resolve)),
    onInterrupt: () => () => undefined,
    version: "test",
  };
  const exitCode = await exploreCommand(context as CommandContext, [
    "--seeds",
    "7",
    "--faults",
    faults,
    "--minimise",
    folder,
  ]);
  expect(exitCode).toBe(3);
  expect(out.some((line) => line.startsWith("seed 7: right-cell at "))).toBe(true);
  expect(out).toContain("  beamrack simulate protocols/campaigns/fault-search.yaml --faults lost.json --seed 7");
  // The fewest faults that still do it, as a file that repeats them.
  const file = join(folder, "seed-7-right-cell.json");
  expect(out).toContain("seed 7, right-cell: 1 of its 2 faults are enough");
  expect(out).toContain(`  beamrack simulate protocols/campaigns/fault-search.yaml --faults ${file} --seed 7`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual([{ kind: "stage-lost-steps", from_s: 50, x_mm: 8, y_mm: 0 }]);
});

it.each([
  [["--seeds", "5..2"], /5\.\.2 is no range of seeds; write 1\.\.2000/],
  [["--seeds", "many"], /many is no range of seeds/],
  [["--jobs", "0"], /0 is not a whole number from 1 to 64/],
  [["a.yaml", "b.yaml"], /takes one campaign file at the most/],
])("%j is refused", async (args, what) => {
  await expect(explore(args)).rejects.toThrow(what);
});

it("a stage that looks for its reference stops when the permit to move is withdrawn, and looks again when it is given back", async () => {
  const run = await runWorld({
    hours: 0.15,
    faults: [{ kind: "interlock", name: "motionEnabled", fromMs: 4000, toMs: 60_000 }],
  });
  expectSound(run);
  expect(run.summary.requests.met).toBe(10);
});
