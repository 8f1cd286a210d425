/** `beamrack simulate CAMPAIGN.yaml`: a whole campaign in the virtual world, judged by an observer that knows the truth. */
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { durationText } from "../../protocols/base/duration-text.ts";
import { rehearsedCampaign } from "../../controller/rehearsal/locked-shutter.ts";
import { sealedSummary } from "../../controller/record/summary-seal.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import { findingText, type Finding } from "../../protocols/base/finding.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import { withdrawnAtBegin } from "../../protocols/campaign/judge-withdrawn.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import { timeLinks, type TimedLinks } from "../rig/timed-links.ts";
import { hearingOf, openRunBus, type RunBus } from "../bus/run-bus.ts";
import type { CommandContext } from "../command-context.ts";
import { parseDurationS } from "../duration.ts";
import { loadCampaign } from "../load-campaign.ts";
import { parsePace } from "../pace.ts";
import { besideProgress, createProgressPrinter } from "../progress/progress-printer.ts";
import { openAlarmLines } from "../progress/render-alarms.ts";
import { renderSummary } from "../progress/render-summary.ts";
import { defectText, type RunSummary } from "../progress/run-summary.ts";
import { chooseFaults } from "../virtual/choose-faults.ts";
import { areFramesLookedAt, loadFrameTables, loadLatticeTables, loadWorldData } from "../virtual/load-world-data.ts";
import { type PhysicsOptions, preparePhysicsLook } from "../virtual/physics-report.ts";
import { claimsOfRun } from "../virtual/recorded-claims.ts";
import { progressOf, summarise } from "../virtual/summarise.ts";
import { runPaced } from "../virtual/run-paced.ts";
import { courseFaults, createVirtualCustody, displacedCells, loadBoxes } from "../virtual/simulated-course.ts";
import { AFTER_END_MS, createVirtualCampaign, type VirtualCampaignInputs } from "../virtual/virtual-campaign.ts";

/** A campaign without a duration is simulated this long unless --until says otherwise. */
const OPEN_END_S = 400 * 86_400;

/** From so many hours of cells on a thread of its own writes the record. */
const THREAD_CELL_HOURS = 100;

interface SimulateOptions {
  readonly campaignPath: string;
  readonly sitePath: string | undefined;
  readonly seed: number;
  readonly faults: string;
  readonly folder: string | undefined;
  readonly untilS: number | undefined;
  readonly physics: PhysicsOptions;
  /** The shutter stays shut. */
  readonly isRehearsal: boolean;
  /** Seconds of the campaign for one of the day; undefined: as fast as the processor allows. */
  readonly pace: number | undefined;
  /** Ends when its standard input does: whoever started it is gone. */
  readonly attended: boolean;
  /** Port of the bus on this machine, 0 for any free one; undefined: no bus. */
  readonly brokerPort: number | undefined;
}

export async function simulateCommand(given: CommandContext, args: readonly string[]): Promise<number> {
  const opened: RunBus[] = [];
  try {
    return await simulate(given, args, (bus) => opened.push(bus));
  } finally {
    // What is refused before it begins has its bus by then.
    for (const bus of opened) await bus.end("refused");
  }
}

