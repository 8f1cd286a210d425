/** `beamrack explore`: one short campaign after the other, each with faults of its own, and what the world found in them. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import type { CommandContext } from "../command-context.ts";
import { smallCase, worthMinimising, type SmallCase } from "../explore/minimise.ts";
import { openResults, type SearchOf, type ResultsFile } from "../explore/results-file.ts";
import { isSound, searchSummary, searchText } from "../explore/search-summary.ts";
import { runInProcesses } from "../explore/seed-jobs.ts";
import { runSeed, type SeedInputs, type SeedResult } from "../explore/seed-run.ts";
import { loadCampaign } from "../load-campaign.ts";
import { chooseFaults } from "../virtual/choose-faults.ts";
import { areFramesLookedAt, loadFrameTables, loadWorldData } from "../virtual/load-world-data.ts";
import { outputFolder } from "../virtual/world-files.ts";

const OWN_CAMPAIGN = "protocols/campaigns/fault-search.yaml";
const JOBS_MAX = 64;

interface ExploreOptions {
  readonly campaignPath: string | undefined;
  readonly sitePath: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly faults: string;
  readonly jobs: number | undefined;
  /** A file of results, which is gone on with. */
  readonly results: string | undefined;
  /** A folder for fault files with as few faults as still make a seed fail. */
  readonly minimise: string | undefined;
  /** For the process that asked, which tells it each seed on standard input: a line of JSON for each, nothing else. */
  readonly isJob: boolean;
}

export async function exploreCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const startedMs = context.clock.monoMs();
  let interrupted = false;
  const inputs = seedInputs(context, options);
  if (inputs === null) return 2;
  const release = context.onInterrupt(() => {
    interrupted = true;
  });
  const isStopped = (): boolean => interrupted;
  const { results: path, faults: kind } = options;
  const { campaignHash, siteHash } = inputs;
  const search: SearchOf = {
    ...{ campaign_hash: campaignHash, site_hash: siteHash, faults: kind },
    ...{ software: context.version, counted: "effects" },
  };
  const file = path === undefined ? undefined : openResults(path, search);
  try {
    if (options.minimise !== undefined) outputFolder("--minimise", options.minimise);
    if (options.isJob) {
      await runTold(context, inputs, isStopped);
      return 0;
    }
    const run = await runAll(context, inputs, options, isStopped, file);
    const wallS = (context.clock.monoMs() - startedMs) / 1000;
    const results = [...run, ...inRange(file, options)];
    const { from, to, faults } = options;
    const site = options.sitePath === undefined ? "" : ` --site ${options.sitePath}`;
    const campaign = options.campaignPath ?? OWN_CAMPAIGN;
    const replay = (seed: number, what: string): string =>
      `beamrack simulate ${campaign}${site} --faults ${what} --seed ${seed}`;
    const smallCases = await minimised(inputs, options, results, isStopped);
    const summary = searchSummary(results, {
      ...{ from, to, faults, interrupted: isStopped(), campaign: inputs.campaign.name },
      ...{ wallS, runsNow: run.length },
      replay: (seed) => replay(seed, faults),
      smallCases: smallCases.map((small) => ({ ...small, replay: replay(small.seed, small.path) })),
    });
    if (context.json) context.print(JSON.stringify(summary));
    else for (const line of searchText(summary)) context.print(line);
    if (!isSound(summary)) return 3;
    return isStopped() ? 1 : 0;
  } finally {
    release();
  }
}

function seedInputs(context: CommandContext, options: ExploreOptions): SeedInputs | null {
  const { campaignPath, sitePath } = options;
  // Without a campaign the one that comes with beamrack, wherever that is installed.
  const source =
    campaignPath === undefined
      ? {
          readText: (path: string) => (path === sitePath ? context.readText(path) : context.readPackageText(path)),
          attenuationTables: () => context.attenuationTables(),
        }
      : context;
  const loaded = loadCampaign(source, campaignPath ?? OWN_CAMPAIGN, sitePath);
  const findings =
    loaded.kind === "refused"
      ? loaded.findings
      : checkCampaign(loaded.campaign, loaded.site, context.attenuationTables(), loaded.document).findings;
  if (loaded.kind === "refused" || findings.some(({ severity }) => severity === "error")) {
    if (context.json) context.print(JSON.stringify({ ok: false, findings }));
    for (const finding of findings) if (finding.severity === "error") context.printError(findingText(finding));
    return null;
  }
  const { campaign, site, campaignHash, siteHash } = loaded;
  if (campaign.durationS === null) {
    throw new Fault("command.usage", "beamrack explore", "takes a campaign with a duration_h");
  }
  const data = loadWorldData(
    context,
    campaign.cells.map((cell) => cell.chemistry),
  );
  return {
    ...{ campaign, campaignHash, site, siteHash },
    endAtMs: campaign.durationS * 1000,
    tables: context.attenuationTables(),
    worldAttenuation: data.attenuation,
    designs: data.designs,
    models: data.models,
    // As simulate does, so that a replay is the same run.
    ...(areFramesLookedAt(campaign, site) ? { frameTables: loadFrameTables(context) } : {}),
    faults: chooseFaults(context, options.faults),
    drain: () => context.drain(),
    softwareVersion: context.version,
  };
}

