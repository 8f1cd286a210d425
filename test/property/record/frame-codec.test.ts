import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSampleBuffer, type SampleBuffer } from "../../../controller/record/sample-buffer.ts";
import {
  createFrameEncoder,
  decodeFrame,
  packPayload,
  payloadCrc32,
  unpackPayload,
} from "../../../controller/record/sample-frame.ts";

const CHANNELS = 5;
const CAPACITY = 40;
const NONE = new Uint32Array(CHANNELS);

interface OneSample {
  readonly channel: number;
  readonly atMs: number;
  readonly voltageV: number;
  readonly currentA: number;
  readonly flags: number;
}

function fill(samples: readonly OneSample[]): SampleBuffer {
  const buffer = createSampleBuffer(CHANNELS, CAPACITY);
  for (const { channel, atMs, voltageV, currentA, flags } of samples) {
    const place = channel * CAPACITY + (buffer.counts[channel] ?? 0);
    buffer.atMs[place] = atMs;
    buffer.voltageV[place] = voltageV;
    buffer.currentA[place] = currentA;
    buffer.flags[place] = flags;
    buffer.counts[channel] = (buffer.counts[channel] ?? 0) + 1;
  }
  return buffer;
}

function decode(payload: Buffer): readonly OneSample[] {
  const channels = decodeFrame(payload);
  if (typeof channels === "string") throw new Error(channels);
  return channels.flatMap((samples) =>
    [...samples.atMs].map((atMs, index) => ({
      channel: samples.channelIndex,
      atMs,
      voltageV: samples.voltageV[index] ?? Number.NaN,
      currentA: samples.currentA[index] ?? Number.NaN,
      flags: samples.flags[index] ?? 0,
    })),
  );
}

function byChannel(samples: readonly OneSample[]): readonly OneSample[] {
  return Array.from({ length: CHANNELS }, (_, channel) => samples.filter((one) => one.channel === channel)).flat();
}

function sampleOf(atMs: fc.Arbitrary<number>, voltageV: fc.Arbitrary<number>, currentA: fc.Arbitrary<number>) {
  return fc.array(
    fc.record({
      channel: fc.nat(CHANNELS - 1),
      atMs,
      voltageV,
      currentA,
      flags: fc.oneof(fc.constant(0), fc.nat(15), fc.nat(0xffffffff)),
    }),
    { maxLength: CAPACITY },
  );
}

/** Zero and minus zero are one reading. */
function positiveZero(value: number): number {
  return value === 0 ? 0 : value;
}

const anyNumber = fc.double().map(positiveZero);
const time = fc.nat(1_000_000_000);
const microvolts = fc.integer({ min: -5_000_000, max: 5_000_000 });
const nanoamperes = fc.integer({ min: -200_000_000, max: 200_000_000 });

describe("a frame of samples", () => {
  it("gives back readings quantised at 1 uV and 1 nA bit for bit, without resort to floats", () => {
    fc.assert(
      fc.property(
        sampleOf(
          time.map((us) => us / 1e3),
          microvolts.map((n) => n / 1e6),
          nanoamperes.map((n) => n / 1e9),
        ),
        (samples) => {
          const payload = createFrameEncoder(CHANNELS, CAPACITY).encode(fill(samples), NONE);
          expect(decode(payload)).toEqual(byChannel(samples));
          // Raw floats alone would take 24 bytes a sample; integers of these ranges at most 7 + 4 + 5, flags 11.
          expect(payload.length).toBeLessThanOrEqual(2 + CHANNELS * 5 + samples.length * (7 + 4 + 5 + 11));
        },
      ),
    );
  });

  it("gives back readings that were multiplied by 1e-6 rather than divided, too", () => {
    fc.assert(
      fc.property(
        sampleOf(
          time,
          microvolts.map((n) => positiveZero(n * 1e-6)),
          nanoamperes.map((n) => positiveZero(n * 1e-9)),
        ),
        (samples) => {
          const buffer = fill(samples);
          expect(decode(createFrameEncoder(CHANNELS, CAPACITY).encode(buffer, NONE))).toEqual(byChannel(samples));
        },
      ),
    );
  });

  it("gives back any number there is, NaN and infinities among them", () => {
    fc.assert(
      fc.property(sampleOf(anyNumber, anyNumber, anyNumber), (samples) => {
        const payload = createFrameEncoder(CHANNELS, CAPACITY).encode(fill(samples), NONE);
        const block = packPayload(payload);
        const unpacked = unpackPayload(block, payloadCrc32(payload));
        expect(typeof unpacked).not.toBe("string");
        if (typeof unpacked !== "string") expect(decode(unpacked)).toEqual(byChannel(samples));
      }),
    );
  });

  it("holds what is left when its first part was stored already", () => {
    fc.assert(
      fc.property(sampleOf(anyNumber, anyNumber, anyNumber), fc.nat(CAPACITY), (samples, count) => {
        const skip = new Uint32Array(fill(samples.slice(0, count)).counts);
        const payload = createFrameEncoder(CHANNELS, CAPACITY).encode(fill(samples), skip);
        expect(decode(payload)).toEqual(byChannel(samples.slice(count)));
      }),
    );
  });

  it("never throws on damaged bytes, and its CRC finds every changed one", () => {
    fc.assert(
      fc.property(
        sampleOf(time, microvolts, nanoamperes),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat(),
        (samples, place, change, cut) => {
          const payload = createFrameEncoder(CHANNELS, CAPACITY).encode(fill(samples), NONE);
          const statedCrc32 = payloadCrc32(payload);
          const damaged = Buffer.from(payload);
          const index = place % damaged.length;
          damaged[index] = (damaged[index] ?? 0) ^ change;
          expect(payloadCrc32(damaged)).not.toBe(statedCrc32);
          decodeFrame(damaged);
          decodeFrame(damaged.subarray(0, cut % damaged.length));
          const block = packPayload(payload);
          const other = block[place % block.length] ?? 0;
          block[place % block.length] = other ^ change;
          const unpacked = unpackPayload(block, statedCrc32);
          // What zlib does not notice is not damage: a header bit without meaning.
          if (typeof unpacked !== "string") expect(unpacked).toEqual(payload);
        },
      ),
    );
  });
});
