/** What goes wrong on a cable between a simulated instrument and its endpoint: silence, delay, flipped bits. */
import type { CableFlaws } from "./served-cable.ts";
import type { Chance, DeviceEnd, WorldClock } from "../../simulator/plant/plant.ts";

export interface FaultyEnd extends CableFlaws {
  /** For the instrument. */
  readonly end: DeviceEnd;
}

/** `below` is the end that the listener offers. */
export function createFaultyEnd(below: DeviceEnd, clock: WorldClock, chance: Chance): FaultyEnd {
  const state = { isHung: false, byMs: 0, isGarbled: false };

  function pass(chunk: Uint8Array, deliver: (chunk: Uint8Array) => void): void {
    if (state.isHung) return;
    if (state.byMs === 0) deliver(chunk);
    else
      clock.at(clock.nowMs() + state.byMs, () => {
        if (!state.isHung) deliver(chunk);
      });
  }

  return {
    end: {
      onOpen: (handler) => {
        below.onOpen(handler);
      },
      onClose: (handler) => {
        below.onClose(handler);
      },
      onData(handler) {
        below.onData((chunk) => {
          pass(chunk, handler);
        });
      },
      send(chunk) {
        pass(state.isGarbled ? flipped(chunk, chance) : chunk, (bytes) => {
          below.send(bytes);
        });
      },
      hangUp: (why) => {
        below.hangUp(why);
      },
    },
    hang(isHung) {
      state.isHung = isHung;
    },
    slow(byMs) {
      state.byMs = byMs;
    },
    garble(isGarbled) {
      state.isGarbled = isGarbled;
    },
  };
}

function flipped(chunk: Uint8Array, chance: Chance): Uint8Array {
  const bent = chunk.slice();
  const at = Math.floor(chance.uniform() * bent.length);
  bent[at] = (bent[at] ?? 0) ^ (1 << Math.floor(chance.uniform() * 8));
  return bent;
}
