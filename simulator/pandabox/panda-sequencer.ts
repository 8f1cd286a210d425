/**
 * One sequencer of a simulated PandABox: rows of two phases, each with its time and its outputs. Rows that wait for a
 * bit or a position wait for ever; only `Immediate` ones run.
 */
import type { WorldClock } from "../plant/plant.ts";
import { TICKS_PER_S } from "./panda-fields.ts";

export interface PandaSequencer {
  readonly isActive: boolean;
  /** Bit 0 is output A. */
  readonly outputs: number;
  /** Rising: runs the table from its start. Falling: stops, outputs low. */
  enable(isHigh: boolean): void;
}

export interface PandaSequencerDeps {
  readonly clock: WorldClock;
  /** Looked at when it is enabled. */
  readonly settings: () => { readonly words: readonly number[]; readonly prescale: number; readonly repeats: number };
  readonly onOutputs: (outputs: number) => void;
  /** The last phase goes on for ever while this is true. */
  readonly neverEnds: () => boolean;
}

interface Row {
  readonly repeats: number;
  readonly trigger: number;
  readonly phases: readonly { readonly ticks: number; readonly outputs: number }[];
}

export function createPandaSequencer(deps: PandaSequencerDeps): PandaSequencer {
  const { clock, onOutputs } = deps;
  let isEnabled = false;
  let isActive = false;
  let outputs = 0;
  let event = -1;
  let rows: readonly Row[] = [];
  let tickMs = 0;
  let tableRepeats = 1;

  function drive(next: number): void {
    if (next === outputs) return;
    outputs = next;
    onOutputs(outputs);
  }

  function stop(): void {
    clock.cancel(event);
    isActive = false;
    drive(0);
  }

  /** `atMs` is exact, so that no phase inherits the rounding of another. */
  function phase(atMs: number, round: number, row: number, repeat: number, index: number): void {
    const present = rows[row];
    if (present === undefined) {
      if (tableRepeats !== 0 && round + 1 >= tableRepeats) stop();
      else phase(atMs, round + 1, 0, 0, 0);
      return;
    }
    if (present.trigger !== 0) return;
    if (repeat >= Math.max(1, present.repeats)) {
      phase(atMs, round, row + 1, 0, 0);
      return;
    }
    const now = present.phases[index];
    if (now === undefined) {
      phase(atMs, round, row, repeat + 1, 0);
      return;
    }
    if (index === 0 && now.ticks === 0) {
      phase(atMs, round, row, repeat, 1);
      return;
    }
    drive(now.outputs);
    const nextMs = atMs + Math.max(1, now.ticks) * tickMs;
    event = clock.at(nextMs, () => {
      if (!deps.neverEnds()) phase(nextMs, round, row, repeat, index + 1);
    });
  }

  return {
    get isActive() {
      return isActive;
    },
    get outputs() {
      return outputs;
    },
    enable(isHigh) {
      if (isHigh === isEnabled) return;
      isEnabled = isHigh;
      if (!isHigh) {
        stop();
        return;
      }
      const { words, prescale, repeats } = deps.settings();
      rows = rowsOf(words);
      tickMs = (Math.max(1, prescale) / TICKS_PER_S) * 1000;
      tableRepeats = repeats;
      if (rows.length === 0) return;
      isActive = true;
      phase(clock.nowMs(), 0, 0, 0, 0);
    },
  };
}

function rowsOf(words: readonly number[]): readonly Row[] {
  return Array.from({ length: Math.floor(words.length / 4) }, (_, index) => {
    const [head = 0, , time1 = 0, time2 = 0] = words.slice(index * 4, index * 4 + 4);
    return {
      repeats: head % 65_536,
      trigger: Math.floor(head / 65_536) % 16,
      phases: [
        { ticks: time1, outputs: Math.floor(head / 2 ** 20) % 64 },
        { ticks: time2, outputs: Math.floor(head / 2 ** 26) % 64 },
      ],
    };
  });
}
