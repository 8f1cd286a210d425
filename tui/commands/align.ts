/** `beamrack align SITE.yaml`: where the rack stands, how large the beam is, and where each cell lies in its place. */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { alignSite, beamText, rackText, type Aligned } from "../../controller/align/align-site.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { ALL_POSITIONS, type Occupant, type Position } from "../../protocols/base/position.ts";
import { serpentine } from "../../protocols/campaign/sweep-plan.ts";
import { parsePositionRange } from "../../protocols/input/position-range.ts";
import type { SiteAlignment } from "../../protocols/site/alignment.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { alignmentRecords, pointsText } from "../align/alignment-record.ts";
import { addRecords, calibrationTarget, checkTarget } from "../align/calibration-file.ts";
import { openGuide } from "../align/guided/open-guide.ts";
import type { GuideSession } from "../align/guided/guide-session.ts";
import type { Probe } from "../../controller/align/probe.ts";
import { loadCalibration, type LoadedCalibration } from "../align/load-calibration.ts";
import { confirmAct, withSiteBench } from "../align/on-site.ts";
import { randomSetup } from "../align/random-setup.ts";
import { alignByController } from "../align/by-controller.ts";
import { pointsFileName, VALID_H } from "../align/keep-alignment.ts";
import { createRehearsal } from "../align/rehearse.ts";
import { placementErrors, type PlacementErrors } from "../align/rehearsed-truth.ts";
import { withSiteProbe, type SitePoint } from "../align/site-probe.ts";
import { CLIENT_OPTIONS, type ClientValues } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import type { ActBench } from "../device/act.ts";
import { parseDurationS } from "../duration.ts";
import { loadCampaign, loadSite } from "../load-campaign.ts";
import { loadWorldData } from "../virtual/load-world-data.ts";
import { writeWhole } from "../virtual/world-files.ts";

interface AlignOptions {
  readonly sitePath: string;
  readonly dataFolder: string | undefined;
  /** A campaign to rehearse with, on simulated instruments. */
  readonly rehearsed: string | undefined;
  readonly seed: number;
  readonly by: string | undefined;
  readonly out: string | undefined;
  readonly validH: number;
  readonly positions: readonly Position[] | undefined;
  readonly isRackOnly: boolean;
  readonly isConfirmed: boolean;
  /** On a screen, step by step. */
  readonly isGuided: boolean;
  readonly captureFolder: string | undefined;
  /** Of the controller's bus, where one runs; why it is aligned. */
  readonly client: ClientValues & { readonly reason: string | undefined; readonly "take-over": boolean };
}

interface Done {
  readonly aligned: Aligned;
  readonly points: readonly SitePoint[];
  /** Of a rehearsal, whose truth is known. */
  readonly truth?: PlacementErrors;
  /** The name of the cell that lies there now. */
  readonly occupantAt: (position: Position) => Occupant;
}

const WHERE = "beamrack align";

/** Resolves to 0; 1 when an instrument failed, 2 when refused, 3 when a cell could not be told. */
export async function alignCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  const { sitePath } = options;
  const { site, findings: slips } = loadSite(context, sitePath);
  if (site === undefined) return refuse(context, slips);
  const { alignment } = site;
  if (alignment === undefined) {
    throw new Fault(
      "command.usage",
      sitePath,
      "the site has no section alignment: docs/alignment.md says what it needs",
    );
  }
  const findings: Finding[] = [];
  const before = loadCalibration(context, site, sitePath, findings);
  if (hasErrors(findings)) return refuse(context, findings);
  try {
    if (options.rehearsed === undefined && isRunning(context, site))
      return await alignByController(context, site, options);
    const done = await measured(context, options, site, alignment, before);
    const path = options.rehearsed === undefined ? calibrationTarget(site, sitePath, options.out) : options.out;
    const written = path === undefined ? null : write(context, path, site, options, done, before);
    return tell(context, site, done, written);
  } catch (error) {
    if (!isFault(error)) throw error;
    if (context.json) {
      const { code, where, message, advice, detail } = error;
      context.print(JSON.stringify({ ok: false, fault: { code, where, what: message, advice, detail } }));
    }
    context.printError(faultText(error));
    return error.severity === "refuse" ? 2 : 1;
  }
}

