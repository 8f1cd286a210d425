/**
 * What an act would send, found by doing it with the production drivers on the simulated instruments of the same site.
 * Opens nothing real. A real instrument may answer otherwise, and then the drivers may send otherwise.
 */
import { captureLink, withholdMqttLogin, withholdPasswords } from "../../drivers/link/capture-link.ts";
import { captureHttp } from "../../drivers/link/capture-http.ts";
import type { CaptureRecord, CaptureSink } from "../../drivers/link/capture-link.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import { isFault } from "../../protocols/base/fault.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createVirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createWorld } from "../../simulator/world/world.ts";
import { BENCH_DESIGN, plainCells } from "../bench/bench-cells.ts";
import type { CommandContext } from "../command-context.ts";
import { createSiteDrivers, type SiteInstrument } from "../rig/drivers.ts";
import { worldOptionsOf } from "../rig/world-options.ts";
import { loadWorldData } from "../virtual/load-world-data.ts";
import { createMemorySite } from "../virtual/memory-site.ts";
import type { Act } from "./act.ts";
import { runAct } from "./run-act.ts";

export interface SentBytes {
  /** The cable it would go over. */
  readonly link: string;
  readonly t_ms: number;
  readonly hex: string | null;
  readonly text: string;
}

export interface DryRun {
  readonly act: Act;
  readonly sent: readonly SentBytes[];
  /** What the simulated instrument came to. */
  readonly result: Json;
  readonly fault: Fault | null;
}

const SEED = 1;
/** Where no campaign says how well the layers are known. */
const STACK_UNCERTAINTY = 0.05;

/** `actOf` makes the act for the simulated instrument; throws Fault `command.usage`. */
export async function dryRun(
  context: Pick<CommandContext, "readPackageText" | "drain">,
  site: Site,
  name: string,
  actOf: (found: SiteInstrument) => Act,
): Promise<DryRun | undefined> {
  const clock = createVirtualClock(0, { drain: () => context.drain() });
  const data = loadWorldData(context, [BENCH_DESIGN]);
  const world = createWorld({
    clock,
    chance: createChance(SEED),
    site,
    cells: plainCells(site),
    uncertainty: { ...site.beam.uncertainty, stack: STACK_UNCERTAINTY },
    designs: data.designs,
    models: data.models,
    attenuation: data.attenuation,
    options: worldOptionsOf(site, (position) => `CELL-${position}`),
  });
  const positions = site.channels.map((channel) => channel.position);
  const memory = createMemorySite({ site, positions, world, clock, startWallMs: 0 });
  const sent: SentBytes[] = [];
  const sinkOf =
    (link: string): CaptureSink =>
    ({ dir, t_ms, hex, text }: CaptureRecord) => {
      if (dir === "out") sent.push({ link, t_ms, hex, text });
    };
  const { driverDeps } = memory;
  const deps = {
    ...driverDeps,
    openLinkOf(cable: string, link: Parameters<typeof driverDeps.openLinkOf>[1]) {
      const withhold = link.kind === "mqtt" ? withholdMqttLogin : withholdPasswords;
      return captureLink(driverDeps.openLinkOf(cable, link), { clock, startMs: 0, sink: sinkOf(cable), withhold });
    },
    httpPortOf: (cable: string, link: Parameters<typeof driverDeps.httpPortOf>[1]) =>
      captureHttp(driverDeps.httpPortOf(cable, link), { clock, startMs: 0, sink: sinkOf(cable) }),
  };
  const drivers = createSiteDrivers(site, deps);
  const found = drivers.byName(name);
  if (found === undefined) return undefined;
  const act = actOf(found);
  const bench = { site, drivers, deps, clock, ledger: undefined, clientId: "beamrack-dry-run", say: () => undefined };
  const done = runAct(act, bench, { name, clock, timeoutMs: act.timeoutMs, onInterrupt: () => () => undefined });
  let outcome: { readonly result: Json; readonly fault: Fault | null } | undefined;
  let defect: unknown;
  const settled = done.then(
    (result) => {
      outcome = { result, fault: null };
      clock.stop();
    },
    (error: unknown) => {
      if (isFault(error)) outcome = { result: null, fault: error };
      else defect = error;
      clock.stop();
    },
  );
  await clock.run(clock.monoMs() + act.timeoutMs + 60_000);
  await settled;
  memory.stop();
  if (outcome === undefined) throw defect;
  return { act, sent, ...outcome };
}
