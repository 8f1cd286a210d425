/** An alignment of the site with a diode behind the rack, held against what its simulated world knows. */
import { alignSite, type Aligned } from "../../controller/align/align-site.ts";
import { assert } from "../../protocols/base/assert.ts";
import { ALL_POSITIONS, placeOf, positionIndex, type Position } from "../../protocols/base/position.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { WorldSetup } from "../../simulator/world/rack-setup.ts";
import { randomSetup } from "../../tui/align/random-setup.ts";
import type { RackPlacement } from "../../protocols/align/placement.ts";
import type { Site } from "../../protocols/site/site.ts";
import { isOnDisc } from "../../simulator/world/shutter-truth.ts";
import { createVirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { createRehearsal } from "../../tui/align/rehearse.ts";
import { placementErrors, type PlacementErrors } from "../../tui/align/rehearsed-truth.ts";
import { withSiteProbe } from "../../tui/align/site-probe.ts";
import type { LedgerRow } from "../../controller/record/ledger-row.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import type { World } from "../../simulator/world/world.ts";
import { CHEMISTRY_IDS } from "../../protocols/campaign/chemistry.ts";
import { loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { load, repositoryText, tables } from "./campaign-files.ts";

export const ALIGNED_FILES = {
  "campaign.yaml": repositoryText("protocols/campaigns/bench-quarter-hour.yaml").replace(
    "../sites/bench.yaml",
    "site.yaml",
  ),
  "../library/lno-quarter-hour.yaml": repositoryText("protocols/library/lno-quarter-hour.yaml"),
  "site.yaml": repositoryText("protocols/sites/diode-behind-rack.yaml"),
};

export interface AlignmentJudged extends PlacementErrors {
  readonly setup: WorldSetup;
  readonly aligned: Aligned;
  /** The largest share of any limit on a spot's total, as charged and in truth. */
  readonly chargedShare: number;
  readonly trueShare: number;
  readonly points: number;
  readonly virtualS: number;
  /** What the observer objects to, but for beam beside the cells: that is how edges are found. */
  readonly violations: readonly string[];
}

/** Until the first sweep over a whole rack is over, and before the second begins. */
const WHOLE_SWEEP_S = 300;
const AFTER_END_MS = 120_000;

const data = loadWorldData({ readPackageText: repositoryText }, CHEMISTRY_IDS);
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export async function rehearse(
  seed: number,
  positions: readonly Position[] = ALL_POSITIONS,
  change: (setup: WorldSetup) => WorldSetup = (setup) => setup,
): Promise<AlignmentJudged> {
  const loaded = load(ALIGNED_FILES, "campaign.yaml");
  assert(loaded.kind === "loaded", JSON.stringify(loaded));
  const { campaign, site } = loaded;
  const { alignment } = site;
  assert(alignment !== undefined, "the site says nothing of alignment");
  const setup = change(randomSetup(site, createChance(seed).stream("setup")));
  const rehearsal = createRehearsal({ site, campaign, setup, seed, tables, data, drain });
  const { bench, world } = rehearsal;
  const { aligned, points } = await rehearsal.settle(
    withSiteProbe(
      bench,
      alignment,
      () => tables,
      async (probe) => {
        const done = await alignSite(probe, { site, alignment, positions });
        return { aligned: done, points: probe.points.length };
      },
    ),
  );
  const found = aligned.cells.map(({ position }) => position);
  const errors = placementErrors(site, setup, aligned, found);
  const findings = world.finish({ exposures: [], isolatedPositions: [], samplesDelivered: 0, samplesStored: 0 });
  return {
    setup,
    aligned,
    ...errors,
    chargedShare: Math.max(0, ...chargedShares(rehearsal.rows, campaign)),
    trueShare: Math.max(0, ...campaign.cells.map((cell) => trueShare(world, cell))),
    points,
    virtualS: bench.clock.monoMs() / 1000,
    violations: findings.violations
      .filter(({ invariant }) => invariant !== "right-cell" && invariant !== "exposures-accounted")
      .map(({ invariant, what }) => `${invariant}: ${what}`),
  };
}

export interface SweepJudged {
  readonly exposed: number;
  /** Meant and not hit. */
  readonly missed: readonly Position[];
  /** The farthest that the beam fell from the spot that was meant, in truth. */
  readonly worstMm: number;
  readonly violations: readonly string[];
}

/** One sweep of the campaign over these cells, with the rack as it truly stands; `placement`: where it is believed to. */
export async function sweepOver(
  positions: readonly Position[],
  setup: WorldSetup,
  placement: RackPlacement | undefined,
  folder: string,
  untilS = WHOLE_SWEEP_S,
): Promise<SweepJudged> {
  const loaded = load(ALIGNED_FILES, "campaign.yaml");
  assert(loaded.kind === "loaded", "the campaign is refused");
  const site: Site = {
    ...loaded.site,
    rack: { ...loaded.site.rack, ...(placement === undefined ? {} : { placement }) },
  };
  const campaign = {
    ...loaded.campaign,
    cells: loaded.campaign.cells.filter((cell) => positions.includes(placeOf(cell.position))),
  };
  const endAtMs = 1000 * untilS;
  const virtual = createVirtualCampaign({
    ...{
      campaign,
      campaignHash: loaded.campaignHash,
      site,
      siteHash: loaded.siteHash,
      seed: 1,
      folder,
      endAtMs,
      setup,
    },
    ...{ tables, worldAttenuation: data.attenuation, designs: data.designs, models: data.models, drain },
    faults: () => [],
    softwareVersion: "test",
  });
  const { clock, run, store, world } = virtual;
  run.start();
  await clock.run(endAtMs + AFTER_END_MS, {
    onBreath() {
      if (run.failure() !== null || run.isDone()) clock.stop();
    },
  });
  const failure = run.failure();
  if (failure !== null) throw failure;
  store.close();
  const spots = campaign.presets.flatMap((preset) => preset.spots);
  const apart = world.openings.flatMap(({ deposits }) =>
    deposits.map(({ xMm, yMm }) => Math.min(...spots.map((spot) => Math.hypot(xMm - spot.xMm, yMm - spot.yMm)))),
  );
  const hit = new Set(
    world.openings.flatMap(({ deposits }) => deposits.filter(isOnDisc).map((one) => one.positionIndex)),
  );
  return {
    exposed: hit.size,
    missed: positions.filter((position) => !hit.has(positionIndex(position))),
    worstMm: Math.max(...apart),
    violations: virtual.finish(true).violations.map(({ invariant, what }) => `${invariant}: ${what}`),
  };
}

/** Of the total limit of each spot that was charged, without any uncertainty. */
function chargedShares(rows: readonly LedgerRow[], campaign: Campaign): readonly number[] {
  const bySpot = new Map<string, number>();
  for (const { kind, position, spotIndex, layerDosesGy } of rows) {
    if (kind === "booking") continue;
    const limits = campaign.cells.find((cell) => cell.position === position)?.doseLimits ?? [];
    for (const { layerName, location, doseGy } of limits) {
      const layer = layerDosesGy.find((dose) => dose.layer === layerName);
      if (layer === undefined || doseGy === null) continue;
      const key = `${position} ${spotIndex} ${layerName} ${location}`;
      const share = (location === "surface" ? layer.surfaceGy : layer.meanGy) / doseGy;
      bySpot.set(key, (bySpot.get(key) ?? 0) + share);
    }
  }
  return [...bySpot.values()];
}

/** Of the total limit, at the hottest point where any photon fell on the cell's electrode. */
function trueShare(world: World, { position, doseLimits }: CampaignCell): number {
  const index = positionIndex(position);
  const spots = world.dose.spots(index);
  const shares = doseLimits.flatMap(({ layerIndex, location, convention, doseGy }) =>
    spots.map(({ xMm, yMm }) =>
      doseGy === null ? 0 : world.dose.doseGy(index, layerIndex, location, convention, xMm, yMm) / doseGy,
    ),
  );
  return Math.max(0, ...shares);
}
