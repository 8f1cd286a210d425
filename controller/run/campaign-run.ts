/**
 * Puts a campaign together: roles, ledger, record and machines, and starts them. Knows roles and clock, never
 * drivers; the same in every world.
 */
import { createActor } from "xstate";
import { positionIndex } from "../../protocols/base/position.ts";
import { exposureWaits } from "../../protocols/campaign/expected-waits.ts";
import type { InputLevels } from "../../protocols/roles/beam-io.ts";
import type { StagePosition } from "../../protocols/roles/stage.ts";
import { longestOpenS } from "../../protocols/site/longest-open.ts";
import { shadowPath } from "../../protocols/site/shadow-path.ts";
import { createExposureAccounts } from "../beam/exposure-accounts.ts";
import { createExposureEffects } from "../beam/exposure-effects.ts";
import { createPartialRule } from "../beam/partial-rule.ts";
import { createAccess } from "../access/access-desk.ts";
import { gateOf } from "../beam/shutter-gate.ts";
import { createCampaignAmendments } from "../amendments/campaign-amendments.ts";
import { createLiveCampaign } from "../amendments/live-campaign.ts";
import { createBesideCells } from "../align/beside-cells.ts";
import { createCellSignals, signalOf } from "../cells/cell-signals.ts";
import { fluxReferenceOf } from "../dose/flux.ts";
import { createBeamOnCell, createLedgerCells } from "../dose/ledger-cells.ts";
import { createForecastDesk } from "../forecast/forecast-desk.ts";
import { createCampaignMachine, type CampaignActor } from "../machines/campaign-machine.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import { createCellMachine } from "../machines/cell-machine.ts";
import { createExposureMachine } from "../machines/exposure-machine.ts";
import { createInstrumentLinkMachine } from "../machines/instrument-link-machine.ts";
import type { Recorder } from "../machines/recorder.ts";
import { createSafetySupervisorMachine } from "../machines/safety-supervisor-machine.ts";
import { createBeginAgain } from "../resume/begin-again.ts";
import { letGoOn } from "../resume/record-resumed.ts";
import { alarmsOfExposures } from "../resume/alarms-of-exposures.ts";
import { wishKeys } from "../resume/recorded-run.ts";
import { restoreCells } from "../resume/restore.ts";
import { createReunion } from "../resume/reunion.ts";
import { createBeamReadings } from "./beam-readings.ts";
import { createAlarms } from "./alarms.ts";
import { actorClock } from "./actor-clock.ts";
import { createActorViews } from "./actor-views.ts";
import { createCalibrationWatch } from "./calibration-watch.ts";
import { createCampaignCells } from "./campaign-cells.ts";
import { createCampaignIntake } from "./campaign-intake.ts";
import { createClosedShutter } from "./closed-shutter.ts";
import { createCommitting } from "./committing.ts";
import { createKeepSoon } from "./keep-soon.ts";
import { cellStateJson } from "./cell-state.ts";
import { createGapNotes } from "./gap-notes.ts";
import { beliefWith, createCampaignChanger } from "../changer/campaign-changer.ts";
import { createHoming } from "./homing.ts";
import { createLoggedRecorder } from "./logged-recorder.ts";
import { listenToInstruments } from "./listening.ts";
import { createRequestDesk } from "./request-desk.ts";
import type { CampaignRun, CampaignRunDeps } from "./run-types.ts";
import { runNote } from "./run-note.ts";
import { recordStart } from "./start-record.ts";
import { createStoredLedger } from "./stored-ledger.ts";
import { createSweepDesk } from "./sweep-desk.ts";
import { createTally } from "./tally.ts";
import { CONNECTING_LOOK_MS, exposureOverheadMaxMs, runTimings } from "./timings.ts";
import { createParking } from "./parking.ts";
import { createExposureWitness } from "../synchrony/exposure-witness.ts";
import { createTriggerDesk } from "../triggers/trigger-desk.ts";
import { createWishDesk } from "./wish-desk.ts";
import { createCampaignControls, isSweepOver } from "../verdict/campaign-controls.ts";
import { createCampaignStops } from "../stops/campaign-stops.ts";
import { createFluxAlarms } from "./flux-alarms.ts";
import { createWatchDesk } from "./watch-desk.ts";

