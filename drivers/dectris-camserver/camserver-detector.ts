/**
 * A detector behind a camserver (text over TCP): armed by setters that are read back, started by `Exposure`, ended
 * by its own report. A setter whose confirmed value would not change is not sent again. Not yet tried on a real
 * detector.
 */
import { shortNumber } from "../../protocols/base/duration-text.ts";
import type { Clock, TimerHandle } from "../../protocols/base/clock.ts";
import { sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault, type FaultDetail } from "../../protocols/base/fault.ts";
import type { Acquisition, Detector, FrameRecord } from "../../protocols/roles/detector.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import {
  endExposureCommand,
  exposureCommand,
  firstFrameName,
  killExposureCommand,
  TIME_RESOLUTION_S,
  versionCommand,
} from "../../protocols/wire/camserver/camserver-command.ts";
import {
  REPLY_NUMBER,
  replyText,
  startedExposureS,
  type CamserverReply,
} from "../../protocols/wire/camserver/camserver-reply.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { openWithin } from "../link/open-within.ts";
import { ANSWER_MS, createConfirmedSettings, refuseImpossible } from "./camserver-arming.ts";
import { createConversation, refusal, type Conversation } from "./camserver-conversation.ts";

export interface CamserverDetectorDeps {
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Time between the end of an exposure and its report. */
  readonly readOutS: number;
}

/** Of `tvx-7.3.13-121212`. */
const RELEASE_MAJORS = [7];
/** Beyond the images' own time, before an exposure counts as lost. */
const END_GRACE_S = 10;
/** For the report of an exposure that was asked to end, beyond its read-out. */
const KILL_MS = 1000;

const anyText = (text: string): string => text;

interface Running {
  readonly fileName: string;
  /** As the camserver confirmed it. */
  readonly exposureS: number;
  readonly finished: Promise<FrameRecord>;
  /** Why it is being ended, once it is. */
  endedBecause: Fault | undefined;
  failure: Fault | undefined;
  /** Undefined is no timer: a handle may be anything else. */
  deadline: TimerHandle;
  succeed(frame: FrameRecord): void;
  fail(fault: Fault): void;
  /** What it reported of an exposure that was ended. */
  readOut: FrameRecord | undefined;
  /** Called when the camserver has reported the end, whatever it says. */
  onReported: (() => void) | undefined;
}

