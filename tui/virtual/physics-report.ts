/**
 * What a simulated run leaves beside its record when asked to: frames as files, and figures of the true physics of
 * chosen cells. Both only look; the run is the same without them.
 */
import { dirname, join } from "node:path";
import { Fault } from "../../protocols/base/fault.ts";
import { parseOccupant, positionIndex, type Occupant } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type {
  CellTrace,
  PhysicsData,
  ReportCell,
  ReportDose,
  ReportFrame,
} from "../../simulator/report/physics-data.ts";
import { physicsFigures, reportPage } from "../../simulator/report/report-page.ts";
import type { FrameTables, FrameWorld } from "../../simulator/world/frame-world.ts";
import type { World } from "../../simulator/world/world.ts";
import type { CommandContext } from "../command-context.ts";
import { recordCell } from "./cell-recorder.ts";
import { createFrameFiles } from "./frame-files.ts";
import { loadFrameTables } from "./load-world-data.ts";
import { outputFolder, writeWhole } from "./world-files.ts";

export interface PhysicsOptions {
  /** Where frames go; none are written without. */
  readonly framesFolder: string | undefined;
  /** A folder for figures and their page, or one page when it ends in .html. */
  readonly reportPath: string | undefined;
  /** `A1,B2`; the first cells of each chemistry without. */
  readonly cells: string | undefined;
}

export interface PhysicsLook {
  /** For the world; undefined when nothing is looked at. */
  readonly frameTables: FrameTables | undefined;
  /** To be called before the run starts. */
  attach(world: World): void;
  /** Writes what is left to write and says what was written. Throws Fault `output.unwritable`. */
  finish(facts: { readonly seed: number }): WrittenLook;
}

export interface WrittenLook {
  /** For a person. */
  readonly lines: readonly string[];
  /** For a program; keys as in the JSON output. */
  readonly paths: {
    readonly physics_report?: { readonly page: string; readonly figures: readonly string[] };
    readonly frames?: { readonly folder: string; readonly files: readonly string[] };
  };
}

const NOTHING_WRITTEN: WrittenLook = { lines: [], paths: {} };

/** Cells shown when none are named, and at the most. */
const CELLS_SHOWN = 3;
const CELLS_MOST = 12;

/** Throws Fault `command.usage` for cells that are not on the rack and places that cannot be written. */
export async function preparePhysicsLook(
  context: Pick<CommandContext, "readPackageText">,
  campaign: Campaign,
  durationH: number,
  options: PhysicsOptions,
): Promise<PhysicsLook> {
  const { framesFolder, reportPath } = options;
  if (reportPath === undefined && options.cells !== undefined) {
    throw new Fault("command.usage", "--cells", "chooses cells for --physics-report, which is not given");
  }
  if (framesFolder === undefined && reportPath === undefined) {
    return { frameTables: undefined, attach: () => undefined, finish: () => NOTHING_WRITTEN };
  }
  const chosen = reportPath === undefined ? [] : chooseCells(campaign, options.cells);
  if (framesFolder !== undefined) outputFolder("--frames", framesFolder);
  if (reportPath !== undefined) {
    outputFolder("--physics-report", isPage(reportPath) ? dirname(reportPath) : reportPath);
  }
  const files = framesFolder === undefined ? undefined : await createFrameFiles(campaign, framesFolder);
  const traces = new Map<Occupant, CellTrace>();
  let attached: { readonly world: World; readonly frames: FrameWorld } | undefined;

  return {
    frameTables: loadFrameTables(context),
    attach(world) {
      const frames = world.frameWorld;
      if (frames === undefined) throw new RangeError("the world was made without frames");
      attached = { world, frames };
      files?.follow(frames);
      for (const { position } of chosen) {
        const observer = world.cellObserver(positionIndex(position));
        if (observer !== undefined) traces.set(position, recordCell(observer, durationH));
      }
    },
    finish({ seed }) {
      if (attached === undefined) return NOTHING_WRITTEN;
      const { world, frames } = attached;
      const lines: string[] = [];
      const report = reportPath === undefined ? undefined : writeReport(dataOf(world, frames, seed), reportPath);
      if (report !== undefined) lines.push(`physics: ${report.page}`);
      if (framesFolder === undefined || files === undefined) {
        return { lines, paths: report === undefined ? {} : { physics_report: report } };
      }
      if (files.failure !== null) throw files.failure;
      lines.push(`frames: ${files.paths.length} in ${framesFolder}`);
      const written = { folder: framesFolder, files: files.paths };
      return { lines, paths: { ...(report === undefined ? {} : { physics_report: report }), frames: written } };
    },
  };

  function dataOf(world: World, frames: FrameWorld, seed: number): PhysicsData {
    const cells = chosen.map((cell) => reportCell(cell, traces.get(cell.position), world, frames));
    const { energyKeV, wavelengthA, twoThetaDeg } = frames;
    return { campaign: campaign.name, seed, durationH, energyKeV, wavelengthA, twoThetaDeg, cells };
  }
}

