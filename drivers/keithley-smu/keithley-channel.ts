/**
 * A Keithley 2450, 2460 or 2461 as a channel. The unit has no programme: this driver takes each sample and ends each
 * step by the controller's clock. Voltage and current of the step are set as the unit's own level and limit, so a
 * dead controller leaves the cell within them, but for as long as nobody comes: unattended only behind a contactor.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import {
  SAMPLE_OVERLOAD,
  type Channel,
  type ChannelListener,
  type ChannelStep,
  type StepEnd,
} from "../../protocols/roles/channel.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import {
  BUFFER_COUNT,
  CLEAR_BUFFER,
  FORGET_ERRORS,
  OFF_IS_OPEN,
  openCircuitLines,
  OUTPUT_OFF,
  OUTPUT_ON,
  OUTPUT_STATE,
  OUTPUT_STATE_THEN_OFF,
  RESET_LINES,
  voltageLevel,
  voltageSourceLines,
} from "../../protocols/wire/keithley-smu/scpi-commands.ts";
import { decodeNumbers, decodeOutputState } from "../../protocols/wire/keithley-smu/scpi-replies.ts";
import { openWithin } from "../link/open-within.ts";
import { createScpiConversation, type ScpiConversation } from "../link/scpi-conversation.ts";
import { identifySmu } from "./identify-smu.ts";
import { firstError, readVoltageAndCurrent } from "./smu-questions.ts";
import { endAt, endAtRest, OPEN_CIRCUIT_LIMIT_MARGIN_V, smuSetting, type SmuSetting } from "./smu-step.ts";

/** As site files name the family. */
export const KEITHLEY_SMU = "keithley-smu";

export interface KeithleySmuOptions {
  /** Another serial number on this address is the wrong device. */
  readonly expectedSerialNumber?: string;
  /** Longest wait for an answer. Default 2000 ms. */
  readonly replyMs?: number;
  /** Default 5000 ms. */
  readonly openMs?: number;
}

export interface KeithleySmuDeps extends KeithleySmuOptions {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
}

type State = "closed" | "idle" | "busy" | "running" | "unknown";

interface Run {
  readonly step: ChannelStep;
  readonly setting: SmuSetting;
  readonly startedMs: number;
  /** The first sample is the last. */
  readonly endsAtOnce: StepEnd | null;
  sampleCount: number;
  overloadCount: number;
}

/** The voltage range in use, and the 2450's smallest promise for current. */
const RANGE = { voltageMaxV: 20, currentMaxA: 1, sampleIntervalMinS: 0.5 };
const OVERLOADS_IN_A_ROW_MAX = 3;
/** Of defbuffer1 as it is after a reset; then the oldest readings give way. */
const BUFFER_READINGS_MAX = 100_000;
const NOTHING = (): void => undefined;
const NOBODY: ChannelListener = { sample: NOTHING, stepEnded: NOTHING, fault: NOTHING };

