/** How far a campaign has come, by its record: what an amendment is held against. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { DOSE_PLAN_EVENT, parseSpotPlan, type SpotPlan } from "../record/dose-plan-event.ts";
import type { GivenExposure } from "../dose/given-rows.ts";
import { isList } from "../record/ledger-row.ts";
import { plannedPositions, RACK_PLAN_EVENT } from "../record/rack-plan-event.ts";
import { numberOf, recordOf, textOf, WITHDRAWN_EVENT } from "../resume/recorded-cell.ts";
import { createTimetableFold } from "../schedule/timetable.ts";
import type { CampaignProgress } from "./amendment.ts";

export const AMENDED_EVENT = "campaign-amended";

/** An amendment that is on record. */
export interface RecordedAmendment {
  /** From 1. */
  readonly number: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  /** Of the campaign as it is since then. */
  readonly campaignHash: string;
}

/** How far each cell has come, who has no part any more, and what was amended so far; little enough to be kept while a run goes on. */
export interface BegunFold {
  event(type: string, atMs: number, data: Json | undefined): void;
  readonly begunIndex: ReadonlyMap<string, number>;
  readonly over: ReadonlySet<string>;
  /** Of them those that the controller has seen end; one that was ordered off while none ran may cycle on. */
  readonly ended: ReadonlySet<string>;
  readonly amendments: readonly RecordedAmendment[];
  /** It has ended, or all its cells were ordered off. */
  readonly isComplete: boolean;
}

export interface ProgressFold {
  event(type: string, atMs: number, data: Json | undefined): void;
  progress(rows: readonly GivenExposure[]): CampaignProgress;
  readonly amendments: readonly RecordedAmendment[];
}

const ENDED: ReadonlySet<string> = new Set(["cell-complete", "cell-stopped", "cell-isolated"]);
const OVER: ReadonlySet<string> = new Set([...ENDED, WITHDRAWN_EVENT]);

export function createBegunFold(): BegunFold {
  const begunIndex = new Map<string, number>();
  const over = new Set<string>();
  const ended = new Set<string>();
  const amendments: RecordedAmendment[] = [];
  let isComplete = false;

  return {
    ...{ begunIndex, over, ended, amendments },
    get isComplete() {
      return isComplete;
    },
    event(type, eventMs, value) {
      if (OVER.has(type)) over.add(textOf(recordOf(value)["position"]));
      if (ENDED.has(type)) ended.add(textOf(recordOf(value)["position"]));
      switch (type) {
        case "campaign-complete":
          isComplete = true;
          break;
        case "cells-ordered-off": {
          const only = recordOf(value)["positions"];
          // Of some cells: those have no part in it any more, the others go on.
          if (isList(only)) for (const one of only) over.add(textOf(one));
          else isComplete = true;
          break;
        }
        case "step-started": {
          const data = recordOf(value);
          const position = textOf(data["position"]);
          begunIndex.set(position, Math.max(furthestOf(data), begunIndex.get(position) ?? -1));
          break;
        }
        case AMENDED_EVENT: {
          const data = recordOf(value);
          amendments.push({
            ...{ number: numberOf(data["number"]) ?? amendments.length + 1, atMs: eventMs },
            ...{ author: textOf(data["author"]), reason: textOf(data["reason"]) },
            campaignHash: textOf(data["campaign_hash"]),
          });
          break;
        }
        default:
      }
    },
  };
}

export function createProgressFold(): ProgressFold {
  const timetable = createTimetableFold(0);
  const begun = createBegunFold();
  let atMs = 0;
  let startMs = 0;
  let positions: readonly string[] = [];
  let spotPlan: SpotPlan | undefined;

  return {
    amendments: begun.amendments,
    event(type, eventMs, value) {
      atMs = Math.max(atMs, eventMs);
      timetable.event(type, eventMs, recordOf(value));
      begun.event(type, eventMs, value);
      if (type === "campaign-started") startMs = numberOf(recordOf(value)["start_ms"]) ?? 0;
      else if (type === RACK_PLAN_EVENT) positions = plannedPositions(value);
      else if (type === DOSE_PLAN_EVENT) spotPlan = parseSpotPlan(value);
    },
    progress(rows) {
      const { begunIndex, over, ended, isComplete } = begun;
      return {
        ...{ atMs, startMs, isComplete, begunIndex, positions, over, ended, rows, spotPlan },
        requests: timetable.timetable().ahead.filter(({ request }) => request.startsWith("R")),
      };
    },
  };
}

/** The step itself, and every loop that has sent it round. */
function furthestOf(data: Readonly<Record<string, Json>>): number {
  const step = (numberOf(data["step"]) ?? 0) - 1;
  const passes = recordOf(recordOf(recordOf(data["state"])["place"])["passes"]);
  return Math.max(step, ...Object.keys(passes).map(Number));
}
