/**
 * An alignment in virtual time: the production drivers on simulated instruments, before a rack that was put down a
 * little wrong. Its truth is known, so what was found can be held against it.
 */
import { createDoseLedger } from "../../controller/dose/dose-ledger.ts";
import { CAMPAIGN_CONVENTION, createLedgerCells } from "../../controller/dose/ledger-cells.ts";
import type { RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import type { LedgerRow } from "../../controller/record/ledger-row.ts";
import { assert } from "../../protocols/base/assert.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { createVirtualClock, type Drain } from "../../simulator/clock/virtual-clock.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";
import { createWorld, type World } from "../../simulator/world/world.ts";
import type { ActBench } from "../device/act.ts";
import { createSiteDrivers } from "../rig/drivers.ts";
import { worldOptionsOf } from "../rig/world-options.ts";
import type { WorldData } from "../virtual/load-world-data.ts";
import { createMemorySite } from "../virtual/memory-site.ts";

export interface RehearsalInputs {
  readonly site: Site;
  /** Ends what is measured. */
  readonly signal?: AbortSignal;
  readonly campaign: Campaign;
  readonly setup: WorldSetup;
  readonly seed: number;
  readonly tables: AttenuationTables;
  readonly data: WorldData;
  readonly drain: Drain;
}

export interface Rehearsal {
  readonly bench: ActBench;
  readonly world: World;
  readonly ledger: RecordedLedger;
  readonly rows: readonly LedgerRow[];
  /** Runs virtual time until the work is done. */
  settle<T>(work: Promise<T>): Promise<T>;
}

const LONGEST_MS = 48 * 3_600_000;

export function createRehearsal(inputs: RehearsalInputs): Rehearsal {
  const { site, campaign, setup, data } = inputs;
  const clock = createVirtualClock(campaign.startMs, { drain: inputs.drain });
  const chance = createChance(inputs.seed);
  const world = createWorld({
    clock,
    chance: chance.stream("world"),
    site,
    cells: campaign.cells.map((cell) => ({
      positionIndex: positionIndex(cell.position),
      designId: cell.chemistry,
      nominalCapacityMah: cell.nominalCapacityMah,
      initial: { pristine: true },
      layers: cell.layers,
      doseLimits: cell.doseLimits,
      limits: cell.limits,
    })),
    uncertainty: campaign.doseUncertainty,
    designs: data.designs,
    models: data.models,
    attenuation: data.attenuation,
    options: { ...worldOptionsOf(site, (position) => `CELL-${position}`), setup },
  });
  const memory = createMemorySite({
    ...{ site, positions: [], world, clock, startWallMs: campaign.startMs },
    flaws: chance.stream("instruments"),
  });
  const rows: LedgerRow[] = [];
  const cells = createLedgerCells(campaign, site, inputs.tables);
  const doses = createDoseLedger({
    cells,
    convention: CAMPAIGN_CONVENTION,
    nowMs: () => clock.monoMs(),
    write: (row) => rows.push(row),
  });
  const ledger: RecordedLedger = {
    ledger: doses,
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
    record: () => undefined,
    commit: () =>
      new Promise((resolve) => {
        clock.setTimeout(() => {
          resolve();
        }, site.latencies.commitMs);
      }),
    close: () => undefined,
  };
  const bench: ActBench = {
    ...{ site, clock, ledger, deps: memory.driverDeps, drivers: createSiteDrivers(site, memory.driverDeps) },
    ...{ signal: inputs.signal ?? new AbortController().signal, clientId: "beamrack-rehearsal", say: () => undefined },
  };
  return {
    bench,
    world,
    ledger,
    rows,
    async settle<T>(work: Promise<T>) {
      let outcome: { readonly value: T } | undefined;
      let trouble: unknown;
      const settled = work.then(
        (value) => {
          outcome = { value };
          clock.stop();
        },
        (error: unknown) => {
          trouble = error;
          clock.stop();
        },
      );
      await clock.run(clock.monoMs() + LONGEST_MS);
      await settled;
      memory.stop();
      if (outcome !== undefined) return outcome.value;
      assert(trouble !== undefined && (isFault(trouble) || trouble instanceof Error), "nothing came of the rehearsal");
      throw trouble;
    },
  };
}
