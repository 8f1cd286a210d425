/** What a cell's machine does to its channel, and what the channel's stream tells the machine. */
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { Channel, ChannelListener, ChannelStep } from "../../protocols/roles/channel.ts";
import type { CellEffects, LeftStep } from "../machines/programme.ts";
import type { ChannelNews } from "../machines/campaign-news.ts";
import { IN_HAND } from "../machines/cell-steps.ts";
import { faultNote } from "../machines/errors.ts";
import type { Recorder } from "../machines/recorder.ts";
import { totalsJson } from "./account-json.ts";
import { elapsedWhenOff, expectedVoltage, mostDrivenA, orderedCurrentA, type LastSeen } from "./continuity.ts";
import type { SampleIntake } from "./sample-intake.ts";
import { CHARGE_LEFT_LEAST } from "./ruled-step.ts";
import { createAskedStart } from "./asked-start.ts";
import { createSpectrumLog } from "./spectrum-log.ts";
import { createStepLook } from "./step-look.ts";
import { signalOf, type CellSignals } from "./cell-signals.ts";
import {
  judgeIdentity,
  objectionTo,
  type IdentityEvidence,
  type IdentitySource,
  type NotProven,
} from "../custody/identity-proof.ts";
import { createUnheardSteps } from "./unheard-steps.ts";
import { createWiringProof, type Proven, type WiringProofDeps } from "./wiring-proof.ts";

export interface CellEffectsDeps {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly cellIndex: number;
  readonly position: string;
  readonly intake: SampleIntake;
  readonly recorder: Recorder;
  readonly proof: ProofRules;
  /** What the cell is held against before its first current; left out where the campaign names no custody. */
  readonly identity?: IdentitySource;
  readonly tell: (cellIndex: number, event: ChannelNews) => void;
  /** Samples of a channel are missing from its last one, or from `fromMs`, until now. */
  readonly gap: (cellIndex: number, reason: string, fromMs?: number) => void;
  /** What other cells have come to, and who waits for what this one comes to. */
  readonly signals?: CellSignals;
  /** After a restart: what ran is looked for before anything else is done. */
  readonly wasLeft?: boolean;
  /** After a restart: its proof may have been under way as the controller was lost, and what flowed in it is on no record. */
  readonly mayHaveBeenProven?: boolean;
  /** Another lay on its channel before, and it is still to come: until its proof what the channel tells is of that one. */
  readonly listensFromProof?: boolean;
}

/** What the proof before the first current is judged by. */
export type ProofRules = Pick<WiringProofDeps, "code" | "positionOf" | "limits" | "nominalCapacityAh">;

/**
 * An answer later than this lay somewhere, unread by us perhaps: the step may run since it was asked for. By the answer its
 * samples would be stamped ahead of the day, and those of the next step not be believed.
 */
const ANSWER_BELIEVED_MS = 1000;

/** Further below zero than any offset of a channel. */
const REVERSED_V = -0.01;

