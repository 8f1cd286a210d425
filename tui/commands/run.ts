/** `beamrack run CAMPAIGN.yaml --site SITE.yaml`: a campaign on real links, at a beamline or on a bench. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sealedSummary } from "../../controller/record/summary-seal.ts";
import { rehearsedCampaign } from "../../controller/rehearsal/locked-shutter.ts";
import { createClockWatch } from "../../controller/run/clock-watch.ts";
import { createDiskWatch } from "../../controller/run/disk-watch.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import { durationText } from "../../protocols/base/duration-text.ts";
import { judgeRoom, recordBytes } from "../../protocols/campaign/record-size.ts";
import { calendarAtBegin } from "../../protocols/campaign/judge-calendar.ts";
import { withdrawnAtBegin } from "../../protocols/campaign/judge-withdrawn.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { inRecordedOrder } from "../../protocols/campaign/cell-order.ts";
import { checkCampaign } from "../../protocols/campaign/check-campaign.ts";
import { hearingOf, openRunBus, type RunBus } from "../bus/run-bus.ts";
import { recallFolder } from "../bus/recall-folder.ts";
import { calibrationFindings } from "../align/load-calibration.ts";
import type { CommandContext, InterruptReason } from "../command-context.ts";
import { parseDurationS } from "../duration.ts";
import { campaignEvidence } from "../custody/campaign-evidence.ts";
import { loadCampaign } from "../load-campaign.ts";
import { besideProgress, createProgressPrinter } from "../progress/progress-printer.ts";
import { renderSummary } from "../progress/render-summary.ts";
import { defectText, type RunSummary } from "../progress/run-summary.ts";
import { createCaptureFolder } from "../capture/capture-folder.ts";
import { createRealLinks } from "../rig/real-links.ts";
import { timeLinks } from "../rig/timed-links.ts";
import { siteWorld } from "../run/site-campaign.ts";
import { preflight } from "../run/preflight.ts";
import { figuresOf, progressOfRun } from "../run/run-figures.ts";
import { alignmentKeeper } from "../align/keep-alignment.ts";
import { keepCampaign, keptCampaign } from "../amend/campaign-in-force.ts";
import { readProposal } from "../amend/proposals.ts";
import { goesOnWith, lookAtFolder, recordedHash } from "../run/left-folder.ts";
import { createSiteCampaign, type SiteCampaign } from "../run/site-campaign.ts";
import { watchRun } from "../run/watch-run.ts";
import { loadLatticeTables } from "../virtual/load-world-data.ts";
import { writeWhole } from "../virtual/world-files.ts";

interface RunOptions {
  readonly campaignPath: string;
  readonly sitePath: string | undefined;
  readonly folder: string | undefined;
  readonly untilS: number | undefined;
  readonly headless: boolean;
  readonly captureFolder: string | undefined;
  /** Begin although not every instrument answers. */
  readonly goAnyway: boolean;
  /** The shutter stays shut. */
  readonly isRehearsal: boolean;
  /** Who lets go on what was held, or waited to be re-armed, when the folder was left. */
  readonly resumedBy: string | undefined;
  /** No bus: nobody but this terminal sees or steers the run. */
  readonly withoutBus: boolean;
}

/** A campaign without a duration runs this long unless --until says otherwise. */
const OPEN_END_S = 400 * 86_400;

