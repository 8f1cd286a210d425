/**
 * Shutter, permits, filters and interlocks on a Modbus input/output unit: WAGO 750 series, ADAM-6050 and ADAM-6060.
 *
 * The shutter permit is an output that counts only while the unit's guard is renewed, and only
 * `permit.renewShutterPermit` renews it, through a register or output that nothing else writes (wago-guard.ts,
 * adam-guard.ts). Whatever else goes on, polling included, cannot keep the shutter open.
 *
 * Every loss of the link, and every connecting, begins with the shutter's request and permit taken back. After a
 * loss the next request connects anew by itself; the outcome of a write in flight stays unknown to its caller.
 */
import { assert } from "../../protocols/base/assert.ts";
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, type FaultCode, isFault } from "../../protocols/base/fault.ts";
import type { BeamIo, InputLevels, PermitPort } from "../../protocols/roles/beam-io.ts";
import type { Identity } from "../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { ADAM, type AdamModel } from "../../protocols/wire/modbus-io/adam-6000.ts";
import { type ModbusIoMap, modbusIoMapErrors, WATCHDOG_UNIT_MS } from "../../protocols/wire/modbus-io/modbus-io-map.ts";
import { createModbusBus, type ModbusBus, type RequestOptions } from "../link/modbus-bus.ts";
import type { ModbusFraming } from "../link/modbus-port.ts";
import { openWithin } from "../link/open-within.ts";
import { createAdamGuard } from "./adam-guard.ts";
import type { PermitGuard } from "./permit-guard.ts";
import { levelsOf, pointsOf } from "./modbus-io-levels.ts";
import { createWagoGuard } from "./wago-guard.ts";
import { createWatchdogRest } from "./watchdog-rest.ts";

/** As site files name the family. */
export const MODBUS_IO = "modbus-io";

/** Make of the unit; WAGO 750 by default. */
export type ModbusIoUnit =
  | { readonly kind: "wago-750" }
  | {
      readonly kind: AdamModel;
      /** Address of the first output, proven at commissioning. Default 16. */
      readonly outputOffset?: number;
      /** False where the module answers these registers with an exception and the site vouches for the setting. */
      readonly hasSafetyRegisters?: boolean;
    };

export interface ModbusIoDeps {
  /** Name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly map: ModbusIoMap;
  readonly unit?: ModbusIoUnit;
  readonly filterCount: number;
  /**
   * The permit lapses after this long without a heartbeat: a multiple of 100 ms, less than a second. On an ADAM
   * module it is the time set at the relay.
   */
  readonly watchdogMs: number;
  /** Units addressed directly answer to any; 1 by default. */
  readonly unitId?: number;
  readonly replyDeadlineMs?: number;
  /** Default Modbus TCP. On a serial line a lost answer costs a second of silence, in which nothing can be closed. */
  readonly framing?: ModbusFraming;
}

/** Exception of a unit that cannot carry out a write: the answer of a unit whose watchdog has expired. */
const DEVICE_FAILURE = 4;

export const REPLY_MS = 200;
const REOPEN_PAUSE_MS = 20;
/** A relay's contact follows the first heartbeat within this. */
const RELAY_PICK_UP_MS = 200;

const LINK_LOST: readonly FaultCode[] = ["device.unknown-outcome", "link.closed", "link.timeout", "link.garbled"];

