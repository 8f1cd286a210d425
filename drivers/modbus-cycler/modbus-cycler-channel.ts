/**
 * A cycler behind Modbus registers as a channel, by a register map from a file. Such units have no programme: this
 * driver takes each sample and ends each step by the controller's clock. Voltage and both currents of a step are set
 * as the unit's own, so a dead controller leaves the cell within them, but for as long as nobody comes: unattended
 * only behind a contactor.
 */
import type { TimerHandle } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Channel, ChannelListener, ChannelStep } from "../../protocols/roles/channel.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { CyclerMap } from "../../protocols/wire/modbus-cycler/register-map.ts";
import type { ModbusBus } from "../link/modbus-bus.ts";
import type { ModbusLine } from "../link/modbus-line.ts";
import { cyclerSetting, cyclerStepEnd, type CyclerSetting } from "./cycler-step.ts";
import { createCyclerUnit, type CyclerUnit } from "./cycler-unit.ts";
import { identifyCycler } from "./identify-cycler.ts";

/** As site files name the family. */
export const MODBUS_CYCLER = "modbus-cycler";

export interface ModbusCyclerOptions {
  /** Of the map unless several units share the line. */
  readonly unitId?: number;
  /** Another serial number on this address is the wrong device. */
  readonly expectedSerialNumber?: string;
}

export interface ModbusCyclerDeps extends ModbusCyclerOptions {
  /** Its name in the site file. */
  readonly name: string;
  /** Made with `cyclerLineOptions(map)`. */
  readonly line: ModbusLine;
  readonly map: CyclerMap;
}

type State = "closed" | "idle" | "busy" | "running";

interface Talk {
  readonly bus: ModbusBus;
  readonly unit: CyclerUnit;
}

interface Run {
  readonly step: ChannelStep;
  readonly setting: CyclerSetting;
  readonly startedMs: number;
  sampleCount: number;
}

const NOTHING = (): void => undefined;
const NOBODY: ChannelListener = { sample: NOTHING, stepEnded: NOTHING, fault: NOTHING };

/** What a line owes the units of this map. */
export function cyclerLineOptions(map: CyclerMap): { readonly replyDeadlineMs: number; readonly gapMs: number } {
  return { replyDeadlineMs: map.replyMs, gapMs: map.gapMs };
}

