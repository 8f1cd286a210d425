/**
 * The proof before the first current of a cell's protocol: a small current through this channel, in the slots of the
 * cell's own pattern, must be seen at this channel's voltage, and no other cell's. Each slot ends by itself; whoever
 * gives the proof up sees to it that the cell is off.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { CellLimits, Channel, ChannelStep, StepEnd } from "../../protocols/roles/channel.ts";
import { isFirst, judgeWiring, type StepCode, type Wiring } from "./step-code.ts";

export interface WiringProofDeps {
  readonly clock: Clock;
  readonly channel: Channel;
  readonly position: string;
  readonly cellIndex: number;
  /** Looked at as each proof begins: with cells that join it is another. */
  readonly code: StepCode;
  readonly positionOf: (cellIndex: number) => string;
  readonly limits: CellLimits;
  readonly nominalCapacityAh: number;
  /** Resolves once a step of the proof runs on the instrument. */
  readonly start: (step: ChannelStep) => Promise<void>;
}

export interface Proven {
  readonly currentA: number;
  readonly responseV: number;
  readonly resistanceOhm: number;
}

export interface WiringProof {
  /** Resolves when wiring, polarity and contact are proven; rejects with `cell.unproven` when they are not. */
  run(openCircuitV: number, signal: AbortSignal): Promise<Proven>;
  /** Most charge that can flow in it, A h. */
  readonly mostAh: number;
  /** The channel's stream, while it runs. */
  sample(stepTimeS: number, voltageV: number, currentA: number): void;
  stepEnded(end: StepEnd): void;
  fault(fault: Fault): void;
}

/** A twentieth of the nominal capacity per hour: all slots together move a few hundred-thousandths of it. */
const RATE_C = 1 / 20;
/** And never more than this share of what the cell is allowed. */
const LIMIT_SHARE = 0.5;
/** Nearer than this to its upper limit a cell is discharged. */
const NEAR_FULL_V = 0.1;
/** A slot's mean is taken from its later part, when the instrument has settled. */
const SETTLED_SHARE = 0.4;
const CURRENT_SHARE = 0.1;
const CURRENT_FLOOR_A = 2e-6;
/** A pair of slots that was not kept to in time is tried again, in the pattern's next rounds. */
const ROUNDS_MAX = 3;

/** Longest that `run` takes. */
export function proofTimeMaxMs(code: StepCode): number {
  return 2 * code.slotMs * (ROUNDS_MAX * code.bitCount + 1);
}