export type { CampaignRun, CampaignRunDeps } from "./run-types.ts";

export function createCampaignRun(deps: CampaignRunDeps): CampaignRun {
  const { clock, store, tables, endAtMs } = deps;
  // Where its rack stands may be measured on the way.
  const site = { ...deps.site };
  const live = createLiveCampaign(deps.campaign);
  const { campaign } = live;
  const left = deps.left === undefined ? undefined : letGoOn(deps.left, deps.resumedBy);
  const timings = runTimings(site, left !== undefined);
  const nowMs = (): number => clock.monoMs();
  let failure: Error | null = null;
  const fail = (error: unknown): void => {
    failure ??= error instanceof Error ? error : new Error(String(error));
  };
  const access = createAccess({
    ...{ roles: deps.roles, clock, campaign, actor: () => actor, views: () => views, recorder: () => recorder },
    ...{ left: deps.left?.recorded, send, fail, commit: () => commit(), alarms: () => alarms },
    ...{ proofMaxMs: () => cells.proofMaxMs(), site, ledger: () => ledger, samples: () => intake },
  });
  const { roles } = access;
  /** Instruments and machine go on talking when the campaign is over. */
  function send(event: CampaignEvent): void {
    if (actor.getSnapshot().status === "active") actor.send(event);
  }

  const planAgain = (): void => {
    send({ type: "HUTCH_CHANGED" });
  };

  const showLevels = (read: InputLevels): void => {
    accounts.noteFilters(read.filtersIn);
    effects.noteLevels?.(read);
    watchDesk.showLevels(read);
    closedShutter.showLevels(read);
    stops.showLevels(read);
  };
  const readings = createBeamReadings(site, tables, roles);
  const { ringCurrentMa } = readings;
  const fluxReference = fluxReferenceOf(site);

  const log = createLoggedRecorder(store, nowMs, fail);
  /** Forecasts hear what is written, once it is. */
  const recorder: Recorder = {
    record(type, data) {
      log.record(type, data);
      forecasts.heard(type, data);
      controlDesk.heard(type, data);
      triggers.heard(type, data);
      witness.heard(type, data);
      stops.heard(type, data);
      amendments.heard(type, data);
      keepSoon(type);
      if (type === "exposing-resumed") closedShutter.watch.noteResumed();
      changer?.heard(type, data);
    },
  };
  const { commit, commitAlone, kept, diskObstacle } = createCommitting({
    ...{ store, clock, fail, waitsForDisk: deps.waitsForDisk === true, alarms: () => alarms },
    over: planAgain,
  });
  const keepSoon = createKeepSoon(clock, commitAlone);
  const alarms = createAlarms(recorder, nowMs);
  if (left !== undefined) alarms.restore(left.recorded.alarms.open, left.recorded.alarms.raisedCount);
  const tally = createTally(site.stage.travelXMm, site.stage.travelYMm, deps);
  const beam = createBeamOnCell(site, tables);
  const ledgerCells = [...createLedgerCells(campaign, site, tables)];
  const ledger = createStoredLedger(store, ledgerCells, nowMs, left?.ledgerRows, left?.recorded.moved);
  const intake = createCampaignIntake(campaign, store, {
    send,
    bandLeft(cellIndex, voltageV) {
      triggers.passed(cellIndex, voltageV);
    },
    followed(cellIndex, atMs, flags) {
      witness.sample(cellIndex, atMs, flags);
    },
  });
  restoreCells(left, campaign, roles.channels, intake, nowMs);

  const cycleOf = (cellIndex: number): number | null => views.cycle(cellIndex);
  const latched = () => views.latchedInterlocks();
  const instrumentNames = () => roles.instruments.map(({ name }) => name);
  const waits = { of: exposureWaits(campaign, site) };
  const forecasts = createForecastDesk({
    ...{ cells: campaign.cells, clock, recorder: log, samples: intake },
    exposureWait: (cell) => waits.of(cell),
    ...(left === undefined ? {} : { followed: left.followed }),
  });
  const signals = createCellSignals(campaign);
  const views = createActorViews(campaign, () => actor, intake, {
    forecast: (cellIndex) => forecasts.of(cellIndex),
    beamEffect: (cellIndex) => controlDesk.cellView(cellIndex),
    lastFrame: (cellIndex) => controlDesk.lastFrame(cellIndex),
  });

  const witness = createExposureWitness({ campaign, clock, roles, recorder, intake, views });
  const calibrations = createCalibrationWatch({ site, campaign, roles, clock, alarms, changed: planAgain });
  const watchDesk = createWatchDesk({
    ...{ roles, alarms, latched, machineBeam: timings.machineBeam, planAgain },
    diskObstacle: () => access.obstacle() ?? calibrations.obstacle(isAligning()) ?? diskObstacle(),
    beamChanged(isUp) {
      partialRule.noteBeam(isUp);
      send({ type: isUp ? "BEAM_BACK" : "BEAM_LOST" });
    },
    hutchChanged() {
      planAgain();
      changer?.hutchChanged();
    },
    beamNotOffAt: alarms.open.flatMap(({ code, where }) => (code === "shutter.beam-not-off" ? [where] : [])),
  });

  const stopExposing = (reason: string): void => {
    send({ type: "STOP_EXPOSING", author: "beamrack", reason });
  };
  const closedShutter = createClosedShutter({
    ...{ campaign, ledger, ledgerCells, recorder, tally, beam, fluxReference, nowMs, alarms, timings, fail },
    ...{ io: roles.io, ringCurrentMa, stopExposing, commit: commitAlone, left, cycleOf },
    filtersIn: () => watchDesk.levels?.filtersIn ?? site.filters.map(() => false),
    isExposing: () => actor.getSnapshot().matches({ running: { beam: "exposing" } }),
    tellOpen(fault) {
      watchDesk.noteNews({ type: "BEAM_NOT_OFF", fault });
    },
  });

  const changer = createCampaignChanger({
    ...{ campaign, site, roles, clock, recorder, alarms, commit, timings, stopExposing, send, showLevels, fail },
    ...{ latched: () => views.latchedInterlocks(), lastLevels: () => watchDesk.levels, recorded: left?.recorded },
    ...{ samples: () => intake, stateOf: (cellIndex: number) => views.stateOf(cellIndex) },
    cleared() {
      desk.noteParked("shadow");
      closedShutter.noteParked("shadow");
    },
  });
  const ofStops = { campaign, site, roles, clock, recorder, alarms, send, views, changer };
  const stops = createCampaignStops({ ...ofStops, actor: () => actor });
  const beliefIn = beliefWith(changer, (cellIndex) => views.belief(cellIndex));

  const openBound = (exposureS: number): number => longestOpenS(site.shutter, exposureS);
  const fluxAlarms = createFluxAlarms(alarms, fluxReference);
  const accounts = createExposureAccounts({
    ...{ ...readings, clock, ledger, recorder, commit, beam, fluxReference, cycleOf, longestOpenS: openBound },
    fluxDoubted: fluxAlarms.doubted,
    fluxCompared: fluxAlarms.compared,
    cellState: (cellIndex) => cellStateJson(views.cell(cellIndex), intake, cellIndex, nowMs()),
    accounted(order, startMs, endMs) {
      const cell = campaign.cells[order.cellIndex];
      if (cell !== undefined) tally.accounted({ positionIndex: positionIndex(cell.position), startMs, endMs });
    },
    shutterTravelMs: timings.shutterTravelMs,
  });

  let openedAtMs: number | null = null;
  /** Called by a machine, so it does not throw: a settlement that cannot be recorded ends the run, its booking stands. */
  function settle(...exposure: Parameters<typeof accounts.settle>): void {
    try {
      accounts.settle(...exposure);
      const [order, marks, outcome, framePath] = exposure;
      openedAtMs = marks.openSeenAtMs ?? marks.rehearsedAtMs ?? null;
      if (marks.closedSeenAtMs !== null) alarms.clear("shutter.beam-not-off", order.position);
      else if (marks.litUntilAtMs !== null) closedShutter.noteUnclosed(marks.litUntilAtMs);
      else if (marks.openAskedAtMs !== null) {
        closedShutter.noteUnseen(marks.openAskedAtMs + 1000 * openBound(order.exposureS));
      }
      partialRule.noteSettled(order, marks, framePath);
      controlDesk.noteExposed(order, outcome, framePath);
    } catch (error) {
      fail(error);
    }
  }

  const desk = createSweepDesk({
    ...{ campaign, site, ledger, fluxReference, beam, nowMs, endAtMs, cycleOf, longestOpenS: openBound },
    ...(changer === undefined ? {} : { changer }),
    ...{ belief: beliefIn, retimed: left?.recorded.retimed ?? [] },
    stateOf: (cellIndex) => views.stateOf(cellIndex),
    isSought: (cellIndex) => reunion.isSought(cellIndex),
    heldBack: (...asked) => controlDesk.heldBack(...asked),
    isAlone: (cellIndex) => controlDesk.isAlone(cellIndex),
    exposureFraction: (cellIndex) => controlDesk.exposureFraction(cellIndex),
  });

  const controlDesk = createCampaignControls({
    ...{ campaign, roles, recorder, alarms, nowMs, fail },
    ...{ lattice: deps.lattice, past: left?.recorded.controls, samples: intake },
    sweepCountPlanned: desk.sweepCountPlanned,
    ...{ site, views, beam, stopExposing },
  });
  const partialRule = createPartialRule({ campaign, shutterTravelMs: timings.shutterTravelMs, nowMs, endAtMs });

  const shared = { clock, recorder, isOver: (): boolean => nowMs() >= endAtMs };
  const corrections = createBesideCells({
    ...{ ...readings, ...shared, site, campaign, roles, timings, tally, alarms, fluxReference, beam, showLevels },
    ...{ longestOpenS: openBound, commit, commitAlone, left, fail, cycleOf, ledger, access, planAgain, desk },
    ...{ requests: () => requestDesk, actor: () => actor, keep: deps.keepAlignment, calibrations },
  });

  const isAligning = (): boolean => corrections.alignment.obstacle() !== null;
  const wayIntoShadow = (from: StagePosition) => shadowPath(site.rack, site.stage.travelYMm, from);

  const effects = createExposureEffects({
    ...{ clock, io: roles.io, stage: roles.stage, detector: witness.detector, detectorFolder: site.detector.folder },
    ...gateOf(site, roles),
    ...(changer === undefined ? {} : { changer }),
    underBeam: closedShutter.underBeam,
    frameRead: (path) => {
      partialRule.noteFrame(path);
    },
    accounts: corrections.accounts({ ...accounts, settle }),
    ...{ belief: beliefIn, ringCurrentMa, timings },
    lastLevels: () => watchDesk.levels,
    ...{ latched, showLevels, shadowPath: wayIntoShadow },
    nextSpot: () => (changer === undefined && !isAligning() ? desk.nextSpot(actor.getSnapshot().context) : null),
    stageMovedAtMs: () => Math.max(parking.movedAtMs(), changer?.movedAtMs() ?? -Infinity),
  });

  const parking = createParking({
    ...{ roles, nowMs, showLevels, shadowPath: wayIntoShadow, parkAt: site.rack.park },
    target: (place) => desk.parkingTarget(place),
    noteParking: (place) => {
      closedShutter.noteParking(place);
    },
    noteParked(place, isThere) {
      desk.noteParked(place);
      if (isThere) closedShutter.noteParked(place);
    },
    ...{ levelsMaximumAgeMs: timings.levelsMaximumAgeMs, latched },
  });

  const homing = createHoming({
    ...{ roles, alarms, clock, nowMs, endAtMs, showLevels, fail, levelsMaximumAgeMs: timings.levelsMaximumAgeMs },
    ...{ latched, lastLevels: () => watchDesk.levels },
  });

  const wishes = createWishDesk({ send });
  const triggers = createTriggerDesk({
    ...{ campaign, clock, wishes, samples: intake, views, endAtMs },
    forecast: (cellIndex) => forecasts.of(cellIndex),
    ...(left === undefined ? {} : { left: left.recorded.cells.map((cell) => cell.left) }),
  });

  const requestDesk = createRequestDesk({
    ...{ campaign, recorder, alarms, tally, nowMs },
    request: (cellIndex, sweep) => desk.request(cellIndex, sweep),
    wantedRequest: (wanted) => desk.wantedRequest(wanted),
    ...{ commit: commitAlone, isEnded: (exposureId: string) => accounts.isEnded(exposureId) },
    keys: wishKeys(left?.recorded),
    alarmsOfExposures: alarmsOfExposures(alarms.open, { cells: campaign.cells, channels: roles.channels }),
  });

  const { worstClosingMs } = timings;
  const beganAgain = createBeginAgain({ left, campaign, site, desk, tally, nowMs, endAtMs, worstClosingMs });
  const reunion = createReunion({
    clock,
    cellCount: left === undefined ? 0 : campaign.cells.length,
    stateOf: (cellIndex) => views.stateOf(cellIndex),
    longestMs: timings.startDeadlineMs + timings.commandDeadlineMs,
    over: planAgain,
  });

  const gaps = createGapNotes({ campaign, store, intake, nowMs, fail, leftCells: left?.recorded.cells });

  const cells = createCampaignCells({
    ...{ campaign, site, roles, clock, intake, recorder, left, signals, identity: deps.identity, alarms, send },
    ...{ gap: gaps.note, views, access },
    tell(cellIndex, event) {
      send({ type: "CHANNEL_NEWS", cellIndex, event });
    },
  });
  const machine = createCampaignMachine({
    ...shared,
    linkMachine: createInstrumentLinkMachine({
      ...shared,
      triesMax: timings.linkTriesMax,
      connectDeadlineMs: timings.connectDeadlineMs,
      ...(deps.jitter === undefined ? {} : { jitter: deps.jitter }),
    }),
    cellMachine: createCellMachine({
      ...{ ...shared, ...timings, kept },
      get proofDeadlineMs() {
        return cells.proofMaxMs() + timings.commandDeadlineMs;
      },
    }),
    exposureMachine: createExposureMachine({ ...shared, ...timings, openingMs: timings.shutterTravelMs, effects }),
    supervisorMachine: createSafetySupervisorMachine({
      ...{ ...shared, ...timings, io: roles.io, showLevels },
      latchedAtStart: left?.recorded.latched ?? [],
    }),
    ...cells.inputs,
    ...{ ioName: roles.io.name, stageName: roles.stage.name },
    ...access.guard(homing),
    park: (place, signal) => parking.park(place, signal),
    parkingDeadlineMs: 3 * timings.bringDeadlineMs,
    noteNews(news) {
      watchDesk.noteNews(news);
      gaps.heard(news);
    },
    ...{ startDeadlineMs: timings.startDeadlineMs, homingDeadlineMs: timings.homingDeadlineMs },
    plan(context) {
      const among = amendments.settle() ?? reunion.obstacle() ?? changer?.obstacle() ?? watchDesk.obstacle(context);
      const mayBeAsked = context.finishedCellCount < campaign.cells.length;
      return corrections.among(context, among, (obstacle) =>
        desk.plan(context.sweep, obstacle, { wanted: context.wanted, mayBeAsked }),
      );
    },
    ...(corrections.dark === undefined ? {} : { dark: corrections.dark }),
    order(act) {
      if (act.kind !== "expose") return corrections.order(act);
      const order = desk.order(act);
      const visit = { xMm: order.stageXMm, yMm: order.stageYMm, exposureS: order.exposureS };
      if (act.wanted === undefined) tally.ordered(act.sweep, nowMs(), visit);
      else tally.aside(visit);
      return order;
    },
    noteSignal: (position, stepIndex) => signals.note(signalOf(position, stepIndex)),
    ...{ noteWanted: requestDesk.noteWanted, noteRetimed: requestDesk.noteRetimed },
    ...{ noteWithdrawn: requestDesk.noteWithdrawn, hasAsked: requestDesk.hasAsked },
    ...{ mayBeAsked: true, openedAtMs: () => openedAtMs, noteAnswered: requestDesk.noteAnswered },
    notePlan(plan) {
      requestDesk.notePlan(plan);
      changer?.notePlan(plan);
      if (isSweepOver(plan)) controlDesk.sweepIsOver(plan.state.sweep);
    },
    controlAfter: (order, sweep) => controlDesk.controlAfter(order, sweep),
    ...{ noteBeside: corrections.noteDone, noteExposure: requestDesk.noteExposure },
    rule: (cut) => partialRule.rule(cut),
    exposureOverheadMaxMs: exposureOverheadMaxMs(timings),
    ...{ troublePauseMs: timings.troublePauseMs, failuresInRowMax: 8, mayResume: () => stops.troubles().length === 0 },
    ...(left === undefined ? {} : { resumed: { ...beganAgain.asked, held: left.recorded.held } }),
  });

  const actor: CampaignActor = createActor(machine, { clock: actorClock(clock) });
  actor.subscribe({ error: fail });

  const amendments = createCampaignAmendments({
    ...{ live, begun: deps.left?.begun, begunWith: deps.campaignHash ?? "", site, tables, recorder },
    ...{ ledgerCells, ledger, intake, commit, newcomers: cells.newcomers },
    ...{ forecasts, waits, signals, desk, triggers, wishes, views, actor: () => actor, send, planAgain, nowMs, fail },
  });

  /** Nothing can be ended in order before the instruments were asked who they are. */
  function timeOver(): void {
    if (actor.getSnapshot().value === "connecting") clock.setTimeout(timeOver, CONNECTING_LOOK_MS);
    else send({ type: "TIME_OVER" });
  }

  return {
    ...{ actor, campaign, views, tally, alarms, wishes, stops, amendments, sweeps: desk },
    alignment: corrections.alignment,
    expose: (command) => triggers.expose(command),
    planned: () => desk.decided,
    limitFractionMax: () => ledger.limitFractionMax,
    limitFractionBooked: () => ledger.limitFractionBooked,
    limitFractionOf: (cellIndex) => ledger.limitFractionOf(cellIndex),
    openBookingCount: () => ledger.openCount,
    sampleCount: () => store.counters.samplesBefore + intake.sampleCount,
    ...{ access, samples: intake, levels: () => watchDesk.levels },
    beamEffect: () => controlDesk.verdict(),
    ...(changer === undefined ? {} : { changer }),
    note: () => runNote(actor.getSnapshot(), instrumentNames(), clock, access.obstacle()),
    ...{ failure: () => failure, isDone: () => actor.getSnapshot().status === "done" },
    start() {
      if (left === undefined) recordStart(recorder, campaign, site, ledgerCells);
      const { resumedBy, left: before } = deps;
      beganAgain.say({ recorder, ledger, witness, requestDesk, forecasts, resumedBy, before });
      corrections.goOn();
      calibrations.start();
      readings.listen(closedShutter.watch);
      watchDesk.listen();
      listenToInstruments({ roles, alarms, send, stops, clock, views, isExpected: corrections.isExpected });
      actor.start();
      reunion.begin();
      changer?.start();
      access.goOn();
      triggers.start();
      clock.setTimeout(timeOver, Math.max(0, endAtMs - nowMs()));
    },
    noteEnd(reason) {
      recorder.record("run-ended", { reason });
    },
  };
}
