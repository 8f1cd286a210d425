/** Acts of `beamrack device` on simulated instruments in virtual time, with a ledger in memory. */
import { CAMPAIGN_CONVENTION, createLedgerCells } from "../../../controller/dose/ledger-cells.ts";
import { createDoseLedger } from "../../../controller/dose/dose-ledger.ts";
import type { RecordedLedger } from "../../../controller/dose/recorded-ledger.ts";
import type { LedgerRow } from "../../../controller/record/ledger-row.ts";
import { assert } from "../../../protocols/base/assert.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createWorld } from "../../../simulator/world/world.ts";
import { BENCH_DESIGN, plainCells } from "../../../tui/bench/bench-cells.ts";
import { actsFor } from "../../../tui/device/acts.ts";
import type { DeviceOptions } from "../../../tui/device/device-options.ts";
import { runAct } from "../../../tui/device/run-act.ts";
import { createSiteDrivers } from "../../../tui/rig/drivers.ts";
import { loadWorldData } from "../../../tui/virtual/load-world-data.ts";
import { createMemorySite } from "../../../tui/virtual/memory-site.ts";
import { createVirtualTime, faultOf } from "../../contract/contract-bench.ts";
import { repositoryText, tables } from "../../support/campaign-files.ts";
import { campaign, site as referenceSite } from "../../support/world-campaign.ts";

const data = loadWorldData({ readPackageText: repositoryText }, [BENCH_DESIGN]);

export interface DoOptions extends Partial<DeviceOptions> {
  readonly timeoutMs?: number;
  /** A person asks for the end after this long. */
  readonly interruptAfterMs?: number;
}

/** `site` is the reference site where nothing else is given; of the same geometry. */
export function createDeviceBench(site = referenceSite) {
  const time = createVirtualTime();
  const { clock } = time;
  const world = createWorld({
    clock,
    chance: createChance(1),
    site,
    cells: plainCells(site),
    uncertainty: { ...site.beam.uncertainty, stack: 0.05 },
    designs: data.designs,
    models: data.models,
    attenuation: data.attenuation,
  });
  const positions = site.channels.map((channel) => channel.position);
  const memory = createMemorySite({ site, positions, world, clock, startWallMs: clock.wallMs() });
  memory.stop();
  const rows: LedgerRow[] = [];
  const events: { readonly type: string; readonly data: { readonly [key: string]: Json } }[] = [];
  const cells = createLedgerCells(campaign, site, tables);
  const ledger = createDoseLedger({
    cells,
    convention: CAMPAIGN_CONVENTION,
    nowMs: () => clock.monoMs(),
    write: (row) => rows.push(row),
  });
  const recorded: RecordedLedger = {
    ledger,
    campaign: campaign.name,
    nowMs: () => clock.monoMs(),
    occupantAt: (position) => position,
    cellAt(position) {
      const index = cells.findIndex((cell) => cell.position === position);
      return index < 0 ? undefined : index;
    },
    spotCountAt: (index) => cells[index]?.plan.spots.length ?? 0,
    spotsAt: (index) => cells[index]?.plan.spots ?? [],
    correctionCount: 0,
    record: (type, told) => events.push({ type, data: told }),
    commit: () => Promise.resolve(),
    close: () => undefined,
  };

  /** Does it as `beamrack device` does, once confirmed. */
  function act(name: string, command: string, args: readonly string[], options: DoOptions = {}): Promise<Json> {
    const drivers = createSiteDrivers(site, memory.driverDeps);
    const found = drivers.byName(name);
    assert(found !== undefined, `no ${name}`);
    const entry = actsFor(site, found).find((candidate) => candidate.name === command);
    assert(entry !== undefined, `${name} knows no ${command}`);
    const made = entry.make(args, {
      site,
      readText: () => "",
      tables: () => tables,
      dataFolder: undefined,
      forS: undefined,
      spot: undefined,
      homesFirst: false,
      isAlone: false,
      ...options,
    });
    const bench = {
      site,
      drivers,
      deps: memory.driverDeps,
      clock,
      ledger: recorded,
      clientId: "test",
      say: () => undefined,
    };
    return time.settle(
      runAct(made, bench, {
        name,
        clock,
        timeoutMs: options.timeoutMs ?? made.timeoutMs,
        onInterrupt(handler) {
          if (options.interruptAfterMs !== undefined) {
            clock.setTimeout(() => {
              handler("SIGINT");
            }, options.interruptAfterMs);
          }
          return () => undefined;
        },
      }),
    );
  }

  return {
    time,
    clock,
    world,
    site,
    memory,
    rows,
    events,
    ledger,
    act,
    drivers: createSiteDrivers(site, memory.driverDeps),
  };
}

/** The fault it ended with. */
export function refusalOf(work: Promise<unknown>): Promise<Fault> {
  return faultOf({ settle: (promise) => promise }, work);
}
