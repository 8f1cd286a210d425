/**
 * A potentiostat channel that speaks MethodSCRIPT. The instrument runs each step as a script with its limits
 * inside; this driver loads, starts, listens and makes sure of the cell when something goes wrong. It never
 * guesses: after a lost answer the instrument is stopped and read back before anything else is sent.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault, type FaultDetail } from "../../protocols/base/fault.ts";
import type {
  Channel,
  ChannelCapabilities,
  ChannelListener,
  ChannelStep,
  LeftRunning,
} from "../../protocols/roles/channel.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { deviceModelNamed, EMSTAT4_HR, type DeviceModel } from "../../protocols/wire/methodscript/device-models.ts";
import { errorNumber, errorText, type InstrumentError } from "../../protocols/wire/methodscript/error-codes.ts";
import { compileStep } from "../../protocols/wire/methodscript/step-script.ts";
import { SAMPLE_INTERVAL_MIN_S } from "../../protocols/wire/methodscript/even-intervals.ts";
import { openWithin } from "../link/open-within.ts";
import { checkedDevice } from "./checked-device.ts";
import { createInstrumentSession, type InstrumentSession } from "./instrument-session.ts";
import { canBeLeft, createLook, type Look } from "./left-step.ts";
import { createLineConversation, type LineConversation } from "./line-conversation.ts";
import { createRunningStep, type RunningStep } from "./running-step.ts";
import { CHANNELS_READER } from "./sample-reader.ts";
import { createSilenceWatch, silenceText, type SilenceWatch } from "./silence-watch.ts";

export interface MethodScriptChannelDeps {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Another serial number on this port is the wrong device. */
  readonly expectedSerialNumber?: string;
  /** What the cells of this channel need; devices below are refused. Default 5 V. */
  readonly requiredVoltageMaxV?: number;
  /** Default 10 mA. */
  readonly requiredCurrentMaxA?: number;
  /** Longest wait for any one answer. Default 1000 ms. */
  readonly replyMs?: number;
  /** Longest wait for the link to open. Default 5000 ms. */
  readonly openMs?: number;
  /** Three sample intervals and this without a sample are silence. Default 1000 ms. */
  readonly silenceMarginMs?: number;
  /** One for the whole rack saves timers; made here when not given. */
  readonly silenceWatch?: SilenceWatch;
}

/** closed: no link. idle: nothing runs and the cell is off, by the instrument's word. unknown: to be read back first. */
type State = "closed" | "idle" | "busy" | "running" | "unknown";

/** Codes by which an instrument says that it does not know `add_meas`. */
const OPTION_REFUSED: ReadonlySet<number> = new Set([0x4001, 0x4002, 0x4004, 0x4008, 0x420a, 0x420b, 0x001b]);

const NOTHING = (): void => undefined;
const NOBODY: ChannelListener = { sample: NOTHING, stepEnded: NOTHING, fault: NOTHING };

