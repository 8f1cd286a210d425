/** `beamrack instruments SITE.yaml`: simulated instruments on real links of this computer, until Ctrl-C. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, type Finding } from "../../protocols/base/finding.ts";
import type { Position } from "../../protocols/base/position.ts";
import { BENCH_DESIGN, campaignCells, plainCells } from "../bench/bench-cells.ts";
import { startBench, type Bench, type BenchPlace } from "../bench/bench.ts";
import { FAULT_ORDER_TOPIC } from "../bench/fault-order.ts";
import { isServedSite, servedSiteText } from "../bench/served-site.ts";
import type { CommandContext, InterruptReason } from "../command-context.ts";
import { loadCampaign, loadSite } from "../load-campaign.ts";
import { loadFrameTables, loadWorldData } from "../virtual/load-world-data.ts";
import { loadCalibration, placedSite } from "../align/load-calibration.ts";
import { asBuiltSetup, randomSetup, setupOf } from "../align/random-setup.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";

interface InstrumentsOptions {
  readonly sitePath: string;
  readonly campaignPath: string | undefined;
  readonly speed: number;
  readonly seed: number;
  readonly folder: string;
  readonly writeSite: string | undefined;
  /** The rack is put down a little wrong, by the seed. */
  readonly isMisplaced: boolean;
  readonly framesFolder: string | undefined;
}

/** Serial ports that a site puts under /dev are served here instead. */
const DEFAULT_FOLDER = "/tmp/beamrack-bench";
const SPEED_MAX = 1000;
/** Where no campaign says how well the layers are known. */
const STACK_UNCERTAINTY = 0.05;

export async function instrumentsCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.writeSite !== undefined) refuseOtherFile(context, options.writeSite);
  const read = readRack(context, options);
  if (read.kind === "refused") return refuse(context, read.findings);
  const { site, cells, codeOf, stackUncertainty } = read;
  const { framesFolder } = options;
  const setup = setupFor(site, options);
  const wait = interruption(context);
  let failure: Error | undefined;
  const bench = await startBench({
    site,
    cells,
    positions: site.channels.map((channel) => channel.position),
    codeOf,
    stackUncertainty,
    data: loadWorldData(
      context,
      cells.map((cell) => cell.designId),
    ),
    ...(site.integrator === undefined && framesFolder === undefined ? {} : { frameTables: loadFrameTables(context) }),
    ...(framesFolder === undefined ? {} : { framesFolder }),
    seed: options.seed,
    ...(setup === undefined ? {} : { setup }),
    speed: options.speed,
    folder: options.folder,
    clock: context.clock,
    onError(error) {
      failure ??= error;
      wait.end();
    },
  });
  try {
    if (options.writeSite !== undefined) writeSite(context, bench, options, options.writeSite);
    announce(context, bench, options);
    await wait.ended;
  } finally {
    wait.release();
    await bench.close();
  }
  if (failure !== undefined) throw failure;
  context.printError("The instruments are gone.");
  return 0;
}

function readRack(context: CommandContext, { sitePath, campaignPath }: InstrumentsOptions) {
  if (campaignPath === undefined) {
    const { site: nominal, findings } = loadSite(context, sitePath);
    if (nominal === undefined) return { kind: "refused", findings } as const;
    const site = placedSite(nominal, loadCalibration(context, nominal, sitePath, []), []);
    const codeOf = (position: Position): string => `BENCH-${position}`;
    return { kind: "read", site, cells: plainCells(site), codeOf, stackUncertainty: STACK_UNCERTAINTY } as const;
  }
  const loaded = loadCampaign(context, campaignPath, sitePath);
  if (loaded.kind === "refused") return loaded;
  const { campaign, site } = loaded;
  const codes = new Map(campaign.cells.map((cell) => [cell.position, cell.barcode]));
  return {
    kind: "read",
    site,
    cells: campaignCells(campaign),
    codeOf: (position: Position): string | undefined => codes.get(position),
    stackUncertainty: campaign.doseUncertainty.stack,
  } as const;
}

