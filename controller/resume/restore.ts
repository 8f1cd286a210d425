/** Puts what a record says into the parts of a new run: sums and last readings, sweeps and counts, steps that may still run. */
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Channel, LeftRunning } from "../../protocols/roles/channel.ts";
import { mostDrivenA, orderedCurrentA } from "../cells/continuity.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import { NO_NUMBERS, recordedNumbers, type LastNumbers } from "../beam/request-numbers.ts";
import type { SweepState } from "../beam/sweeps.ts";
import { createFrameReader } from "../record/frame-columns.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import type { SweepDesk } from "../run/sweep-desk.ts";
import type { Tally } from "../run/tally.ts";
import type { LeftRun } from "./read-run.ts";
import type { RecordedCell } from "./recorded-cell.ts";
import type { WantedExposure } from "../beam/wanted.ts";
import { requestOf, type RecordedRun } from "./recorded-run.ts";

/** What was counted of each cell, and the step that its channel may find running. Nothing in a run that begins. */
export function restoreCells(
  left: LeftRun | undefined,
  { cells }: Pick<Campaign, "cells">,
  channels: readonly Channel[],
  intake: SampleIntake,
  nowMs: () => number,
): void {
  if (left === undefined) return;
  restoreSamples(left, channels, intake);
  restoreReleased(left, cells, intake);
  restoreChannels(left, channels, intake, nowMs);
}

/** Counts all samples on record since each step began; what ran and was not heard of any more is left running. */
function restoreSamples(left: LeftRun, channels: readonly Channel[], intake: SampleIntake): void {
  const { cells } = left.recorded;
  intake.replay(() => {
    cells.forEach(({ counted }, cellIndex) => {
      intake.restore(cellIndex, counted.totals, counted.stepChargeAh, counted.stepDoubtAh);
    });
    const hasBegun = cells.map(() => false);
    const begin = (cellIndex: number): void => {
      const cell = cells[cellIndex];
      const step = cell?.left.cursor?.step.channelStep;
      if (cell?.stepBeganMs == null || step === undefined || hasBegun[cellIndex] === true) return;
      hasBegun[cellIndex] = true;
      if (cell.wasOffBefore) intake.switchedOff(cellIndex, cell.stepBeganMs);
      intake.stepStarted(cellIndex, cell.stepBeganMs, {
        continues: true,
        sampleIntervalS: step.sampleIntervalS,
        untilTimeS: channels[cellIndex]?.capabilities.runsProgrammeAlone === false ? Infinity : ranUntilS(cell),
        currentA: orderedCurrentA(step),
        mostA: mostDrivenA(step),
        chargeMaxAh: step.chargeMaxAh,
      });
    };
    const reader = createFrameReader();
    for (const payload of left.frames) {
      const columns = reader.read(payload);
      if (typeof columns === "string") continue;
      const { channelIndex, from, to, atMs, voltageV, currentA, flags } = columns;
      for (let place = 0; place < columns.channels; place += 1) {
        const cellIndex = channelIndex[place] ?? -1;
        const cell = cells[cellIndex];
        if (cell === undefined) continue;
        const beganMs = cell.stepBeganMs ?? Infinity;
        // By a clock that runs fast a step's last samples may lie behind the next one's begin.
        const endedMs = cell.heardUntilMs ?? -Infinity;
        for (let index = from[place] ?? 0; index < (to[place] ?? 0); index += 1) {
          const at = atMs[index] ?? NaN;
          const volts = voltageV[index] ?? NaN;
          const amperes = currentA[index] ?? NaN;
          if (at >= beganMs && at > endedMs) {
            begin(cellIndex);
            intake.sample(cellIndex, (at - beganMs) / 1000, volts, amperes, flags[index] ?? 0);
          } else intake.lastSeen(cellIndex, at, volts, amperes);
        }
      }
    }
    cells.forEach((cell, cellIndex) => {
      begin(cellIndex);
      if (cell.left.runningSinceMs === null) intake.stepEnded(cellIndex);
      const { offTotals } = cell;
      if (offTotals !== undefined) intake.restore(cellIndex, offTotals, ...inStepAh(offTotals, cell.left));
      if (cell.hasEndedUnheard) intake.lastSeen(cellIndex, intake.lastAtMs[cellIndex] ?? -Infinity, NaN, NaN);
    });
  });
}

