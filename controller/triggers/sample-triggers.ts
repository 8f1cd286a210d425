/**
 * What only samples can tell: a voltage that is crossed, a peak of dQ/dV that is passed. The sample intake is given a
 * band of voltage for each cell that has such a trigger, and tells when it is left; no other sample comes here.
 */
import { hasCycle, hasStep, type CampaignTrigger, type TriggerCell } from "../../protocols/campaign/trigger.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import { windowAround, type CellFacts, type Direction, type Moment } from "./cell-facts.ts";
import { createPeakFinder, type PeakFinder } from "./dqdv-peak.ts";
import { crossing } from "./mark-moments.ts";

export interface SampleTriggers {
  /** After each look: sets the band, where a step runs that a trigger watches. */
  set(cellIndex: number, triggers: readonly OwnTrigger[], facts: CellFacts): void;
  /** The band was left. */
  passed(cellIndex: number, voltageV: number, triggers: readonly OwnTrigger[], facts: CellFacts): void;
  /** Triggers are others from here on: no band is watched before the next look. */
  amended(): void;
}

interface OwnTrigger {
  readonly trigger: CampaignTrigger;
  readonly cell: TriggerCell;
}

export interface SampleTriggersDeps {
  readonly samples: Pick<SampleIntake, "chargeAh" | "watch">;
  readonly tell: (cellIndex: number, trigger: CampaignTrigger, moment: Moment) => void;
}

interface Followed {
  ordinal: number;
  cycle: number;
  direction: Direction;
  /** Voltages up to here are behind. */
  fromV: number;
  /** By name of the trigger. */
  finders: ReadonlyMap<string, PeakFinder>;
}

export function createSampleTriggers({ samples, tell }: SampleTriggersDeps): SampleTriggers {
  const followed = new Map<number, Followed>();

  function follow(cellIndex: number, triggers: readonly OwnTrigger[], facts: CellFacts): Followed | null {
    const { step, voltageV } = facts;
    if (step?.direction == null) return null;
    const { direction, cycle, ordinal } = step;
    const known = followed.get(cellIndex);
    if (known?.ordinal === ordinal) {
      // Behind a restart nothing may have been read yet as its step was first looked at.
      if (!Number.isFinite(known.fromV)) known.fromV = voltageV;
      return known;
    }
    const isSameHalf = known?.cycle === cycle && known.direction === direction;
    const sign = direction === "charge" ? 1 : -1;
    const finders = isSameHalf
      ? known.finders
      : new Map(
          triggers.flatMap(({ trigger }) =>
            trigger.kind === "dqdv-peak" && trigger.directions.includes(direction)
              ? [[trigger.name, createPeakFinder(trigger, sign)] as const]
              : [],
          ),
        );
    const now = { ordinal, cycle, direction, fromV: voltageV, finders };
    followed.set(cellIndex, now);
    return now;
  }

  function isMeant({ trigger, cell }: OwnTrigger, { step }: CellFacts): boolean {
    return step !== null && hasStep(cell, step.stepIndex) && hasCycle(trigger, step.cycle);
  }

  function setBand(cellIndex: number, one: Followed, triggers: readonly OwnTrigger[], facts: CellFacts): void {
    const sign = one.direction === "charge" ? 1 : -1;
    let nextV = sign * Infinity;
    for (const own of triggers) {
      const { trigger } = own;
      if (!isMeant(own, facts)) continue;
      if (trigger.kind === "voltage-grid") {
        for (const mark of trigger[one.direction]) {
          if (sign * (mark - one.fromV) > 0 && sign * (mark - nextV) < 0) nextV = mark;
        }
      } else if (trigger.kind === "dqdv-peak" && one.finders.has(trigger.name)) {
        const stepV = one.fromV + sign * trigger.smoothV;
        if (sign * (stepV - nextV) < 0) nextV = stepV;
      }
    }
    samples.watch(cellIndex, sign > 0 ? -Infinity : nextV, sign > 0 ? nextV : Infinity);
  }

  return {
    set(cellIndex, triggers, facts) {
      if (!triggers.some(({ trigger }) => trigger.kind === "voltage-grid" || trigger.kind === "dqdv-peak")) return;
      const one = follow(cellIndex, triggers, facts);
      if (one === null || !Number.isFinite(one.fromV)) samples.watch(cellIndex, -Infinity, Infinity);
      else setBand(cellIndex, one, triggers, facts);
    },
    passed(cellIndex, voltageV, triggers, facts) {
      const one = follow(cellIndex, triggers, facts);
      if (one === null) return;
      const { cycle, direction } = one;
      const { nowMs } = facts;
      const sign = direction === "charge" ? 1 : -1;
      for (const own of triggers) {
        const { trigger } = own;
        if (!isMeant(own, facts)) continue;
        if (trigger.kind === "voltage-grid") {
          for (const mark of trigger[direction]) {
            if (!(sign * (mark - one.fromV) > 0 && sign * (mark - voltageV) <= 0)) continue;
            tell(cellIndex, trigger, crossing(trigger, cycle, direction, mark, nowMs, false));
          }
        } else if (trigger.kind === "dqdv-peak") {
          const peak = one.finders.get(trigger.name)?.point(voltageV, samples.chargeAh[cellIndex] ?? NaN) ?? null;
          if (peak === null) continue;
          tell(cellIndex, trigger, {
            mark: `c${cycle} ${direction} peak`,
            ...windowAround(nowMs, trigger.window),
            what: `past the peak of dQ/dV at ${peak.voltageV.toFixed(3)} V in ${direction}, cycle ${cycle}`,
            ...{ scope: { kind: "half-cycle", cycle, direction }, isGuess: false },
          });
        }
      }
      if (sign * (voltageV - one.fromV) > 0) one.fromV = voltageV;
      setBand(cellIndex, one, triggers, facts);
    },
    amended() {
      for (const cellIndex of followed.keys()) samples.watch(cellIndex, -Infinity, Infinity);
      followed.clear();
    },
  };
}
