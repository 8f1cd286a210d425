/** Gathers the points of a cell's spectrum and writes them into the log when the step is over, or broken off. */
import type { SpectrumPoint } from "../../protocols/roles/channel.ts";
import type { ProgrammeStep } from "../machines/programme.ts";
import type { Recorder } from "../machines/recorder.ts";
import { resistancesOf, SPECTRUM_EVENT, spectrumEventData } from "../record/spectrum-event.ts";

/** The last spectrum of a cell, as people are shown it. */
export interface SpectrumView {
  /** Counts those of the cell from 1, each part of one that was broken off by itself. */
  readonly number: number;
  readonly endedAtMs: number;
  readonly step: number;
  readonly cycle: number;
  readonly pointCount: number;
  readonly isWhole: boolean;
  readonly seriesOhm: number | null;
  /** Null where no arc stands apart. */
  readonly chargeTransferOhm: number | null;
}

export interface SpectrumLog {
  /** This step runs from now on, whatever it is. */
  begin(step: ProgrammeStep): void;
  point(point: SpectrumPoint): void;
  /** Nothing more comes of it: what there is goes on record. */
  end(): void;
  readonly last: SpectrumView | null;
}

export function createSpectrumLog(position: string, recorder: Recorder, nowMs: () => number): SpectrumLog {
  let step: ProgrammeStep | null = null;
  let points: SpectrumPoint[] = [];
  let last: SpectrumView | null = null;

  function end(): void {
    // After a restart points may come before it is known whose they are.
    if (step === null) return;
    const measured = points;
    points = [];
    if (measured.length === 0) return;
    const { channelStep, stepNumber, cycleNumber, label } = step;
    if (channelStep.kind !== "impedance") return;
    const { excitation, pointCount, sweepCount } = channelStep;
    const plannedCount = Math.max(measured.length, pointCount * sweepCount);
    const spectrum = { position, step: stepNumber, cycle: cycleNumber, label, excitation, plannedCount };
    recorder.record(SPECTRUM_EVENT, spectrumEventData({ ...spectrum, points: measured }));
    const resistances = resistancesOf(measured);
    last = {
      number: (last?.number ?? 0) + 1,
      endedAtMs: nowMs(),
      step: stepNumber,
      cycle: cycleNumber,
      pointCount: measured.length,
      isWhole: measured.length === plannedCount,
      seriesOhm: resistances?.seriesOhm ?? null,
      chargeTransferOhm: resistances?.chargeTransferOhm ?? null,
    };
  }

  return {
    begin(next) {
      end();
      step = next;
    },
    point(point) {
      points.push(point);
    },
    end,
    get last() {
      return last;
    },
  };
}