export async function runCommand(given: CommandContext, args: readonly string[]): Promise<number> {
  const { context, show } = besideProgress(given);
  const options = parseOptions(args);
  const { campaignPath } = options;
  const read = loadCampaign(context, campaignPath, options.sitePath);
  if (read.kind === "refused") return refuse(context, read.findings);
  const { site } = read;
  const { name } = options.isRehearsal ? rehearsedCampaign(read.campaign) : read.campaign;
  const folder = options.folder ?? join("data", `${name}-${stamp(context)}`);
  const left = lookAtFolder(folder);
  const loaded = goesOnWith(folder, left, read);
  if (loaded !== read) {
    context.printError(
      `The campaign was amended since ${campaignPath}: the run goes on by the last amendment, as ${folder} keeps it.`,
    );
  }
  const asked = options.isRehearsal ? rehearsedCampaign(loaded.campaign) : loaded.campaign;
  const check = checkCampaign(asked, site, context.attenuationTables(), campaignPath);
  const measured = calibrationFindings(context, loaded).map((finding) =>
    left === undefined ? finding : asGoingOn(finding),
  );
  if (!check.ok || hasErrors(measured)) {
    return refuse(context, [...loaded.findings, ...check.findings, ...measured]);
  }
  if (left !== undefined) {
    for (const finding of measured) if (finding.code === "calibration.stale") context.printError(findingText(finding));
  }
  const totalS = Math.min(options.untilS ?? Infinity, asked.durationS ?? OPEN_END_S);
  const campaign = inRecordedOrder(asked, left?.positions ?? []);
  const identity = campaignEvidence(campaign, campaignPath, () => context.clock.wallMs());
  const campaignHash = recordedHash(folder, left, loaded.campaignHash);
  const early =
    left === undefined
      ? [
          ...withdrawnAtBegin(campaign, campaignPath),
          ...calendarAtBegin(campaign, context.clock.wallMs(), campaignPath),
        ]
      : [];
  if (hasErrors(early)) return refuse(context, early);
  for (const finding of early) context.printError(findingText(finding));
  const freeBytes = (): number | null => context.freeBytes?.(folder) ?? null;
  const statedS = campaign.durationS === null && options.untilS === undefined ? Infinity : totalS;
  const room = judgeRoom(recordBytes(campaign, statedS - (left?.lastMs ?? 0) / 1000), freeBytes(), folder);
  // What goes on since before is not left alone for want of room: the run itself tells.
  if (room?.severity === "error" && left === undefined) return refuse(context, [room]);
  if (room !== null) context.printError(findingText({ ...room, severity: "warning" }));
  const lock = context.takeSiteLock(site, { command: `beamrack run ${campaignPath}` });
  let runBus: RunBus | undefined;
  let endedHow = "failed";
  try {
    const capture =
      options.captureFolder === undefined
        ? undefined
        : createCaptureFolder(options.captureFolder, context.clock, (fault) => {
            context.printError(faultText(fault));
          });
    // The same for the look before and the run: a port is opened again only when it has been let go of.
    const { links, answerMs } = timeLinks(createRealLinks(context.clock, capture));
    // What runs since before is not disturbed by a question; a channel that is silent is its own cell's trouble.
    if (!options.goAnyway && left === undefined) {
      const positions = campaign.cells.map((cell) => cell.position);
      const missing = await preflight(site, positions, links);
      if (missing.length > 0) return refuse(context, missing);
    }
    if (!options.withoutBus) {
      const about = { seed: null, faults: null, pace: () => 1 };
      runBus = openRunBus(context, { campaign, site, world: siteWorld(site, campaign), ...about });
      if (left !== undefined) recallFolder(folder, runBus.bus);
    }
    const keepAlignment = alignmentKeeper(context, site, loaded.sitePath, () => siteCampaign.campaign);
    const siteCampaign: SiteCampaign = createSiteCampaign({
      campaign,
      campaignHash,
      site,
      siteHash: loaded.siteHash,
      folder,
      endAtMs: totalS * 1000,
      tables: context.attenuationTables(),
      clock: context.clock,
      holder: { ...context.self, sinceMs: context.clock.wallMs() },
      softwareVersion: context.version,
      links,
      left,
      boot: context.bootTime?.() ?? null,
      ...(site.integrator === undefined ? {} : { lattice: loadLatticeTables(context) }),
      ...(options.isRehearsal ? { isRehearsal: true } : {}),
      ...(context.waitForThread === undefined ? {} : { waitForThread: context.waitForThread }),
      ...(options.resumedBy === undefined ? {} : { resumedBy: options.resumedBy }),
      ...(identity === undefined ? {} : { identity }),
      ...(keepAlignment === undefined ? {} : { keepAlignment }),
      ...(runBus === undefined ? {} : { hearing: hearingOf(runBus) }),
    });
    if (left !== undefined) {
      const ago = durationText(Math.round((siteCampaign.clock.monoMs() - left.lastMs) / 1000));
      context.printError(`Goes on where ${folder} says it stood; its last event is ${ago} old.`);
    }
    const { run, store, clock, roles } = siteCampaign;
    // Beside the record: what an amendment is held against. A kill may have come between record and file.
    if (keptCampaign(folder, loaded.campaignHash) === undefined) keepCampaign(folder, loaded.campaign);
    const endAtMs = Number.isFinite(options.untilS ?? campaign.durationS ?? Infinity) ? totalS * 1000 : Infinity;
    const disk = createDiskWatch({ clock, alarms: run.alarms, freeBytes, endAtMs });
    const clockWatch = createClockWatch({
      ...{ clock, store, alarms: run.alarms, setOnMs: siteCampaign.clockSetOnMs },
      doubtfulBreakMs: siteCampaign.doubtfulBreakMs,
      bootTime: () => context.bootTime?.() ?? null,
      read: () => context.clockOffset?.() ?? Promise.resolve(null),
    });
    runBus?.bus.show({
      campaign: siteCampaign.campaign,
      run,
      roles,
      clock,
      endAtMs,
      answerMs,
      disk: () => disk.forecast(),
      proposals: {
        read: (hash) => readProposal(folder, hash),
        inForce(amended) {
          try {
            keepCampaign(folder, amended);
          } catch (error) {
            // The record has it; the file is only for whoever amends it next.
            context.printError(isFault(error) ? faultText(error) : String(error));
          }
        },
      },
    });
    const shown = options.headless ? { ...context.progress, isTerminal: false, colour: false } : context.progress;
    const printer = createProgressPrinter(shown, context.clock);
    show(printer);
    const progress = () => {
      const nowS = clock.monoMs() / 1000;
      return progressOfRun(run, campaign, { nowS, totalS, wallS: nowS });
    };
    let interruptedBy: InterruptReason | null = null;
    const release = context.onInterrupt((reason) => {
      interruptedBy = reason;
    });
    try {
      disk.start();
      clockWatch.start();
      const end = await watchRun({
        site: siteCampaign,
        clock: context.clock,
        printer,
        progress,
        say(line) {
          printer.say(line);
        },
        interruptedBy: () => interruptedBy,
      });
      endedHow = end === "interrupted" ? `ended by ${String(interruptedBy)}` : end;
      clockWatch.stop();
      await runBus?.end(endedHow);
      siteCampaign.disconnect();
      const failure = run.failure();
      if (end !== "failed") {
        store.flushSamples();
        await store.commit();
      }
      printer.finish(progress());
      if (failure !== null) throw failure;
      const summary: RunSummary & { readonly interrupted: boolean } = {
        campaign: campaign.name,
        seed: null,
        faults: "none",
        world: siteCampaign.world,
        ...(options.isRehearsal ? { rehearsal: true } : {}),
        virtual_s: round(clock.monoMs() / 1000),
        wall_s: round(clock.monoMs() / 1000),
        ...figuresOf(run, store, campaign),
        truth: {},
        checks: {},
        violations: [],
        interrupted: end === "interrupted",
      };
      tell(context, folder, summary);
      const broke = defectText(summary, folder);
      if (broke !== null) context.printError(broke);
      if (end !== "interrupted") return broke === null ? 0 : 1;
      context.printError(leftText(siteCampaign, String(interruptedBy)));
      return 1;
    } finally {
      clockWatch.stop();
      release();
      siteCampaign.disconnect();
      store.close();
    }
  } finally {
    await runBus?.end(endedHow);
    lock.release();
  }
}

