/**
 * One cell's protocol by the events of its record: which step runs, since when, and what those before it taught. The
 * events are all there is to it, so that a restart comes to the same as a run that was never interrupted.
 */
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { firstStep, nextStep, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import type { BegunStep, ForecastRules } from "../../protocols/echem/forecast/forecast-rules.ts";
import type { CellNameplate } from "../../protocols/echem/forecast/nameplate.ts";
import { parsePlace, type Capacities, type ProgrammePlace } from "../cells/programme-place.ts";
import { WHOLE_STEP, type StepPart } from "../cells/ruled-step.ts";
import { createCellLearner, type CellLearner, type EndedStep } from "./cell-learner.ts";

/** What an event came to; `byMs`: the end of the step moved by so much. */
export type FollowedNews =
  | { readonly kind: "begun" | "ended" | "paused" | "over" }
  | { readonly kind: "resumed"; readonly byMs: number };

export interface FollowedCell {
  readonly nameplate: CellNameplate;
  readonly learner: Pick<CellLearner, "learned" | "previousIndex">;
  /** The step that runs or is paused; null between steps. */
  readonly cursor: ProtocolCursor | null;
  /** Campaign time at which the step would have begun, had it never been paused. */
  readonly beganAtMs: number;
  /** Since then it does not run; null while it runs. */
  readonly pausedAtMs: number | null;
  /** For which the step ran, pauses left out. */
  ranS(nowMs: number): number;
  /** What runs of a step that the campaign's rules divide; the whole of any other. */
  readonly part: StepPart;
  /** Capacities that rates refer to, by the index of the step that measured them. */
  readonly measuredAh: ReadonlyMap<number, number>;
  /** Null where the event says nothing of where the cell stands. */
  event(type: string, atMs: number, data: EventData): FollowedNews | null;
  /** The cell's protocol has another tail from here on. */
  amended(): void;
}

type EventData = Readonly<Record<string, Json>>;

/** As the log names it. */
interface Place {
  readonly stepNumber: number;
  readonly cycle: number;
}

export function createFollowedCell(cell: CampaignCell): FollowedCell {
  let nameplate = nameplateOf(cell, null);
  let learner = createCellLearner(nameplate, cell.protocol);
  let cursor: ProtocolCursor | null = null;
  /** The last step that ran. */
  let lastCursor: ProtocolCursor | undefined;
  let startedAtMs = 0;
  /** Ran before its last break. */
  let elapsedS = 0;
  let pausedAtMs: number | null = null;
  let wasBroken = false;
  /** Of a step that the campaign's rules divide. */
  let part = WHOLE_STEP;
  let measuredAh: Capacities = {};

  const ranS = (nowMs: number): number => elapsedS + ((pausedAtMs ?? nowMs) - startedAtMs) / 1000;

  function started(atMs: number, place: Place, found: ProgrammePlace | undefined, ranBeforeS: number): FollowedNews {
    const isSame = cursor?.stepIndex === place.stepNumber - 1;
    if (ranBeforeS > 0 && isSame) {
      const byMs = atMs - startedAtMs - 1000 * (ranBeforeS - elapsedS);
      wasBroken = true;
      startedAtMs = atMs;
      elapsedS = ranBeforeS;
      pausedAtMs = null;
      return { kind: "resumed", byMs };
    }
    // Left by a person, or over while nobody heard of it.
    if (cursor !== null) ended(atMs, "cut", {});
    cursor = found?.cursor ?? arrive(cell, lastCursor, place) ?? null;
    part = found?.part ?? WHOLE_STEP;
    measuredAh = found?.measured ?? {};
    lastCursor = cursor ?? lastCursor;
    startedAtMs = atMs;
    elapsedS = ranBeforeS;
    pausedAtMs = null;
    wasBroken = ranBeforeS > 0;
    if (cursor !== null) learner.stepStarted(cursor);
    return { kind: "begun" };
  }

  function ended(atMs: number, endedBy: EndedStep["endedBy"], data: EventData): void {
    if (cursor === null) return;
    const first = recordOf(data["began"]);
    if (!wasBroken && part.mark < 0 && typeof first["after_s"] === "number") {
      learner.firstSample(first["after_s"], numberOf(first["voltage_V"]), numberOf(first["current_A"]));
    }
    learner.stepEnded({
      durationS: ranS(atMs),
      endedBy: endOf(endedBy),
      chargeAh: numberOf(data["charge_Ah"]),
      voltageV: numberOf(data["voltage_V"]),
      currentA: numberOf(data["current_A"]),
    });
    cursor = null;
    pausedAtMs = null;
  }

  function endOf(endedBy: EndedStep["endedBy"]): EndedStep["endedBy"] {
    // A hold that was broken took another time than it would have; a cut-off is where it is.
    const isSound = endedBy === "voltage" || (!wasBroken && part.mark < 0);
    if (part === WHOLE_STEP) return isSound ? endedBy : "cut";
    const isOwnEnd = part.kind === "own" && (endedBy === "voltage" || endedBy === "current");
    return isSound && isOwnEnd ? endedBy : "part";
  }

  function paused(atMs: number): FollowedNews | null {
    if (cursor === null || pausedAtMs !== null) return null;
    pausedAtMs = atMs;
    return { kind: "paused" };
  }

  return {
    get nameplate() {
      return nameplate;
    },
    get learner() {
      return learner;
    },
    get cursor() {
      return cursor;
    },
    get beganAtMs() {
      return startedAtMs - 1000 * elapsedS;
    },
    get pausedAtMs() {
      return pausedAtMs;
    },
    get part() {
      return part;
    },
    get measuredAh() {
      return new Map(Object.entries(measuredAh).map(([index, capacityAh]) => [Number(index), capacityAh]));
    },
    ranS,
    amended() {
      learner.amended(cell.protocol);
    },
    event(type, atMs, data) {
      switch (type) {
        case "cell-proof": {
          const startVoltageV = data["open_circuit_V"];
          if (data["is_proven"] !== true || typeof startVoltageV !== "number" || lastCursor !== undefined) return null;
          nameplate = nameplateOf(cell, startVoltageV);
          learner = createCellLearner(nameplate, cell.protocol);
          return null;
        }
        case "step-started": {
          const { step, cycle, elapsed_s: ranBeforeS } = data;
          if (typeof step !== "number" || typeof cycle !== "number") return null;
          const found = parsePlace(recordOf(data["state"])["place"]);
          const ranS = typeof ranBeforeS === "number" ? ranBeforeS : 0;
          return started(atMs, { stepNumber: step, cycle }, found, ranS);
        }
        case "step-ended":
          // Ended at the instrument it goes on with the time it has left.
          if (data["ended_by"] === "aborted") return paused(atMs);
          ended(atMs, endedByOf(data["ended_by"]), data);
          return { kind: "ended" };
        case "step-interrupted":
        case "cell-held":
          return paused(atMs);
        case "cell-isolated":
        case "cell-complete":
        case "cell-stopped":
          cursor = null;
          return { kind: "over" };
        default:
          return null;
      }
    },
  };
}

/** What of the step under way is over, where the campaign's rules divide it; null where it runs whole. */
export function begunStep({ part, cursor }: FollowedCell, rules: ForecastRules | undefined): BegunStep | null {
  if (cursor === null || (part.kind === "own" && part.mark < 0)) return null;
  const waits = rules?.waits.get(cursor.stepIndex);
  const held = waits?.pauses.find(({ mark }) => mark === part.mark);
  return {
    wait: part.kind === "hold" ? (held ?? null) : null,
    restS: part.kind === "rest" ? ((held ?? waits?.end)?.restS ?? 0) : 0,
    isOver: part.kind === "rest" && held === undefined,
    ranS: part.spentS,
    chargeAh: Number.isFinite(part.chargeAh) ? part.chargeAh : 0,
    marksDone: part.done,
  };
}

function nameplateOf({ chemistry, nominalCapacityMah, limits }: CampaignCell, startVoltageV: number | null) {
  return { chemistry, nominalCapacityMah, limits, startVoltageV };
}

/** Further than this no place in a protocol is looked for. */
const PLACES_MAX = 100_000;

/** Steps follow one another as the protocol has them; undefined where it has no such step ahead. */
function arrive(
  { protocol }: CampaignCell,
  last: ProtocolCursor | undefined,
  { stepNumber, cycle }: Place,
): ProtocolCursor | undefined {
  let cursor = last === undefined ? firstStep(protocol) : nextStep(protocol, last);
  for (let passed = 0; cursor !== undefined && passed < PLACES_MAX; passed += 1) {
    if (cursor.stepIndex === stepNumber - 1 && cursor.cycle === cycle) return cursor;
    cursor = nextStep(protocol, cursor);
  }
  return undefined;
}

function endedByOf(value: Json | undefined): EndedStep["endedBy"] {
  return value === "voltage" || value === "current" || value === "time" || value === "limit" ? value : "cut";
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : NaN;
}

function recordOf(value: Json | undefined): EventData {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as EventData) : {};
}