/** And by how much that may be off. */
function inStepAh(now: ChargeTotals, { account: { stepStartedAt } }: RecordedCell["left"]): [number, number] {
  const chargeAh = now.chargedAh - now.dischargedAh - (stepStartedAt.chargedAh - stepStartedAt.dischargedAh);
  return [chargeAh, Math.max(0, now.doubtAh - stepStartedAt.doubtAh)];
}

/** Samples of a cell's last seconds may not have been written; what it was given out with was, before the arm moved or anybody was told. */
function restoreReleased({ recorded }: LeftRun, cells: Campaign["cells"], intake: SampleIntake): void {
  for (const [cellIndex, { position }] of cells.entries()) {
    const byRobot = recorded.transfers.released.get(position);
    const isLatest = byRobot !== undefined && byRobot.atMs >= (intake.lastAtMs[cellIndex] ?? -Infinity);
    const openCircuitV = isLatest ? byRobot.openCircuitV : recorded.access.get(position)?.openCircuitV;
    if (openCircuitV != null) intake.releasedAt(cellIndex, openCircuitV);
  }
}

/** The step's own time, as it was given to the instrument. */
function ranUntilS({ left }: RecordedCell): number {
  const step = left.cursor?.step.channelStep;
  if (step === undefined) return 0;
  return Math.max(step.sampleIntervalS, step.untilTimeS - left.stepElapsedS);
}

/** Tells each channel of the step that it may find running. */
function restoreChannels(left: LeftRun, channels: readonly Channel[], intake: SampleIntake, nowMs: () => number): void {
  left.recorded.cells.forEach((cell, cellIndex) => {
    const channel = channels[cellIndex];
    const running = runningOf(cell, cellIndex, intake, nowMs);
    if (channel === undefined || running === null) return;
    channel.leaveRunning?.({ ...running, identity: left.recorded.identities.get(channel.name) ?? null });
  });
}

function runningOf(
  { left }: RecordedCell,
  cellIndex: number,
  intake: SampleIntake,
  nowMs: () => number,
): Omit<LeftRunning, "identity"> | null {
  const { phase, cursor, runningSinceMs, hold, leave, isOrderedOff } = left;
  // What a person wants off is switched off.
  if (phase !== "under-way" || isOrderedOff || hold !== null || leave !== null) return null;
  if (cursor === null || runningSinceMs === null || left.isLeading === true) return null;
  const step = cursor.step.channelStep;
  const untilTimeS = Math.max(step.sampleIntervalS, step.untilTimeS - left.stepElapsedS);
  const stepTimeS = ((intake.lastAtMs[cellIndex] ?? -Infinity) - runningSinceMs) / 1000;
  return {
    step: { ...step, untilTimeS },
    sinceStartS: () => (nowMs() - runningSinceMs) / 1000,
    lastSample:
      stepTimeS >= 0
        ? {
            stepTimeS,
            voltageV: intake.lastVoltageV[cellIndex] ?? NaN,
            currentA: intake.lastCurrentA[cellIndex] ?? NaN,
          }
        : null,
  };
}

export interface RestoredRequests {
  readonly sweep: SweepState | null;
  /** What steps asked for and neither got nor missed. */
  readonly wanted: readonly WantedExposure[];
  readonly lastNumbers: LastNumbers;
}

/** Where no sweep had begun and nothing was wanted. */
export const NOTHING_ASKED = { sweep: null, wanted: [], lastNumbers: NO_NUMBERS } as const;