async function runAll(
  context: CommandContext,
  inputs: SeedInputs,
  options: ExploreOptions,
  isStopped: () => boolean,
  file: ResultsFile | undefined,
): Promise<readonly SeedResult[]> {
  const { from, to } = options;
  const results: SeedResult[] = [];
  let toldMs = context.clock.monoMs();
  const add = (result: SeedResult): void => {
    results.push(result);
    file?.add(result);
    for (const { invariant, at_s, what } of result.violations) {
      context.printError(`seed ${result.seed}: ${invariant} at ${at_s} s: ${what}`);
    }
    if (context.clock.monoMs() - toldMs < TELL_EVERY_MS) return;
    toldMs = context.clock.monoMs();
    context.printError(`${results.length} of ${to - from + 1} seeds`);
  };
  const { processes } = context;
  const done = new Set(inRange(file, options).map(({ seed }) => seed));
  const jobs = Math.min(options.jobs ?? processes?.count ?? 1, to - from + 1 - done.size);
  let last = from - 1;
  const next = (): number | null => {
    do last += 1;
    while (done.has(last));
    return last > to || isStopped() ? null : last;
  };
  if (processes === undefined) {
    for (let seed = next(); seed !== null; seed = next()) add(await runSeed(inputs, seed));
  } else {
    const tell = (line: string): void => {
      context.printError(line);
    };
    await runInProcesses({ processes, jobs, args: jobArgs(options), next, add, tell, isStopped });
  }
  return results;
}

/** As a job of another process. */
async function runTold(context: CommandContext, inputs: SeedInputs, isStopped: () => boolean): Promise<void> {
  const { input } = context;
  for (;;) {
    const seed = isStopped() ? null : ((await input?.line()) ?? null);
    if (seed === null) break;
    context.print(JSON.stringify(await runSeed(inputs, Number(seed))));
  }
  input?.close();
}

/** Of those that stood in the file before. */
function inRange(file: ResultsFile | undefined, { from, to }: ExploreOptions): readonly SeedResult[] {
  return [...(file?.done.values() ?? [])].filter(({ seed }) => seed >= from && seed <= to);
}

async function minimised(
  inputs: SeedInputs,
  { minimise }: ExploreOptions,
  results: readonly SeedResult[],
  isStopped: () => boolean,
): Promise<readonly SmallCase[]> {
  const cases: SmallCase[] = [];
  if (minimise === undefined) return cases;
  for (const violation of worthMinimising(results)) {
    const small = await smallCase(inputs, violation, minimise, isStopped);
    if (small !== undefined) cases.push(small);
  }
  return cases;
}

const TELL_EVERY_MS = 10_000;

function jobArgs({ campaignPath, sitePath, faults }: ExploreOptions): readonly string[] {
  return [
    ...["explore", ...(campaignPath === undefined ? [] : [campaignPath])],
    ...(sitePath === undefined ? [] : ["--site", sitePath]),
    ...["--faults", faults, "--job"],
  ];
}

function parseOptions(args: readonly string[]): ExploreOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      site: { type: "string" },
      seeds: { type: "string", default: "1..20" },
      faults: { type: "string", default: "heavy" },
      jobs: { type: "string" },
      results: { type: "string" },
      minimise: { type: "string" },
      job: { type: "boolean", default: false },
    },
  });
  const [campaignPath, ...more] = positionals;
  if (more.length > 0) throw new Fault("command.usage", "beamrack explore", "takes one campaign file at the most");
  const [, first = "", last = first] = /^(\d{1,10})(?:\.\.(\d{1,10}))?$/.exec(values.seeds) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || !(from <= to) || to > 0xffff_ffff) {
    throw new Fault("command.usage", "--seeds", `${values.seeds} is no range of seeds; write 1..2000`);
  }
  const jobs = values.jobs === undefined ? undefined : Number(values.jobs);
  if (jobs !== undefined && !(Number.isInteger(jobs) && jobs >= 1 && jobs <= JOBS_MAX)) {
    throw new Fault("command.usage", "--jobs", `${values.jobs ?? ""} is not a whole number from 1 to ${JOBS_MAX}`);
  }
  const { site: sitePath, faults, results, minimise, job: isJob } = values;
  return { ...{ campaignPath, sitePath, from, to, faults, jobs, isJob }, results, minimise };
}
