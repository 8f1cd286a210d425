/** A channel, its cable and a simulated instrument in virtual time, for the tests of the MethodSCRIPT dialect. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  createMethodScriptChannel,
  type MethodScriptChannelDeps,
} from "../../drivers/palmsens-methodscript/methodscript-channel.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { Channel, SpectrumPoint, StepEnd } from "../../protocols/roles/channel.ts";
import { createVirtualClock, type VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import { createMemoryLink, isMethodScriptData, type MemoryLink } from "../../simulator/links/memory-link.ts";
import {
  createMethodScriptTwin,
  type MethodScriptTwin,
  type MethodScriptTwinDeps,
} from "../../simulator/palmsens-methodscript/methodscript-twin.ts";
import type { CellPlant, DeviceEnd } from "../../simulator/plant/plant.ts";

export function testClock(): VirtualClock {
  return createVirtualClock(Date.UTC(2026, 0, 1), {
    drain: async () => {
      await nextTurn();
    },
  });
}

/** A capacitor behind a resistor: simple enough to know by hand what it must do. */
export interface TestCell extends CellPlant {
  readonly isConnected: boolean;
  /** Open-circuit voltage. */
  innerV: number;
  readonly farads: number;
  readonly ohms: number;
}

export function testCell(innerV = 3.7, farads = 0.06, ohms = 10): TestCell {
  let sinceMs = 0;
  let drive: "off" | "current" | "voltage" = "off";
  let level = 0;
  let leastA = -Infinity;
  let mostA = Infinity;
  let voltageV = innerV;
  let currentA = 0;
  let inner = innerV;

  function advance(atMs: number): void {
    const dtS = Math.max(0, atMs - sinceMs) / 1000;
    sinceMs = Math.max(sinceMs, atMs);
    if (drive === "current") inner += (level * dtS) / farads;
    else if (drive === "voltage") hold(dtS);
    currentA = drive === "current" ? level : drive === "voltage" ? bounded((level - inner) / ohms) : 0;
    voltageV = inner + currentA * ohms;
  }

  function bounded(wantedA: number): number {
    return Math.min(mostA, Math.max(leastA, wantedA));
  }

  /** At a bound of the current until the level can be held within it. */
  function hold(dtS: number): void {
    const wantedA = (level - inner) / ohms;
    const boundA = bounded(wantedA);
    const neededS = boundA === wantedA ? 0 : ((level - boundA * ohms - inner) * farads) / boundA;
    const limitedS = boundA === 0 ? dtS : Math.min(dtS, neededS);
    if (limitedS > 0) inner += (boundA * limitedS) / farads;
    if (limitedS < dtS) inner = level + (inner - level) * Math.exp(-(dtS - limitedS) / (farads * ohms));
  }

  return {
    farads,
    ohms,
    get innerV() {
      return inner;
    },
    set innerV(next) {
      inner = next;
    },
    get isConnected() {
      return drive !== "off";
    },
    disconnect(atMs) {
      advance(atMs);
      drive = "off";
    },
    applyCurrent(atMs, next) {
      advance(atMs);
      drive = "current";
      level = next;
    },
    applyVoltage(atMs, next) {
      this.applyVoltageWithin(atMs, next, -Infinity, Infinity);
    },
    applyVoltageWithin(atMs, next, low, high) {
      advance(atMs);
      drive = "voltage";
      level = next;
      leastA = low;
      mostA = high;
    },
    read: advance,
    impedanceOhm: (frequencyHz) => ({ re: ohms, im: -1 / (2 * Math.PI * frequencyHz * farads) }),
    get voltageV() {
      return voltageV;
    },
    get currentA() {
      return currentA;
    },
  };
}

export interface Sample {
  readonly timeS: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly flags: number;
}

export interface Bench {
  readonly clock: VirtualClock;
  readonly cable: MemoryLink;
  readonly cell: TestCell;
  readonly twin: MethodScriptTwin;
  readonly channel: Channel;
  readonly samples: Sample[];
  readonly points: SpectrumPoint[];
  readonly ends: StepEnd[];
  /** Faults of the running step. */
  readonly stepFaults: Fault[];
  /** Faults nobody asked for. */
  readonly faults: Fault[];
  /** Lets virtual time pass. */
  pass(seconds: number): Promise<void>;
  /** Runs the world until the promise settles (at most ten virtual minutes), then gives its value or throws. */
  settle<T>(work: Promise<T>): Promise<T>;
}