export function createMethodScriptChannel(deps: MethodScriptChannelDeps): Channel {
  const { name, clock } = deps;
  const needs = { voltageMaxV: deps.requiredVoltageMaxV ?? 5, currentMaxA: deps.requiredCurrentMaxA ?? 0.01 };
  const replyMs = deps.replyMs ?? 1000;
  const silenceMarginMs = deps.silenceMarginMs ?? 1000;
  const silenceWatch = deps.silenceWatch ?? createSilenceWatch(clock);
  const faultHandlers = new Set<(fault: Fault) => void>();

  let listener: ChannelListener = NOBODY;
  let state: State = "closed";
  let conversation: LineConversation | null = null;
  let session: InstrumentSession | null = null;
  let running: RunningStep | null = null;
  let ended: RunningStep | null = null;
  let stopWatching = NOTHING;
  let device: DeviceModel = EMSTAT4_HR;
  let measuresHeldPotential = true;
  let left: LeftRunning | null = null;
  let hasTakenOver = false;
  let foundRunningAtMs: number | null = null;
  /** It could not be asked who it is while the step that was left ran. */
  let expectedIdentity: Identity | null = null;
  /** While a running script is looked at. */
  let look: Look | null = null;
  /** Set by `abort` ahead of its turn, so that a start under way does not go from load to run. */
  let stopAsked = 0;
  let lane: Promise<unknown> = Promise.resolve();

  /** Requests take turns: an instrument has one conversation at a time. Each turn is bounded by its own deadlines. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = lane.then(work, work);
    lane = turn.catch(NOTHING);
    return turn;
  }

  function announce(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function endRun(next: State): void {
    stopWatching();
    stopWatching = NOTHING;
    ended = running ?? ended;
    running = null;
    state = next;
  }

  function dropLink(why: string): void {
    const open = conversation;
    conversation = null;
    session = null;
    endRun("closed");
    open?.close(why);
  }

  function onLost(why: string): void {
    const wasRunning = running !== null;
    conversation = null;
    session = null;
    endRun("closed");
    const fault = new Fault(
      "link.closed",
      name,
      wasRunning
        ? `the link closed while a step ran: ${why}; the instrument runs on with its own limits`
        : `the link closed: ${why}`,
    );
    if (wasRunning) listener.fault(fault);
    announce(fault);
  }

  function onPackage(bytes: Uint8Array, start: number, end: number): boolean {
    if (running === null) return false;
    const trouble = running.package(bytes, start, end, clock.monoMs());
    if (trouble !== null && running.unreadableCount === 1)
      announce(new Fault("link.garbled", name, `a data package could not be read: ${trouble}`));
    return true;
  }

  /** The listener may change while a step runs. */
  const heard: Required<Pick<ChannelListener, "sample" | "spectrumPoint">> = {
    sample(stepTimeS, voltageV, currentA, flags) {
      if (look?.sample(stepTimeS, voltageV, currentA) === false) return;
      listener.sample(stepTimeS, voltageV, currentA, flags);
    },
    spectrumPoint(point) {
      listener.spectrumPoint?.(point);
    },
  };

  function onLine(line: string, awaited: boolean): void {
    if (running === null) {
      // Late answers and empty lines are of no account; data that nobody started is.
      if (!awaited && state === "idle" && line.startsWith("P")) {
        state = "unknown";
        announce(new Fault("device.unknown-outcome", name, "the instrument sends data although no step was started"));
      }
      return;
    }
    const news = running.line(line);
    if (look !== null && !look.isProven) {
      if (news.kind !== "goes-on") look.end();
      return;
    }
    if (news.kind === "over") {
      endRun("idle");
      if (news.end !== null && news.isOff) listener.stepEnded(news.end);
      else
        makeSafe("device.unknown-outcome", "the script ended without the instrument's word on why and on the cell", {});
    } else if (news.kind === "failed") {
      endRun("busy");
      makeSafe("channel.script-error", `the script stopped: ${errorText(news.error)}`, errorDetail(news.error));
    }
  }

  function onSilent(): void {
    const silent = running;
    if (silent === null) return;
    endRun("unknown");
    const intervalS = silent.step.sampleIntervalS;
    listener.fault(
      new Fault("channel.silent", name, silenceText(silent.step, silenceMarginMs), {
        sampleCount: silent.sampleCount,
        sampleIntervalS: intervalS,
      }),
    );
  }

  /** After a run-time error `on_finished:` does not run, so the cell may still be on. */
  function makeSafe(code: "channel.script-error" | "device.unknown-outcome", what: string, detail: FaultDetail): void {
    state = "busy";
    const of = session;
    void inTurn(async () => {
      let isOff = false;
      let why = "";
      try {
        if (of === null || of !== session) throw new Fault("link.closed", name, "the link closed");
        await sleep(clock, 150);
        await of.switchCellOff();
        isOff = true;
      } catch (error) {
        if (!isFault(error)) throw error;
        why = error.message;
      }
      if (of === session && of !== null) state = isOff ? "idle" : "unknown";
      const cell = isOff ? "the cell was switched off" : `the cell could not be confirmed off (${why})`;
      // Its script is over: nothing in the instrument ends what it drives.
      listener.fault(new Fault(isOff ? code : "cell.not-off", name, `${what}; ${cell}`, { ...detail, cellOff: isOff }));
    });
  }

  function needSession(): InstrumentSession {
    if (session === null) throw new Fault("link.closed", name, "the channel is not connected");
    return session;
  }

  function needIdle(what: string): InstrumentSession {
    const open = needSession();
    if (state === "running") throw new Fault("device.refused", name, `${what} was refused: a step is running`);
    if (state !== "idle")
      throw new Fault("device.unknown-outcome", name, `${what} was refused: the instrument must be read back first`);
    return open;
  }

  async function connect(): Promise<Identity> {
    dropLink("connecting anew");
    const link = await openWithin(clock, deps.openLink, name, deps.openMs);
    const talk = createLineConversation({ name, link, clock, onPackage, onLine, onLost });
    const open = createInstrumentSession(name, talk, clock, replyMs);
    conversation = talk;
    session = open;
    state = "busy";
    hasTakenOver = false;
    expectedIdentity = null;
    try {
      const taken = await takeOver();
      if (taken !== null) return taken;
      if ((await open.stop()) === "stopped") foundRunningAtMs = clock.monoMs();
      const found = await open.identify();
      device = checkedDevice(name, found, needs, deps.expectedSerialNumber);
      left = null;
      // A script that failed while nobody listened leaves the cell on.
      await open.switchCellOff();
      measuresHeldPotential = true;
      state = "idle";
      return { model: device.product, serialNumber: found.serialNumber, firmware: found.firmware };
    } catch (error) {
      if (conversation === talk) dropLink("connecting failed");
      throw error;
    }
  }

  /** Listens, and sends nothing: the step that was left goes on untouched. Null where nothing proves that it runs. */
  async function takeOver(): Promise<Identity | null> {
    const sought = left;
    if (sought?.identity == null || !canBeLeft(sought)) return null;
    const model = deviceModelNamed(sought.identity.model);
    if (model === undefined) return null;
    beginRun(sought.step);
    stopWatching();
    const waitMs = 1000 * sought.step.sampleIntervalS + silenceMarginMs;
    look = createLook(clock, waitMs, sought);
    const isOurs = await look.verdict;
    look = null;
    const found = running;
    if (!isOurs || found === null) {
      if (conversation !== null) endRun("busy");
      return null;
    }
    stopWatching = silenceWatch.watch(() => found.silentAtMs(), onSilent);
    left = null;
    device = model;
    hasTakenOver = true;
    expectedIdentity = sought.identity;
    return sought.identity;
  }

  /** The step that was left is over: now it can be asked. */
  async function identifyAfterTakeOver(open: InstrumentSession): Promise<void> {
    if (expectedIdentity === null) return;
    const found = await open.identify();
    device = checkedDevice(name, found, needs, expectedIdentity.serialNumber ?? undefined);
    expectedIdentity = null;
  }

  async function start(step: ChannelStep): Promise<void> {
    const open = needIdle("a start");
    await identifyAfterTakeOver(open);
    const refused = await readBackOnTimeout(open, loadStep(open, step));
    if (refused !== null)
      throw new Fault("device.refused", name, `the script was refused: ${errorText(refused)}`, errorDetail(refused));
    if (stopAsked > 0) throw new Fault("device.refused", name, "the step was aborted before it ran");
    state = "busy";
    const starting = open.run(() => {
      beginRun(step);
    });
    const failed = await readBackOnTimeout(open, starting, "the start");
    if (failed === null) return;
    state = "idle";
    throw new Fault("device.refused", name, `the script was not run: ${errorText(failed)}`, errorDetail(failed));
  }

  /** Loads the step, without the extra measurement where the firmware refuses it. A refused load applies nothing. */
  async function loadStep(open: InstrumentSession, step: ChannelStep): Promise<InstrumentError | null> {
    const load = async (): Promise<InstrumentError | null> => {
      const compiled = compileStep(step, device, { measuresHeldPotential });
      if (!compiled.ok) throw new Fault("protocol.invalid", name, compiled.reason);
      return open.load(compiled.lines);
    };
    const refused = await load();
    const holdsPotential = step.kind === "constant-voltage" || step.kind === "voltage-scan";
    if (refused === null || !holdsPotential || !measuresHeldPotential) return refused;
    if (!OPTION_REFUSED.has(refused.code)) return refused;
    measuresHeldPotential = false;
    const refusedAgain = await load();
    // Refused either way: then it was not the option.
    if (refusedAgain !== null) measuresHeldPotential = true;
    return refusedAgain;
  }

  function beginRun(step: ChannelStep): void {
    const nowMs = clock.monoMs();
    const silenceMs = silenceMarginMs + (step.kind === "impedance" ? 0 : 3000 * step.sampleIntervalS);
    const begun = createRunningStep(step, CHANNELS_READER, heard, nowMs, silenceMs);
    foundRunningAtMs = null;
    running = begun;
    ended = null;
    state = "running";
    stopWatching = silenceWatch.watch(() => begun.silentAtMs(), onSilent);
  }

  /**
   * After a lost answer the instrument is stopped and the cell confirmed off, and only then is the loss reported:
   * as an unknown outcome when `what` names something that may have been done, else as the timeout it is.
   */
  async function readBackOnTimeout<T>(open: InstrumentSession, work: Promise<T>, what?: string): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      if (!isFault(cause) || cause.code !== "link.timeout") throw cause;
      state = "unknown";
      let found = "the instrument does not answer";
      try {
        found = (await open.stop()) === "stopped" ? "it ran and was stopped" : "nothing ran";
        await open.switchCellOff();
        if (session === open) state = "idle";
      } catch (error) {
        if (!isFault(error)) throw error;
      }
      if (what === undefined) throw cause;
      const told = `the answer to ${what} never came; read back: ${found}`;
      throw new Fault("device.unknown-outcome", name, told, { found }, cause);
    }
  }

  async function abort(told?: () => void): Promise<void> {
    const open = needSession();
    const wasRunning = running !== null;
    try {
      const stopping = open.stop();
      told?.();
      await stopping;
      // The script's own word counts; whatever else was in flight is asked to switch off once more.
      if (!(wasRunning && isIdle())) {
        await open.switchCellOff();
        const silentEnd = running !== null;
        if (session === open) endRun("idle");
        if (silentEnd)
          listener.fault(
            new Fault(
              "device.unknown-outcome",
              name,
              "the step had ended without the instrument's word; the cell is off",
            ),
          );
      }
    } catch (error) {
      if (session === open) {
        endRun("unknown");
        if (wasRunning && isFault(error)) listener.fault(error);
      }
      throw error;
    }
  }

  function isIdle(): boolean {
    return state === "idle" && running === null;
  }

  return {
    name,
    driver: "palmsens-methodscript",
    get capabilities(): ChannelCapabilities {
      return {
        voltageRangeV: device.voltageRangeV,
        currentMaxA: device.currentMaxA,
        sampleIntervalMinS: SAMPLE_INTERVAL_MIN_S,
        runsProgrammeAlone: true,
        buffersSamples: false,
      };
    },
    connect() {
      // Ends whatever is pending, so that the turn comes at once.
      dropLink("connecting anew");
      return inTurn(connect);
    },
    disconnect() {
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
    leaveRunning(step) {
      left = step;
    },
    get hasTakenOver() {
      return hasTakenOver && running !== null;
    },
    get foundRunningAtMs() {
      return foundRunningAtMs;
    },
    samplesCounted: () => (running ?? ended)?.countByTimer() ?? null,
    start(step) {
      return inTurn(() => start(step));
    },
    abort(told) {
      stopAsked += 1;
      left = null; // What is to be off is not left running, once it can be reached either.
      return inTurn(() => abort(told)).finally(() => {
        stopAsked -= 1;
      });
    },
    measureOpenCircuitV() {
      return inTurn(async () => {
        const open = needIdle("an open-circuit measurement");
        await identifyAfterTakeOver(open);
        return readBackOnTimeout(open, open.measureOpenCircuitV());
      });
    },
  };
}

function errorDetail(error: InstrumentError): FaultDetail {
  return { error: errorNumber(error.code), line: error.line, column: error.column };
}
