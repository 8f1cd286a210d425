/** A small campaign run whole in the virtual world, in this process, with faults as a test wants them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import { tellEvent } from "../../controller/bus/event-text.ts";
import { isEventType } from "../../controller/record/event-types.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { StoredEvent } from "../../controller/record/record-rows.ts";
import type { RecordStore } from "../../controller/record/store.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { Occupant } from "../../protocols/base/position.ts";
import { CHEMISTRY_IDS } from "../../protocols/campaign/chemistry.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ResponseParameters } from "../../simulator/damage/response-parameters.ts";
import type { FrameTables } from "../../simulator/world/frame-world.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import { lightFaults } from "../../simulator/world/world-faults.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { loadFrameTables, loadLatticeTables, loadWorldData } from "../../tui/virtual/load-world-data.ts";
import { claimsOfRun } from "../../tui/virtual/recorded-claims.ts";
import { summarise } from "../../tui/virtual/summarise.ts";
import type { VirtualRig } from "../../tui/virtual/virtual-rig.ts";
import {
  AFTER_END_MS,
  createVirtualCampaign,
  worldIndexOf,
  type VirtualCampaign,
  type VirtualCampaignInputs,
} from "../../tui/virtual/virtual-campaign.ts";
import type { AmendOutcome } from "../../controller/amendments/amend-desk.ts";
import { amendFolder, amendLive, type Proposal, type PutOnRecord } from "./amendments.ts";
import { contextOf, load, repositoryText } from "./campaign-files.ts";

/** A fault of seconds and positions, as people say it. */
export interface WorldRunOptions {
  readonly seed?: number;
  readonly hours?: number;
  /** `light-days`: the light faults of a day six times as long, at six times their rate. */
  readonly faults?: readonly WorldFault[] | "light-days";
  /** By position's index: where the leads of a channel's voltage lie instead, or that those of its current are turned. */
  readonly lyingLeads?: ReadonlyMap<number, number | "current-turned">;
  /** By position's index: where the cell belongs that lies there; its own place for one that nobody can know. */
  readonly displaced?: VirtualCampaignInputs["displaced"];
  readonly absentUntilMs?: VirtualCampaignInputs["absentUntilMs"];
  readonly identity?: VirtualCampaignInputs["identity"];
  readonly waitForThread?: VirtualCampaignInputs["waitForThread"];
  readonly detector?: VirtualCampaignInputs["detector"];
  readonly hands?: VirtualCampaignInputs["hands"];
  /** How the rack truly stands. */
  readonly setup?: VirtualCampaignInputs["setup"];
  readonly keepAlignment?: VirtualCampaignInputs["keepAlignment"];
  readonly folder?: string;
  /** Another than the reference site; of the same geometry. */
  readonly site?: Site;
  /** The small campaign as it was read beside another site, where that names its filters otherwise. */
  readonly campaign?: Campaign;
  /** The campaign without cells that join later. */
  readonly beginsWith?: Campaign;
  /** Ends the run at this campaign time, as a Ctrl-C does. */
  readonly stopAtS?: number;
  /** With `stopAtS`: the process is gone, nothing was closed. */
  readonly abandon?: boolean;
  /** At campaign seconds the controller is killed, and so many seconds later started again. */
  readonly kills?: readonly { readonly atS: number; readonly downS: number }[];
  /** At campaign seconds the controller is stopped, the campaign amended if it may be, and the controller started again. */
  readonly amendments?: readonly {
    readonly atS: number;
    readonly propose: Proposal;
    readonly judged?: (amendment: PutOnRecord) => void;
  }[];
  /** At campaign seconds the campaign is amended while its controller goes on. */
  readonly amendedLive?: readonly {
    readonly atS: number;
    readonly propose: Proposal;
    readonly judged?: (outcome: AmendOutcome, changes: PutOnRecord["changes"]) => void;
  }[];
  /** At campaign seconds: something a person does, or a look at what is going on. */
  readonly at?: readonly (readonly [atS: number, act: (virtual: VirtualCampaign) => void])[];
  /** Frames have contents and the beam does its harm. */
  readonly frames?: boolean;
  /** With frames: how much sooner the beam blocks a spot than the tables say; 0 for no harm at all. */
  readonly harm?: number;
  /** With the shutter locked shut. */
  readonly isRehearsal?: true;
  /** What the record charges is held against what fell; so it is where people exchange cells. */
  readonly judgesCharges?: true;
  /** Put between the run and its record. */
  readonly hearing?: (store: RecordStore) => RecordStore;
}

