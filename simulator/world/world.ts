/**
 * The simulated world: cells, stage, beam and hutch behind the simulated instruments, what goes wrong with them, and
 * an observer that knows the truth. Nothing here knows the controller; what it claims is handed in at the end.
 */
import { createFaultEffects } from "./fault-effects.ts";
import type { CellDesign, CellModels } from "../cell/cell-design.ts";
import { BEAM_CONDITIONS, createBeamPlant } from "../plant/beam-plant.ts";
import { createFramePlant } from "../plant/frame-plant.ts";
import type { Chance, WorldClock } from "../plant/plant.ts";
import { createTwoAxisStagePlant } from "../plant/stage-axes.ts";
import { createStagePlant } from "../plant/stage-plant.ts";
import { createBeamTrace } from "./beam-trace.ts";
import { createBeamlineTrouble } from "./beamline-trouble.ts";
import { createBrokenInterlocks } from "./broken-interlocks.ts";
import { watchMotion } from "./watch-motion.ts";
import { createCellRack } from "./cell-rack.ts";
import { createClockWatch, isUnheard, PROVING_MS } from "./clock-watch.ts";
import { createDisturbanceWatch, type HeardCount } from "./disturbance-watch.ts";
import { createDoseTruth, withinBound } from "./dose-truth.ts";
import { type AskedRequest, countFeasible, type Outage } from "./request-truth.ts";
import { type Deposit, isOnDisc, type Opening, watchShutter } from "./shutter-truth.ts";
import { createFrameWorld, type FrameTables } from "./frame-world.ts";
import type { World } from "./observed-world.ts";
import type { WorldOptions } from "./world-options.ts";
import { createWorldMonitors } from "./world-monitors.ts";
import type { WorldAttenuation } from "./world-attenuation.ts";
import { createHazardJudge } from "./hazard-judge.ts";
import { createRackSetup, reachesDiode, withTrueBeam } from "./rack-setup.ts";
import { createRobotTruth } from "./robot-truth.ts";
import { visitTimes } from "./sweep-bound.ts";
import { passes } from "./world-dose.ts";
import { scheduleFaults } from "./fault-schedule.ts";
import { cellUnderBeam, type WorldCell, type WorldSite, type WorldUncertainty } from "./world-site.ts";
import { AT_STANDARD, createStandards, isOfCells } from "./standards.ts";
import { createLyingLeads, createTurnedCurrentLeads } from "./lying-leads.ts";
import { judgeAsking, type GateRepeat } from "./judge-asking.ts";
import { judgeCharges } from "./judge-charges.ts";
import { judgeCounts, strayingOf, type Uncounted, uncountedOf } from "./judge-counts.ts";
import type { TimeSpan } from "./unknowable.ts";
import { judgeClaims } from "./judge-claims.ts";
import { createRearmWatch } from "./rearm-watch.ts";
import { asTheyLie, createTouchedContacts, isAtHome, lyingAt, placeOfCell } from "./person-hands.ts";
import { faultyFromStart, isAsWired } from "./world-cells.ts";
import { createLedger, total } from "./world-truth.ts";
import { invariantsOf } from "./world-invariants.ts";

export type { WorldOptions } from "./world-options.ts";
export type { World } from "./observed-world.ts";
export { WORLD_INVARIANTS } from "./world-invariants.ts";

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
  /** Given: frames have contents, and spots suffer from the beam. Costs nothing when left out. */
  readonly frameTables?: FrameTables;
  readonly options?: WorldOptions;
}

/** A cell that a person ends is off by then, and never driven again. */
const ENDED_WITHIN_MS = 60_000;
/** Of the hutch, and of cells that make no heat to speak of. */
const AMBIENT_C = 25;
/** A cell ordered off so soon after the beam went, or the shutter moved, was ordered off because of it. */
const DISTURBANCE_MS = 2000;
/** The table on its carriage: some micrometres of swing, over before the shortest settling time. */
const STAGE_SWING_HZ = 40;
/** What the closing of the shutter sets off has happened by then. */
const CLOSING_MS = 100;