export function createModbusIo(deps: ModbusIoDeps): BeamIo {
  const { name, clock, map, watchdogMs } = deps;
  const mapErrors = modbusIoMapErrors(map, deps.filterCount);
  assert(mapErrors.length === 0, `register map of ${name}: ${mapErrors.join("; ")}`);
  assert(
    watchdogMs % WATCHDOG_UNIT_MS === 0 && watchdogMs > 0 && watchdogMs < 1000,
    `watchdog of ${name}: ${watchdogMs} ms is not a multiple of 100 below 1000`,
  );
  const { firstInput, inputCount, outputCount } = pointsOf(map);
  const firstFilter = Math.min(...map.outputs.filters);
  const filtersAreInARow = map.outputs.filters.every((bit, index) => bit === firstFilter + index);

  const replyDeadlineMs = deps.replyDeadlineMs ?? REPLY_MS;
  const guard = createGuard(deps, { inputCount: firstInput + inputCount, outputCount }, replyDeadlineMs);

  const faultHandlers = new Set<(fault: Fault) => void>();
  let bus: ModbusBus | undefined;
  let connecting: Promise<Identity> | undefined;
  let isWanted = false;
  let isTripped = false;
  let isPermitSet = false;
  let permitSinceMs = 0;
  let lastRenewalMs = Number.NEGATIVE_INFINITY;
  /** By a heartbeat over the bus in use. */
  let isRenewalKnown = false;
  /** Counted up by each taking-back: what was asked before and still waits is then not sent any more. */
  let openRound = 0;
  let safetyOpenRound = 0;
  let permitRound = 0;
  /** Heartbeats begun. */
  let renewalCount = 0;
  /** As last read. */
  let lastBits: readonly boolean[] = [];
  let lastLevels: InputLevels | undefined;

  const rest = createWatchdogRest({
    ...{ name, clock, guard, isRenewalLate, guarded, report, renewals: () => renewalCount, linkLost: LINK_LOST },
    mayHaveRunOut: () => !isRenewalKnown || clock.monoMs() - lastRenewalMs > guard.lateAfterMs - replyDeadlineMs,
    noteTripped: () => trip(),
    lookEveryMs: watchdogMs / 4,
    async isShutterClosed() {
      return bus?.isOpen === true && isShutterClosed(await readBits(bus));
    },
  });

  const output = (bit: number): number => guard.outputBits + bit;

  function report(fault: Fault): void {
    for (const handler of faultHandlers) handler(fault);
  }

  function connect(): Promise<Identity> {
    isWanted = true;
    connecting ??= establish().finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  async function establish(): Promise<Identity> {
    bus?.close();
    bus = undefined;
    isPermitSet = false;
    const link = await openWithin(clock, deps.openLink, name);
    if (!isWanted) {
      link.close();
      throw new Fault("link.closed", name, "The link was closed on request.");
    }
    const opened = createModbusBus({
      name,
      link,
      clock,
      unitId: deps.unitId ?? 1,
      replyDeadlineMs,
      ...(deps.framing === undefined ? {} : { framing: deps.framing }),
      onLost(fault) {
        isPermitSet = false;
        if (bus === opened) report(fault);
      },
    });
    try {
      const identity = await guard.identify(opened);
      await makeShutterSafe(opened);
      const { hadTripped, runsOn } = await guard.prepare(opened, async () => isShutterClosed(await readBits(opened)));
      // A trip seen once stays one until it is re-armed here, whatever the unit says after.
      isTripped ||= hadTripped;
      // Who renewed it last, and when, nobody knows: it may be just now.
      isRenewalKnown = false;
      lastRenewalMs = runsOn ? clock.monoMs() : Number.NEGATIVE_INFINITY;
      rest.begin(runsOn ? renewalCount : null);
      bus = opened;
      return identity;
    } catch (error) {
      opened.close();
      throw error;
    }
  }

  /** What an earlier session may have left open is closed before anything else. */
  async function makeShutterSafe(on: ModbusBus): Promise<void> {
    for (const bit of [map.outputs.shutterOpenRequest, map.outputs.shutterPermit]) {
      const [isOn] = await on.readCoils(output(bit), 1);
      if (isOn === true) await on.writeCoil(output(bit), false, { isUrgent: true });
    }
  }

  /** The open bus, or a new one after a loss. Does not wait when all is well. */
  function live(): ModbusBus | Promise<ModbusBus> {
    if (bus?.isOpen === true) return bus;
    if (!isWanted) throw new Fault("link.closed", name, "The unit is not connected.");
    return connect().then(() => {
      if (bus?.isOpen !== true) throw new Fault("link.closed", name, "The link closed again at once.");
      return bus;
    });
  }

  /** A write that tells an expired watchdog from other refusals. */
  async function guarded(write: (on: ModbusBus) => Promise<void>): Promise<void> {
    const on = await live();
    try {
      await write(on);
    } catch (error) {
      if (isFault(error) && error.detail["exceptionCode"] === DEVICE_FAILURE) await blameWatchdog(on, error);
      throw error;
    }
  }

  async function blameWatchdog(on: ModbusBus, cause: Fault): Promise<void> {
    if (await guard.hasTripped(on, false)) throw trip(cause);
  }

  function trip(cause?: Fault): Fault {
    isTripped = true;
    isPermitSet = false;
    return new Fault("io.watchdog", name, `The output watchdog (${watchdogMs} ms) has expired.`, {}, cause);
  }

  function isRenewalLate(): boolean {
    return clock.monoMs() - lastRenewalMs > guard.lateAfterMs;
  }

  /** The relay's contact is open although the permit has been given for a while. */
  function hasRelayFallen(level: (bit: number) => boolean): boolean {
    const bit = map.inputs.permitAlive;
    return bit !== undefined && clock.monoMs() - permitSinceMs > RELAY_PICK_UP_MS && !level(bit);
  }

  function readBits(on: ModbusBus): Promise<readonly boolean[]> {
    return on.readDiscreteInputs(guard.inputBits + firstInput, inputCount);
  }

  /** By both of its switches. */
  function isShutterClosed(bits: readonly boolean[]): boolean {
    const { shutterClosed, shutterOpen } = map.inputs;
    return bits[shutterClosed - firstInput] === true && bits[shutterOpen - firstInput] !== true;
  }

  async function readInputs(): Promise<InputLevels> {
    const ready = live();
    const on = ready instanceof Promise ? await ready : ready;
    const bits = await readBits(on);
    const late = rest.see(on, isShutterClosed(bits));
    if (late !== undefined) await late;
    // Known from an answer, or bound to be: nothing has renewed it for longer than it runs.
    const watchdogTripped =
      isTripped ||
      (isPermitSet && (isRenewalLate() || hasRelayFallen((bit: number): boolean => bits[bit - firstInput] === true)));
    const readAtMs = clock.monoMs();
    // Hour after hour every input stands as it stood: what it means is told once.
    if (lastLevels !== undefined && bits.every((isOn, index) => isOn === lastBits[index])) {
      lastLevels = { ...lastLevels, readAtMs, watchdogTripped };
    } else {
      lastBits = bits;
      lastLevels = levelsOf(map, (bit) => bits[bit - firstInput] === true, readAtMs, watchdogTripped);
    }
    return lastLevels;
  }

  async function renewShutterPermit(): Promise<void> {
    if (isTripped) throw trip();
    const round = permitRound;
    renewalCount += 1;
    const ready = live();
    const on = ready instanceof Promise ? await ready : ready;
    // Late by our own clock: asked first, so that an expiry is never taken for a renewal.
    if (isPermitSet && isRenewalLate() && (await guard.hasTripped(on, true))) throw trip();
    const withdrawn = (): Fault | undefined =>
      round === permitRound ? undefined : new Fault("permit.lapsed", name, "The shutter permit was dropped meanwhile.");
    const sentAtMs = clock.monoMs();
    try {
      await guard.beat(on, withdrawn);
    } catch (error) {
      if (isFault(error) && error.detail["exceptionCode"] === DEVICE_FAILURE) throw trip(error);
      throw error;
    }
    lastRenewalMs = sentAtMs;
    isRenewalKnown = true;
    if (!isPermitSet) await setPermit(on, withdrawn);
  }

  /** The permit may only be given while the watchdog is proven to run. */
  async function setPermit(on: ModbusBus, withdrawn: () => Fault | undefined): Promise<void> {
    if ((await guard.proveRunning(on)) === "tripped") throw trip();
    await guarded(() => on.writeCoil(output(map.outputs.shutterPermit), true, { withdrawn }));
    if (withdrawn() !== undefined) return;
    isPermitSet = true;
    permitSinceMs = clock.monoMs();
  }

  /** With the permit off there is nothing left to lapse, once the shutter is closed. The next heartbeat starts the watchdog again. */
  async function dropShutterPermit(): Promise<void> {
    const renewals = renewalCount;
    permitRound += 1;
    isPermitSet = false;
    await takeBack(map.outputs.shutterPermit);
    if (!isTripped) rest.begin(renewals);
  }

  /**
   * Switches an output off, before all that waits. Off is off however often it is said, so a lost answer is followed
   * by one more try on a fresh link. An expired watchdog has switched it off already.
   */
  async function takeBack(bit: number): Promise<void> {
    const off = (): Promise<void> => guarded((on) => on.writeCoil(output(bit), false, { isUrgent: true }));
    try {
      await off().catch(async (error: unknown) => {
        if (!isFault(error) || !isWanted || !LINK_LOST.includes(error.code)) throw error;
        // A unit that serves one connection at a time must have seen the end of the last one.
        await sleep(clock, REOPEN_PAUSE_MS);
        return off();
      });
    } catch (error) {
      if (!isFault(error) || error.code !== "io.watchdog") throw error;
    }
  }

  async function rearmWatchdog(): Promise<void> {
    const on = await live();
    if (!isTripped && !(await guard.hasTripped(on, false))) return;
    const levels = await readInputs();
    if (!levels.shutterClosedSwitch || levels.shutterOpenSwitch) {
      throw new Fault("io.watchdog", name, "The watchdog is not re-armed: the shutter does not read closed.");
    }
    await guard.clearOutputs(on, outputCount);
    const outputs = await on.readCoils(guard.outputBits, outputCount);
    if (outputs.includes(true)) {
      throw new Fault("io.watchdog", name, "The watchdog is not re-armed: not every output is off.");
    }
    await guard.restart(on);
    isTripped = false;
    isPermitSet = false;
    lastRenewalMs = clock.monoMs();
  }

  async function setFilters(inBeam: readonly boolean[]): Promise<void> {
    assert(inBeam.length === deps.filterCount, `${inBeam.length} filter states for ${deps.filterCount} filters`);
    if (inBeam.length === 0) return;
    if (filtersAreInARow) {
      await guarded((on) => on.writeCoils(output(firstFilter), inBeam));
      return;
    }
    for (const [index, bit] of map.outputs.filters.entries()) {
      await guarded((on) => on.writeCoil(output(bit), inBeam[index] === true));
    }
  }

  function overtaken(round: number, current: () => number, what: string): RequestOptions {
    return {
      withdrawn: () =>
        round === current()
          ? undefined
          : new Fault("device.refused", name, `${what} was asked to close before its opening was sent.`),
    };
  }

  const permit: PermitPort = { renewShutterPermit, dropShutterPermit, rearmWatchdog };

  return {
    name,
    driver: MODBUS_IO,
    connect,
    disconnect() {
      isWanted = false;
      isPermitSet = false;
      const closing = bus;
      bus = undefined;
      closing?.close();
    },
    onFault(handler) {
      faultHandlers.add(handler);
      return () => {
        faultHandlers.delete(handler);
      };
    },
    readInputs,
    async requestShutterOpen() {
      const options = overtaken(openRound, () => openRound, "The shutter");
      await guarded((on) => on.writeCoil(output(map.outputs.shutterOpenRequest), true, options));
    },
    async requestShutterClosed() {
      openRound += 1;
      await takeBack(map.outputs.shutterOpenRequest);
    },
    async requestSafetyShutter(open) {
      if (open) {
        const options = overtaken(safetyOpenRound, () => safetyOpenRound, "The safety shutter");
        await guarded((on) => on.writeCoil(output(map.outputs.safetyShutterRequest), true, options));
      } else {
        safetyOpenRound += 1;
        await takeBack(map.outputs.safetyShutterRequest);
        rest.upstreamOff();
      }
    },
    setFilters,
    permit,
  };
}

/** The part that differs from make to make. `needed`: the points that the map uses. */
export function createGuard(
  deps: ModbusIoDeps,
  needed: { readonly inputCount: number; readonly outputCount: number },
  replyDeadlineMs: number,
): PermitGuard {
  const { name, map, watchdogMs } = deps;
  const unit = deps.unit ?? { kind: "wago-750" };
  if (unit.kind === "wago-750") return createWagoGuard(name, needed, watchdogMs);
  const heartbeatBit = map.outputs.heartbeat;
  assert(heartbeatBit !== undefined, `${name}: the permit of an ${unit.kind} needs a heartbeat output`);
  assert(watchdogMs > replyDeadlineMs, `${name}: a relay of ${watchdogMs} ms is faster than an answer may be`);
  return createAdamGuard({
    name,
    model: unit.kind,
    needed,
    heartbeatBit,
    relayMs: watchdogMs,
    replyDeadlineMs,
    outputOffset: unit.outputOffset ?? ADAM.outputBits,
    hasSafetyRegisters: unit.hasSafetyRegisters ?? true,
  });
}
