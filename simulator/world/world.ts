/**
 * The simulated world: cells, stage, beam and hutch behind the simulated instruments, what goes wrong with them, and
 * an observer that knows the truth. Nothing here knows the controller; what it claims is handed in at the end.
 */
import type { CellDesign, CellModels } from "../cell/cell-design.ts";
import { cellParameters, drawVariation } from "../cell/cell-parameters.ts";
import { createCellPlant } from "../cell/cell-plant.ts";
import { createCell } from "../cell/cell.ts";
import { createBeamPlant, HUTCH_CONDITIONS, type ObservedBeamPlant } from "../plant/beam-plant.ts";
import { createFramePlant, type ObservedFramePlant } from "../plant/frame-plant.ts";
import type { CellPlant, Chance, WorldClock } from "../plant/plant.ts";
import { createStagePlant, type ObservedStagePlant } from "../plant/stage-plant.ts";
import { type CellObserver, observeCell } from "./cell-observer.ts";
import { createDoseTruth, type DoseTruth, withinBound } from "./dose-truth.ts";
import { type Opening, watchShutter } from "./shutter-truth.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import { passes } from "./world-dose.ts";
import type { WorldFault } from "./world-faults.ts";
import type { WorldCell, WorldSite, WorldUncertainty } from "./world-site.ts";
import { type ControllerClaims, createLedger, unaccounted, type WorldFindings } from "./world-truth.ts";

export interface WorldDeps {
  readonly clock: WorldClock;
  readonly chance: Chance;
  readonly site: WorldSite;
  readonly cells: readonly WorldCell[];
  readonly uncertainty: WorldUncertainty;
  /** By id. */
  readonly designs: ReadonlyMap<string, CellDesign>;
  readonly models: CellModels;
  readonly attenuation: WorldAttenuation;
  readonly options?: WorldOptions;
}

export interface WorldOptions {
  readonly ringLifetimeH?: number;
  readonly topUpEveryS?: number;
  readonly monitorNoise?: number;
  readonly filterTravelS?: number;
  /** Within this long of an interlock's fall the fast shutter must be closed. */
  readonly interlockReactionS?: number;
  readonly sideReactions?: boolean;
}

/** What a fault on a link needs of it. */
export interface FaultyLink {
  hang(isHung: boolean): void;
  cut(why: string): void;
  /** Tells an instrument that was ordered to stop from one that stopped by itself. */
  readonly counters?: { readonly chunksToDevice: number };
}

export interface FaultTargets {
  /** By the name used in the faults. */
  readonly links: ReadonlyMap<string, FaultyLink>;
  /** Which position a link serves, for those that serve one. */
  readonly positionOfLink: ReadonlyMap<string, number>;
}

export interface World {
  readonly stage: ObservedStagePlant;
  readonly beam: ObservedBeamPlant;
  readonly frames: ObservedFramePlant;
  /** The cell at a position; open terminals where there is none. */
  cellPlant(positionIndex: number): CellPlant;
  readonly dose: DoseTruth;
  readonly openings: readonly Opening[];
  /** Puts the faults on the clock. */
  schedule(faults: readonly WorldFault[], targets: FaultTargets): void;
  /** Ends the observation at the clock's now. */
  finish(claims: ControllerClaims): WorldFindings;
}

/** The invariants watched, by the names used in `checks`. */
export const WORLD_INVARIANTS = [
  "dose",
  "exposures-accounted",
  "two-clocks-apart",
  "cell-limits",
  "shutter-interlocks",
  "stage-at-rest",
  "right-cell",
  "faults-stay-local",
  "samples-kept",
] as const;

/** A 20 mm can; the beam must stay on the electrode's disc. */
const DISC_RADIUS_MM = 7;
/** A cell ordered off so soon after the beam went was ordered off because of it. */
const DISTURBANCE_MS = 2000;