function leftText({ run }: SiteCampaign, reason: string): string {
  const states = Object.entries(run.views.byState())
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${state} ${String(count)}`)
    .join(", ");
  return `Stopped by ${reason}: the shutter is closed and nothing more is exposed. Cells were left as they were (${states}), each within the limits of its instrument. The same command with the same --data goes on from there.`;
}

function tell(context: CommandContext, folder: string, summary: RunSummary): void {
  writeWhole(join(folder, "summary.json"), `${JSON.stringify(sealedSummary(summary), null, 2)}\n`);
  if (context.json) {
    context.print(JSON.stringify({ ...summary, data: folder }));
    return;
  }
  for (const line of renderSummary(summary)) context.print(line);
  context.print(`data: ${folder}`);
}

/** Cells that cycle are not left without a controller because a measurement has expired meanwhile: the run tells, and does as its site says. */
function asGoingOn(finding: Finding): Finding {
  return finding.code === "calibration.stale" ? { ...finding, severity: "warning" } : finding;
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing was moved.");
  return 2;
}

function stamp(context: CommandContext): string {
  return new Date(context.clock.wallMs()).toISOString().replace(/[-:]/g, "").slice(0, 15);
}

function round(value: number): number {
  return Number(value.toFixed(3));
}

function parseOptions(args: readonly string[]): RunOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      site: { type: "string" },
      data: { type: "string" },
      until: { type: "string" },
      headless: { type: "boolean", default: false },
      capture: { type: "string" },
      rehearsal: { type: "boolean", default: false },
      "go-anyway": { type: "boolean", default: false },
      "resumed-by": { type: "string" },
      "no-bus": { type: "boolean", default: false },
    },
  });
  const [campaignPath, ...more] = positionals;
  if (campaignPath === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack run", "takes one campaign file");
  }
  const untilS = values.until === undefined ? undefined : parseDurationS(values.until);
  if (values.until !== undefined && untilS === undefined) {
    throw new Fault("command.usage", "--until", `${values.until} is no duration; write 90s, 15min, 24h or 7d`);
  }
  if (values.data === "") throw new Fault("command.usage", "--data", "names no folder");
  if (values["resumed-by"] === "") throw new Fault("command.usage", "--resumed-by", "names nobody");
  if (values.capture === "") throw new Fault("command.usage", "--capture", "names no folder");
  return {
    campaignPath,
    sitePath: values.site,
    folder: values.data,
    untilS,
    headless: values.headless,
    captureFolder: values.capture,
    goAnyway: values["go-anyway"],
    isRehearsal: values.rehearsal,
    resumedBy: values["resumed-by"],
    withoutBus: values["no-bus"],
  };
}