export function createKeithleyChannel(deps: KeithleySmuDeps): Channel {
  const { name, clock } = deps;
  const replyMs = deps.replyMs ?? 2000;
  const faultHandlers = new Set<(fault: Fault) => void>();
  let listener: ChannelListener = NOBODY;
  let state: State = "closed";
  let conversation: ScpiConversation | null = null;
  let running: Run | null = null;
  let foundRunningAtMs: number | null = null;
  /** Its output is on, or may be, to read the open circuit alone. */
  let isReadAlone = false;
  let previous: ChannelStep | null = null;
  let stopAsked = 0;
  /** Counts connects and disconnects: nothing is opened behind one that was asked for before it. */
  let session = 0;
  let counted: number | null = null;
  let lane: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = lane.then(work, work);
    lane = turn.catch(NOTHING);
    return turn;
  }

  function onLost(why: string): void {
    const wasRunning = running !== null;
    conversation = null;
    running = null;
    state = "closed";
    const fault = new Fault(
      "link.closed",
      name,
      wasRunning
        ? `the link closed while a step ran: ${why}; the output stays on at its level and current limit until somebody comes`
        : `the link closed: ${why}`,
    );
    if (wasRunning) listener.fault(fault);
    for (const handler of faultHandlers) handler(fault);
  }

  function dropLink(why: string): void {
    const open = conversation;
    conversation = null;
    running = null;
    state = "closed";
    open?.close(why);
  }

  function needTalk(): ScpiConversation {
    if (conversation === null) throw new Fault("link.closed", name, "the channel is not connected");
    return conversation;
  }

  function needIdle(what: string): ScpiConversation {
    const talk = needTalk();
    if (state === "running") throw new Fault("device.refused", name, `${what} was refused: a step is running`);
    if (state !== "idle")
      throw new Fault("device.unknown-outcome", name, `${what} was refused: the unit must be read back first`);
    return talk;
  }

  function needSession(of: number): void {
    if (of !== session) throw new Fault("link.closed", name, "the channel was disconnected while it connected");
  }

  async function open(of: number): Promise<ScpiConversation> {
    needSession(of);
    const link = await openWithin(clock, deps.openLink, name, deps.openMs);
    if (of !== session) link.close();
    needSession(of);
    const talk = createScpiConversation(name, link, clock, replyMs, (why) => {
      if (conversation === talk) onLost(why);
    });
    conversation = talk;
    return talk;
  }

  async function switchOff(talk: ScpiConversation): Promise<void> {
    talk.tell([OUTPUT_OFF]);
    if (await talk.ask(OUTPUT_STATE, decodeOutputState))
      throw new Fault("cell.not-off", name, "the output does not report off");
    isReadAlone = false;
  }

  /** Tells whether the output was on. */
  async function endFound(talk: ScpiConversation): Promise<boolean> {
    const wasOn = await talk.ask(OUTPUT_STATE_THEN_OFF, decodeOutputState);
    if (wasOn && !isReadAlone) foundRunningAtMs = clock.monoMs();
    await switchOff(talk);
    return wasOn;
  }

  async function connect(of: number): Promise<Identity> {
    const talk = await open(of);
    state = "busy";
    try {
      const found = await identifySmu(name, talk, deps.expectedSerialNumber);
      // First, or an output that is on would end as 0 V across the cell.
      talk.tell([OFF_IS_OPEN]);
      await endFound(talk);
      talk.tell(RESET_LINES);
      const error = await firstError(talk);
      if (error !== null) throw new Fault("device.refused", name, `the unit refused its set-up: ${error}`);
      needSession(of);
      previous = null;
      state = "idle";
      return { model: `Keithley ${found.model}`, serialNumber: found.serialNumber, firmware: found.firmware };
    } catch (error) {
      if (conversation === talk) dropLink("connecting failed");
      throw error;
    }
  }

  async function openCircuitV(talk: ScpiConversation, voltageLimitV: number): Promise<number> {
    isReadAlone = true;
    talk.tell([FORGET_ERRORS, ...openCircuitLines(voltageLimitV), OUTPUT_ON]);
    const [voltageV] = await readVoltageAndCurrent(name, talk, { kind: "open-circuit" });
    await switchOff(talk);
    const error = await firstError(talk);
    if (error !== null) throw new Fault("device.refused", name, `the unit refused a command: ${error}`);
    if (!Number.isFinite(voltageV)) throw new Fault("channel.out-of-range", name, "the open-circuit voltage overflows");
    return voltageV;
  }

  function needNoStop(): void {
    if (stopAsked > 0) throw new Fault("device.refused", name, "the step was aborted before it ran");
  }

  async function start(step: ChannelStep): Promise<void> {
    const talk = needIdle("a start");
    const wanted = smuSetting(step, previous, RANGE);
    if (typeof wanted === "string") throw new Fault("protocol.invalid", name, wanted);
    needNoStop();
    state = "busy";
    let setting = wanted;
    let endsAtOnce: StepEnd | null = null;
    let wasSwitched = false;
    try {
      const limitV = step.limits.voltageMaxV + OPEN_CIRCUIT_LIMIT_MARGIN_V;
      // The level starts at the cell's own voltage, so that switching on is no jump.
      const restV = await openCircuitV(talk, limitV);
      needNoStop();
      endsAtOnce = endAtRest(step, wanted, restV);
      if (endsAtOnce !== null) setting = { kind: "open-circuit" };
      talk.tell(
        setting.kind === "voltage"
          ? [...voltageSourceLines(setting.currentLimitA), voltageLevel(restV)]
          : openCircuitLines(limitV),
      );
      const error = await firstError(talk);
      if (error !== null) throw new Fault("device.refused", name, `the unit refused a command: ${error}`);
      needNoStop();
      wasSwitched = true;
      talk.tell([CLEAR_BUFFER]);
      counted = null;
      talk.tell(setting.kind === "voltage" ? [OUTPUT_ON, voltageLevel(setting.levelV)] : [OUTPUT_ON]);
      if (!(await talk.ask(OUTPUT_STATE, decodeOutputState)))
        throw new Fault("device.refused", name, "the output does not report on; see its interlock");
    } catch (error) {
      throw await afterFailedStart(error, wasSwitched, talk);
    }
    if (conversation !== talk) throw new Fault("link.closed", name, "the link closed while the step was started");
    previous = step;
    const run: Run = { step, setting, endsAtOnce, startedMs: clock.monoMs(), sampleCount: 0, overloadCount: 0 };
    running = run;
    foundRunningAtMs = null;
    state = "running";
    sampleLater(run);
  }

  /** Whatever failed, the output ends off and read back as off, on a fresh link when an answer was lost. */
  async function afterFailedStart(error: unknown, wasSwitched: boolean, talk: ScpiConversation): Promise<unknown> {
    if (!isFault(error) || conversation !== talk) return error;
    const isLost = error.code === "link.timeout" || error.code === "link.garbled";
    const of = session;
    state = "unknown";
    let found = "the unit does not answer";
    try {
      if (isLost) dropLink("an answer was lost");
      const fresh = isLost ? await open(of) : talk;
      const wasOn = await endFound(fresh);
      found = wasOn ? "the output was on and was switched off" : "the output was off";
      if (conversation === fresh) state = "idle";
    } catch (trouble) {
      if (!isFault(trouble)) throw trouble;
      if (of !== session) found = "the channel was disconnected";
      dropLink("the unit could not be read back");
    }
    if (!isLost || !wasSwitched) return error;
    const told = `the answer to the start never came; read back: ${found}`;
    return new Fault("device.unknown-outcome", name, told, { found }, error);
  }

  /** Samples lie on the step's own grid, the last one at its end in time. */
  function sampleLater(run: Run): void {
    const { sampleIntervalS, untilTimeS } = run.step;
    const dueS = Math.min(untilTimeS, (run.sampleCount + 1) * sampleIntervalS);
    clock.setTimeout(
      () => {
        if (running === run) void inTurn(() => sample(run));
      },
      Math.max(0, run.startedMs + dueS * 1000 - clock.monoMs()),
    );
  }

  async function sample(run: Run): Promise<void> {
    if (running !== run) return;
    const talk = needTalk();
    try {
      const [voltageV, currentA] = await readVoltageAndCurrent(name, talk, run.setting);
      if (conversation !== talk || running !== run) return;
      const stepTimeS = (clock.monoMs() - run.startedMs) / 1000;
      run.sampleCount = Math.max(run.sampleCount + 1, Math.floor(stepTimeS / run.step.sampleIntervalS));
      const isOverload = !Number.isFinite(voltageV) || !Number.isFinite(currentA);
      run.overloadCount = isOverload ? run.overloadCount + 1 : 0;
      const end = isOverload ? timeEnd(run, stepTimeS) : endNow(run, stepTimeS, voltageV, currentA);
      // With its output off a unit reads what is no reading of the cell: nothing is concluded from that.
      if ((isOverload || end !== null) && !(await talk.ask(OUTPUT_STATE, decodeOutputState))) {
        await endByFault(talk, new Fault("channel.switched-off", name, "the output went off in the middle of a step"));
        return;
      }
      if (conversation !== talk || running !== run) return;
      if (!isOverload) listener.sample(stepTimeS, voltageV, currentA, 0);
      if (run.overloadCount >= OVERLOADS_IN_A_ROW_MAX) {
        const what = `${OVERLOADS_IN_A_ROW_MAX} readings in a row overflow; the output is off`;
        await endByFault(talk, new Fault("channel.out-of-range", name, what, { flags: SAMPLE_OVERLOAD }));
      } else if (end === null) sampleLater(run);
      else await conclude(run, talk, end);
    } catch (error) {
      if (!isFault(error)) throw error;
      if (conversation === talk) loseTrack(error);
    }
  }

  async function endByFault(talk: ScpiConversation, fault: Fault): Promise<void> {
    await switchOff(talk);
    if (conversation !== talk) return;
    running = null;
    state = "idle";
    listener.fault(fault);
  }

  function endNow(run: Run, stepTimeS: number, voltageV: number, currentA: number): StepEnd | null {
    return run.endsAtOnce ?? endAt(run.step, stepTimeS, voltageV, currentA);
  }

  function timeEnd(run: Run, stepTimeS: number): StepEnd | null {
    return stepTimeS >= run.step.untilTimeS ? "time" : null;
  }

  async function conclude(run: Run, talk: ScpiConversation, end: StepEnd): Promise<void> {
    await switchOff(talk);
    if (running !== run) return;
    running = null;
    state = "busy";
    counted = await readingsCounted(talk);
    if (conversation === talk) state = "idle";
    listener.stepEnded(end);
  }

  /** Readings in the unit's buffer since it was cleared; null where it is full, or does not answer. The cell is off. */
  async function readingsCounted(talk: ScpiConversation): Promise<number | null> {
    try {
      const [count] = await talk.ask(BUFFER_COUNT, decodeNumbers);
      return count !== undefined && count < BUFFER_READINGS_MAX ? count : null;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (conversation !== talk) return null;
      dropLink("an answer was lost");
      const closed = new Fault("link.closed", name, "the link was closed because an answer was lost", {}, error);
      for (const handler of faultHandlers) handler(closed);
      return null;
    }
  }

  /** An answer was lost while a step ran: the link is of no more use, and the next `connect` switches off. */
  function loseTrack(cause: Fault): void {
    dropLink("an answer was lost");
    const fault = new Fault(
      cause.code,
      name,
      `${cause.message}; the output may still be on, at its level and current limit`,
      cause.detail,
      cause,
    );
    listener.fault(fault);
    const closed = new Fault("link.closed", name, "the link was closed because an answer was lost", {}, cause);
    for (const handler of faultHandlers) handler(closed);
  }

  async function abort(told?: () => void): Promise<void> {
    const talk = needTalk();
    const run = running;
    try {
      const switching = switchOff(talk);
      told?.();
      await switching;
    } catch (error) {
      if (isFault(error) && conversation === talk) {
        if (run !== null) loseTrack(error);
        else dropLink("an answer was lost");
      }
      throw error;
    }
    if (conversation !== talk) return;
    running = null;
    state = "idle";
    if (run !== null) listener.stepEnded("aborted");
  }

  return {
    name,
    driver: KEITHLEY_SMU,
    capabilities: {
      voltageRangeV: { min: -RANGE.voltageMaxV, max: RANGE.voltageMaxV },
      currentMaxA: RANGE.currentMaxA,
      sampleIntervalMinS: RANGE.sampleIntervalMinS,
      runsProgrammeAlone: false,
      buffersSamples: false,
    },
    connect() {
      dropLink("connecting anew");
      session += 1;
      const of = session;
      return inTurn(() => connect(of));
    },
    disconnect() {
      session += 1;
      dropLink("closed by the host");
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    listen(next) {
      listener = next;
    },
    get foundRunningAtMs() {
      return foundRunningAtMs;
    },
    samplesCounted: () => counted,
    start: (step) => inTurn(() => start(step)),
    abort(told) {
      stopAsked += 1;
      return inTurn(() => abort(told)).finally(() => {
        stopAsked -= 1;
      });
    },
    measureOpenCircuitV: () =>
      inTurn(async () => {
        const talk = needIdle("an open-circuit measurement");
        try {
          return await openCircuitV(talk, RANGE.voltageMaxV);
        } catch (error) {
          throw await afterFailedStart(error, false, talk);
        }
      }),
  };
}