/** A campaign's controller has the site to itself. Throws `site.in-use` where something else has. */
function isRunning(context: Pick<CommandContext, "takeSiteLock">, site: Site): boolean {
  try {
    context.takeSiteLock(site, { command: WHERE }).release();
    return false;
  } catch (error) {
    const holder = isFault(error) && error.code === "site.in-use" ? error.detail["command"] : null;
    if (typeof holder === "string" && holder.startsWith("beamrack run ")) return true;
    throw error;
  }
}

async function measured(
  context: CommandContext,
  options: AlignOptions,
  site: Site,
  alignment: SiteAlignment,
  before: LoadedCalibration | undefined,
): Promise<Done> {
  const guide = options.isGuided ? await openGuide(context, site.name) : undefined;
  const within = guide?.context ?? context;
  try {
    return options.rehearsed === undefined
      ? await onSite(within, options, site, alignment, before, guide?.session)
      : await inRehearsal(within, options, options.rehearsed, site, alignment, guide?.session);
  } finally {
    guide?.close();
  }
}

async function onSite(
  context: CommandContext,
  options: AlignOptions,
  site: Site,
  alignment: SiteAlignment,
  before: LoadedCalibration | undefined,
  guide: GuideSession | undefined,
): Promise<Done> {
  const { dataFolder, by } = options;
  if (dataFolder === undefined) {
    throw new Fault("device.unbooked", WHERE, "photons fall on the cells, and no --data says where they are booked");
  }
  if (by === undefined) throw new Fault("command.usage", "--by", "say who measures: it stands in the calibration");
  checkTarget(context, calibrationTarget(site, options.sitePath, options.out), site);
  if (guide === undefined) await confirm(context, options, site, alignment);
  const { sitePath, captureFolder } = options;
  const order = { command: WHERE, sitePath, dataFolder, captureFolder };
  return withSiteBench(context, site, before, order, async (bench, ledger) => {
    const wanted = options.positions ?? ALL_POSITIONS;
    const known = wanted.filter((position) => ledger.cellAt(position) !== undefined);
    const positions = await chosen(options, site, alignment, known, guide);
    const done = await measure(context, options, bench, alignment, positions, guide);
    ledger.record("rack-aligned", { by, exposures: done.points.length, cells: done.aligned.cells.length });
    await ledger.commit();
    return done;
  });
}

async function inRehearsal(
  context: CommandContext,
  options: AlignOptions,
  campaignPath: string,
  site: Site,
  alignment: SiteAlignment,
  guide: GuideSession | undefined,
): Promise<Done> {
  const loaded = loadCampaign(context, campaignPath, options.sitePath);
  if (loaded.kind === "refused") {
    const first = loaded.findings.find(({ severity }) => severity === "error");
    throw new Fault("command.usage", campaignPath, `the campaign is refused: ${first?.what ?? "see beamrack check"}`);
  }
  const { campaign } = loaded;
  const setup = randomSetup(site, createChance(options.seed).stream("setup"));
  const ending = new AbortController();
  const release =
    guide === undefined
      ? undefined
      : context.onInterrupt((reason) => {
          ending.abort(new Fault("device.interrupted", WHERE, `the measurement was ended by ${reason}`, { reason }));
        });
  const rehearsal = createRehearsal({
    ...{ site, campaign, setup, seed: options.seed, tables: context.attenuationTables() },
    data: loadWorldData(
      context,
      campaign.cells.map((cell) => cell.chemistry),
    ),
    drain: () => context.drain(),
    signal: ending.signal,
  });
  const wanted = options.positions ?? ALL_POSITIONS;
  const known = wanted.filter((position) => rehearsal.ledger.cellAt(position) !== undefined);
  const positions = await chosen(options, site, alignment, known, guide);
  const done = await rehearsal.settle(measure(context, options, rehearsal.bench, alignment, positions, guide));
  release?.();
  return { ...done, truth: placementErrors(site, setup, done.aligned, options.isRackOnly ? [] : positions) };
}

