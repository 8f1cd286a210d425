/**
 * A detector with the SIMPLON interface (EIGER, EIGER2): armed by settings that are read back, begun by a `trigger`
 * whose answer comes when the image is taken. When that answer is lost, the detector's state and its files say what
 * happened. Not yet tried on a real detector.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault, type FaultCode } from "../../protocols/base/fault.ts";
import type { Acquisition, Detector, FrameRecord } from "../../protocols/roles/detector.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import { DATA_FOLDER, dataFile } from "../../protocols/wire/simplon/simplon-requests.ts";
import { createSimplonQueue } from "./simplon-queue.ts";
import { createRunning, fileAppears, type Running } from "./simplon-running.ts";
import type { SimplonSession } from "./simplon-session.ts";
import { createSimplonSettings, refuseImpossible, type SimplonArming, type SimplonFrame } from "./simplon-settings.ts";
import { ABORT_MS, awaitState, DISARM_MS, STATE_EVERY_MS, startSimplon } from "./simplon-start.ts";

/** As site files name the family. */
export const DECTRIS_SIMPLON = "dectris-simplon";

export interface SimplonOptions {
  /** Another detector at this address is the wrong one. */
  readonly expectedSerialNumber?: string;
  /** Set when connecting, unless it is set already. Without it the detector's own is kept. */
  readonly photonEnergyEv?: number;
  /** Default `end`: what an earlier connection left armed or running is ended when connecting. */
  readonly whatRuns?: "end" | "leave";
  /** Armed for so many frames at once, each begun by a trigger of its own; default 1. Arming takes a second on some. */
  readonly framesPerSeries?: number;
}

export interface SimplonDeps extends SimplonOptions {
  /** Its name in the site file. */
  readonly name: string;
  readonly http: HttpPort;
  readonly clock: Clock;
  /** Time from the end of an exposure to the answer of its trigger. */
  readonly readOutS: number;
}

const ARM_MS = 120_000;
/** Beyond the frame's own time, before an exposure counts as lost. */
const END_GRACE_S = 10;
/** From the trigger to a detector that counts. */
const START_MS = 5000;
/** A state that was read so lately is not asked again. */
const SEEN_MS = 1000;
/** The trigger is on a connection of its own, and is not to be overtaken. */
const FIRST_LOOK_MS = 3;
/** A trigger that was answered before its exposure can be over: so often the state is asked until then. */
const EARLY_LOOK_MS = 500;
/** Nothing was sent then. */
const NOT_SENT: readonly FaultCode[] = ["link.open-failed", "link.refused"];

/** Armed for more than one frame, some of which are yet to be triggered. */
interface Series extends SimplonArming {
  readonly askedS: number;
  triggeredCount: number;
}

