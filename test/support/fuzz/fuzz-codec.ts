/**
 * Feeds a codec what a bad cable could bring: true messages bent, cut short, joined and repeated, and plain noise,
 * in chunks cut anywhere. A codec must not throw, must not dwell on an input, and must not keep what it was given.
 */
import { createChance } from "../../../simulator/chance/chance.ts";

export interface FuzzTarget {
  /** The next bytes of the stream. What a codec throws here ends the run. */
  push(chunk: Uint8Array): void;
  /** Bytes kept for a message that is not complete, where the codec tells. */
  retainedByteCount?(): number;
}

export interface FuzzEntry {
  /** The family, and which way the bytes go: `grbl replies`. */
  readonly name: string;
  /** True messages with their ends, as they come in; what is fed in is made from these. */
  readonly samples: readonly (string | Uint8Array)[];
  /** The most that may ever be kept. */
  readonly retainedByteMax?: number;
  /** A fresh codec; one serves for all inputs of a run, as on a line that is never closed. */
  open(onMessage: () => void): FuzzTarget;
}

export interface FuzzOutcome {
  readonly inputCount: number;
  readonly byteCount: number;
  /** Messages the codec made of them, whatever they say. */
  readonly messageCount: number;
  readonly retainedByteMax: number;
  /** The longest that one input took. */
  readonly slowestMs: number;
}

export interface FuzzOptions {
  readonly inputCount: number;
  readonly seed: number;
  /** Milliseconds of a clock that does not jump, to find an input that takes too long. */
  readonly nowMs: () => number;
}

/** Throws what the codec throws, with the input that did it in hex, and when the codec keeps more than it may. */
export function fuzzCodec(entry: FuzzEntry, options: FuzzOptions): FuzzOutcome {
  const input = createInputs(entry.samples, options.seed);
  let messageCount = 0;
  const target = entry.open(() => {
    messageCount += 1;
  });
  let byteCount = 0;
  let retainedByteMax = 0;
  let slowestMs = 0;
  for (let count = 0; count < options.inputCount; count += 1) {
    const chunks = input();
    const startMs = options.nowMs();
    for (const chunk of chunks) {
      byteCount += chunk.length;
      try {
        target.push(chunk);
      } catch (error) {
        throw new Error(`${entry.name}, input ${count} of seed ${options.seed}: ${hexOf(chunks)}`, { cause: error });
      }
    }
    slowestMs = Math.max(slowestMs, options.nowMs() - startMs);
    retainedByteMax = Math.max(retainedByteMax, target.retainedByteCount?.() ?? 0);
    if (entry.retainedByteMax !== undefined && retainedByteMax > entry.retainedByteMax) {
      throw new Error(`${entry.name} keeps ${retainedByteMax} bytes after input ${count} of seed ${options.seed}`);
    }
  }
  return { inputCount: options.inputCount, byteCount, messageCount, retainedByteMax, slowestMs };
}

function createInputs(samples: readonly (string | Uint8Array)[], seed: number): () => readonly Uint8Array[] {
  const chance = createChance(seed).stream("fuzz");
  const known = samples.map((sample) => (typeof sample === "string" ? Buffer.from(sample, "latin1") : sample));
  const whole = (below: number): number => Math.floor(chance.uniform() * below);
  const anyOf = (): Uint8Array => known[whole(known.length)] ?? new Uint8Array(0);
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => whole(256));

  function bent(from: Uint8Array): Uint8Array {
    const at = whole(from.length + 1);
    const until = at + whole(Math.min(8, from.length - at + 1));
    switch (whole(7)) {
      case 0:
        return from;
      case 1: {
        const flipped = Uint8Array.from(from);
        if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << whole(8));
        return flipped;
      }
      case 2: {
        const replaced = Uint8Array.from(from);
        if (at < replaced.length) replaced[at] = whole(256);
        return replaced;
      }
      case 3:
        return Buffer.concat([from.subarray(0, at), from.subarray(until)]);
      case 4:
        return Buffer.concat([from.subarray(0, at), noise(1 + whole(6)), from.subarray(at)]);
      case 5:
        return Buffer.concat([from.subarray(0, until), from.subarray(at)]);
      default: {
        const other = anyOf();
        return Buffer.concat([from.subarray(0, at), other.subarray(whole(other.length + 1))]);
      }
    }
  }

  return () => {
    const parts: Uint8Array[] = [];
    for (let more = 1 + whole(3); more > 0; more -= 1) {
      const isNoise = whole(12) === 0;
      parts.push(isNoise ? noise(whole(48)) : bent(whole(4) === 0 ? bent(anyOf()) : anyOf()));
    }
    const bytes = Uint8Array.from(Buffer.concat(parts));
    const cuts = Array.from({ length: whole(5) }, () => whole(bytes.length + 1)).sort((a, b) => a - b);
    return [0, ...cuts].map((from, index) => bytes.slice(from, cuts[index] ?? bytes.length));
  };
}

function hexOf(chunks: readonly Uint8Array[]): string {
  return chunks.map((chunk) => Buffer.from(chunk).toString("hex")).join("|");
}