function measure(
  context: CommandContext,
  options: AlignOptions,
  bench: ActBench,
  alignment: SiteAlignment,
  positions: readonly Position[],
  guide: GuideSession | undefined,
): Promise<Done> {
  return withSiteProbe(
    bench,
    alignment,
    () => context.attenuationTables(),
    async (probe) => {
      const seen: Probe = {
        async signalAt(place) {
          const signal = await probe.signalAt(place);
          guide?.exposed();
          return signal;
        },
      };
      const aligned = await alignSite(seen, {
        ...{ site: bench.site, alignment, positions: options.isRackOnly ? [] : serpentine(positions) },
        say(line) {
          context.printError(line);
        },
        ...(guide === undefined ? {} : { guide }),
      });
      return {
        aligned,
        points: probe.points,
        occupantAt: (position) => bench.ledger?.occupantAt(position) ?? position,
      };
    },
  );
}

async function confirm(
  context: CommandContext,
  options: AlignOptions,
  site: Site,
  alignment: SiteAlignment,
): Promise<void> {
  const words = wordsOf(options, site, alignment);
  await confirmAct(context, {
    ...{ command: WHERE, question: `${site.name}: align?`, words, isConfirmed: options.isConfirmed },
  });
}

/** With a guide those that are left in by the person there. */
async function chosen(
  options: AlignOptions,
  site: Site,
  alignment: SiteAlignment,
  positions: readonly Position[],
  guide: GuideSession | undefined,
): Promise<readonly Position[]> {
  return guide === undefined
    ? positions
    : guide.begin(wordsOf(options, site, alignment), options.isRackOnly ? [] : positions);
}

/** What will be done. */
function wordsOf(options: AlignOptions, site: Site, alignment: SiteAlignment): readonly string[] {
  const filters = site.filters.filter((_, index) => alignment.filtersIn[index] === true).map(({ name }) => name);
  const cells = options.isRackOnly ? "" : ", then of each cell's edge";
  const booked =
    options.dataFolder === undefined
      ? "; of this rehearsal nothing is booked"
      : `, and is booked in ${options.dataFolder} on the cell next to it`;
  return [
    `Homes the stage, brings ${filters.length === 0 ? "no filter" : filters.join(" and ")} into the beam, and exposes a few points of ${alignment.fiducials.length} openings of the rack${cells}.`,
    `Each exposure lasts until ${alignment.diode} has been read once${booked}.`,
  ];
}

/** The readings into a file of their own, and two records behind those that are there. */
function write(
  context: CommandContext,
  path: string,
  site: Site,
  options: AlignOptions,
  { aligned, points, occupantAt }: Done,
  before: LoadedCalibration | undefined,
): string {
  const at = new Date(context.clock.wallMs()).toISOString();
  const text = pointsText(points);
  const pointsFile = pointsFileName(path, at);
  writeWhole(join(dirname(path), pointsFile), text);
  const records = alignmentRecords(aligned, {
    ...{ grid: site.rack, at, by: options.by ?? "a rehearsal", validH: options.validH, pointsFile },
    ...{ pointsSha256: createHash("sha256").update(text).digest("hex"), pointCount: points.length },
    ...{ before: before?.calibration, occupantAt },
  });
  addRecords(context, path, site, records);
  return path;
}