export function createCellEffects(deps: CellEffectsDeps): CellEffects {
  const { channel, cellIndex, intake, clock } = deps;
  /** What the channel tells meanwhile is the proof's; its samples are kept like any others. */
  let isProving = false;
  /** The proof is that of a cell whose step goes on after it. */
  let doesContinue = false;
  /** What it tells before the cell is found again is kept for whoever looks. */
  let isSought = deps.wasLeft === true;
  const unheard = createUnheardSteps({
    clock,
    channel,
    cellIndex,
    intake,
    lastKnown,
    wasLeft: isSought || deps.mayHaveBeenProven === true,
    isCounted: isSought,
  });
  let endedUnseen: Extract<ChannelNews, { type: "STEP_ENDED" }> | null = null;
  let failedUnseen: Fault | null = null;
  let provenOhm: number | null = null;
  const look = createStepLook({ clock, channel, cellIndex, intake, provenOhm: () => provenOhm });
  const leftAtMs = intake.lastAtMs[cellIndex] ?? -Infinity;
  const spectra = createSpectrumLog(deps.position, deps.recorder, () => clock.monoMs());
  const start = createAskedStart(clock);
  const wiring = createWiringProof({
    ...{ clock, channel, cellIndex, position: deps.position },
    ...deps.proof,
    async start(step) {
      const askedAtMs = clock.monoMs();
      const asked = start.ask((ranForS) => {
        noteStart(step, step.untilTimeS, doesContinue, { askedAtMs, ranForS });
      });
      try {
        await channel.start(step);
        asked.answered();
      } catch (error) {
        // It ends by itself.
        if (asked.failed()) intake.mayHaveFlowed(cellIndex, (orderedCurrentA(step) * step.untilTimeS) / 3600);
        throw error;
      }
    },
  });

  if (deps.mayHaveBeenProven === true) intake.mayHaveFlowed(cellIndex, wiring.mostAh);

  /** Nothing of its step runs that would end it. */
  function noteNotOff(error: unknown): void {
    if (!isFault(error) || error.code !== "cell.not-off") return;
    intake.endIsGone(cellIndex);
    unheard.endIsGone();
  }

  /** Gives the campaign time since when it runs. */
  function noteStart(
    step: ChannelStep,
    untilTimeS: number,
    continues: boolean,
    { askedAtMs, ranForS }: { readonly askedAtMs: number; readonly ranForS: number },
  ): number {
    const answeredAtMs = Math.max(askedAtMs, clock.monoMs() - 1000 * ranForS);
    const isLate = answeredAtMs - askedAtMs > ANSWER_BELIEVED_MS;
    const atMs = isLate ? askedAtMs : answeredAtMs;
    intake.stepStarted(cellIndex, atMs, {
      continues,
      startTookMs: atMs - askedAtMs,
      sampleIntervalS: step.sampleIntervalS,
      // Where nobody tells it to, another drives on.
      untilTimeS: channel.capabilities.runsProgrammeAlone ? untilTimeS : Infinity,
      currentA: orderedCurrentA(step),
      mostA: mostDrivenA(step),
      chargeMaxAh: step.chargeMaxAh,
    });
    return atMs;
  }

  /** For a step that begins again: the instrument counts from zero again. As much as may have flowed of it is taken off. */
  function chargeLeft({ chargeMaxAh }: ChannelStep): { readonly chargeMaxAh?: number } {
    if (chargeMaxAh === undefined) return {};
    const mostAh = Math.abs(intake.stepChargeAh[cellIndex] ?? 0) + (intake.stepDoubtAh[cellIndex] ?? 0);
    return { chargeMaxAh: Math.max(CHARGE_LEFT_LEAST * chargeMaxAh, chargeMaxAh - mostAh) };
  }

  function judgeOpenCircuit(openCircuitV: number): void {
    const { voltageMinV, voltageMaxV } = deps.proof.limits;
    const reading = `open-circuit voltage ${openCircuitV.toFixed(4)} V`;
    if (openCircuitV < REVERSED_V) {
      throw new Fault("cell.unproven", deps.position, `${reading}: the cell seems reversed`);
    }
    if (!(openCircuitV >= voltageMinV && openCircuitV <= voltageMaxV)) {
      throw new Fault("cell.unproven", deps.position, `${reading} is outside ${voltageMinV}..${voltageMaxV} V`);
    }
  }

  function evidenceNow(): IdentityEvidence | null {
    return deps.identity?.evidence(cellIndex) ?? null;
  }

  /** Throws `cell.wrong` or `cell.identity-unknown` where it is not proven to be the cell that belongs here. */
  function requireIdentity(openCircuitV: number, resistanceOhm: number | null): void {
    const evidence = evidenceNow();
    if (evidence === null) return;
    const verdict = judgeIdentity(evidence, { openCircuitV, resistanceOhm });
    if (verdict.kind !== "confirmed") throw notProven(verdict);
  }

  /** It was proven before the controller went away; the ledger may know better by now. */
  function requireNoObjection(): void {
    const evidence = evidenceNow();
    const objection = evidence === null ? null : objectionTo(evidence);
    if (objection !== null) throw notProven(objection);
  }

  function notProven({ kind, what }: NotProven): Fault {
    return new Fault(kind === "wrong" ? "cell.wrong" : "cell.identity-unknown", deps.position, what);
  }

  const listener: ChannelListener = {
    sample(stepTimeS, voltageV, currentA, flags) {
      start.heard(stepTimeS);
      intake.sample(cellIndex, stepTimeS, voltageV, currentA, flags);
      if (isProving) wiring.sample(stepTimeS, voltageV, currentA);
    },
    spectrumPoint(point) {
      spectra.point(point);
    },
    stepEnded(end) {
      // Told to stop, it ends between two samples.
      unheard.ended(end);
      // Its answer says nothing any more; that of a proof's current does, of which nothing else is in doubt.
      if (end !== "aborted" && !isProving) start.over();
      if (end === "aborted") intake.switchedOff(cellIndex, clock.monoMs());
      else if (channel.capabilities.runsProgrammeAlone) intake.stepEnded(cellIndex);
      // What the controller's clock ends drives on until its channel has switched it off.
      else intake.stepEnded(cellIndex, clock.monoMs());
      spectra.end();
      if (isProving) {
        wiring.stepEnded(end);
        return;
      }
      const news = {
        type: "STEP_ENDED",
        end,
        voltageV: intake.lastVoltageV[cellIndex] ?? NaN,
        currentA: intake.lastCurrentA[cellIndex] ?? NaN,
        chargeAh: intake.stepChargeAh[cellIndex] ?? NaN,
      } as const;
      if (isSought) endedUnseen = news;
      else deps.tell(cellIndex, news);
    },
    fault(fault) {
      noteNotOff(fault);
      spectra.end();
      if (isProving) {
        wiring.fault(fault);
        return;
      }
      if (isSought) {
        failedUnseen = fault;
        return;
      }
      deps.tell(cellIndex, { type: "STEP_FAILED", fault: faultNote(fault) });
    },
  };
  if (deps.listensFromProof !== true) channel.listen(listener);

  return {
    get runsAlone() {
      return channel.capabilities.runsProgrammeAlone;
    },
    get foundRunningAtMs() {
      return channel.foundRunningAtMs ?? null;
    },
    ranAtLeastS: (step) => unheard.ranAtLeastS(step, channel.foundRunningAtMs ?? null),
    async prove(signal, left) {
      channel.listen(listener);
      const openCircuitV = await channel.measureOpenCircuitV();
      unheard.off(left);
      const evidence = evidenceNow();
      let proven: Proven | null = null;
      try {
        judgeOpenCircuit(openCircuitV);
        requireIdentity(openCircuitV, null);
        signal.throwIfAborted();
        isProving = true;
        const wired = await wiring.run(openCircuitV, signal);
        requireIdentity(openCircuitV, wired.resistanceOhm);
        proven = wired;
        provenOhm = wired.resistanceOhm;
      } finally {
        isProving = false;
        deps.recorder.record("cell-proof", {
          position: deps.position,
          open_circuit_V: finiteOrNull(openCircuitV),
          is_proven: proven !== null,
          ...(evidence === null ? {} : { code_read: codeRead(evidence) }),
          ...(proven === null
            ? {}
            : {
                current_A: proven.currentA,
                response_V: proven.responseV,
                resistance_ohm: proven.resistanceOhm,
              }),
          totals: totalsJson(intake.totals(cellIndex)),
        });
      }
      return { openCircuitV };
    },
    async startStep(step, elapsedS, because) {
      const { channelStep } = step;
      spectra.begin(step);
      const untilTimeS = Math.max(channelStep.sampleIntervalS, channelStep.untilTimeS - elapsedS);
      const askedAtMs = clock.monoMs();
      intake.releasedAt(cellIndex, NaN);
      const mayHaveRun = unheard.asked(step, channelStep.untilTimeS - untilTimeS);
      const asked = start.ask((ranForS) => {
        if (because !== null) deps.gap(cellIndex, because);
        unheard.begun(noteStart(channelStep, untilTimeS, mayHaveRun, { askedAtMs, ranForS }));
      });
      try {
        await channel.start({ ...channelStep, untilTimeS, ...chargeLeft(channelStep) });
        asked.answered();
        unheard.answered(step);
      } finally {
        asked.failed();
      }
    },
    ...look,
    async openCircuit(left) {
      if (channel.hasTakenOver === true) unheard.leftIsKnown();
      await channel.abort().catch((error: unknown) => {
        noteNotOff(error);
        throw error;
      });
      if (endedUnseen !== null) unheard.known();
      spectra.end();
      unheard.off(left);
    },
    givenUp: (left) => unheard.givenUp(left),
    async findAgain(left) {
      requireNoObjection();
      provenOhm ??= left.resistanceOhm ?? null;
      if (left.step !== null) spectra.begin(left.step);
      const unseen = endedUnseen;
      const failed = failedUnseen;
      endedUnseen = null;
      failedUnseen = null;
      if (unseen !== null || channel.hasTakenOver === true) {
        isSought = false;
        unheard.known();
        // What an instrument kept for us is there by now.
        if (!channel.capabilities.buffersSamples) deps.gap(cellIndex, AWAY, leftAtMs);
        return unseen === null ? { kind: "running" } : { ...unseen, kind: "ended" };
      }
      if (failed !== null) throw failed;
      const openCircuitV = await channel.measureOpenCircuitV();
      judgeOpenCircuit(openCircuitV);
      judgeContinuity(left, openCircuitV);
      const lastAtMs = intake.lastAtMs[cellIndex] ?? -Infinity;
      const { runsProgrammeAlone: runsAlone } = channel.capabilities;
      const foundAtMs = channel.foundRunningAtMs ?? NaN;
      const stepElapsedS = elapsedWhenOff(left, { lastAtMs, foundAtMs, nowMs: clock.monoMs(), runsAlone });
      unheard.off(left);
      isSought = false;
      return { kind: "off", openCircuitV, stepElapsedS };
    },
    async confirmBack(left, wiringSignal) {
      requireNoObjection();
      provenOhm ??= left.resistanceOhm ?? null;
      endedUnseen = null;
      failedUnseen = null;
      isSought = false;
      unheard.known();
      const openCircuitV = await channel.measureOpenCircuitV();
      judgeOpenCircuit(openCircuitV);
      // Where nothing was read as it was given out, what ran may have run on unheard since the last sample.
      const isTold = Number.isFinite(intake.releasedV[cellIndex] ?? NaN);
      const ran = isTold ? left : { ...left, runningSinceMs: clock.monoMs() };
      judgeContinuity(ran, openCircuitV, "back in its place");
      if (wiringSignal === undefined) return { openCircuitV, wired: null };
      wiringSignal.throwIfAborted();
      deps.gap(cellIndex, IN_HAND);
      isProving = true;
      doesContinue = true;
      try {
        const wired = await wiring.run(openCircuitV, wiringSignal);
        provenOhm = wired.resistanceOhm;
        return { openCircuitV, wired };
      } finally {
        isProving = false;
        doesContinue = false;
      }
    },
    awaitedCell: () => deps.identity?.awaited(cellIndex) ?? null,
    totals: () => intake.totals(cellIndex),
    hasCome: (signal) => deps.signals?.has(signal) === true,
    isWatched: (stepNumber) => deps.signals?.isWatched(signalOf(deps.position, stepNumber - 1)) === true,
    firstSample() {
      const sinceS = intake.firstTimeS[cellIndex] ?? NaN;
      const voltageV = intake.firstVoltageV[cellIndex] ?? NaN;
      const currentA = intake.firstCurrentA[cellIndex] ?? NaN;
      return Number.isFinite(sinceS) ? { sinceS, voltageV, currentA } : null;
    },
    stepSamples() {
      const received = intake.stepSamples[cellIndex] ?? 0;
      if (received === 0) return null;
      const [fromMs, toMs] = [intake.stepFirstMs[cellIndex] ?? NaN, intake.lastAtMs[cellIndex] ?? NaN];
      return { channelIndex: cellIndex, received, fromMs, toMs, counted: channel.samplesCounted?.() ?? null };
    },
    lastSpectrum: () => spectra.last,
  };

  /** As it was given out of its place; otherwise its last sample. Of a step not heard yet nobody knows which way it drove the cell. */
  function lastKnown(): LastSeen {
    const releasedV = intake.releasedV[cellIndex] ?? NaN;
    const currentA = intake.lastCurrentA[cellIndex] ?? NaN;
    if (!Number.isFinite(releasedV)) return { voltageV: intake.lastVoltageV[cellIndex] ?? NaN, currentA };
    return { voltageV: releasedV, currentA: (intake.stepSamples[cellIndex] ?? 0) > 0 ? currentA : NaN };
  }

  function judgeContinuity(left: LeftStep, openCircuitV: number, when = "after the restart"): void {
    const { voltageV, currentA } = lastKnown();
    const { lowV, highV } = expectedVoltage(left, { voltageV, currentA }, deps.proof.limits, deps.clock.monoMs());
    if (openCircuitV >= lowV && openCircuitV <= highV) return;
    throw new Fault(
      "cell.unproven",
      deps.position,
      `${when} it has ${openCircuitV.toFixed(4)} V; it was left at ${voltageV.toFixed(4)} V, from which ${lowV.toFixed(2)}..${highV.toFixed(2)} V can have come: it may be another cell`,
    );
  }
}

/** Why samples are missing of a step that ran on. */
const AWAY = "the controller was away; the instrument ran on with its own limits";

/** Not the code itself: it may be another group's. */
function codeRead({ barcode, scanned }: IdentityEvidence): string {
  if (scanned === null) return "none";
  return scanned === barcode ? "own" : "other";
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
