/**
 * Seeded chance for the simulated world: sfc32 (Chris Doty-Humphrey's small fast counting generator), seeded
 * through splitmix32 from the seed and the names of the streams. A stream depends on its names only, never on how
 * many numbers were drawn elsewhere.
 */
import type { Chance } from "../plant/plant.ts";

/** `seed` is a whole number; numbers that differ give unrelated sequences. */
export function createChance(seed: number): Chance {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`the seed must be a whole number, not ${seed}`);
  return streamOf(fnv1a(`seed ${seed}`, 0x811c9dc5), fnv1a(`seed ${seed}`, 0x1b873593));
}

function streamOf(keyLow: number, keyHigh: number): Chance {
  const seeds = splitmix32(keyLow);
  const moreSeeds = splitmix32(keyHigh);
  let a = seeds();
  let b = moreSeeds();
  let c = seeds() ^ moreSeeds();
  let counter = 1;
  let spare = NaN;

  function next(): number {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  }
  for (let turn = 0; turn < 12; turn += 1) next();

  function uniform(): number {
    return (next() * 2 ** 21 + (next() >>> 11)) / 2 ** 53;
  }

  return {
    uniform,
    normal() {
      if (!Number.isNaN(spare)) {
        const value = spare;
        spare = NaN;
        return value;
      }
      // Box and Muller; 1 - u keeps the logarithm finite.
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
    stream: (name) => streamOf(fnv1a(name, keyLow), fnv1a(name, keyHigh)),
  };
}

function fnv1a(text: string, start: number): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The length keeps a stream's stream apart from one whose name is the two names joined.
  return Math.imul(hash ^ (text.length + 0x9e37), 0x01000193) >>> 0;
}

function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
}