export function createWorld(deps: WorldDeps): World {
  const { clock, chance, site, uncertainty, options = {} } = deps;
  const startMs = clock.nowMs();
  const ledger = createLedger(WORLD_INVARIANTS);
  const stage = createStagePlant({
    speedMmS: site.stage.speedMmS,
    accelerationMmS2: site.stage.accelerationMmS2,
    homeXMm: site.stage.travelXMm,
    homeYMm: site.stage.travelYMm,
    startXMm: site.stage.travelXMm * chance.stream("stage x").uniform(),
    startYMm: site.stage.travelYMm * chance.stream("stage y").uniform(),
  });
  const beam = createBeamPlant(
    {
      fluxReferencePhS: site.beam.fluxReferencePhS,
      ringCurrentReferenceMa: site.beam.ringCurrentReferenceMa,
      fluxTruthFactor: 1 + uncertainty.flux * withinBound(chance.stream("flux")),
      monitorNoise: options.monitorNoise ?? 0.002,
      ringLifetimeH: options.ringLifetimeH ?? 10,
      topUpEveryS: options.topUpEveryS ?? 300,
      shutterTravelMs: site.shutter.travelS * 1000,
      safetyShutterTravelMs: site.shutter.safetyShutterCloseS * 1000,
      filterTravelMs: (options.filterTravelS ?? 0.3) * 1000,
      filterCount: site.filters.length,
    },
    startMs,
    chance.stream("beam"),
  );
  const frames = createFramePlant();
  const dose = createDoseTruth({
    tables: deps.attenuation,
    site,
    cells: deps.cells,
    uncertainty,
    chance: chance.stream("dose"),
  });
  const doseAllowance =
    (1 + uncertainty.flux) * (1 + uncertainty.profile) * (1 + uncertainty.position) * (1 + uncertainty.stack);
  const cells = new Map(deps.cells.map((cell) => [cell.positionIndex, observed(cell)]));
  const openTerminals = createOpenTerminals();
  const openings: Opening[] = [];
  const faultyPositions = new Set<number>();
  const counts = { openings: 0, beamLosses: 0, disturbed: 0 };

  function observed(cell: WorldCell): CellObserver {
    const design = deps.designs.get(cell.designId);
    if (design === undefined) throw new RangeError(`no cell design named ${cell.designId}`);
    const own = chance.stream(`cell ${cell.positionIndex}`);
    const variation = drawVariation(own, design, deps.models);
    const scale = cell.nominalCapacityMah / design.cell.nominalCapacity_mAh;
    const parameters = cellParameters(scaledDesign(design, scale), deps.models, variation, {
      sideReactions: options.sideReactions ?? true,
    });
    const plant = createCellPlant(createCell(design, parameters, cell.initial), startMs);
    return observeCell(plant, cell.limits, (atMs, what) => {
      ledger.check("cell-limits", false, atMs, () => `cell ${cell.positionIndex}: ${what}`);
    });
  }

  function interlocksHold(atMs: number): boolean {
    return HUTCH_CONDITIONS.every((name) => beam.interlock(atMs, name));
  }

  const shutter = watchShutter({
    clock,
    site,
    beam,
    stage,
    filterPasses: site.filters.map((filter) => passes(deps.attenuation, filter, site.beam.energyKeV)),
    onOpened(atMs) {
      counts.openings += 1;
      ledger.check(
        "shutter-interlocks",
        interlocksHold(atMs),
        atMs,
        () => "the shutter opened with an interlock broken",
      );
      ledger.check(
        "stage-at-rest",
        stage.isHomed && !stage.isMoving(atMs),
        atMs,
        () => "the shutter opened before the stage was at rest",
      );
    },
    onClosed(opening) {
      if (opening.photons === 0) return;
      openings.push(opening);
      const atMs = opening.endMs;
      ledger.check("stage-at-rest", !opening.stageMoved, atMs, () => "the stage moved with the shutter open");
      for (const deposit of opening.deposits) {
        const isOnCell = cells.has(deposit.positionIndex) && Math.hypot(deposit.xMm, deposit.yMm) <= DISC_RADIUS_MM;
        ledger.check(
          "right-cell",
          isOnCell,
          atMs,
          () => `the beam fell beside any cell, near ${deposit.positionIndex}`,
        );
      }
      for (const finding of dose.add(opening)) {
        ledger.check(
          "dose",
          finding.fraction <= doseAllowance,
          atMs,
          () =>
            `cell ${finding.positionIndex}, layer ${finding.limit.layerIndex}: ${finding.what}, ${finding.fraction} of the limit`,
        );
      }
    },
  });

  function scheduleDump(fromMs: number, toMs: number, targets: FaultTargets): void {
    beam.dump(fromMs, toMs);
    const linkOf = new Map(
      [...targets.positionOfLink].map(([name, index]) => [index, targets.links.get(name)] as const),
    );
    clock.at(fromMs, () => {
      counts.beamLosses += 1;
      const stopped = new Set<number>();
      const driven = [...cells].filter(([, cell]) => cell.isDriven);
      for (const [positionIndex, cell] of driven) {
        const counters = linkOf.get(positionIndex)?.counters;
        const heard = counters?.chunksToDevice ?? -1;
        // An instrument that heard nothing since the beam went ended its step by its own rules.
        cell.onSwitchedOff(() => {
          if (counters === undefined || counters.chunksToDevice > heard) stopped.add(positionIndex);
        });
      }
      clock.at(fromMs + DISTURBANCE_MS, () => {
        for (const [positionIndex, cell] of driven) {
          cell.onSwitchedOff(undefined);
          const wasDisturbed = stopped.has(positionIndex) && !faultyPositions.has(positionIndex);
          if (wasDisturbed) counts.disturbed += 1;
          ledger.check(
            "two-clocks-apart",
            !wasDisturbed,
            clock.nowMs(),
            () => `cell ${positionIndex} was stopped when the beam was lost`,
          );
        }
      });
    });
  }

  function scheduleInterlock(name: string, fromMs: number, toMs: number | undefined): void {
    clock.at(fromMs, () => {
      beam.setInterlock(name, false);
      const latestMs = fromMs + (options.interlockReactionS ?? 1) * 1000 + site.shutter.travelS * 1000;
      clock.at(latestMs, () => {
        ledger.check(
          "shutter-interlocks",
          beam.shutterClosedSwitch(latestMs),
          latestMs,
          () => `the shutter was not closed after ${name} broke`,
        );
      });
    });
    if (toMs !== undefined) {
      clock.at(toMs, () => {
        beam.setInterlock(name, true);
      });
    }
  }

  function onLink(name: string, targets: FaultTargets, act: (link: FaultyLink) => void): void {
    const link = targets.links.get(name);
    if (link === undefined) throw new RangeError(`no link named ${name}`);
    const positionIndex = targets.positionOfLink.get(name);
    if (positionIndex !== undefined) faultyPositions.add(positionIndex);
    act(link);
  }

  return {
    stage,
    beam,
    frames,
    dose,
    openings,
    cellPlant: (positionIndex) => cells.get(positionIndex)?.plant ?? openTerminals,
    schedule(faults, targets) {
      for (const fault of faults) {
        switch (fault.kind) {
          case "beam-dump":
            scheduleDump(fault.fromMs, fault.toMs, targets);
            break;
          case "interlock":
            scheduleInterlock(fault.name, fault.fromMs, fault.toMs);
            break;
          case "link-cut":
            clock.at(fault.fromMs, () => {
              onLink(fault.link, targets, (link) => {
                link.cut("the cable was pulled");
              });
            });
            break;
          case "link-hang":
            clock.at(fault.fromMs, () => {
              onLink(fault.link, targets, (link) => {
                link.hang(true);
              });
            });
            if (fault.toMs !== undefined) {
              clock.at(fault.toMs, () => {
                onLink(fault.link, targets, (link) => {
                  link.hang(false);
                });
              });
            }
            break;
        }
      }
    },
    finish(claims) {
      const atMs = clock.nowMs();
      shutter.finish(atMs);
      const missing = new Set(unaccounted(openings, claims.exposures));
      for (const opening of openings) {
        ledger.check(
          "exposures-accounted",
          !missing.has(opening),
          opening.startMs,
          () => "an exposure the controller has no record of",
        );
      }
      const isolatedWithoutFault = claims.isolatedPositions.filter((index) => !faultyPositions.has(index));
      for (const index of claims.isolatedPositions) {
        ledger.check(
          "faults-stay-local",
          faultyPositions.has(index),
          atMs,
          () => `cell ${index} was isolated without a fault`,
        );
      }
      ledger.count("faults-stay-local", cells.size - claims.isolatedPositions.length);
      const samplesLost = Math.max(0, claims.samplesDelivered - claims.samplesStored);
      ledger.check(
        "samples-kept",
        samplesLost === 0,
        atMs,
        () => `${samplesLost} samples were delivered and not stored`,
      );
      const observers = [...cells.values()];
      ledger.count(
        "cell-limits",
        total(observers, (cell) => cell.checks),
      );
      return {
        truth: {
          shutter_openings: counts.openings,
          exposures: openings.length,
          exposures_unaccounted: missing.size,
          dose_limit_fraction_max: dose.limitFractionMax,
          // No shutter of this world fails yet.
          shutter_failure_excess_Gy: 0,
          requests_feasible: claims.requestsFeasible,
          cells_isolated_without_fault: isolatedWithoutFault.length,
          voltage_excursions: total(observers, (cell) => cell.voltageExcursions),
          current_excursions: total(observers, (cell) => cell.currentExcursions),
          beam_losses: counts.beamLosses,
          cells_disturbed_by_beam_loss: counts.disturbed,
          samples_lost: samplesLost,
        },
        checks: ledger.checks,
        violations: ledger.violations,
      };
    },
  };
}

function total<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

/** The same cell with another disc: capacities, surfaces and resistances follow its area. */
function scaledDesign(design: CellDesign, scale: number): CellDesign {
  const { cell, formation } = design;
  return {
    ...design,
    cell: { ...cell, area_m2: cell.area_m2 * scale, nominalCapacity_mAh: cell.nominalCapacity_mAh * scale },
    formation: { ...formation, lithiumLoss_mAh: formation.lithiumLoss_mAh * scale },
  };
}

/** A position without a cell: no current flows, whatever is asked, and the leads pick up nothing. */
function createOpenTerminals(): CellPlant {
  return {
    disconnect: () => undefined,
    applyCurrent: () => undefined,
    applyVoltage: () => undefined,
    read: () => undefined,
    voltageV: 0,
    currentA: 0,
  };
}