function isPage(path: string): boolean {
  return /\.html?$/i.test(path);
}

function writeReport(data: PhysicsData, path: string): { readonly page: string; readonly figures: readonly string[] } {
  const figures = physicsFigures(data);
  if (isPage(path)) {
    writeWhole(path, reportPage(data, figures, "figures"));
    return { page: path, figures: [] };
  }
  const paths = figures.map((figure) => join(path, figure.name));
  for (const [index, figure] of figures.entries()) writeWhole(paths[index] ?? path, figure.svg);
  const page = join(path, "index.html");
  writeWhole(page, reportPage(data, figures, "links"));
  return { page, figures: paths };
}

function chooseCells(campaign: Campaign, wanted: string | undefined): readonly CampaignCell[] {
  if (wanted === undefined) {
    const chemistries = [...new Set(campaign.cells.map((cell) => cell.chemistry))];
    const firsts = chemistries.flatMap((name) => campaign.cells.find((cell) => cell.chemistry === name) ?? []);
    const others = campaign.cells.filter((cell) => !firsts.includes(cell));
    return [...firsts, ...others].slice(0, Math.max(CELLS_SHOWN, firsts.length));
  }
  const names = [...new Set(wanted.split(",").map((name) => name.trim()))];
  if (names.length > CELLS_MOST) {
    throw new Fault("command.usage", "--cells", `${names.length} cells; at most ${CELLS_MOST} are shown`);
  }
  return names.map((name) => {
    const position = parseOccupant(name);
    if (position === undefined) {
      throw new Fault("command.usage", "--cells", `${JSON.stringify(name)} is no position; write A1,B2`);
    }
    const cell = campaign.cells.find((found) => found.position === position);
    if (cell === undefined) throw new Fault("command.usage", "--cells", `the campaign has no cell at ${name}`);
    return cell;
  });
}

const NO_TRACE: CellTrace = { timeH: [], voltageV: [], currentMa: [], positive: [] };

function reportCell(cell: CampaignCell, trace: CellTrace | undefined, world: World, frames: FrameWorld): ReportCell {
  const index = positionIndex(cell.position);
  const own = frames.frames.flatMap((frame): readonly ReportFrame[] => {
    const spot = frame.spots.find((found) => found.positionIndex === index);
    if (spot?.mean === undefined || spot.local === undefined) return [];
    return [
      {
        timeH: frame.endMs / 3_600_000,
        exposureS: (frame.endMs - frame.startMs) / 1000,
        xMm: spot.xMm,
        yMm: spot.yMm,
        mean: spot.mean.positive,
        local: spot.local.positive,
        counts: () => frames.counts(frame),
      },
    ];
  });
  return {
    position: cell.position,
    sample: cell.barcode,
    design: cell.chemistry,
    trace: trace ?? NO_TRACE,
    frames: own,
    dose: reportDose(cell, world),
  };
}

/** In the layer of the cell's tightest total limit, which is what its plan was judged by. */
function reportDose(cell: CampaignCell, world: World): ReportDose {
  const index = positionIndex(cell.position);
  const limits = cell.doseLimits.filter((limit) => limit.scope === "spot-total" && limit.doseGy !== null);
  const [limit] = [...limits].sort((a, b) => (a.doseGy ?? Infinity) - (b.doseGy ?? Infinity));
  const layerIndex =
    limit?.layerIndex ??
    Math.max(
      0,
      cell.layers.findIndex((layer) => layer.keepsDose),
    );
  const location = limit?.location ?? "mean";
  const convention = limit?.convention ?? "en";
  const layer = limit?.layerName ?? cell.layers[layerIndex]?.name ?? "the first layer";
  return {
    what: `${layer} (${location}, convention ${convention})`,
    limitGy: limit?.doseGy ?? null,
    spots: world.dose.spots(index),
    doseGy: (xMm, yMm) => world.dose.doseGy(index, layerIndex, location, convention, xMm, yMm),
  };
}