/** See `Detector`. Rejects with `detector.refused`, `detector.late`, `detector.aborted`, `link.*`, `device.*`. */
export function createCamserverDetector(deps: CamserverDetectorDeps): Detector {
  const { name, openLink, clock, readOutS } = deps;
  const settings = createConfirmedSettings(name, readOutS);
  const faultHandlers = new Set<(fault: Fault) => void>();
  let conversation: Conversation | undefined;
  let connecting: Promise<Identity> | undefined;
  let armed: Acquisition | undefined;
  let running: Running | undefined;
  let ending: Promise<void> | undefined;
  let onKillAcknowledged: (() => void) | undefined;
  let onStrayEnd: ((reply: CamserverReply) => void) | undefined;
  /** One operation at a time; abort does not queue here. */
  let tail: Promise<unknown> = Promise.resolve();

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function unexpected(text: string, why: string): void {
    report(new Fault("detector.unexpected", name, `the detector said \`${text}\`: ${why}`, { text }));
  }

  function open(): Conversation {
    if (conversation?.isOpen !== true) throw new Fault("link.closed", name, "the detector is not connected");
    return conversation;
  }

  function queued<T>(work: () => Promise<T>): Promise<T> {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  }

  function lost(why: string): void {
    conversation = undefined;
    settings.forget();
    armed = undefined;
    const left = running;
    running = undefined;
    onStrayEnd = undefined;
    left?.fail(
      new Fault("device.unknown-outcome", name, `the link was lost during the exposure of ${left.fileName}: ${why}`),
    );
    left?.onReported?.();
  }

  function exposureEnded(reply: CamserverReply): void {
    const present = running;
    if (present === undefined) {
      if (onStrayEnd !== undefined) onStrayEnd(reply);
      else unexpected(replyText(reply), "no exposure is running");
      return;
    }
    const isOurs = !reply.isOk || baseName(reply.text) === firstFrameName(present.fileName);
    if (!isOurs) {
      unexpected(replyText(reply), `the running exposure is ${present.fileName}`);
      return;
    }
    running = undefined;
    if (reply.isOk) present.readOut = { path: reply.text, exposureS: present.exposureS };
    if (present.endedBecause !== undefined) present.fail(present.endedBecause);
    else if (!reply.isOk) present.fail(refusal(name, `exposure of ${present.fileName}`, reply));
    else present.succeed({ path: reply.text, exposureS: present.exposureS });
    present.onReported?.();
  }

  function refusedUnasked(reply: CamserverReply): boolean {
    const present = running;
    if (present === undefined) return false;
    running = undefined;
    present.fail(present.endedBecause ?? refusal(name, `exposure of ${present.fileName}`, reply));
    present.onReported?.();
    return true;
  }

  async function connectAnew(): Promise<Identity> {
    conversation?.close();
    lost("a new link is opened");
    const link = await openWithin(clock, openLink, name);
    const fresh = createConversation(name, link, clock, {
      exposureEnded,
      killAcknowledged() {
        if (onKillAcknowledged === undefined) unexpected("13 ERR kill", "nothing was asked to end");
        else onKillAcknowledged();
      },
      refusedUnasked,
      unexpected,
      closed(why) {
        if (conversation !== fresh) return;
        lost(why);
        report(new Fault("link.closed", name, `the link closed: ${why}`));
      },
    });
    conversation = fresh;
    try {
      const version = await fresh.ask(versionCommand(), {
        what: "version",
        number: REPLY_NUMBER.version,
        reads: anyText,
        timeoutMs: ANSWER_MS,
      });
      const release = version.replace(/^Code release:\s*/, "").replaceAll(/[^ -~]/g, "?");
      refuseOtherFirmware(name, release, RELEASE_MAJORS);
      await endWhatWasLeft(fresh);
      return { model: "camserver", serialNumber: null, firmware: release };
    } catch (error) {
      // Closed by us: the caller is told by this rejection, not by a fault beside it.
      if (conversation === fresh) conversation = undefined;
      fresh.close();
      if (isFault(error) && error.code === "detector.refused") {
        throw new Fault("device.wrong", name, `not a camserver: ${error.message}`, error.detail, error);
      }
      throw error;
    }
  }

  /**
   * An exposure of an earlier connection may still run, and its end would come in the middle of the next. What an
   * idle camserver answers to a kill is not documented, so no answer is waited for beyond its time.
   */
  async function endWhatWasLeft(fresh: Conversation): Promise<void> {
    const acknowledged = new Promise<void>((resolve) => {
      onKillAcknowledged = resolve;
    });
    const reported = new Promise<void>((resolve) => {
      onStrayEnd = (reply) => {
        unexpected(replyText(reply), "an exposure of an earlier connection was ended");
        resolve();
      };
    });
    try {
      fresh.send(endExposureCommand());
      if (await settlesWithin(clock, ANSWER_MS, acknowledged))
        await settlesWithin(clock, readOutS * 1000 + ANSWER_MS / 4, reported);
    } finally {
      onKillAcknowledged = undefined;
      onStrayEnd = undefined;
    }
    if (!fresh.isOpen) throw new Fault("link.closed", name, "the link closed while the detector was identified");
  }

  async function armAs(acquisition: Acquisition): Promise<void> {
    armed = undefined;
    refuseImpossible(name, acquisition);
    const talk = open();
    if (running !== undefined) {
      throw new Fault("detector.refused", name, `the exposure of ${running.fileName} is still running`);
    }
    armed = await settings.apply(talk, acquisition);
  }

  async function startArmed(): Promise<{ readonly finished: Promise<FrameRecord> }> {
    const acquisition = armed;
    const talk = open();
    if (acquisition === undefined) throw new Fault("detector.refused", name, "no exposure is armed");
    armed = undefined;
    // Registered before the command goes out: the end of a short exposure may come in the same read as the start.
    const present = createRunning(acquisition);
    running = present;
    try {
      const startedS = await talk.ask(exposureCommand(acquisition.fileName), {
        what: `exposure of ${acquisition.fileName}`,
        number: REPLY_NUMBER.setting,
        reads: startedExposureS,
        timeoutMs: ANSWER_MS,
      });
      if (Math.abs(startedS - acquisition.exposureS) > TIME_RESOLUTION_S) {
        const fault = wrongStart(startedS, acquisition.exposureS);
        await endRunning(present, fault);
        throw fault;
      }
    } catch (error) {
      if (running === present) running = undefined;
      throw outcome(error, acquisition.fileName, present);
    }
    if (running === present) {
      const deadlineS = settings.imageCount * (acquisition.exposureS + readOutS) + END_GRACE_S;
      present.deadline = clock.setTimeout(() => {
        const what = `${acquisition.fileName}: no end of exposure in ${shortNumber(deadlineS)} s`;
        const fault = new Fault("detector.late", name, what);
        endRunning(present, fault).catch(report);
      }, deadlineS * 1000);
    }
    // The start can be followed at once by a refusal; what has already arrived is looked at before it is believed.
    await sleep(clock, 0);
    if (present.failure !== undefined) throw present.failure;
    return { finished: present.finished };
  }

  function wrongStart(startedS: number, askedS: number): Fault {
    const what = `the detector started ${shortNumber(startedS)} s where ${shortNumber(askedS)} s were armed; it was ended`;
    return new Fault("detector.refused", name, what, { startedS, askedS });
  }

  /** A start whose answer never came may run all the same; only a refusal says that it does not. */
  function outcome(error: unknown, fileName: string, present: Running): unknown {
    if (!isFault(error)) return error;
    if (error.code !== "link.timeout" && error.code !== "link.closed") {
      present.fail(error);
      return error;
    }
    const what = `the exposure of ${fileName} was asked for and its answer never came: ${error.message}`;
    const fault = new Fault("device.unknown-outcome", name, what, {}, error);
    present.fail(fault);
    return fault;
  }

  function createRunning(acquisition: Acquisition): Running {
    let settle: { resolve: (frame: FrameRecord) => void; reject: (fault: Fault) => void } | undefined;
    const finished = new Promise<FrameRecord>((resolve, reject) => {
      settle = { resolve, reject };
    });
    // Whoever started it may already be gone; the failure is told to all who wait.
    finished.catch(() => undefined);
    const present: Running = {
      fileName: acquisition.fileName,
      exposureS: acquisition.exposureS,
      finished,
      endedBecause: undefined,
      failure: undefined,
      deadline: undefined,
      readOut: undefined,
      onReported: undefined,
      succeed(frame) {
        clock.clearTimeout(present.deadline);
        settle?.resolve(frame);
      },
      fail(fault) {
        clock.clearTimeout(present.deadline);
        present.failure = fault;
        settle?.reject(fault);
      },
    };
    return present;
  }

  /** Ends it, orderly first. Resolves when the camserver has reported the end; rejects when it never does. */
  function endRunning(present: Running, because: Fault): Promise<void> {
    if (running !== present) return Promise.resolve();
    if (ending !== undefined) return ending;
    present.endedBecause = because;
    ending = killOrderlyThenHard(present, because).finally(() => {
      ending = undefined;
      onKillAcknowledged = undefined;
    });
    return ending;
  }

  async function killOrderlyThenHard(present: Running, because: Fault): Promise<void> {
    const reported = new Promise<void>((resolve) => {
      present.onReported = resolve;
    });
    let isAcknowledged = false;
    onKillAcknowledged = () => {
      isAcknowledged = true;
    };
    const talk = open();
    talk.send(endExposureCommand());
    if (await settlesWithin(clock, readOutS * 1000 + KILL_MS, reported)) return;
    if (talk.isOpen) talk.send(killExposureCommand());
    if (await settlesWithin(clock, readOutS * 1000 + KILL_MS, reported)) return;
    const detail: FaultDetail = { isAcknowledged };
    const what = `${present.fileName}: the detector did not report the end of an exposure that was told to end`;
    present.endedBecause = undefined;
    if (running === present) running = undefined;
    present.fail(because);
    // What it does now is unknown, so it is identified anew before anything else.
    talk.close();
    if (conversation === talk) lost("the detector does not end its exposure");
    throw new Fault("device.unknown-outcome", name, what, detail);
  }

  return {
    name,
    driver: "dectris-camserver",
    readOutS,
    connect() {
      connecting ??= connectAnew().finally(() => {
        connecting = undefined;
      });
      return connecting;
    },
    disconnect() {
      conversation?.close();
      lost("disconnected");
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
    arm: (acquisition) => queued(() => armAs(acquisition)),
    start: () => queued(startArmed),
    async abort() {
      const talk = open();
      const present = running;
      if (present === undefined) return null;
      const what = `the exposure of ${present.fileName} was ended before its time`;
      await endRunning(present, new Fault("detector.aborted", name, what));
      if (!talk.isOpen) throw new Fault("link.closed", name, "the link was lost while the exposure was being ended");
      return present.readOut ?? null;
    },
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Whether it came within the time. Leaves no timer behind. */
async function settlesWithin(clock: Clock, ms: number, work: Promise<void>): Promise<boolean> {
  const timeOut = new AbortController();
  const late = sleep(clock, ms, timeOut.signal).then(
    () => false,
    () => false,
  );
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timeOut.abort();
  }
}