async function simulate(given: CommandContext, args: readonly string[], opens: (bus: RunBus) => void): Promise<number> {
  const { context, show } = besideProgress(given);
  const options = parseOptions(args);
  const loaded = loadCampaign(context, options.campaignPath, options.sitePath);
  if (loaded.kind === "refused") return refuse(context, loaded.findings);
  const { site } = loaded;
  const campaign = options.isRehearsal ? rehearsedCampaign(loaded.campaign) : loaded.campaign;
  const check = checkCampaign(campaign, site, context.attenuationTables(), loaded.document);
  const early = withdrawnAtBegin(campaign, options.campaignPath);
  if (!check.ok || early.length > 0) return refuse(context, [...loaded.findings, ...check.findings, ...early]);
  const course = campaign.simulated;
  const isKept = course !== undefined && course.boxes.length > 0;
  if (campaign.custodyPath !== undefined && !isKept) {
    context.printError(
      `${options.campaignPath} names a custody ledger, which simulate does not read: its cells lie where the campaign has them, and nothing is proven here of those in the rack. Only run asks who they are.`,
    );
  }
  const plannedS = Math.min(options.untilS ?? Infinity, campaign.durationS ?? OPEN_END_S);
  const folder = options.folder ?? join("data", `${campaign.name}-seed${String(options.seed)}-${stamp(context)}`);
  const data = loadWorldData(
    context,
    campaign.cells.map((cell) => cell.chemistry),
  );
  const chosenFaults = chooseFaults(context, options.faults, isKept);
  const ownFaults = course === undefined ? [] : courseFaults(course, options.campaignPath);
  const custody = isKept
    ? createVirtualCustody(campaign, loadBoxes(context, course, options.campaignPath), folder)
    : undefined;
  const look = await preparePhysicsLook(context, campaign, plannedS / 3600, options.physics);
  // Control spots are compared by what frames hold.
  const areFramesRead = campaign.controls !== undefined || campaign.frameRules !== undefined;
  const frameTables = look.frameTables ?? (areFramesLookedAt(campaign, site) ? loadFrameTables(context) : undefined);
  const bus = openBus(context, options, campaign, site);
  if (bus !== undefined) opens(bus);
  let timed: TimedLinks | undefined;
  const watched = (deps: DriverDeps): DriverDeps => {
    timed = timeLinks(deps);
    return timed.links;
  };
  const startedMs = context.clock.monoMs();
  const virtual = createVirtualCampaign({
    campaign,
    campaignHash: loaded.campaignHash,
    site,
    siteHash: loaded.siteHash,
    seed: options.seed,
    folder,
    endAtMs: plannedS * 1000,
    tables: context.attenuationTables(),
    worldAttenuation: data.attenuation,
    designs: data.designs,
    models: data.models,
    ...(options.isRehearsal ? { isRehearsal: true } : {}),
    ...(frameTables === undefined ? {} : { frameTables }),
    ...(areFramesRead ? { lattice: loadLatticeTables(context) } : {}),
    faults: (...about) => [...ownFaults, ...chosenFaults(...about)],
    ...(course === undefined ? {} : { displaced: displacedCells(course) }),
    ...(custody === undefined ? {} : { identity: custody.identity, absentUntilMs: custody.absentUntilMs }),
    drain: () => context.drain(),
    ...threadOf(context, options, campaign.cells.length * (plannedS / 3600)),
    conditions: `until ${plannedS} s, faults ${options.faults}`,
    holder: { ...context.self, sinceMs: context.clock.wallMs() },
    softwareVersion: context.version,
    ...(bus === undefined ? {} : { hearing: hearingOf(bus), watched }),
  });
  const { clock, world } = virtual;
  look.attach(world);
  const printer = createProgressPrinter(context.progress, context.clock);
  show(printer);
  const wallS = (): number => (context.clock.monoMs() - startedMs) / 1000;
  const progress = () => progressOf(virtual, campaign, plannedS, wallS());

  let interruptedBy: string | null = null;
  const release = context.onInterrupt((reason) => {
    interruptedBy = reason;
    clock.stop();
  });
  const stoppedBy = (): string | null => interruptedBy;
  let isAttended = options.attended;
  if (isAttended) {
    void context.input?.ended.then(() => {
      if (!isAttended) return;
      interruptedBy = "the end of whoever started it";
      clock.stop();
    });
  }

  let failure: Error | null;
  try {
    let isOver = false;
    custody?.begin(clock);
    const answerMs = (cable: string): number | null => timed?.answerMs(cable) ?? null;
    virtual.onBegin((run, roles) => {
      bus?.bus.show({ campaign: run.campaign, clock, run, roles, endAtMs: plannedS * 1000, answerMs });
    });
    virtual.start(() => {
      isOver = true;
      clock.stop();
    });
    const onBreath = (): void => {
      if (printer.isDue()) printer.update(progress());
      if (virtual.run.failure() !== null) clock.stop();
    };
    const untilMs = plannedS * 1000 + AFTER_END_MS;
    if (options.pace === undefined) await clock.run(untilMs, { onBreath });
    else {
      const isDone = (): boolean => isOver || stoppedBy() !== null || virtual.run.failure() !== null;
      await runPaced({ clock, dayClock: context.clock, pace: options.pace, untilMs, isDone, onBreath });
    }
    failure = virtual.run.failure();
    if (failure === null) await flush(virtual);
  } finally {
    release();
    isAttended = false;
    if (options.attended) context.input?.close();
    await bus?.end(stoppedBy() === null ? "complete" : `ended by ${String(stoppedBy())}`);
    virtual.store.close();
    custody?.finish(clock.monoMs());
  }
  printer.finish(progress());
  if (failure !== null) throw failure;

  const summary = summarise(virtual, {
    campaign,
    seed: options.seed,
    faults: options.faults,
    wallS: wallS(),
    interruptedBy: stoppedBy(),
    isRehearsal: options.isRehearsal,
    record: claimsOfRun(virtual, folder),
  });
  // The run is over and on record: what cannot be written beside it is told, after the summary.
  const troubles: Fault[] = [];
  tryTo(troubles, () => {
    writeSummary(folder, summary);
  });
  const looked = tryTo(troubles, () => look.finish({ seed: options.seed })) ?? { paths: {}, lines: [] };
  if (context.json) context.print(JSON.stringify({ ...summary, data: folder, ...looked.paths }));
  else {
    if (context.isTerminal) context.print("");
    for (const line of renderSummary(summary)) context.print(line);
    for (const line of openAlarmLines(virtual.run.alarms.open)) context.print(line);
    for (const line of [`data: ${folder}`, ...looked.lines]) context.print(line);
  }
  if (stoppedBy() !== null) {
    context.printError(
      `Stopped by ${String(stoppedBy())} after ${durationText(summary.virtual_s)} of campaign time; nothing is lost. The same command with --data ${folder} goes on from there.`,
    );
    return 1;
  }
  for (const trouble of troubles) context.printError(faultText(trouble));
  if (summary.violations.length > 0) return 3;
  if (troubles.length > 0) return 1;
  const broke = defectText(summary, folder);
  if (broke === null) return 0;
  context.printError(broke);
  return 1;
}