/** Undefined for a rack that stands where the site has it. Throws Fault `command.usage`. */
function setupFor(site: Site, { isMisplaced, seed }: InstrumentsOptions): WorldSetup | undefined {
  if (!isMisplaced) return setupOf(site) ?? asBuiltSetup(site);
  if (site.alignment === undefined) {
    throw new Fault("command.usage", "--misplaced", `the site ${site.name} has no section alignment`);
  }
  return randomSetup(site, createChance(seed).stream("setup"));
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused: nothing listens.");
  return 2;
}

/** JSON lines: one for each place, then one that says that all stand. A table otherwise. */
function announce(context: CommandContext, bench: Bench, options: InstrumentsOptions): void {
  if (context.json) {
    for (const { name, driver, where } of bench.places) context.print(JSON.stringify({ name, driver, where }));
    const { seed, speed } = options;
    const site = options.writeSite ?? options.sitePath;
    context.print(JSON.stringify({ ready: true, site, instruments: bench.places.length, seed, speed }));
    return;
  }
  for (const line of placesTable(bench.places)) context.print(line);
  const pace = options.speed === 1 ? "" : `; cells live ${options.speed} times as fast`;
  const cells = options.campaignPath === undefined ? `cells ${BENCH_DESIGN}` : `cells of ${options.campaignPath}`;
  context.print(`${bench.places.length} simulated instruments, seed ${options.seed}, ${cells}${pace}`);
  const broker = bench.places.find((place) => place.link.kind === "mqtt");
  if (broker !== undefined) context.print(`faults are ordered at ${broker.where}, topic ${FAULT_ORDER_TOPIC}`);
  context.print("Ctrl-C ends them.");
}

function placesTable(places: readonly BenchPlace[]): readonly string[] {
  const widths = [
    Math.max(...places.map((place) => place.name.length)),
    Math.max(...places.map((place) => place.driver.length)),
  ] as const;
  return places.map(({ name, driver, where }) => `${name.padEnd(widths[0])}  ${driver.padEnd(widths[1])}  ${where}`);
}

/** A site is somebody's work, above all the one that is served. Throws Fault `export.exists`. */
function refuseOtherFile(context: CommandContext, to: string): void {
  if (!existsSync(to) || isServedSite(context.readText(to))) return;
  throw new Fault("export.exists", to, "there is a file of this name that no instruments command wrote");
}

function writeSite(context: CommandContext, bench: Bench, options: InstrumentsOptions, to: string): void {
  const text = servedSiteText(context.readText(options.sitePath), options.sitePath, bench.places, options.folder);
  try {
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Fault("output.unwritable", to, what, {}, error);
  }
}

interface Interruption {
  readonly ended: Promise<InterruptReason | null>;
  end(): void;
  release(): void;
}

function interruption(context: CommandContext): Interruption {
  let settle: (reason: InterruptReason | null) => void = () => undefined;
  const ended = new Promise<InterruptReason | null>((resolve) => {
    settle = resolve;
  });
  const release = context.onInterrupt((reason) => {
    settle(reason);
  });
  return {
    ended,
    end() {
      settle(null);
    },
    release,
  };
}

function parseOptions(args: readonly string[]): InstrumentsOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      campaign: { type: "string" },
      speed: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      folder: { type: "string", default: DEFAULT_FOLDER },
      "write-site": { type: "string" },
      misplaced: { type: "boolean", default: false },
      frames: { type: "string" },
    },
  });
  const [sitePath, ...more] = positionals;
  if (sitePath === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack instruments", "takes one site file");
  }
  const speed = Number(values.speed);
  if (!(speed >= 1 && speed <= SPEED_MAX)) {
    throw new Fault("command.usage", "--speed", `${values.speed} is not a number from 1 to ${SPEED_MAX}`);
  }
  const seed = Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff || values.seed.trim() === "") {
    throw new Fault("command.usage", "--seed", `${values.seed} is not a whole number from 0 to 4294967295`);
  }
  if (!values.folder.startsWith("/")) {
    throw new Fault("command.usage", "--folder", `${values.folder} is no whole path`);
  }
  return {
    sitePath,
    campaignPath: values.campaign,
    speed,
    seed,
    folder: values.folder,
    writeSite: values["write-site"],
    isMisplaced: values.misplaced,
    framesFolder: values.frames,
  };
}
