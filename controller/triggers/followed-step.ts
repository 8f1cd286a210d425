/** Where a cell stands in its protocol, by the events of its log. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { stepCurrentA } from "../../protocols/echem/channel-step.ts";
import type { TechniqueStep } from "../../protocols/echem/protocol.ts";
import { isOver as isLeftOver, type LeftCell } from "../machines/cell-news.ts";
import type { Direction, PassedStep, RunningStep } from "./cell-facts.ts";

type EventData = { readonly [key: string]: Json };

export interface FollowedStep {
  readonly step: RunningStep | null;
  /** Newest first. */
  readonly passed: readonly PassedStep[];
  /** Of the last current that flowed. */
  readonly half: { readonly cycle: number; readonly direction: Direction } | null;
  /** Nothing more is done with the cell. */
  readonly isOver: boolean;
  /** True where the event says something of where the cell stands. */
  heard(type: string, data: EventData, nowMs: number): boolean;
}

const PASSED_MAX = 4;

/** `left`: after a restart, the cell as the record has it. */
export function followStep(cell: CampaignCell, left?: LeftCell): FollowedStep {
  let step: RunningStep | null = null;
  let passed: readonly PassedStep[] = [];
  let half: FollowedStep["half"] = null;
  let isOver = false;

  function started(data: EventData, nowMs: number): void {
    const { step: number, cycle, elapsed_s: elapsedS, current_A: currentA } = data;
    if (typeof number !== "number" || typeof cycle !== "number") return;
    const technique = techniqueAt(cell, number - 1);
    if (technique === null) return;
    const ordinal = ordinalOf(data) ?? (passed[0]?.ordinal ?? 0) + 1;
    const ran = typeof elapsedS === "number" ? elapsedS : 0;
    const isSame = step?.ordinal === ordinal;
    if (!isSame) pass(nowMs);
    // The next part of a step that the campaign's rules divide.
    passed = passed.filter((one) => one.ordinal !== ordinal);
    const isHeld = technique.kind === "constant-current" && typeof currentA !== "number";
    const orderedA =
      technique.kind !== "constant-current"
        ? NaN
        : typeof currentA === "number"
          ? currentA
          : stepCurrentA(technique, cell.nominalCapacityMah);
    const direction = orderedA > 0 ? "charge" : orderedA < 0 ? "discharge" : null;
    if (direction !== null) half = { cycle, direction };
    step = {
      ...{ stepIndex: number - 1, ordinal, cycle, step: technique, direction, orderedA },
      beganAtMs: isSame ? (step?.beganAtMs ?? nowMs) : nowMs - 1000 * ran,
      ...{ startedAtMs: nowMs - 1000 * ran, runsSinceMs: nowMs, isPaused: isHeld },
    };
  }

  function pass(nowMs: number): void {
    if (step === null) return;
    const { stepIndex, ordinal, cycle } = step;
    passed = [{ stepIndex, ordinal, cycle, endedAtMs: nowMs }, ...passed].slice(0, PASSED_MAX);
    step = null;
  }

  function pause(): void {
    if (step !== null) step = { ...step, isPaused: true };
  }

  function goOn({ cursor, runningSinceMs, stepElapsedS }: LeftCell): void {
    if (cursor === null || (runningSinceMs === null && stepElapsedS === 0)) return;
    const { stepNumber, cycleNumber, channelStep } = cursor.step;
    const current = channelStep.kind === "constant-current" ? { current_A: channelStep.currentA } : {};
    const state = { place: cursor.place ?? null };
    started({ step: stepNumber, cycle: cycleNumber, elapsed_s: stepElapsedS, ...current, state }, runningSinceMs ?? 0);
    if (runningSinceMs === null) pause();
  }
  if (left !== undefined) goOn(left);
  isOver = left !== undefined && isLeftOver(left);

  return {
    get step() {
      return step;
    },
    get passed() {
      return passed;
    },
    get half() {
      return half;
    },
    get isOver() {
      return isOver;
    },
    heard(type, data, nowMs) {
      switch (type) {
        case "step-started":
          started(data, nowMs);
          return true;
        case "step-ended":
          if (data["ended_by"] === "aborted") pause();
          else pass(nowMs);
          return true;
        case "step-interrupted":
        case "cell-held":
          pause();
          return true;
        case "cell-isolated":
        case "cell-complete":
        case "cell-stopped":
          pass(nowMs);
          isOver = true;
          return true;
        default:
          return type === "cell-forecast";
      }
    },
  };
}

export function techniqueAt({ protocol }: Pick<CampaignCell, "protocol">, stepIndex: number): TechniqueStep | null {
  const step = protocol.steps[stepIndex];
  return step === undefined || step.kind === "tag" || step.kind === "loop" ? null : step;
}

/** As the log has it: how many steps the protocol has begun, loops followed. */
function ordinalOf(data: EventData): number | undefined {
  const place = fieldOf(fieldOf(data, "state"), "place");
  const ordinal = fieldOf(place, "ordinal");
  return typeof ordinal === "number" ? ordinal : undefined;
}

function fieldOf(data: Json | undefined, name: string): Json | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  return (data as EventData)[name];
}