/** Counts again what became of every request, and gives the sweep under way with what is left of it. */
export function restoreSweeps(
  recorded: RecordedRun,
  unfinished: readonly LedgerRow[],
  campaign: Campaign,
  desk: Pick<SweepDesk, "request" | "wantedRequest" | "tour" | "window" | "noteGiven">,
  tally: Tally,
): RestoredRequests {
  const indexOf = new Map(campaign.cells.map((cell, cellIndex) => [cell.position as string, cellIndex]));
  let state: SweepState | null = null;
  const isDone = new Set<number>();
  const open = new Map<number, WantedExposure>();
  const numbered: { readonly position: string; readonly number: number }[] = [];
  const hasJoinedSince = (cellIndex: number, sinceMs: number): boolean =>
    (recorded.joined.get(campaign.cells[cellIndex]?.position ?? "") ?? -Infinity) > sinceMs;
  for (const request of recorded.requests) {
    if (request.kind === "begun") {
      const { sweep, atMs: startedAtMs } = request;
      const gone = [...recorded.takenFromBeam].flatMap(([position, atMs]) => (atMs > startedAtMs ? [position] : []));
      const asked = desk.tour(sweep, gone).filter((cellIndex) => !hasJoinedSince(cellIndex, startedAtMs));
      state = { sweep, startedAtMs, latestMs: desk.window(sweep).latestMs, remaining: asked };
      isDone.clear();
      tally.sweepBegun(sweep, asked.length);
      tally.cut();
      for (const cellIndex of asked) {
        const wanted = desk.request(cellIndex, sweep);
        if (wanted !== undefined) tally.asked(wanted);
      }
      continue;
    }
    if (request.kind === "answered") {
      tally.answered();
      open.delete(request.number);
      continue;
    }
    if (request.kind === "withdrawn") {
      tally.withdrawn(request.number);
      open.delete(request.number);
      continue;
    }
    if (request.kind === "retimed") {
      const before = open.get(request.number);
      if (before?.wish === undefined) continue;
      const { window, reason } = request;
      const moved = { ...before, reason, latestMs: window.latestMs, wish: { ...before.wish, ...window, reason } };
      open.set(request.number, moved);
      const asked = desk.wantedRequest(moved);
      if (asked !== undefined) tally.retimed(asked, request.number);
      continue;
    }
    const cellIndex = indexOf.get(request.position);
    const cell = campaign.cells[cellIndex ?? -1];
    if (cellIndex === undefined || cell === undefined) continue;
    if (request.kind === "lit-while-closed") {
      const { fromMs: startMs, toMs: endMs } = request.lit;
      tally.accounted({ positionIndex: positionIndex(cell.position), startMs, endMs });
      continue;
    }
    if (request.kind === "wanted") {
      const { number, position, reason, askedAtMs, latestMs } = request;
      const wanted = {
        ...{ number, cellIndex, position, reason, askedAtMs, latestMs },
        ...(request.controlIndex === undefined ? {} : { controlIndex: request.controlIndex }),
        ...(request.repeatOf === undefined ? {} : { repeatOf: request.repeatOf }),
        ...(request.wish === undefined ? {} : { wish: request.wish }),
      };
      numbered.push({ position, number });
      open.set(number, wanted);
      tally.wanted();
      const asked = desk.wantedRequest(wanted);
      if (asked !== undefined) tally.asked(asked, number);
      continue;
    }
    const wantedThen = open.get(request.wanted ?? 0) ?? null;
    open.delete(request.wanted ?? 0);
    if (state?.sweep === request.sweep) isDone.add(cellIndex);
    if (request.kind === "missed") {
      tally.missed({ cellIndex, sweep: request.sweep, reason: request.reason, text: "", detail: {} });
      continue;
    }
    const { atMs, lit, outcome, sweep } = request;
    if (lit !== null) {
      tally.accounted({ positionIndex: positionIndex(cell.position), startMs: lit.fromMs, endMs: lit.toMs });
    }
    desk.noteGiven(cellIndex, wantedThen);
    const latestMs = wantedThen?.latestMs ?? desk.window(sweep).latestMs;
    // Of what a trigger asked the opening counts.
    const countsMs = wantedThen?.wish === undefined ? atMs : (lit?.fromMs ?? Infinity);
    const earliestMs = wantedThen?.wish?.earliestMs ?? -Infinity;
    const isInWindow = countsMs >= earliestMs && countsMs <= latestMs;
    tally.exposed(sweep, atMs, outcome, isInWindow, "beam", request.isAccepted);
  }
  for (const { exposureId, position } of unfinished) {
    const cellIndex = indexOf.get(position);
    const request = requestOf(exposureId);
    if (cellIndex !== undefined && request?.sweep === state?.sweep) isDone.add(cellIndex);
    open.delete(request?.wanted ?? 0);
  }
  return {
    sweep: state === null ? null : { ...state, remaining: state.remaining.filter((index) => !isDone.has(index)) },
    wanted: [...open.values()],
    lastNumbers: recordedNumbers(
      numbered,
      campaign.cells.map((cell) => cell.position),
    ),
  };
}
