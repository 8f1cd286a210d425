/** One campaign in the virtual world, from files already read to findings of the observer: what `simulate` runs. */
import { join } from "node:path";
import { stepIntervalMinS } from "../../controller/cells/step-interval.ts";
import { createCampaignRun, type CampaignRun, type CampaignRunDeps } from "../../controller/run/campaign-run.ts";
import type { FolderHolder } from "../../controller/record/folder-lock.ts";
import type { WaitForThread } from "../../controller/record/threaded-scribe.ts";
import { openStore, type RecordStore } from "../../controller/record/store.ts";
import { lockedRoles } from "../../controller/rehearsal/locked-shutter.ts";
import { readLeftRun } from "../../controller/resume/read-run.ts";
import { assert } from "../../protocols/base/assert.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import { parseOccupant, POSITION_COUNT, positionIndex, turnOf } from "../../protocols/base/position.ts";
import type { Campaign, CampaignCell } from "../../protocols/campaign/campaign.ts";
import { RUN_PROGRAMMES_ALONE } from "../../protocols/campaign/judge-attendance.ts";
import type { AttenuationTables } from "../../protocols/dose/attenuation.ts";
import type { LatticeTables } from "../../protocols/diffraction/lattice-tables.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import type { CellDesign, CellModels } from "../../simulator/cell/cell-design.ts";
import { createVirtualClock, type Drain, type VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { FrameTables } from "../../simulator/world/frame-world.ts";
import { killsController } from "../../simulator/world/host-faults.ts";
import { joined, silentSpans } from "../../simulator/world/unknowable.ts";
import type { WorldAttenuation } from "../../simulator/world/world-attenuation.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import { neverChecked, type Violation, type WorldFindings } from "../../simulator/world/world-truth.ts";
import { createWorld, type World, type WorldOptions } from "../../simulator/world/world.ts";
import { setupOf } from "../align/random-setup.ts";
import { worldOptionsOf } from "../rig/world-options.ts";
import { sweepBoundOf } from "../run/run-figures.ts";
import { areFramesLookedAt } from "./load-world-data.ts";
import { hearPeople } from "./hear-people.ts";
import { createCampaignTime } from "./campaign-time.ts";
import { createHostTrouble } from "./host-trouble.ts";
import type { RecordedClaims } from "./recorded-claims.ts";
import { createMortal, type Mortal } from "./mortal.ts";
import { createWorldIntegrator } from "./world-integrator.ts";
import type { DriverDeps } from "../rig/drivers.ts";
import { findCells } from "./find-cells.ts";
import { createLateCells } from "./late-cells.ts";
import { tornWrite } from "./torn-write.ts";
import { createVirtualRig, type VirtualRig } from "./virtual-rig.ts";

/**
 * Cells that still run when the time is over are switched off. This long for it, as a controller that begins again at the very
 * end first gives instruments that are gone their two minutes.
 */
export const AFTER_END_MS = 180_000;

export interface VirtualCampaignInputs {
  /** With every cell that lies in the rack. */
  readonly campaign: Campaign;
  /** What the run begins with where some cells join later: the same without them. */
  readonly beginsWith?: Campaign;
  readonly campaignHash: string;
  readonly site: Site;
  readonly siteHash: string;
  readonly seed: number;
  readonly folder: string;
  readonly endAtMs: number;
  readonly tables: AttenuationTables;
  readonly worldAttenuation: WorldAttenuation;
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly models: CellModels;
  /** Given: frames have contents and the beam does its harm to the spots. */
  readonly frameTables?: FrameTables;
  /** With the contents of frames: control spots are compared by them. */
  readonly lattice?: LatticeTables;
  /** Seeded from the run's own chance. */
  readonly faults: (rig: VirtualRig, hours: number, seed: number) => readonly WorldFault[];
  /** By position: leads that lie elsewhere than they should. */
  readonly lyingLeads?: WorldOptions["lyingLeads"];
  /** By position: where the cell belongs that really lies there; its own place for one that nobody can know. It must get neither current nor beam. */
  readonly displaced?: ReadonlyMap<number, number>;
  /** By position: until when nothing lies there. */
  readonly absentUntilMs?: WorldOptions["absentUntilMs"];
  /** Of a person at the rack while the campaign runs. */
  readonly hands?: WorldOptions["hands"];
  /** What each cell is held against before its first current. */
  readonly identity?: CampaignRunDeps["identity"];
  /** What has become of the detector. */
  readonly detector?: WorldOptions["detector"];
  /** How the rack truly stands; as its calibrations have it when left out. */
  readonly setup?: WorldOptions["setup"];
  /** Takes what is found where the run aligns its rack. */
  readonly keepAlignment?: CampaignRunDeps["keepAlignment"];
  /** False for channels that read what is true, rounded. Default true. */
  readonly noise?: boolean;
  readonly drain: Drain;
  /** Given: a thread of its own writes the record of a run that begins anew, where nobody looks into it meanwhile. */
  readonly waitForThread?: WaitForThread;
  /** What a run must have in common with the one that began its folder, besides files and seed. */
  readonly conditions?: string;
  readonly softwareVersion: string;
  /** The folder is gone when the run is over: its disk is not waited for. */
  readonly isThrownAway?: true;
  /** Told to whoever is refused the folder meanwhile. */
  readonly holder?: FolderHolder;
  /** With the shutter locked shut; the campaign is called so already. */
  readonly isRehearsal?: true;
  /** Claims are kept, for `finish` to hold against the truth. Default true. */
  readonly isJudged?: boolean;
  /** The controller can be killed and started again. Default false: then it costs nothing. */
  readonly isMortal?: boolean;
  /** Put between the run and its record, for whoever listens there. */
  readonly hearing?: (store: RecordStore) => RecordStore;
  /** As a run on the wall's clock does. */
  readonly waitsForDisk?: boolean;
  /** Put between the cables and the drivers. */
  readonly watched?: (deps: DriverDeps) => DriverDeps;
}

export interface VirtualCampaign {
  readonly site: Site;
  readonly clock: VirtualClock;
  /** Of the controller that lives, or lived last; so its record. */
  readonly run: CampaignRun;
  readonly store: RecordStore;
  readonly world: World;
  readonly rig: VirtualRig;
  /**
   * The controller is gone this instant, as by SIGKILL: timers, links and what was not written are lost; cells, hutch
   * and instruments go on. Only where `isMortal`.
   */
  kill(): void;
  /**
   * A new controller on the same folder; begins where the record says. Its `run` is not started. `amended`: the campaign
   * as the record's last amendment has it; the observer judges by its dose limits from then on.
   */
  restart(amended?: Campaign): void;
  /** Starts the run, and does at its time what the faults say of controller and people. `over`: a run completed or broke. */
  start(over: () => void): void;
  /** Told of each controller just before `start`, or a restart, sets it going. */
  onBegin(handler: (run: CampaignRun, roles: VirtualRig["roles"]) => void): void;
  /**
   * Ends the observation: what the world saw against what the controller claims. Of a run that was stopped on the
   * way, an exposure under way is claimed by its booking, which counts it in full.
   */
  finish(isInterrupted: boolean, record?: RecordedClaims): WorldFindings;
}

/**
 * The number of a cell in the world: that of its first place, or one beyond those of the rack where another lies there when
 * the campaign begins. It keeps it wherever people put it.
 */
export function worldIndexOf({ cells }: Pick<Campaign, "cells">, barcode: string): number {
  const cell = cells.find((one) => one.barcode === barcode);
  assert(cell !== undefined, `no cell is called ${barcode}`);
  return positionIndex(cell.position) + (turnOf(cell.position) - 1) * POSITION_COUNT;
}

/** Asked once the time is over. A violation of its own: nobody is there to end what does not end by itself. */
export function unended({ run, clock }: Pick<VirtualCampaign, "run" | "clock">): readonly Violation[] {
  if (run.isDone()) return [];
  const what = `the run did not end: it waits for ${run.note() ?? "nothing"}`;
  return [{ invariant: "run", at_s: clock.monoMs() / 1000, what }];
}

/** Until an order is durable; and where a disk may refuse it, as long as one does. */
const NOTED_MS = 5000;
const DISK_TROUBLE_MS = 120_000;

export function createVirtualCampaign(inputs: VirtualCampaignInputs): VirtualCampaign {
  const { campaign, site, seed, endAtMs } = inputs;
  const clock = createVirtualClock(campaign.startMs, { drain: inputs.drain });
  const chance = createChance(seed);
  let inForce = inputs.beginsWith ?? campaign;
  /** By which the observer judges: amended under way as the run's own is. */
  let limiting = (): Campaign => inForce;
  const setup = inputs.setup ?? setupOf(site);
  const world = createWorld({
    clock,
    chance: chance.stream("world"),
    site,
    cells: campaign.cells
      .filter(({ barcode }, index) => campaign.cells.findIndex((one) => one.barcode === barcode) === index)
      .map((planned) => ({ planned, cell: cellLyingAt(inputs, planned) }))
      .map(({ planned, cell }) => ({
        positionIndex: worldIndexOf(campaign, planned.barcode),
        designId: cell.chemistry,
        nominalCapacityMah: cell.nominalCapacityMah,
        initial: { pristine: true },
        layers: cell.layers,
        get doseLimits() {
          return limiting().cells.findLast(({ barcode }) => barcode === cell.barcode)?.doseLimits ?? cell.doseLimits;
        },
        limits: cell.limits,
      })),
    uncertainty: campaign.doseUncertainty,
    designs: inputs.designs,
    models: inputs.models,
    attenuation: inputs.worldAttenuation,
    ...(inputs.frameTables === undefined ? {} : { frameTables: inputs.frameTables }),
    options: {
      ...worldOptionsOf(site, (position) => campaign.cells.find((cell) => cell.position === position)?.barcode),
      ...{ endAtMs, rackStop: rackStopOf(site), protocolStops: protocolStopsOf(campaign, site) },
      ...(inputs.lyingLeads === undefined ? {} : { lyingLeads: inputs.lyingLeads }),
      ...(inputs.displaced === undefined ? {} : { displaced: new Set(inputs.displaced.keys()) }),
      ...(inputs.absentUntilMs === undefined ? {} : { absentUntilMs: inputs.absentUntilMs }),
      ...(inputs.hands === undefined ? {} : { hands: inputs.hands }),
      ...(setup === undefined ? {} : { setup }),
      ...(inputs.detector === undefined ? {} : { detector: inputs.detector }),
    },
  });
  const rig = createVirtualRig(
    campaign,
    site,
    world,
    clock,
    inputs.noise === false ? undefined : chance.stream("instruments"),
    inputs.watched,
  );
  const faults = inputs.faults(rig, endAtMs / 3_600_000, seed);
  world.schedule(faults, rig.faultTargets);
  const host = createHostTrouble({ faults, clock, world, endAtMs, chance: chance.stream("people") });
  const isMortal =
    inputs.isMortal === true || host.isExpected || faults.some((fault) => fault.kind === "controller-kill");
  function openFolder(on: Clock, goesOn: boolean): RecordStore {
    return openStore({
      folder: inputs.folder,
      clock: on,
      durability: inputs.isThrownAway === true ? "scratch" : "process-death",
      commitLatencyMs: site.latencies.commitMs,
      header: {
        campaign: campaign.name,
        campaignHash: inputs.campaignHash,
        siteHash: inputs.siteHash,
        seed,
        world: "virtual",
        ...(inputs.isRehearsal === true ? { isRehearsal: true } : {}),
        ...(inputs.conditions === undefined ? {} : { conditions: inputs.conditions }),
        softwareVersion: inputs.softwareVersion,
      },
      channelCount: campaign.cells.length,
      ...(inputs.holder === undefined ? {} : { holder: inputs.holder }),
      // A clock that is set is seen by what is written down of it.
      ...(faults.some(({ kind }) => kind === "clock-step") ? { hasWallTimes: true } : {}),
      goesOn,
      // One that is killed, or whose disk refuses, is to meet the file as it stands at that instant.
      ...(isMortal || inputs.waitForThread === undefined ? {} : { ownThread: inputs.waitForThread }),
    });
  }

  const { frameWorld } = world;
  const isWithoutOne = areFramesLookedAt(campaign, site) && site.integrator === undefined;
  const integrator = isWithoutOne && frameWorld !== undefined ? createWorldIntegrator(frameWorld) : undefined;

  const beginHandlers: Parameters<VirtualCampaign["onBegin"]>[0][] = [];
  let killed = false;
  const unattended: { readonly fromMs: number; toMs: number }[] = [];
  let mortal: Mortal | undefined;
  const campaignTime = host.isRestarted ? createCampaignTime(clock, host.computer, host.hasDiskTrouble) : undefined;
  const late = inputs.identity === undefined ? createLateCells(campaign.cells, faults, clock) : undefined;
  const identity = inputs.identity ?? late?.identity;
  late?.begin(() => !killed);
  let { run, store, roles: ownRoles } = begin(false);
  host.begin(() => (killed || mortal === undefined ? undefined : { run, campaign: run.campaign, mortal }));
  limiting = () => run.campaign;

  /** A controller: drivers on the cables, a store on the folder, a run. */
  function begin(goesOn: boolean): Pick<VirtualCampaign, "run" | "store"> & Pick<VirtualRig, "roles"> {
    // Of those that join the drivers are made when they do.
    let roles = inputs.beginsWith === undefined ? rig.roles : rig.connect((deps) => deps, inForce);
    let on: Clock = clock;
    if (isMortal) {
      roles = rig.connect((deps) => {
        const made = createMortal(clock, deps, () => host.computer.wallOffMs());
        mortal = made;
        on = made.clock;
        return made.driverDeps;
      }, inForce);
    }
    if (inputs.isRehearsal === true) roles = lockedRoles(roles);
    const folder = host.onDisk(openFolder(on, goesOn), on);
    const opened = inputs.hearing?.(folder) ?? folder;
    const intervalOf = (cellIndex: number): number =>
      stepIntervalMinS(site, inForce.cells[cellIndex], roles.channels[cellIndex]?.capabilities);
    const left = goesOn ? { left: readLeftRun(inputs.folder, inForce, intervalOf) } : {};
    const created = createCampaignRun({
      ...{
        campaign: inForce,
        campaignHash: inputs.campaignHash,
        site,
        clock: on,
        store: opened,
        tables: inputs.tables,
        endAtMs,
      },
      roles: integrator === undefined || inputs.isRehearsal === true ? roles : { ...roles, integrator },
      ...(inputs.lattice === undefined ? {} : { lattice: inputs.lattice }),
      waitsForDisk: inputs.waitsForDisk ?? host.hasDiskTrouble,
      ...{ sweepBoundS: sweepBoundOf(site), keepsClaims: inputs.isJudged !== false },
      ...left,
      ...(identity === undefined ? {} : { identity }),
      ...(inputs.keepAlignment === undefined ? {} : { keepAlignment: inputs.keepAlignment }),
    });
    hearPeople(created, world);
    campaignTime?.begins(created, opened, on);
    return { store: opened, run: created, roles };
  }

  function kill(isTorn = false): void {
    assert(mortal !== undefined && !killed, "there is no controller that can be killed");
    killed = true;
    campaignTime?.lost();
    world.robot?.controllerLost(host.hasDiskTrouble ? DISK_TROUBLE_MS : NOTED_MS);
    unattended.push({ fromMs: clock.monoMs(), toMs: Infinity });
    mortal.kill();
    const tear = isTorn ? tornWrite(inputs.folder) : undefined;
    store.abandon();
    tear?.();
  }

  function restart(amended = run.campaign): void {
    assert(killed, "a controller that lives is not started again");
    killed = false;
    for (const span of unattended) span.toMs = Math.min(span.toMs, clock.monoMs());
    inForce = amended;
    campaignTime?.goesOn(inputs.folder);
    ({ run, store, roles: ownRoles } = begin(true));
  }

  /** Without ears for its end a run that breaks would end the process with the folder still open. */
  function startRun(over: () => void): void {
    for (const told of beginHandlers) told(run, ownRoles);
    run.actor.subscribe({ complete: over, error: over });
    run.start();
  }

  function scheduleLife(over: () => void): void {
    for (const fault of faults) {
      if (fault.kind === "person" && fault.act === "find-cells") {
        // What the next pick does may be long in coming: whoever looks after the robot stays until it asks.
        const look = (): void => {
          const isFound = !killed && findCells(world, run, clock.monoMs());
          if (isFound) world.effects.feltOf(fault)();
          if (!isFound && clock.monoMs() < endAtMs) clock.setTimeout(look, FIND_AGAIN_MS);
        };
        clock.at(fault.fromMs, look);
      } else if (fault.kind === "person") {
        clock.at(fault.fromMs, () => {
          if (killed || run.actor.getSnapshot().status !== "active") return;
          world.effects.feltOf(fault)();
          run.actor.send({ type: fault.act === "resume" ? "RESUME_EXPOSING" : "RE_ARM", author: "a person" });
        });
      }
      if (!killsController(fault) || fault.fromMs >= endAtMs) continue;
      clock.at(fault.fromMs, () => {
        if (killed || run.isDone() || run.failure() !== null) return;
        kill(fault.kind === "write-torn");
        host.restarts(fault);
        world.effects.feltOf(fault)();
        // Started again like any other task of the machine, not in the middle of an event of the world.
        clock.setTimeout(
          () => {
            restart();
            startRun(over);
          },
          Math.max(0, fault.toMs - clock.monoMs()),
        );
      });
    }
  }

  return {
    site,
    clock,
    get run() {
      return run;
    },
    get store() {
      return store;
    },
    world,
    rig,
    kill: () => {
      kill();
    },
    restart,
    onBegin(handler) {
      beginHandlers.push(handler);
    },
    start(over) {
      scheduleLife(over);
      startRun(over);
    },
    finish(isInterrupted, record) {
      const { counters } = store;
      const underWay = (isInterrupted ? store.openBookings() : []).map(({ position, atMs }) => ({
        positionIndex: positionIndex(position),
        startMs: atMs,
        endMs: clock.monoMs(),
      }));
      const findings = world.finish({
        exposures: [...run.tally.accountedExposures, ...underWay],
        isolatedPositions: run.views.isolated().flatMap((cell) => {
          const position = parseOccupant(cell.position);
          return position === undefined ? [] : [positionIndex(position)];
        }),
        samplesDelivered: run.sampleCount(),
        samplesStored: counters.samplesBefore + counters.samplesFramed,
        requests: run.tally.askedRequests,
        unattended: joined([...unattended, ...silentSpans(faults, site.io.name)]),
        ...record,
      });
      const unchecked = neverChecked(findings.checks, findings.truth.exposures > 0, clock.monoMs());
      return { ...findings, violations: [...findings.violations, ...unchecked, ...(campaignTime?.violations ?? [])] };
    },
  };
}

/** A person at the robot looks again whether it asks for its cells. */
const FIND_AGAIN_MS = 30_000;

/** Where the shipped designs stand, from the package root. */
export const CELL_DATA_FOLDER = join("protocols", "data", "cells");

/** The cell that is in a place, whatever the campaign has there. */
function cellLyingAt({ campaign, displaced }: VirtualCampaignInputs, planned: CampaignCell): CampaignCell {
  const belongsAt = displaced?.get(positionIndex(planned.position));
  return campaign.cells.find((cell) => positionIndex(cell.position) === belongsAt) ?? planned;
}

/** Where the site stops the whole rack: the lowest level of each quantity. */
function rackStopOf(site: Site): { readonly temperatureC?: number; readonly gasPpm?: number } {
  const lowest = (quantity: "temperature" | "gas"): number =>
    site.sensorSources
      .flatMap((source) => source.sensors)
      .reduce(
        (least, sensor) => (sensor.quantity === quantity ? Math.min(least, sensor.stopAbove ?? Infinity) : least),
        Infinity,
      );
  return { temperatureC: lowest("temperature"), gasPpm: lowest("gas") };
}

/** Cells whose steps end by word of campaign or controller, for an observer that would otherwise ask who stopped them. */
function protocolStopsOf(campaign: Campaign, site: Site): ReadonlyMap<number, "once-exposed" | "any-time"> {
  const stops = new Map<number, "once-exposed" | "any-time">();
  for (const { position, driver } of site.channels) {
    if (!RUN_PROGRAMMES_ALONE.has(driver)) stops.set(positionIndex(position), "any-time");
  }
  for (const { position, stepRules } of campaign.cells) {
    const index = positionIndex(position);
    if (stops.has(index)) continue;
    if (stepRules.some((rule) => rule.kind === "end-on-cell")) stops.set(index, "any-time");
    else if (stepRules.some((rule) => rule.kind !== "ask-exposure")) stops.set(index, "once-exposed");
  }
  return stops;
}