export function createWiringProof(deps: WiringProofDeps): WiringProof {
  const { clock, channel, position, cellIndex, limits } = deps;
  let code = { ...deps.code };
  const sums = { count: 0, voltageV: 0, currentA: 0 };
  let ended: ((end: StepEnd) => void) | null = null;
  let failed: ((fault: Error) => void) | null = null;

  const unproven = (what: string): Fault => new Fault("cell.unproven", position, what);

  async function runSlot(currentA: number, signal: AbortSignal): Promise<{ voltageV: number; currentA: number }> {
    const common = {
      sampleIntervalS: Math.max(channel.capabilities.sampleIntervalMinS, code.pulseS / 10),
      untilTimeS: code.pulseS,
      limits,
    };
    const step: ChannelStep =
      currentA === 0
        ? { kind: "rest", ...common }
        : { kind: "constant-current", currentA, untilVoltageV: null, ...common };
    sums.count = 0;
    sums.voltageV = 0;
    sums.currentA = 0;
    const end = new Promise<StepEnd>((resolve, reject) => {
      ended = resolve;
      failed = reject;
    });
    const abort = (): void => failed?.(new Error("the proof was ended"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      // Should the start fail, nobody awaits the end any more.
      end.catch(() => undefined);
      await deps.start(step);
      signal.throwIfAborted();
      const how = await end;
      if (how === "limit") {
        throw unproven(
          `the instrument stopped a current of ${milliamperes(currentA)} at its limit: the cell has no contact, or hardly any`,
        );
      }
      if (sums.count === 0) throw unproven(`no sample came while ${milliamperes(currentA)} flowed`);
      return { voltageV: sums.voltageV / sums.count, currentA: sums.currentA / sums.count };
    } finally {
      signal.removeEventListener("abort", abort);
      ended = null;
      failed = null;
    }
  }

  async function until(atMs: number, signal: AbortSignal): Promise<void> {
    await sleep(clock, Math.max(0, atMs - clock.monoMs()), signal);
  }

  /** The difference between the slots' voltages; null when the pair was not kept to in time. */
  async function runPair(startMs: number, first: boolean, currentA: number, signal: AbortSignal) {
    await until(startMs, signal);
    const one = await runSlot(first ? currentA : 0, signal);
    const isInTime = clock.monoMs() <= startMs + code.slotMs;
    await until(startMs + code.slotMs, signal);
    const two = await runSlot(first ? 0 : currentA, signal);
    const flowedA = (first ? one : two).currentA;
    if (!(Math.abs(flowedA - currentA) <= CURRENT_SHARE * Math.abs(currentA) + CURRENT_FLOOR_A)) {
      throw unproven(`${milliamperes(currentA)} were ordered and ${milliamperes(flowedA)} flowed: no contact`);
    }
    return isInTime && clock.monoMs() <= startMs + 2 * code.slotMs ? one.voltageV - two.voltageV : null;
  }

  async function runPattern(currentA: number, signal: AbortSignal): Promise<readonly number[]> {
    code = { ...deps.code };
    const pairMs = 2 * code.slotMs;
    const responsesV = Array.from({ length: code.bitCount }, () => NaN);
    const firstPair = Math.ceil(clock.monoMs() / pairMs);
    for (let pair = firstPair; pair < firstPair + ROUNDS_MAX * code.bitCount; pair += 1) {
      if (!responsesV.includes(NaN)) break;
      const bit = pair % code.bitCount;
      if (!Number.isNaN(responsesV[bit]) || clock.monoMs() > pair * pairMs) continue;
      responsesV[bit] = (await runPair(pair * pairMs, isFirst(cellIndex, bit), currentA, signal)) ?? NaN;
    }
    if (responsesV.includes(NaN)) {
      throw unproven(`the channel was too slow for the proof: its steps did not fit into ${code.slotMs} ms`);
    }
    return responsesV;
  }

  return {
    mostAh: (RATE_C * deps.nominalCapacityAh * deps.code.pulseS * ROUNDS_MAX * deps.code.bitCount) / 3600,
    async run(openCircuitV, signal) {
      const sign = openCircuitV > limits.voltageMaxV - NEAR_FULL_V ? -1 : 1;
      const allowedA = LIMIT_SHARE * (sign > 0 ? limits.currentMaxA : -limits.currentMinA);
      const currentA = sign * Math.min(RATE_C * deps.nominalCapacityAh, allowedA);
      const wiring = judgeWiring(code, cellIndex, await runPattern(currentA, signal), sign);
      const refused = refusal(wiring, currentA);
      if (refused !== null) throw unproven(refused);
      const resistanceOhm = wiring.responseV / Math.abs(currentA);
      if (resistanceOhm * deps.nominalCapacityAh > limits.voltageMaxV - limits.voltageMinV) {
        throw unproven(`${resistanceOhm.toFixed(0)} ohm: at 1C its whole voltage window would be lost in the contact`);
      }
      return { currentA, responseV: wiring.responseV, resistanceOhm };
    },
    sample(stepTimeS, voltageV, currentA) {
      if (!(stepTimeS >= SETTLED_SHARE * code.pulseS)) return;
      sums.count += 1;
      sums.voltageV += voltageV;
      sums.currentA += currentA;
    },
    stepEnded(end) {
      ended?.(end);
    },
    fault(fault) {
      failed?.(fault);
    },
  };

  function refusal(wiring: Wiring, currentA: number): string | null {
    const flowed = `a current of ${milliamperes(currentA)}`;
    switch (wiring.kind) {
      case "right":
        return null;
      case "none":
        return `${flowed} was not seen at the cell's voltage: its leads, or those of its voltage, lie elsewhere`;
      case "reversed":
        return `${flowed} was seen reversed: the leads of current and voltage do not agree`;
      case "other":
        return `the voltage answers to the current of ${named(wiring.cellIndex)}, not to its own: leads are exchanged`;
      case "shared":
        return `the voltage answers to the current of ${named(wiring.cellIndex)} besides its own: leads touch`;
    }
  }

  function named(index: number | null): string {
    return index === null ? "another cell" : deps.positionOf(index);
  }
}

function milliamperes(currentA: number): string {
  return `${(currentA * 1000).toFixed(4)} mA`;
}
