/** Status reports of the simulated controller: their form, and which of the rarer fields ride along when. */
import type { MachinePlace } from "./grbl-twin-motion.ts";

export interface ReportFacts {
  /** With its sub-state: `Idle`, `Hold:0`. */
  readonly state: string;
  readonly machine: MachinePlace;
  readonly workOffset: MachinePlace;
  readonly feedMmMin: number;
  /** `$10`: bit 0 machine instead of work position, bit 1 buffer state. */
  readonly mask: number;
  readonly isInches: boolean;
  readonly freeBlocks: number;
  readonly freeBytes: number;
}

export interface ReportCadence {
  report(facts: ReportFacts): string;
  /** The next report carries the offset. */
  workOffsetChanged(): void;
  restart(): void;
}

/** WCO in the first report, then every 10th at rest or 30th in motion; Ov after it, every 10th or 20th. */
export function createReportCadence(): ReportCadence {
  let untilWorkOffset = 0;
  let untilOverride = 0;
  return {
    report(facts) {
      const isBusy = /^(Run|Jog|Hold|Home|Door)/.test(facts.state);
      const { machine, workOffset, isInches } = facts;
      const position =
        (facts.mask & 1) !== 0
          ? `MPos:${placeText(machine, isInches)}`
          : `WPos:${placeText(
              {
                xMm: machine.xMm - workOffset.xMm,
                yMm: machine.yMm - workOffset.yMm,
                zMm: machine.zMm - workOffset.zMm,
              },
              isInches,
            )}`;
      let line = `<${facts.state}|${position}`;
      if ((facts.mask & 2) !== 0) line += `|Bf:${facts.freeBlocks},${facts.freeBytes}`;
      line += `|FS:${Math.round(facts.feedMmMin / (isInches ? 25.4 : 1))},0`;
      if (untilWorkOffset > 0) {
        untilWorkOffset -= 1;
      } else {
        untilWorkOffset = isBusy ? 29 : 9;
        if (untilOverride === 0) untilOverride = 1;
        line += `|WCO:${placeText(workOffset, isInches)}`;
      }
      if (untilOverride > 0) {
        untilOverride -= 1;
      } else {
        untilOverride = isBusy ? 19 : 9;
        line += "|Ov:100,100,100";
      }
      return `${line}>`;
    },
    workOffsetChanged() {
      untilWorkOffset = 0;
    },
    restart() {
      untilWorkOffset = 0;
      untilOverride = 0;
    },
  };
}

/** Three decimals in millimetres, four in inches. */
export function placeText(place: MachinePlace, isInches: boolean): string {
  const one = (mm: number): string => {
    const text = isInches ? (mm / 25.4).toFixed(4) : mm.toFixed(3);
    return /^-0\.0+$/.test(text) ? text.slice(1) : text;
  };
  return `${one(place.xMm)},${one(place.yMm)},${one(place.zMm)}`;
}