export function createModbusCyclerChannel(deps: ModbusCyclerDeps): Channel {
  const { name, line, map } = deps;
  const { clock } = line;
  const { capabilities } = map;
  const faultHandlers = new Set<(fault: Fault) => void>();
  let listener: ChannelListener = NOBODY;
  let state: State = "closed";
  let talk: Talk | null = null;
  let running: Run | null = null;
  let foundRunningAtMs: number | null = null;
  let previous: ChannelStep | null = null;
  let stopAsked = 0;
  /** Counts connects and disconnects: behind one nothing is opened, sent or read back that was asked before it. */
  let session = 0;
  /** Work that sees to a lost link itself. */
  let recoverCount = 0;
  let idleTimer: TimerHandle;
  let lane: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = lane.then(work, work);
    lane = turn.catch(NOTHING);
    return turn;
  }

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function onLost(cause: Fault): void {
    const wasRunning = running !== null;
    forget();
    const what = wasRunning
      ? `${cause.message} A step ran: the output stays on at its voltage and currents until somebody comes.`
      : cause.message;
    if (wasRunning) listener.fault(new Fault(cause.code, name, what, cause.detail, cause));
    if (recoverCount === 0) report(new Fault("link.closed", name, what, {}, cause));
  }

  function forget(): void {
    clock.clearTimeout(idleTimer);
    talk = null;
    running = null;
    state = "closed";
  }

  function drop(): void {
    const open = talk;
    forget();
    open?.bus.close();
  }

  function needTalk(): Talk {
    if (talk === null) throw new Fault("link.closed", name, "The channel is not connected.");
    return talk;
  }

  function needIdle(what: string): Talk {
    const open = needTalk();
    if (state !== "idle") throw new Fault("device.refused", name, `${what} was refused: a step is running.`);
    return open;
  }

  /** With the output off, by the unit's own word. */
  function rest(): void {
    running = null;
    state = "idle";
    clock.clearTimeout(idleTimer);
    if (map.keepAliveS === null) return;
    idleTimer = clock.setTimeout(() => void inTurn(lookIn), map.keepAliveS * 1000);
  }

  /** Keeps the connection, and finds an output that somebody else switched on. */
  async function lookIn(): Promise<void> {
    const open = talk;
    if (open === null || state !== "idle") return;
    try {
      if (await open.unit.isOn()) {
        await switchOff(open);
        if (talk === open)
          report(
            new Fault("device.unknown-outcome", name, "The output was on although no step ran; it was switched off."),
          );
      }
    } catch (error) {
      // A lost link was told of; anything else will be met by whoever asks next.
      if (!isFault(error)) throw error;
    }
    if (talk === open && stateNow() === "idle") rest();
  }

  function stateNow(): State {
    return state;
  }

  async function switchOff({ unit }: Talk, told?: () => void): Promise<void> {
    await unit.switchOutput(false);
    told?.();
    if (await unit.isOn()) throw new Fault("cell.not-off", name, "The output does not report off.");
  }

  function disconnected(cause?: unknown): Fault {
    return new Fault("link.closed", name, "The channel was disconnected while it connected.", {}, cause);
  }

  /** Identifies, takes control, and leaves the output off. Tells whether it was on. */
  async function establish(of: number): Promise<{ readonly identity: Identity; readonly wasOn: boolean }> {
    if (of !== session) throw disconnected();
    drop();
    let open: Talk | null = null;
    const bus = await line.join(name, deps.unitId ?? map.unit, (fault) => {
      if (open === null || talk === open) onLost(fault);
    });
    if (of !== session) {
      bus.close();
      throw disconnected();
    }
    open = { bus, unit: createCyclerUnit(name, bus, map) };
    talk = open;
    state = "busy";
    try {
      const { unit } = open;
      const identity = await identifyCycler(name, unit, map, deps.expectedSerialNumber);
      await unit.learn();
      const wasOn = await unit.isOn();
      await unit.takeControl();
      await switchOff(open);
      if (wasOn) foundRunningAtMs = clock.monoMs();
      await unit.setUp();
      if (of !== session) throw disconnected();
      previous = null;
      rest();
      return { identity, wasOn };
    } catch (error) {
      if (isMine(open)) drop();
      else bus.close();
      throw of === session ? error : disconnected(error);
    }
  }

  function isMine(open: Talk): boolean {
    return talk === open;
  }

  /** After a lost answer: the unit is connected anew, read, and left off. */
  async function readBack(of: number): Promise<string> {
    try {
      const { wasOn } = await establish(of);
      return wasOn ? "the output was on and was switched off" : "the output was off";
    } catch (error) {
      if (!isFault(error)) throw error;
      if (of !== session) return "the channel was disconnected";
      report(new Fault("link.closed", name, error.message, {}, error));
      return "the unit does not answer";
    }
  }

  /** Runs `work`; when it loses the link, the unit is read back before the fault is handed on. */
  async function recovering<T>(work: () => Promise<T>): Promise<T> {
    needTalk();
    const of = session;
    recoverCount += 1;
    try {
      return await work();
    } catch (error) {
      if (!isFault(error) || talk !== null || of !== session) throw error;
      const found = await readBack(of);
      if (error.code !== "device.unknown-outcome") throw error;
      throw new Fault("device.unknown-outcome", name, `${error.message} Read back: ${found}.`, { found }, error);
    } finally {
      recoverCount -= 1;
    }
  }

  /** Whoever asked for a stop since would find the cell driven behind it. */
  function stoppedMeanwhile(): Fault | undefined {
    return stopAsked > 0 ? new Fault("device.refused", name, "The step was aborted before it ran.") : undefined;
  }

  async function start(step: ChannelStep): Promise<void> {
    const open = needIdle("a start");
    const setting = cyclerSetting(step, previous, capabilities);
    if (typeof setting === "string") throw new Fault("protocol.invalid", name, setting);
    const stopped = stoppedMeanwhile();
    if (stopped !== undefined) throw stopped;
    state = "busy";
    try {
      if (await open.unit.isOn())
        throw new Fault("device.unknown-outcome", name, "The output is on although no step was started.");
      if (setting.kind === "driven") {
        await open.unit.set(setting);
        await open.unit.switchOutput(true, { withdrawn: stoppedMeanwhile });
        if (!(await open.unit.isOn()))
          throw new Fault("device.refused", name, "The output does not report on; see the unit's display.");
      }
    } catch (error) {
      if (isMine(open)) await leaveOff(open);
      throw error;
    }
    if (!isMine(open)) throw new Fault("link.closed", name, "The channel was disconnected while the step was started.");
    previous = step;
    clock.clearTimeout(idleTimer);
    const run: Run = { step, setting, startedMs: clock.monoMs(), sampleCount: 0 };
    running = run;
    foundRunningAtMs = null;
    state = "running";
    sampleLater(run);
  }

  async function leaveOff(open: Talk): Promise<void> {
    try {
      await switchOff(open);
      if (isMine(open)) rest();
    } catch (error) {
      if (!isFault(error)) throw error;
      if (isMine(open)) drop();
      report(error);
    }
  }

  /** Samples lie on the step's own grid, the last one at its end in time. */
  function sampleLater(run: Run): void {
    const { sampleIntervalS, untilTimeS } = run.step;
    const dueS = Math.min(untilTimeS, (run.sampleCount + 1) * sampleIntervalS);
    const waitMs = Math.max(0, run.startedMs + dueS * 1000 - clock.monoMs());
    const quietMs = (map.keepAliveS ?? Infinity) * 1000;
    clock.setTimeout(
      () => {
        if (running === run) void inTurn(() => (waitMs > quietMs ? lookBetween(run) : sample(run)));
      },
      Math.min(waitMs, quietMs),
    );
  }

  /** Keeps the connection between samples that lie far apart. */
  function lookBetween(run: Run): Promise<void> {
    return attend(run, async (open) => {
      const isOn = await open.unit.isOn();
      if (isOver(run)) return;
      if (isOn === (run.setting.kind === "driven")) sampleLater(run);
      else await endByFault(open, isOn);
    });
  }

  function sample(run: Run): Promise<void> {
    return attend(run, async (open) => {
      const { voltageV, currentA, isOn } = await open.unit.read();
      if (isOver(run)) return;
      const stepTimeS = (clock.monoMs() - run.startedMs) / 1000;
      run.sampleCount = Math.max(run.sampleCount + 1, Math.floor(stepTimeS / run.step.sampleIntervalS));
      listener.sample(stepTimeS, voltageV, currentA, 0);
      if (isOn !== (run.setting.kind === "driven")) {
        await endByFault(open, isOn);
        return;
      }
      const end = cyclerStepEnd(run.step, capabilities, stepTimeS, voltageV, currentA);
      if (end === null) {
        sampleLater(run);
        return;
      }
      await switchOff(open);
      if (isOver(run)) return;
      rest();
      listener.stepEnded(end);
    });
  }

  /** Whatever fails meanwhile ends the step with the link. */
  async function attend(run: Run, work: (open: Talk) => Promise<void>): Promise<void> {
    const open = talk;
    if (running !== run || open === null) return;
    try {
      await work(open);
    } catch (error) {
      if (!isFault(error)) throw error;
      // A lost link has told the listener already.
      if (isOver(run)) return;
      drop();
      // What it can have refused is to be switched off.
      const isOn = error.code === "device.refused";
      listener.fault(isOn ? new Fault("cell.not-off", name, error.message, error.detail, error) : error);
      report(new Fault("link.closed", name, `The link was closed: ${error.message}`, {}, error));
    }
  }

  function isOver(run: Run): boolean {
    return running !== run;
  }

  /** The output is not as the step left it: somebody or something else switched it. */
  async function endByFault(open: Talk, isOn: boolean): Promise<void> {
    await switchOff(open);
    if (!isMine(open)) return;
    rest();
    listener.fault(
      isOn
        ? new Fault("device.unknown-outcome", name, "The output was on in a rest; it was switched off.")
        : new Fault("channel.switched-off", name, "The unit switched its output off in the middle of a step."),
    );
  }

  async function abort(told?: () => void): Promise<void> {
    const open = needTalk();
    const of = session;
    const run = running;
    try {
      await switchOff(open, told);
    } catch (error) {
      // The link is gone with the answer: connecting anew reads the output and leaves it off.
      if (!isFault(error) || talk !== null || of !== session) throw error;
      recoverCount += 1;
      try {
        await establish(of);
      } catch (trouble) {
        if (isFault(trouble) && of === session) report(new Fault("link.closed", name, trouble.message, {}, trouble));
        throw error;
      } finally {
        recoverCount -= 1;
      }
      return;
    }
    if (!isMine(open)) return;
    rest();
    if (run !== null) listener.stepEnded("aborted");
  }

  return {
    name,
    driver: MODBUS_CYCLER,
    capabilities: {
      voltageRangeV: { min: capabilities.voltageMinV, max: capabilities.voltageMaxV },
      currentMaxA: capabilities.currentMaxA,
      sampleIntervalMinS: capabilities.sampleIntervalMinS,
      runsProgrammeAlone: false,
      buffersSamples: false,
    },
    connect() {
      drop();
      session += 1;
      const of = session;
      return inTurn(async () => {
        recoverCount += 1;
        try {
          return (await establish(of)).identity;
        } finally {
          recoverCount -= 1;
        }
      });
    },
    disconnect() {
      session += 1;
      drop();
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
    start: (step) => inTurn(() => recovering(() => start(step))),
    abort(told) {
      stopAsked += 1;
      return inTurn(() => abort(told)).finally(() => {
        stopAsked -= 1;
      });
    },
    measureOpenCircuitV: () =>
      inTurn(() =>
        recovering(async () => {
          const { voltageV, isOn } = await needIdle("an open-circuit measurement").unit.read();
          if (isOn) throw new Fault("device.unknown-outcome", name, "The output is on although no step was started.");
          return voltageV;
        }),
      ),
  };
}