function tell(context: CommandContext, site: Site, done: Done, written: string | null): number {
  const { aligned, points, truth } = done;
  const { placement, beam, cells, missed, rack } = aligned;
  const isWhole = missed.length === 0;
  if (context.json) {
    const { shiftXMm, shiftYMm, rotationDeg } = placement;
    context.print(
      JSON.stringify({
        ok: isWhole,
        site: site.name,
        rack: {
          ...{ shift_x_mm: shiftXMm, shift_y_mm: shiftYMm, rotation_deg: rotationDeg },
          openings: rack.fit.residualsMm.map(({ name, mm }) => ({ name, off_mm: mm })),
        },
        beam: {
          ...{ width_mm: beam.xMm, height_mm: beam.yMm },
          ...{ width_uncertainty_mm: beam.xSigmaMm, height_uncertainty_mm: beam.ySigmaMm },
        },
        cells: cells.map(({ position, offset, sigmaMm }) => ({
          ...{ position, x_mm: offset.xMm, y_mm: offset.yMm, uncertainty_mm: sigmaMm },
        })),
        missed,
        exposures: points.length,
        calibration: written,
        ...(truth === undefined ? {} : { truth: { worst_position_mm: truth.worstMm, beam_error: truth.beamError } }),
      }),
    );
  } else {
    context.print(rackText(rack));
    context.print(beamText(beam));
    context.print(`${cells.length} cells found, ${missed.length} not; ${points.length} exposures`);
    for (const { position, what } of missed) context.print(`  ${position}: ${what}`);
    if (truth !== undefined) {
      const um = (1000 * truth.worstMm).toFixed(0);
      context.print(
        `in truth: the worst place is ${um} um off, the beam's size ${(100 * truth.beamError).toFixed(1)} %`,
      );
    }
    if (written !== null) context.print(`written to ${written}`);
  }
  return isWhole ? 0 : 3;
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing was moved.");
  return 2;
}

/** Throws Fault `command.usage`. */
function parseOptions(args: readonly string[]): AlignOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      data: { type: "string" },
      rehearse: { type: "string" },
      seed: { type: "string", default: "1" },
      by: { type: "string" },
      out: { type: "string" },
      valid: { type: "string" },
      positions: { type: "string" },
      "rack-only": { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      guided: { type: "boolean", default: false },
      capture: { type: "string" },
      reason: { type: "string" },
      "take-over": { type: "boolean", default: false },
      ...CLIENT_OPTIONS,
    },
  });
  const [sitePath, ...more] = positionals;
  if (sitePath === undefined || more.length > 0) throw new Fault("command.usage", WHERE, "takes one site file");
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff || values.seed.trim() === "") {
    throw new Fault("command.usage", "--seed", `${values.seed} is not a whole number from 0 to 4294967295`);
  }
  const validS = values.valid === undefined ? 3600 * VALID_H : parseDurationS(values.valid);
  if (validS === undefined) {
    throw new Fault("command.usage", "--valid", `${values.valid ?? ""} is no duration such as 24h or 30d`);
  }
  return {
    sitePath,
    dataFolder: values.data,
    rehearsed: values.rehearse,
    seed,
    by: values.by,
    out: values.out,
    validH: validS / 3600,
    positions: values.positions === undefined ? undefined : positionsOf(values.positions),
    isRackOnly: values["rack-only"],
    isConfirmed: values.yes,
    isGuided: values.guided,
    captureFolder: values.capture,
    client: {
      ...{ broker: values.broker, credentials: values.credentials, rack: values.rack },
      ...{ reason: values.reason, "take-over": values["take-over"] },
    },
  };
}

/** `A1..A12,C3`. Throws Fault `command.usage`. */
function positionsOf(text: string): readonly Position[] {
  const found = text.split(",").flatMap((part) => {
    const range = parsePositionRange(part.trim());
    if (range.kind === "refused") throw new Fault("command.usage", "--positions", `${range.what}. ${range.advice}`);
    return range.positions;
  });
  return [...new Set(found)];
}