export type Summary = ReturnType<typeof summarise>;

export interface WorldRun {
  readonly summary: Summary;
  readonly virtual: VirtualCampaign;
  readonly folder: string;
  readonly events: readonly StoredEvent[];
  /** Events of one type, in order. */
  of(type: string): readonly StoredEvent[];
  /** `code where` of every alarm raised. */
  readonly alarms: readonly string[];
}

export const FILES = {
  "small.yaml": repositoryText("test/fixtures/world/small.yaml"),
  "cycle.yaml": repositoryText("test/fixtures/world/cycle.yaml"),
  "site.yaml": repositoryText("protocols/sites/reference.yaml"),
};
const loaded = load(FILES, "small.yaml");
assert(loaded.kind === "loaded", `the small campaign is refused: ${JSON.stringify(loaded.findings)}`);
export const { campaign, site } = loaded;
/** Six of its cells, for what concerns all cells alike. */
export const SIX = withCells(/^[AB][1-3]$/);
/** The one on a short leash with two others. */
export const THREE = withCells(/^(?:A1|B[45])$/);
const { campaignHash, siteHash } = loaded;
const data = loadWorldData({ readPackageText: repositoryText }, CHEMISTRY_IDS);
const { attenuationTables } = contextOf(FILES);
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function withCells(positions: RegExp): Campaign {
  return { ...campaign, cells: campaign.cells.filter((cell) => positions.test(cell.position)) };
}

const folders: string[] = [];
const sharedRuns = new Map<string, Promise<WorldRun>>();

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-world-"));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  sharedRuns.clear();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

function harmed({ structures, response }: FrameTables, harm: number): FrameTables {
  const more = (of: ResponseParameters): ResponseParameters => ({
    ...of,
    halfDoseGy: harm === 0 ? Number.MAX_VALUE : of.halfDoseGy,
    blockingPerGy: harm * of.blockingPerGy,
  });
  const { nmc811, lno, lco, lfp, graphite } = response;
  return {
    structures,
    response: { nmc811: more(nmc811), lno: more(lno), lco: more(lco), lfp: more(lfp), graphite: more(graphite) },
  };
}

/** Between two lives of the controller. */
const AMENDING_S = 20;