function openBus(
  context: CommandContext,
  options: SimulateOptions,
  campaign: Campaign,
  site: Site,
): RunBus | undefined {
  const { brokerPort: port, pace, seed, faults } = options;
  if (port === undefined) return undefined;
  return openRunBus(context, { campaign, site, world: "virtual", seed, faults, pace: () => pace ?? 0, port });
}

/** Where it saves more than its start takes, and nobody sees the record behind the run. */
function threadOf(
  { waitForThread }: CommandContext,
  { pace, brokerPort }: SimulateOptions,
  cellHours: number,
): Pick<VirtualCampaignInputs, "waitForThread"> {
  const isWatched = pace !== undefined || brokerPort !== undefined;
  return waitForThread === undefined || isWatched || cellHours < THREAD_CELL_HOURS ? {} : { waitForThread };
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing was moved.");
  return 2;
}

async function flush(virtual: ReturnType<typeof createVirtualCampaign>): Promise<void> {
  const { store, clock } = virtual;
  store.flushSamples();
  const commit = store.commit();
  await clock.run(clock.monoMs() + 1000);
  await commit;
}

/** Whole or not at all: a reader never meets half a summary. Throws Fault `output.unwritable`. */
function writeSummary(folder: string, summary: RunSummary): void {
  const path = join(folder, "summary.json");
  try {
    writeFileSync(`${path}.part`, `${JSON.stringify(sealedSummary(summary), null, 2)}\n`);
    renameSync(`${path}.part`, path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Fault("output.unwritable", path, `cannot be written: ${why}`, {}, error);
  }
}

/** What `act` gives; undefined when the outside world kept it from being done, which is added to `troubles`. */
function tryTo<Result>(troubles: Fault[], act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (!isFault(error)) throw error;
    troubles.push(error);
    return undefined;
  }
}

function stamp(context: CommandContext): string {
  return new Date(context.clock.wallMs()).toISOString().replace(/[-:]/g, "").slice(0, 15);
}

function parseOptions(args: readonly string[]): SimulateOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      site: { type: "string" },
      seed: { type: "string", default: "1" },
      faults: { type: "string", default: "none" },
      data: { type: "string" },
      until: { type: "string" },
      frames: { type: "string" },
      "physics-report": { type: "string" },
      cells: { type: "string" },
      paced: { type: "string" },
      "broker-port": { type: "string" },
      rehearsal: { type: "boolean", default: false },
      attended: { type: "boolean", default: false },
    },
  });
  const [campaignPath, ...more] = positionals;
  if (campaignPath === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack simulate", "takes one campaign file");
  }
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff || values.seed.trim() === "") {
    throw new Fault("command.usage", "--seed", `${values.seed} is not a whole number from 0 to 4294967295`);
  }
  const untilS = values.until === undefined ? undefined : parseDurationS(values.until);
  if (values.until !== undefined && untilS === undefined) {
    throw new Fault("command.usage", "--until", `${values.until} is no duration; write 90s, 15min, 24h or 7d`);
  }
  if (values.data === "") throw new Fault("command.usage", "--data", "names no folder");
  for (const name of ["frames", "physics-report"] as const) {
    if (values[name] === "") throw new Fault("command.usage", `--${name}`, "names no place to write to");
  }
  const pace = values.paced === undefined ? undefined : parsePace("--paced", values.paced);
  const port = values["broker-port"];
  const brokerPort = port === undefined ? undefined : Number(port);
  if (brokerPort !== undefined && !(Number.isInteger(brokerPort) && brokerPort >= 0 && brokerPort <= 65_535)) {
    throw new Fault("command.usage", "--broker-port", `${String(port)} is no port; 0 takes any free one`);
  }
  const physics = { framesFolder: values.frames, reportPath: values["physics-report"], cells: values.cells };
  return {
    campaignPath,
    sitePath: values.site,
    seed,
    faults: values.faults,
    folder: values.data,
    untilS,
    physics,
    pace,
    brokerPort,
    isRehearsal: values.rehearsal,
    attended: values.attended,
  };
}
