/**
 * One channel of a Neware cabinet. Each step is a step file of its own with the cell's limits as its protection, run
 * by the channel alone; its rows are fetched from the client's store. After a lost answer to a start or a stop the
 * channel is read back, and what runs unproven is stopped.
 */
import { sleep } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Channel, ChannelListener, ChannelStep } from "../../protocols/roles/channel.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import { isResting, type BtsLive, type BtsTest } from "../../protocols/wire/neware/bts-replies.ts";
import { addressKey, deviceTypeName, type NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import { refuseOtherFirmware } from "../link/known-firmware.ts";
import { confirmStopped } from "./confirm-stopped.ts";
import { createInterruptedTest } from "./interrupted-test.ts";
import { ALL_ROWS, type LeftRows } from "./left-rows.ts";
import { createLeftTest, type LeftTest, type MakeRun } from "./left-test.ts";
import { NEWARE_BTS, newareCapabilities, type NewareChannelOptions } from "./neware-channel-options.ts";
import type { CabinetMember, CabinetPort } from "./neware-cabinet.ts";
import { createRunningTest, type RunningTest } from "./running-test.ts";
import { stepEndOf } from "./step-end.ts";
import { createStepFileWriter } from "./step-file-writer.ts";
import { createTurns } from "./turns.ts";

export type { NewareChannelOptions } from "./neware-channel-options.ts";

type State = "closed" | "idle" | "busy" | "running" | "unknown";

/** First numbers of the BTS clients whose messages are known; older ones do not tell theirs. */
const CLIENT_MAJORS = [8];
/** After `ok`, a test must have begun within this. */
const BEGIN_MS = 30_000;

const NOTHING = (): void => undefined;
const NOBODY: ChannelListener = { sample: NOTHING, stepEnded: NOTHING, fault: NOTHING };

export function createNewareChannel(
  cabinet: CabinetPort,
  name: string,
  address: NewareAddress,
  options: NewareChannelOptions,
): Channel {
  const { clock } = cabinet;
  const key = addressKey(address);
  const faultHandlers = new Set<(fault: Fault) => void>();
  const capabilities = newareCapabilities(options);

  let listener: ChannelListener = NOBODY;
  let state: State = "closed";
  let running: RunningTest | null = null;
  const interrupted = createInterruptedTest(name);
  let unwatch = NOTHING;
  let idleSinceMs = 0;
  let stopAsked = 0;
  /** Counts connections: work of an earlier one must not touch the state. */
  let session = 0;
  let latest: RunningTest | null = null;
  let lastVoltageV = Number.NaN;
  let left: LeftTest | null = null;
  let hasTakenOver = false;
  let foundRunningAtMs: number | null = null;
  const turns = createTurns();
  const { inTurn, afterwards } = turns;

  const writeStepFile = createStepFileWriter({
    name,
    cabinet,
    address,
    range: capabilities,
    remark: options.barcode ?? name,
  });

  const member: CabinetMember = {
    lost(why) {
      const wasRunning = running !== null;
      leave();
      const what = wasRunning
        ? `the link closed while a step ran: ${why}; the channel runs on with its own limits and keeps its samples`
        : `the link closed: ${why}`;
      const fault = new Fault("link.closed", name, what);
      if (wasRunning) listener.fault(fault);
      for (const handler of faultHandlers) handler(fault);
    },
  };

  function leave(): void {
    interrupted.keep(running);
    endRun("closed");
    session += 1;
    cabinet.leave(member);
  }

  function endRun(next: State): void {
    unwatch();
    unwatch = NOTHING;
    running = null;
    state = next;
    if (next === "idle") idleSinceMs = clock.monoMs();
  }

  function needConnection(): void {
    if (state === "closed") throw new Fault("link.closed", name, "the channel is not connected");
  }

  function needIdle(what: string): void {
    needConnection();
    if (state === "running") throw new Fault("device.refused", name, `${what} was refused: a step is running`);
    if (state !== "idle")
      throw new Fault("device.unknown-outcome", name, `${what} was refused: the channel must be read back first`);
  }

  function needSession(of: number): void {
    if (of !== session) throw new Fault("link.closed", name, "the channel was disconnected while it connected");
  }

  async function connect(of: number): Promise<Identity> {
    needSession(of);
    const devices = await cabinet.join(member);
    if (of !== session) cabinet.leave(member);
    needSession(of);
    state = "busy";
    try {
      const found = devices.channels.find(
        (listed) => addressKey(listed) === key && listed.deviceType === address.deviceType,
      );
      const model = deviceTypeName(address.deviceType);
      if (found === undefined || model === undefined)
        throw new Fault("device.wrong", name, `the client has no channel ${key} of type ${address.deviceType}`, {
          known: devices.channels.map(addressKey).join(" "),
        });
      if (devices.clientVersion !== null) refuseOtherFirmware(name, devices.clientVersion, CLIENT_MAJORS);
      const identity = {
        model: `Neware ${model}`,
        serialNumber: `cabinet ${address.deviceId}`,
        firmware: devices.clientVersion,
      };
      const status = await cabinet.status(address);
      hasTakenOver = await takeOver(status, of);
      // Whoever gave this attempt up may ask again: what was found by then is kept, and nothing is ended.
      needSession(of);
      left = null;
      if (hasTakenOver) return identity;
      let isAtRest = isResting(status);
      if (!isAtRest && options.whatRuns !== "leave") {
        await ensureStopped(of, true);
        foundRunningAtMs = clock.monoMs();
        isAtRest = true;
      }
      await recover();
      needSession(of);
      endRun(isAtRest ? "idle" : "unknown");
      return identity;
    } catch (error) {
      if (of === session) leave();
      throw error;
    }
  }

  /**
   * A test that a controller before this one started is known by a sample of it that is on record. Its further rows
   * are handed on, and its end when it is over.
   */
  async function takeOver(status: string, of: number): Promise<boolean> {
    const sought = left;
    const test = sought === null ? null : await cabinet.latestTest(address);
    if (sought === null || test === null || of !== session) return false;
    const run = await sought.find(test);
    if (run === null || of !== session) return false;
    follow(run);
    if (isResting(status) && test.isComplete && run.rowCount >= test.rowCount) conclude(run, status);
    return true;
  }

  /** Hands on what the store kept of a step that a lost link interrupted. */
  async function recover(): Promise<void> {
    const fault = await interrupted.recover(() => cabinet.latestTest(address));
    if (fault !== null) for (const handler of faultHandlers) handler(fault);
  }

  function ensureStopped(of: number, isKnownToRun: boolean, told?: () => void): Promise<string> {
    return confirmStopped({ name, cabinet, address, isKnownToRun, told, withdrawn: () => outdated(of) });
  }

  /** The channel was disconnected since, or its link was lost: what was asked before is not done any more. */
  function outdated(of: number): Fault | undefined {
    return of === session ? undefined : new Fault("link.closed", name, "the link was closed meanwhile");
  }

  function needWanted(of: number): void {
    const fault = withdrawn(of);
    if (fault !== undefined) throw fault;
  }

  /** Of a start. Whoever asked for a stop since would find the cell driven behind it. */
  function withdrawn(of: number): Fault | undefined {
    if (of === session && stopAsked > 0) return new Fault("device.refused", name, "the step was aborted before it ran");
    return outdated(of);
  }

  async function start(step: ChannelStep): Promise<void> {
    needIdle("a start");
    const of = session;
    needWanted(of);
    const [status, previous] = await Promise.all([cabinet.status(address), cabinet.latestTest(address)]);
    needWanted(of);
    if (!isResting(status)) {
      state = "unknown";
      throw new Fault("device.unknown-outcome", name, `the channel says ${status} although no step was started`);
    }
    const stepFilePath = await writeStepFile(step, { step: latest?.step ?? null, voltageV: lastVoltageV });
    needWanted(of);
    state = "busy";
    const previousTestId = previous?.testId ?? null;
    const startedMs = clock.monoMs();
    let isAccepted: boolean;
    try {
      const order = { address, barcode: options.barcode ?? name, stepFilePath };
      isAccepted = await cabinet.start(order, () => withdrawn(of));
    } catch (error) {
      throw await afterLostStart(error, previousTestId, of);
    }
    if (of !== session) throw new Fault("link.closed", name, "the link closed while the step was started");
    if (!isAccepted) {
      endRun("idle");
      throw new Fault("device.refused", name, "the client refused the start", { stepFilePath });
    }
    beginRun(step, previousTestId, startedMs);
  }

  /** Whether the lost start took effect is read off the channel; what runs unproven is stopped. */
  async function afterLostStart(error: unknown, previousTestId: number | null, of: number): Promise<unknown> {
    if (!isFault(error)) return error;
    if (error.code !== "link.timeout" && error.code !== "link.garbled") {
      // It was not sent.
      if (of === session) endRun("idle");
      return error;
    }
    if (of === session) state = "unknown";
    let found = "the client does not answer";
    try {
      const status = await cabinet.status(address);
      const test = await cabinet.latestTest(address);
      const didRun = !isResting(status) || (test?.testId ?? null) !== previousTestId;
      if (!isResting(status)) await ensureStopped(of, true);
      found = didRun ? "it ran and was stopped" : "nothing ran";
      if (of === session) endRun("idle");
    } catch (trouble) {
      if (!isFault(trouble)) throw trouble;
      if (of !== session) found = "the channel was disconnected";
    }
    return new Fault(
      "device.unknown-outcome",
      name,
      `the answer to the start never came; read back: ${found}`,
      { found },
      error,
    );
  }

  function beginRun(step: ChannelStep, previousTestId: number | null, startedMs: number): void {
    hasTakenOver = false;
    foundRunningAtMs = null;
    follow(runOf(step, previousTestId, startedMs, ALL_ROWS));
  }

  function runOf(
    step: ChannelStep,
    previousTestId: number | null,
    startedMs: number,
    rows: Pick<LeftRows, "isToBeTold">,
    rowsBefore = 0,
  ): RunningTest {
    return createRunningTest({
      ...{ name, step, previousTestId, rowsBefore },
      startedMs,
      nowMs: () => clock.monoMs(),
      fetch: (testId, startPosition) => cabinet.rows(address, testId, startPosition),
      onSample(stepTimeS, voltageV, currentA, flags) {
        lastVoltageV = voltageV;
        if (rows.isToBeTold(stepTimeS, voltageV, currentA)) listener.sample(stepTimeS, voltageV, currentA, flags);
      },
    });
  }

  function follow(run: RunningTest): void {
    running = run;
    latest = run;
    state = "running";
    unwatch = cabinet.watch({
      address,
      news: (live, test) => news(run, live, test),
      roundOver: (roundMs) => {
        if (running === run) checkSilence(run, roundMs);
      },
    });
  }

  async function news(run: RunningTest, live: BtsLive, test: BtsTest | null): Promise<void> {
    try {
      if (!run.isLatest(test)) return;
      await run.drain(test?.rowCount ?? 0);
    } catch (error) {
      if (!isFault(error) || error.code !== "device.unknown-outcome") throw error;
      if (running === run) fail(error);
      return;
    }
    if (running !== run || test?.isComplete !== true || run.rowCount < test.rowCount) return;
    // The live status may be older than the end of the test.
    const status = isResting(live.status) ? await cabinet.status(address) : null;
    if (running === run && status !== null && isResting(status)) conclude(run, status);
  }

  function conclude(run: RunningTest, status: string): void {
    endRun("idle");
    const end = stepEndOf(status, run.step, run.lastRow);
    if (end !== null) listener.stepEnded(end);
    else
      listener.fault(
        new Fault("device.unknown-outcome", name, "the test is over, but its last row explains no end of the step", {
          status,
          rows: run.rowCount,
        }),
      );
  }

  function fail(fault: Fault): void {
    endRun("unknown");
    listener.fault(fault);
  }

  /** The store lags by the age of live values, the poll by its interval and by the time a busy client needs for it. */
  function checkSilence(run: RunningTest, roundMs: number): void {
    const nowMs = clock.monoMs();
    if (run.testId === null) {
      if (nowMs - run.lastHeardMs > BEGIN_MS)
        fail(new Fault("device.unknown-outcome", name, `the start was acknowledged, but no test began within 30 s`));
      return;
    }
    const intervalS = run.step.sampleIntervalS;
    const allowedMs = 3000 * intervalS + 2 * (cabinet.pollMs + roundMs) + cabinet.liveAgeMs;
    if (nowMs - run.lastHeardMs <= allowedMs) return;
    interrupted.keep(run);
    fail(
      new Fault("channel.silent", name, `no sample for ${allowedMs / 1000} s: three intervals and the client's delay`, {
        sampleCount: run.rowCount,
        sampleIntervalS: intervalS,
      }),
    );
  }

  async function abort(told?: () => void): Promise<void> {
    needConnection();
    const of = session;
    const run = running;
    try {
      const status = await ensureStopped(of, run !== null || state !== "idle", told);
      if (of !== session) return;
      if (run === null || running !== run) {
        await recover();
        if (of === session && running === null) endRun("idle");
        return;
      }
      // The last rows may take a moment to be stored; the cell is off already.
      void inTurn(() => concludeAborted(run, status, of));
    } catch (error) {
      if (of === session && running === run) {
        endRun("unknown");
        if (run !== null && isFault(error)) listener.fault(error);
      }
      throw error;
    }
  }

  async function concludeAborted(run: RunningTest, status: string, of: number): Promise<void> {
    try {
      const test = await cabinet.latestTest(address);
      if (run.isLatest(test)) await run.drain(test?.rowCount ?? 0);
    } catch (error) {
      if (!isFault(error)) throw error;
      for (const handler of faultHandlers) handler(error);
    }
    if (of !== session || running !== run) return;
    endRun("idle");
    // Whoever goes on by our word that it is off would take it for the end of the step that follows.
    if (turns.isFollowed) return;
    listener.stepEnded(stepEndOf(status, run.step, run.lastRow) ?? "aborted");
  }

  async function measureOpenCircuitV(): Promise<number> {
    needIdle("an open-circuit measurement");
    const of = session;
    // What the client shows may date from before the cell was off.
    await sleep(clock, Math.max(0, idleSinceMs + cabinet.liveAgeMs - clock.monoMs()));
    if (of !== session) throw new Fault("link.closed", name, "the link closed during the measurement");
    const live = await cabinet.live(address);
    if (!isResting(live.status)) {
      if (of === session) state = "unknown";
      throw new Fault("device.unknown-outcome", name, `the channel says ${live.status} although no step was started`);
    }
    if (live.voltageV === null) throw new Fault("link.garbled", name, "the open-circuit voltage could not be read");
    lastVoltageV = live.voltageV;
    return live.voltageV;
  }

  return {
    ...{ name, driver: NEWARE_BTS, capabilities },
    connect() {
      interrupted.keep(running);
      endRun("closed");
      session += 1;
      const of = session;
      return inTurn(() => connect(of));
    },
    disconnect: leave,
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    listen(next) {
      listener = next;
    },
    leaveRunning({ lastSample, ...of }) {
      const make: MakeRun = (rows, rowsBefore) => runOf(of.step, null, clock.monoMs(), rows, rowsBefore);
      left = lastSample === null ? null : createLeftTest({ ...of, lastSample }, make);
    },
    // Rows of its own record, which are numbered from 1 in each test.
    samplesCounted: () => latest?.rowCount ?? null,
    get hasTakenOver() {
      return hasTakenOver && running !== null;
    },
    get foundRunningAtMs() {
      return foundRunningAtMs;
    },
    start: (step) => afterwards(() => start(step)),
    abort(told) {
      stopAsked += 1;
      return inTurn(() => abort(told)).finally(() => {
        stopAsked -= 1;
      });
    },
    measureOpenCircuitV: () => afterwards(measureOpenCircuitV),
  };
}