export async function runWorld(options: WorldRunOptions = {}): Promise<WorldRun> {
  const { seed = 1, hours = 1 } = options;
  const faults = options.faults ?? [];
  const folder = options.folder ?? newFolder();
  const endAtMs = hours * 3_600_000;
  const virtual = createVirtualCampaign({
    campaign: options.campaign ?? campaign,
    ...(options.beginsWith === undefined ? {} : { beginsWith: options.beginsWith }),
    campaignHash,
    site: options.site ?? site,
    siteHash,
    seed,
    folder,
    endAtMs,
    tables: attenuationTables(),
    worldAttenuation: data.attenuation,
    designs: data.designs,
    models: data.models,
    ...(options.frames === true
      ? {
          frameTables: harmed(loadFrameTables({ readPackageText: repositoryText }), options.harm ?? 1),
          lattice: loadLatticeTables({ readPackageText: repositoryText }),
        }
      : {}),
    ...(options.lyingLeads === undefined ? {} : { lyingLeads: options.lyingLeads }),
    ...(options.displaced === undefined ? {} : { displaced: options.displaced }),
    ...(options.absentUntilMs === undefined ? {} : { absentUntilMs: options.absentUntilMs }),
    ...(options.identity === undefined ? {} : { identity: options.identity }),
    ...(options.detector === undefined ? {} : { detector: options.detector }),
    ...(options.hands === undefined ? {} : { hands: options.hands }),
    ...(options.setup === undefined ? {} : { setup: options.setup }),
    ...(options.keepAlignment === undefined ? {} : { keepAlignment: options.keepAlignment }),
    isMortal: options.kills !== undefined || options.amendments !== undefined,
    ...(options.isRehearsal === undefined ? {} : { isRehearsal: options.isRehearsal }),
    ...(options.hearing === undefined ? {} : { hearing: options.hearing, waitsForDisk: true }),
    faults: (rig) => (faults === "light-days" ? squeezedDay(rig, seed, hours) : faults),
    drain,
    ...(options.waitForThread === undefined ? {} : { waitForThread: options.waitForThread }),
    softwareVersion: "test",
  });
  const { clock } = virtual;
  virtual.run.start();
  for (const { atS, downS } of options.kills ?? []) {
    clock.at(atS * 1000, () => {
      virtual.kill();
    });
    clock.setTimeout(
      () => {
        virtual.restart();
        virtual.run.start();
      },
      (atS + downS) * 1000,
    );
  }
  let inForce = options.beginsWith ?? options.campaign ?? campaign;
  for (const { atS, propose, judged } of options.amendments ?? []) {
    clock.at(atS * 1000, () => {
      virtual.kill();
      const amendment = amendFolder(folder, { current: inForce, site: options.site ?? site, clock }, propose);
      ({ inForce } = amendment);
      judged?.(amendment);
    });
    clock.setTimeout(
      () => {
        virtual.restart(inForce);
        virtual.run.start();
      },
      (atS + AMENDING_S) * 1000,
    );
  }
  for (const { atS, propose, judged } of options.amendedLive ?? []) {
    clock.setTimeout(() => {
      amendLive(virtual, propose, (...told) => judged?.(...told));
    }, atS * 1000);
  }
  for (const [atS, act] of options.at ?? []) {
    clock.setTimeout(() => {
      act(virtual);
    }, atS * 1000);
  }
  await clock.run(options.stopAtS === undefined ? endAtMs + AFTER_END_MS : options.stopAtS * 1000, {
    onBreath() {
      if (virtual.run.failure() !== null || virtual.run.isDone()) clock.stop();
    },
  });
  const { run, store } = virtual;
  const failure = run.failure();
  if (failure !== null) throw failure;
  if (options.abandon !== true) {
    store.flushSamples();
    const commit = store.commit();
    await clock.run(clock.monoMs() + 1000);
    await commit;
    store.close();
  }
  const interruptedBy = options.stopAtS === undefined ? null : "test";
  const summary = summarise(virtual, {
    campaign: options.campaign ?? campaign,
    seed,
    faults: "test",
    wallS: 0,
    interruptedBy,
    ...(options.hands === undefined && options.judgesCharges === undefined
      ? {}
      : { record: claimsOfRun(virtual, folder, inWorld(run.campaign, options.campaign ?? campaign)) }),
  });
  const events = readEvents(folder);
  const of = (type: string): readonly StoredEvent[] => events.filter((event) => event.type === type);
  return {
    summary,
    virtual,
    folder,
    events,
    of,
    alarms: of("alarm-raised").map((event) => `${field(event, "code")} ${field(event, "where")}`),
  };
}

/** Numbers of the cells in the world, where people bring and exchange them. */
function inWorld({ cells }: Campaign, world: Campaign): (cell: Occupant) => number {
  return (name) => worldIndexOf(world, cells.find(({ position }) => position === name)?.barcode ?? "");
}

/** A run for tests that only look at it: made once for all that ask for the same, until the folders are removed. */
export function sharedRun(
  options: Pick<WorldRunOptions, "seed" | "hours" | "faults" | "campaign"> = {},
): Promise<WorldRun> {
  const { seed, hours, faults, campaign: asked } = options;
  const key = JSON.stringify([seed, hours, faults, asked?.cells.map(({ position }) => position)]);
  const run = sharedRuns.get(key) ?? runWorld(options);
  sharedRuns.set(key, run);
  return run;
}