export interface BenchOptions {
  readonly twin?: Partial<MethodScriptTwinDeps>;
  readonly channel?: Partial<MethodScriptChannelDeps>;
  readonly cell?: TestCell;
  readonly latencyMs?: number;
  /** Sits between instrument and cable, to lose or to garble bytes. */
  readonly wrapEnd?: (end: DeviceEnd) => DeviceEnd;
}

export function createBench(options: BenchOptions = {}): Bench {
  const clock = testClock();
  const cable = createMemoryLink(clock, { name: "B7", latencyMs: options.latencyMs ?? 1, isQuiet: isMethodScriptData });
  const cell = options.cell ?? testCell();
  const twin = createMethodScriptTwin({
    end: options.wrapEnd?.(cable.end) ?? cable.end,
    clock,
    cell,
    serialNumber: "ES4HR20B0008",
    ...options.twin,
  });
  const channel = createMethodScriptChannel({
    name: "channel B7",
    openLink: cable.openLink,
    clock,
    ...options.channel,
  });
  const samples: Sample[] = [];
  const points: SpectrumPoint[] = [];
  const ends: StepEnd[] = [];
  const stepFaults: Fault[] = [];
  const faults: Fault[] = [];
  channel.listen({
    sample(timeS, voltageV, currentA, flags) {
      samples.push({ timeS, voltageV, currentA, flags });
    },
    spectrumPoint(point) {
      points.push(point);
    },
    stepEnded(end) {
      ends.push(end);
      clock.touch();
    },
    fault(fault) {
      stepFaults.push(fault);
    },
  });
  channel.onFault((fault) => {
    faults.push(fault);
  });

  return {
    clock,
    cable,
    cell,
    twin,
    channel,
    samples,
    points,
    ends,
    stepFaults,
    faults,
    pass: (seconds) => clock.run(clock.nowMs() + seconds * 1000),
    settle: (work) => settleOn(clock, work),
  };
}

export async function settleOn<T>(clock: VirtualClock, work: Promise<T>): Promise<T> {
  let settled = false;
  const done = (): void => {
    settled = true;
    clock.stop();
  };
  work.then(done, done);
  const lastMs = clock.nowMs() + 600_000;
  while (!isSettled() && clock.nowMs() < lastMs) await clock.run(Math.min(lastMs, clock.nowMs() + 60_000));
  if (!isSettled()) throw new Error("nothing came of it in ten virtual minutes");
  return work;

  function isSettled(): boolean {
    return settled;
  }
}

/** The instrument alone, with a plain terminal on it. */
export interface Terminal {
  readonly clock: VirtualClock;
  readonly cell: TestCell;
  readonly twin: MethodScriptTwin;
  send(text: string): void;
  /** Everything received since the last call. */
  take(): string;
  pass(seconds: number): Promise<void>;
}

export function createTerminal(
  options: Partial<Omit<MethodScriptTwinDeps, "cell">> & { readonly cell?: TestCell } = {},
): Terminal {
  const clock = testClock();
  const cell = options.cell ?? testCell();
  let received = "";
  let input: (chunk: Uint8Array) => void = () => undefined;
  const end: DeviceEnd = {
    onOpen: () => undefined,
    onClose: () => undefined,
    onData(handler) {
      input = handler;
    },
    send(chunk) {
      received += Buffer.from(chunk).toString("latin1");
    },
    hangUp: () => undefined,
  };
  const twin = createMethodScriptTwin({ end, clock, serialNumber: "ES4HR20B0008", ...options, cell });
  return {
    clock,
    cell,
    twin,
    send(text) {
      input(Buffer.from(text, "latin1"));
    },
    take() {
      const text = received;
      received = "";
      return text;
    },
    pass: (seconds) => clock.run(clock.nowMs() + seconds * 1000),
  };
}