/** See `Detector`. Rejects with `detector.refused`, `detector.late`, `detector.aborted`, `link.*`, `device.*`. */
export function createSimplonDetector(deps: SimplonDeps): Detector {
  const { name, http, clock, readOutS } = deps;
  const framesPerSeries = deps.framesPerSeries ?? 1;
  const settings = createSimplonSettings(name, deps);
  /** Abort does not wait here before an exposure that runs is ended. */
  const queue = createSimplonQueue(name);
  const faultHandlers = new Set<(fault: Fault) => void>();
  let session: SimplonSession | undefined;
  let connecting: Promise<Identity> | undefined;
  let armed: SimplonFrame | undefined;
  let series: Series | undefined;
  /** When the armed series was last seen to be ready. */
  let readyAtMs = -Infinity;
  let running: Running | undefined;
  let ending: Promise<void> | undefined;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function open(): SimplonSession {
    if (session === undefined) throw new Fault("link.closed", name, "the detector is not connected");
    return session;
  }

  /** On the session of its turn: `assertAsked` throws once a halt has come behind it, or the session is lost. */
  function asked<T>(work: (on: SimplonSession, assertAsked: () => void) => Promise<T>): Promise<T> {
    return queue.asked((assertNotHalted) => {
      const on = open();
      return work(on, () => {
        assertNotHalted();
        if (session !== on) throw new Fault("link.closed", name, "the detector was lost before its exposure began");
      });
    });
  }

  /** Nothing is known any more; it is identified anew before anything else. */
  function forget(why: string): void {
    session = undefined;
    armed = undefined;
    series = undefined;
    const left = running;
    running = undefined;
    left?.fail(
      new Fault("device.unknown-outcome", name, `the detector was lost while it took ${left.dataFile}: ${why}`),
    );
  }

  function lose(from: SimplonSession, fault: Fault): void {
    if (session !== from) return;
    forget(fault.message);
    report(new Fault("link.closed", name, `the detector no longer answers: ${fault.message}`, {}, fault));
  }

  /** A lost or unreadable answer ends the session; a refusal does not. */
  async function guarded<T>(from: SimplonSession, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (isFault(error) && error.code.startsWith("link.")) lose(from, error);
      throw error;
    }
  }

  async function connectAnew(): Promise<Identity> {
    http.abandon("connecting anew");
    forget("connecting anew");
    const started = await startSimplon(name, http, clock, deps, (state) => {
      // What is left of a series is no exposure.
      if (framesPerSeries > 1 && state === "ready") return;
      const what = `the detector was found in ${state}: an exposure of an earlier connection was ended`;
      report(new Fault("detector.unexpected", name, what, { state }));
    });
    session = started.session;
    return started.identity;
  }

  async function armAs(on: SimplonSession, acquisition: Acquisition, assertAsked: () => void): Promise<void> {
    refuseImpossible(name, acquisition);
    if (running !== undefined) {
      throw new Fault("detector.refused", name, `the exposure of ${running.dataFile} is still running`);
    }
    armed = undefined;
    await guarded(on, armInTurn(on, acquisition, assertAsked));
  }

  async function armInTurn(on: SimplonSession, acquisition: Acquisition, assertAsked: () => void): Promise<void> {
    const next = await nextOfSeries(on, acquisition);
    assertAsked();
    if (next !== undefined) {
      armed = next;
      return;
    }
    series = undefined;
    await disarmIfReady(on);
    const arming = await settings.apply(on, acquisition, assertAsked);
    assertAsked();
    await on.command("arm", ARM_MS);
    assertAsked();
    await awaitState(name, on, clock, "ready", ABORT_MS);
    assertAsked();
    if (framesPerSeries > 1) series = { ...arming, askedS: acquisition.exposureS, triggeredCount: 0 };
    armed = arming;
  }

  /** Undefined where no series is armed that this frame could be of. */
  async function nextOfSeries(on: SimplonSession, { exposureS }: Acquisition): Promise<SimplonFrame | undefined> {
    const present = series;
    if (present?.askedS !== exposureS) return undefined;
    const [areStill, state] = await Promise.all([settings.areStill(on, present), on.state()]);
    if (!areStill || state !== "ready") return undefined;
    readyAtMs = clock.monoMs();
    return { ...present, dataFile: dataFile(present.pattern, present.triggeredCount + 1) };
  }

  /** What was armed and never started keeps its settings until it is disarmed. */
  async function disarmIfReady(on: SimplonSession): Promise<void> {
    const state = await on.state();
    if (state === "idle") return;
    if (state !== "ready") throw new Fault("detector.refused", name, `the detector is in ${state}`, { state });
    await on.command("disarm", DISARM_MS);
    await awaitState(name, on, clock, "idle", ABORT_MS);
  }

  async function startArmed(
    on: SimplonSession,
    assertAsked: () => void,
  ): Promise<{ readonly finished: Promise<FrameRecord> }> {
    const frame = armed;
    if (frame === undefined) throw new Fault("detector.refused", name, "no exposure is armed");
    armed = undefined;
    // Seen just now it need not be asked once more: a trigger that finds it otherwise is refused.
    const isReady = series !== undefined && clock.monoMs() - readyAtMs <= SEEN_MS;
    const state = isReady ? "ready" : await guarded(on, on.state());
    assertAsked();
    if (state !== "ready") {
      throw new Fault("detector.refused", name, `the detector is in ${state} and no longer armed`, { state });
    }
    if (series !== undefined) {
      series.triggeredCount += 1;
      if (series.triggeredCount === framesPerSeries) series = undefined;
    }
    const deadlineMs = (frame.frameTimeS + readOutS + END_GRACE_S) * 1000;
    const present = createRunning(frame, clock.monoMs(), clock.monoMs() + deadlineMs);
    running = present;
    const triggered = on.command("trigger", deadlineMs);
    const concluded = conclude(on, present, triggered);
    await awaitCounting(on, present, concluded);
    if (present.outcome instanceof Fault) throw present.outcome;
    return { finished: present.finished };
  }

  /** Until it says that it counts, or all is over. */
  async function awaitCounting(on: SimplonSession, present: Running, concluded: Promise<void>): Promise<void> {
    const untilMs = clock.monoMs() + START_MS;
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = STATE_EVERY_MS) {
      const pause = new AbortController();
      await Promise.race([concluded, sleep(clock, pauseMs, pause.signal).catch(() => undefined)]);
      pause.abort(new Error("no longer needed"));
      if (isSettled(present)) return;
      try {
        const state = await on.state();
        if (isSettled(present) || state === "acquire") return;
      } catch (error) {
        if (!isFault(error)) throw error;
        // One question without an answer proves nothing: the trigger's own answer, or its deadline, decides.
        await concluded;
        return;
      }
      if (clock.monoMs() >= untilMs) {
        const what = `${present.dataFile}: triggered, and the detector does not count`;
        await endRunning(on, present, new Fault("detector.refused", name, what));
        return;
      }
    }
  }

  /** Settles the exposure when its trigger has been answered, or when the answer is lost. */
  async function conclude(on: SimplonSession, present: Running, triggered: Promise<void>): Promise<void> {
    try {
      await triggered;
      if (isOver(present) || !(await isExposedInFull(on, present)) || isOver(present)) return;
      running = undefined;
      present.succeed();
      tidyUp(on, present);
    } catch (error) {
      if (isOver(present)) return;
      if (!isFault(error)) throw error;
      if (error.code === "detector.refused") {
        running = undefined;
        present.fail(error);
        tidyUp(on, undefined);
      } else if (NOT_SENT.includes(error.code)) {
        // So nothing was triggered.
        present.fail(error);
        lose(on, error);
      } else await readBack(on, present, error);
    }
  }

  /**
   * An answer before the exposure can be over is only acceptance, or somebody else ended it. False when it has failed by
   * that; otherwise resolves once it is over.
   */
  async function isExposedInFull(on: SimplonSession, present: Running): Promise<boolean> {
    const restMs = (): number => present.startMs + present.exposureS * 1000 - clock.monoMs();
    if (restMs() <= 0) return true;
    try {
      for (let leftMs = restMs(); leftMs > 0; leftMs = restMs()) {
        await sleep(clock, Math.min(leftMs, EARLY_LOOK_MS));
        if (isOver(present) || restMs() <= 0) break;
        const state = await on.state();
        if (isOver(present) || state === "acquire" || restMs() <= 0) continue;
        running = undefined;
        const seconds = Math.max(0, present.exposureS - restMs() / 1000).toFixed(1);
        const what = `${present.dataFile}: the detector is in ${state} ${seconds} s after its trigger: it was not exposed for ${present.exposureS} s, and nobody here ended it`;
        present.fail(new Fault("detector.aborted", name, what, { state }));
        tidyUp(on, undefined);
        return false;
      }
      return await isAtItsEnd(on, present);
    } catch (error) {
      if (!isFault(error)) throw error;
      lose(on, error);
      return false;
    }
  }

  /** Resolves when it no longer counts; false when it was ended, or has to be. */
  async function isAtItsEnd(on: SimplonSession, present: Running, cause?: Fault): Promise<boolean> {
    while ((await on.state()) === "acquire") {
      if (isOver(present)) return false;
      if (clock.monoMs() >= present.untilMs) {
        const what = `${present.dataFile}: no end of exposure in its time and ${END_GRACE_S} s`;
        await endRunning(on, present, new Fault("detector.late", name, what, {}, cause));
        return false;
      }
      await sleep(clock, STATE_EVERY_MS);
    }
    return !isOver(present);
  }

  /** The trigger's answer was lost: state and files decide, and nothing is triggered again. */
  async function readBack(on: SimplonSession, present: Running, cause: Fault): Promise<void> {
    try {
      if (!(await isAtItsEnd(on, present, cause))) return;
      series = undefined;
      await on.command("disarm", DISARM_MS);
      const isThere = await fileAppears(on, clock, present.dataFile);
      if (isOver(present)) return;
      running = undefined;
      if (isThere) present.succeed();
      else {
        const what = `the answer to the trigger of ${present.dataFile} never came; read back: there is no such file`;
        present.fail(new Fault("device.unknown-outcome", name, what, { found: "no file" }, cause));
      }
    } catch (error) {
      if (!isFault(error)) throw error;
      lose(on, error);
    }
  }

  function isSettled(present: Running): boolean {
    return present.outcome !== undefined;
  }

  function isOver(present: Running): boolean {
    return running !== present || present.endedBecause !== undefined;
  }

  /** Closes the series before the next operation; the frame counts as taken, so its absence is told apart. */
  function tidyUp(on: SimplonSession, taken: SimplonFrame | undefined): void {
    if (taken === undefined) series = undefined;
    const isOpenStill = series !== undefined;
    queue
      .inTurn(async () => {
        if (session !== on) return;
        if (!isOpenStill) await on.command("disarm", DISARM_MS);
        if (taken === undefined || (await fileAppears(on, clock, taken.dataFile))) return;
        const path = `${DATA_FOLDER}/${taken.dataFile}`;
        report(new Fault("detector.no-frame", name, `the exposure was made and ${path} is not there`, { path }));
      })
      .catch((error: unknown) => {
        if (!isFault(error)) throw error;
        if (error.code.startsWith("link.")) lose(on, error);
        else report(error);
      });
  }

  /** Resolves when the detector says that it is at rest; rejects when that cannot be had. */
  function endRunning(on: SimplonSession, present: Running, because: Fault): Promise<void> {
    if (running !== present) return Promise.resolve();
    if (ending !== undefined) return ending;
    present.endedBecause = because;
    ending = abortNow(on, present, because).finally(() => {
      ending = undefined;
    });
    return ending;
  }

  async function abortNow(on: SimplonSession, present: Running, because: Fault): Promise<void> {
    try {
      await on.command("abort", ABORT_MS);
      await awaitState(name, on, clock, "idle", ABORT_MS);
      if (running === present) running = undefined;
      present.fail(because);
      tidyUp(on, undefined);
    } catch (error) {
      if (!isFault(error)) throw error;
      if (running === present) running = undefined;
      present.fail(because);
      const what = `${present.dataFile}: the detector was told to end its exposure and does not say that it did`;
      const fault = new Fault("device.unknown-outcome", name, what, {}, error);
      lose(on, fault);
      throw fault;
    }
  }

  /** Told first and asked then: a detector that hears and is not heard is disarmed as well. */
  async function disarmNow(on: SimplonSession): Promise<void> {
    try {
      await on.command("disarm", DISARM_MS);
      await awaitState(name, on, clock, "idle", ABORT_MS);
    } catch (error) {
      if (!isFault(error) || !error.code.startsWith("link.")) throw error;
      lose(on, error);
      if (NOT_SENT.includes(error.code)) throw error;
      const what = "the detector was told to disarm and does not say that it did";
      throw new Fault("device.unknown-outcome", name, what, {}, error);
    }
  }

  /** Behind the disarming, which closes the file. A detector that keeps nothing of what was aborted has none. */
  async function readOut(on: SimplonSession, { dataFile, exposureS }: Running): Promise<FrameRecord | null> {
    if (session !== on) return null;
    try {
      return (await on.hasFile(dataFile)) ? { path: `${DATA_FOLDER}/${dataFile}`, exposureS } : null;
    } catch (error) {
      if (!isFault(error)) throw error;
      if (error.code.startsWith("link.")) lose(on, error);
      return null;
    }
  }

  return {
    name,
    driver: DECTRIS_SIMPLON,
    readOutS,
    connect() {
      connecting ??= connectAnew().finally(() => {
        connecting = undefined;
      });
      return connecting;
    },
    disconnect() {
      http.abandon("closed by the host");
      forget("disconnected");
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => faultHandlers.delete(handler);
    },
    arm: (acquisition) => asked((on, assertAsked) => armAs(on, acquisition, assertAsked)),
    start: () => asked(startArmed),
    async abort() {
      const isUnderWay = queue.halt();
      const on = open();
      const present = running;
      if (present !== undefined) {
        const what = `the exposure of ${present.dataFile} was ended before its time`;
        await endRunning(on, present, new Fault("detector.aborted", name, what));
        return queue.inTurn(() => readOut(on, present));
      }
      if (armed !== undefined || isUnderWay) {
        armed = undefined;
        series = undefined;
        // Behind an arming that is on its way: told before that, the detector would be armed after all.
        await queue.inTurn(() => disarmNow(on));
      }
      return null;
    },
  };
}