const SQUEEZE = 6;

function squeezedDay(rig: VirtualRig, seed: number, hours: number): readonly WorldFault[] {
  const chance = createChance(seed).stream("faults");
  const { positionOfLink, positions } = rig.faultTargets;
  return lightFaults(chance, hours * SQUEEZE, [...positionOfLink.keys()], positions).map((fault) => {
    const fromMs = fault.fromMs / SQUEEZE;
    const lastsMs = "toMs" in fault ? fault.toMs - fault.fromMs : 0;
    return "toMs" in fault ? { ...fault, fromMs, toMs: fromMs + lastsMs } : { ...fault, fromMs };
  });
}

function readEvents(folder: string): readonly StoredEvent[] {
  const reader = openRecord(folder);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row]));
  } finally {
    reader.close();
  }
}

/** What stands for a field that an event does not have. */
const OPEN = /(?:^|[\s(])\?(?:[\s;,:)]|$)/;

/** What holds in every run, whatever happened: nothing violated, every invariant looked at, every photon accounted. */
export function expectSound(run: WorldRun): void {
  const { summary } = run;
  expect(summary.violations).toEqual([]);
  expect(summary.truth).toMatchObject({
    exposures_unaccounted: 0,
    voltage_excursions: 0,
    current_excursions: 0,
    samples_lost: 0,
    cells_isolated_without_fault: 0,
    cells_disturbed_by_beam_loss: 0,
  });
  expect(summary.dose.booked_not_settled).toBe(0);
  if ((summary.truth["exposures"] ?? 0) > 0) {
    expect(Object.entries(summary.checks).filter(([, count]) => count === 0)).toEqual([]);
  }
  const { asked, met, late, missed } = summary.requests;
  expect(met + late + missed).toBe(asked);
  expect(Object.values(summary.requests.missed_by_reason).reduce((sum, count) => sum + count, 0)).toBe(missed);
  expect(run.virtual.run.isDone()).toBe(true);
  expectCounted(run);
  expectTold(run.events);
}

/** What is counted is what is on record, also over a restart. */
function expectCounted(run: WorldRun): void {
  // Points of an alignment that a kill cut off stand among them, and answer no request.
  const exposures = run.of("exposure-ended").filter((event) => field(event, "exposure_id").startsWith("X-"));
  const outcomes = exposures.map((event) => field(event, "outcome"));
  const count = (...names: readonly string[]): number => outcomes.filter((outcome) => names.includes(outcome)).length;
  const [made, aborted] = [count("made", "rehearsed"), count("aborted")];
  expect(run.summary.exposures).toEqual({ made, partial: outcomes.length - made - aborted, aborted });
}

/** A person is told what happened in a sentence, with nothing left open in it. */
function expectTold(events: readonly StoredEvent[]): void {
  const told = events.map(({ type, dataText }) => [type, tellEvent(type, JSON.parse(dataText) as Json).text] as const);
  expect(told.filter(([type, text]) => !isEventType(type) || OPEN.test(text))).toEqual([]);
}

/** Position, reason and text of every request that was missed, in order. */
export function missesOf(run: WorldRun): readonly (readonly string[])[] {
  return run
    .of("request-missed")
    .map((event) => [field(event, "position"), field(event, "reason"), field(event, "text")]);
}

/** A field of an event's data as text; empty where there is none. */
export function field(event: StoredEvent | undefined, name: string): string {
  const value = numberOrText(event, name);
  return value === undefined ? "" : String(value);
}

/** A field of an event's data as a number; NaN where there is none. */
export function numeric(event: StoredEvent | undefined, name: string): number {
  return Number(numberOrText(event, name));
}

function numberOrText(event: StoredEvent | undefined, name: string): string | number | undefined {
  if (event === undefined) return undefined;
  const value = (JSON.parse(event.dataText) as Readonly<Record<string, unknown>>)[name];
  return typeof value === "string" || typeof value === "number" ? value : undefined;
}