export function createWorld(deps: WorldDeps): World {
  const { clock, chance, site, uncertainty, options = {} } = deps;
  const startMs = clock.nowMs();
  const ledger = createLedger(invariantsOf(options, site));
  const isByAxis = options.stageAxes === "independent";
  const table = {
    ...{ speedMmS: site.stage.speedMmS, accelerationMmS2: site.stage.accelerationMmS2 },
    ...{ homeXMm: isByAxis ? 0 : site.stage.travelXMm, homeYMm: isByAxis ? 0 : site.stage.travelYMm },
    startXMm: site.stage.travelXMm * chance.stream("stage x").uniform(),
    startYMm: site.stage.travelYMm * chance.stream("stage y").uniform(),
    swingHz: STAGE_SWING_HZ,
    limits: site.stage,
  };
  const axisStage = isByAxis ? createTwoAxisStagePlant(table) : undefined;
  const stage = axisStage ?? createStagePlant(table);
  const fluxTruthFactor = 1 + uncertainty.flux * withinBound(chance.stream("flux"));
  const beam = createBeamPlant(
    {
      ...{ fluxReferencePhS: site.beam.fluxReferencePhS, fluxTruthFactor },
      ringCurrentReferenceMa: site.beam.ringCurrentReferenceMa,
      monitorNoise: options.monitorNoise ?? 0.002,
      ...{ ringLifetimeH: options.ringLifetimeH ?? 10, topUpEveryS: options.topUpEveryS ?? 300 },
      shutterTravelMs: site.shutter.travelS * 1000,
      safetyShutterTravelMs: site.shutter.safetyShutterCloseS * 1000,
      ...{ filterTravelMs: (options.filterTravelS ?? 0.3) * 1000, filterCount: site.filters.length },
    },
    startMs,
    chance.stream("beam"),
  );
  const frames = createFramePlant();
  const trouble = createBeamlineTrouble();
  const dose = createDoseTruth({
    tables: deps.attenuation,
    site: withTrueBeam(site, options.setup),
    cells: deps.cells,
    uncertainty,
    chance: chance.stream("dose"),
  });
  const doseAllowance =
    (1 + uncertainty.flux) * (1 + uncertainty.profile) * (1 + uncertainty.position) * (1 + uncertainty.stack);
  const rack = createCellRack({
    ...{ cells: deps.cells, designs: deps.designs, models: deps.models, chance, startMs, ambientC: AMBIENT_C },
    ...{ sideReactions: options.sideReactions ?? true, looksEveryMs: 1000 * (options.looksEveryS ?? 0) },
    onExcursion(positionIndex, atMs, what) {
      ledger.check("cell-limits", false, atMs, () => `cell ${positionIndex}: ${what}`);
    },
  });
  const cells = rack.observers;
  const openings: Opening[] = [];
  const gateRepeats: GateRepeat[] = [];
  /** The same with the cells that lay in the beam then: other ones only where people put them elsewhere. */
  const openingsAsLain: Opening[] = options.hands === undefined ? openings : [];
  const effects = createFaultEffects();
  const faultyPositions = faultyFromStart(deps.cells, options, cells);
  const absentUntilMs = new Map<number, number>();
  function awaitCell(positionIndex: number, comesMs: number): void {
    absentUntilMs.set(positionIndex, comesMs);
    cells.get(positionIndex)?.forbid("nothing lies here yet");
    clock.at(comesMs, () => cells.get(positionIndex)?.forbid(null));
  }
  for (const [positionIndex, comesMs] of options.absentUntilMs ?? []) awaitCell(positionIndex, comesMs);
  /** Cells on which the shutter failed to close. */
  const failedOn = new Set<number>();
  const outages: Outage[] = [];
  const uncounted: Uncounted[] = [];
  const rearming = createRearmWatch();
  const broken = createBrokenInterlocks(options.hutchLooksEveryMs);
  const endAtMs = options.endAtMs ?? Infinity;
  const hazards = createHazardJudge({
    ...{ clock, beam, cells, faultyPositions, ledger, inputs: options.safetyInputs ?? [] },
    onLapsed: (name) => robot?.mustStand(`${name} told of trouble`),
  });
  const disturbances = createDisturbanceWatch(
    cells,
    () => clock.nowMs() >= endAtMs || isRackFoul() || hazards.hasStoppedCells,
    (cellIndex) => placeOfCell(options.hands, cellIndex),
  );
  const counts = { openings: 0, beamLosses: 0, disturbed: 0, excessGy: 0 };
  const filterPasses = site.filters.map((filter) => passes(deps.attenuation, filter, site.beam.energyKeV));
  const robot =
    options.robot === undefined
      ? undefined
      : createRobotTruth({
          ...{ clock, options: options.robot, site, stage, beam, cells, ledger, faultyPositions },
          chance: chance.stream("robot"),
        });
  const asBuilt = { underBeam: (xMm: number, yMm: number) => cellUnderBeam(site, xMm, yMm) };
  const watchClocks = createClockWatch({
    ...{ clock, disturbances, faultyPositions, rearming, absentUntilMs, openings, outages, robot, ledger, cells },
    isOver: () => clock.nowMs() >= endAtMs,
    protocolStops: options.protocolStops,
  });
  const setup = options.setup === undefined ? undefined : createRackSetup(site, options.setup);
  const standards = createStandards(options.standards);
  const trace = createBeamTrace({
    ...{ site, beam, stage, filterPasses },
    underBeam: (atMs, xMm, yMm) =>
      standards.underBeam(xMm, yMm) ?? robot?.underBeam(atMs, xMm, yMm) ?? (setup ?? asBuilt).underBeam(xMm, yMm),
  });
  const frameWorld =
    deps.frameTables === undefined
      ? undefined
      : createFrameWorld({
          ...{
            tables: deps.frameTables,
            attenuation: deps.attenuation,
            site,
            cells: deps.cells,
            designs: deps.designs,
          },
          ...{ observers: cells, dose, trace, startMs, chance: chance.stream("frames"), standards },
          ...(options.detector === undefined ? {} : { detector: options.detector }),
          ...(options.hands === undefined ? {} : { hands: options.hands }),
        });
  frames.onTaken((frame) => {
    frameWorld?.frameTaken(frame);
  });

  /** Sensors err a little; their levels are not ours to judge to the last per cent. */
  function isRackFoul(): boolean {
    const { temperatureC = Infinity, gasPpm = Infinity } = options.rackStop ?? {};
    return rack.sensors.temperatureC >= temperatureC - 2 || rack.sensors.gasPpm >= 0.9 * gasPpm;
  }

  function interlocksHold(atMs: number): boolean {
    return BEAM_CONDITIONS.every((name) => beam.isHolding(name) || !broken.isSeenAtOpening(name, atMs));
  }

  watchMotion({ clock, stage, beam, broken, ledger, keepOut: site.stage.keepOut ?? [] });

  function isOnCell(deposit: Deposit): boolean {
    return cells.has(lyingAt(options.hands, deposit.positionIndex) ?? deposit.positionIndex) && isOnDisc(deposit);
  }

  let endClockWatch = (): number => 0;
  const awaitOpening: { readonly untilMs: number; readonly act: (atMs: number) => void }[] = [];
  const shutter = watchShutter({
    clock,
    site,
    beam,
    stage,
    trace,
    onOpened(atMs) {
      counts.openings += 1;
      for (const { untilMs, act } of awaitOpening.splice(0)) if (atMs <= untilMs) act(atMs);
      frameWorld?.shutterOpened(atMs);
      endClockWatch = watchClocks("the shutter was open", cells.size);
      ledger.check(
        "shutter-interlocks",
        interlocksHold(atMs),
        atMs,
        () => "the shutter opened with an interlock broken",
      );
      if (options.safetyInputs !== undefined) hazards.opened(atMs);
      const awaited = rearming.awaited.filter((name) => broken.isSeenAtOpening(name, atMs));
      ledger.check("person-rearmed", awaited.length === 0, atMs, () => `nobody re-armed after ${awaited.join(", ")}`);
      ledger.check(
        "stage-at-rest",
        stage.isHomed && !stage.isMoving(atMs),
        atMs,
        () => "the shutter opened before the stage was at rest",
      );
    },
    onClosed(opening) {
      frameWorld?.shutterClosed(opening.endMs);
      clock.at(clock.nowMs() + CLOSING_MS, endClockWatch);
      if (opening.photons === 0) return;
      openings.push(opening);
      if (openingsAsLain !== openings) {
        openingsAsLain.push({ ...opening, deposits: asTheyLie(opening.deposits, options.hands) });
      }
      const atMs = opening.endMs;
      ledger.check("stage-at-rest", !opening.stageMoved, atMs, () => "the stage moved with the shutter open");
      const onCells = opening.deposits.filter(isOnCell);
      for (const deposit of opening.deposits) {
        const isHit = isOnCell(deposit);
        if (deposit.positionIndex === AT_STANDARD) continue;
        // From a shutter that fails the stage may flee to where no cell is, and past none.
        const isRight =
          opening.excessPhotons === 0 ? isHit : !isHit || deposit.positionIndex === onCells[0]?.positionIndex;
        const what = isHit ? "on a cell that nobody exposed" : "beside any cell";
        const isAbsent = atMs < (absentUntilMs.get(deposit.positionIndex) ?? 0);
        const isTouched = !isAtHome(options.hands, deposit.positionIndex);
        const isDisplaced = isHit && (isAbsent || isTouched || options.displaced?.has(deposit.positionIndex) === true);
        ledger.check(
          "right-cell",
          isRight && !isDisplaced,
          atMs,
          () => `the beam fell ${what}, near ${deposit.positionIndex}`,
        );
      }
      const findings = dose.add({ ...opening, deposits: asTheyLie(onCells, options.hands) });
      if (opening.excessPhotons > 0) judgeShutterFailure(opening);
      for (const finding of findings) {
        // What a shutter that failed gave is counted apart, and bounded in time.
        ledger.check(
          "dose",
          failedOn.has(finding.positionIndex) || finding.fraction <= doseAllowance,
          atMs,
          () =>
            `cell ${finding.positionIndex}, layer ${finding.limit.layerIndex}: ${finding.what}, ${finding.fraction} of the limit`,
        );
      }
    },
  });

  /** The site's worst closing time: the permit's watchdog, then the shutter upstream. */
  const failureBoundMs = 1000 * (options.shutterFailureS ?? 2 * site.shutter.safetyShutterCloseS + 1);
  /** While neither shutter closes nobody can promise more than to take the beam away when one does again. */
  const shuttersStuck: TimeSpan[] = [];

  function judgeShutterFailure(opening: Opening): void {
    for (const { positionIndex } of opening.deposits) failedOn.add(positionIndex);
    const hit = opening.deposits[0]?.positionIndex ?? -1;
    counts.excessGy += dose.photonsGy(hit, opening.excessPhotons);
    const lateMs = opening.litEndMs - Math.max(beam.shutterOrderedShutMs(), shuttersStuck.at(-1)?.toMs ?? -Infinity);
    ledger.check(
      "dose",
      lateMs <= failureBoundMs,
      opening.litEndMs,
      () => `a shutter that failed gave beam for ${lateMs} ms after it was ordered shut`,
    );
  }

  function feasible(requests: readonly AskedRequest[], atMs: number): number {
    return countFeasible(requests, {
      ...{ outages, openings, dose },
      hasCell: (index) => cells.has(index),
      fluxPhS: site.beam.fluxReferencePhS,
      filterPasses,
      limitFractionMax: 1 / doseAllowance,
      ...visitTimes(site, options.robot),
      endMs: Math.min(endAtMs, atMs),
    });
  }

  return {
    stage,
    stageAxes: axisStage?.axes,
    beam,
    frames,
    frameWorld,
    cellObserver: (positionIndex) => cells.get(positionIndex),
    rackSensors: rack.sensors,
    trouble,
    robot,
    monitors: createWorldMonitors(deps.attenuation, site.beam.energyKeV, beam, trace, reachesDiode(setup, stage, deps)),
    dose,
    openings,
    effects,
    cellPlant(positionIndex) {
      const cell = robot?.contacts(positionIndex) ?? rack.plant(positionIndex);
      const { hands } = options;
      if (hands !== undefined) return createTouchedContacts({ hands, positionIndex, rack, ledger });
      const lie = options.lyingLeads?.get(positionIndex);
      if (lie === undefined) return cell;
      return lie === "current-turned" ? createTurnedCurrentLeads(cell) : createLyingLeads(cell, rack.plant(lie));
    },
    personRearms() {
      rearming.rearmed();
    },
    personOrders(index) {
      rearming.ordered(index, clock.nowMs());
      rearming.ordered(lyingAt(options.hands, index) ?? index, clock.nowMs());
    },
    personEnds(index) {
      const atMs = clock.nowMs();
      const isHeard = !isUnheard(outages, index, atMs, atMs + ENDED_WITHIN_MS) && !faultyPositions.has(index);
      rearming.ordered(index, atMs);
      const cellIndex = lyingAt(options.hands, index) ?? index;
      outages.push({ fromMs: atMs, toMs: Infinity, positionIndex: index });
      if (!isHeard) return;
      clock.at(atMs + ENDED_WITHIN_MS, () => {
        cells.get(cellIndex)?.forbid("a person had ended it");
      });
    },
    schedule(faults, targets) {
      const heardAt = new Map<number, HeardCount>(targets.stopsHeard);
      for (const [name, positionIndex] of targets.positionOfLink) {
        const own = targets.links.get(name)?.counters;
        if (own !== undefined) heardAt.set(positionIndex, () => own.chunksToDevice);
      }
      disturbances.wire(heardAt);
      uncounted.push(...uncountedOf(faults, targets.positionOfLink));
      scheduleFaults(faults, targets, {
        clock,
        beam,
        stage,
        trouble,
        ...{ rack, robot },
        faultyPositions,
        outages,
        effects,
        onDump() {
          counts.beamLosses += 1;
          const driven = total([...cells.values()], (cell) => (cell.isDriven ? 1 : 0));
          const end = watchClocks("the beam was lost", driven);
          clock.at(clock.nowMs() + DISTURBANCE_MS, () => {
            counts.disturbed += end();
          });
        },
        onShuttersStuck(isStuck, atMs) {
          const fromMs = isStuck ? atMs : (shuttersStuck.pop()?.fromMs ?? atMs);
          shuttersStuck.push({ fromMs, toMs: isStuck ? Infinity : atMs });
        },
        onAwaited: awaitCell,
        onTrouble: hazards.noted,
        onNextOpening: (untilMs, act) => awaitOpening.push({ untilMs, act }),
        onGateRepeats(afterMs) {
          gateRepeats.push({ endMs: clock.nowMs(), againMs: clock.nowMs() + afterMs });
        },
        onInterlockBroken(name, atMs, isHeard) {
          if (!rearming.awaited.includes(name)) broken.broke(name, atMs, isHeard);
          hazards.noted(name, true, atMs, isHeard);
          robot?.interlockBroken(name);
          if (isHeard) rearming.broke(name);
          // Before that the channels prove their wiring, with currents that go on and off.
          if (atMs - startMs > PROVING_MS) clock.at(atMs + DISTURBANCE_MS, watchClocks(`${name} broke`, cells.size));
          if (!BEAM_CONDITIONS.some((condition) => condition === name)) return;
          const latestMs = atMs + (options.interlockReactionS ?? 1) * 1000 + site.shutter.travelS * 1000;
          clock.at(latestMs, () => {
            ledger.check(
              "shutter-interlocks",
              beam.shutterFraction(latestMs) <= 0 || beam.safetyShutterFraction(latestMs) <= 0,
              latestMs,
              () => `the shutter was not closed after ${name} broke`,
            );
          });
        },
      });
    },
    finish(claims) {
      const atMs = clock.nowMs();
      shutter.finish(atMs);
      if (claims.requests !== undefined) judgeAsking(claims.requests, openings, ledger, gateRepeats);
      const bounds = { coveredMs: 1000 * site.shutter.safetyShutterCloseS, knownAfterMs: failureBoundMs };
      const unknowable = { shuttersStuck, unattended: claims.unattended ?? [], ...bounds };
      const facts = { ledger, unknowable };
      const judged = judgeClaims(claims, { ...facts, openings, faultyPositions, cellCount: cells.size, atMs });
      if (isAsWired(options)) judgeCounts(claims.counts, cells, ledger, uncounted, strayingOf(robot, claims));
      const observers = [...cells.values()];
      ledger.count(
        "cell-limits",
        total(observers, (cell) => cell.checks),
      );
      return {
        truth: {
          shutter_openings: counts.openings,
          exposures: openings.filter(isOfCells).length,
          exposures_unaccounted: judged.exposuresUnaccounted,
          dose_limit_fraction_max: dose.limitFractionMax,
          shutter_failure_excess_Gy: counts.excessGy,
          requests_feasible: claims.requests === undefined ? null : feasible(claims.requests, atMs),
          cells_isolated_without_fault: judged.isolatedWithoutFault,
          voltage_excursions: total(observers, (cell) => cell.voltageExcursions),
          current_excursions: total(observers, (cell) => cell.currentExcursions),
          beam_losses: counts.beamLosses,
          cells_disturbed_by_beam_loss: counts.disturbed,
          samples_lost: judged.samplesLost,
          ...(claims.charges === undefined
            ? {}
            : {
                charged_over_given: judgeCharges(claims.charges, {
                  ...{ ...facts, openings: openingsAsLain, fluxTruthFactor, fluxUncertainty: uncertainty.flux },
                  areExchanged: options.hands !== undefined,
                }),
              }),
        },
        checks: ledger.checks,
        violations: ledger.violations,
      };
    },
  };
}
