/**
 * Amendments of a campaign while its run goes on. One is judged as any other is, against how far the run has come at that
 * moment, and comes into force between two exposures, whole or not at all: on record first, then for every part that had
 * worked something out of the campaign. Cells go on meanwhile.
 */
import type { EventType } from "../record/event-types.ts";
import type { Finding } from "../../protocols/base/finding.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { inRecordedOrder } from "../../protocols/campaign/cell-order.ts";
import { JOINED_PATH, type AmendedValue, type CampaignProgress, type JudgedAmendment } from "./amendment.ts";
import type { BegunFold } from "./campaign-progress.ts";
import { judgeAmendment } from "./judge-amendment.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import { withdrawn } from "./record-amendment.ts";

export interface AmendOrder {
  /** Checked already; its cells in any order. */
  readonly proposed: Campaign;
  /** Of the file it was read from. */
  readonly campaignHash: string;
  /** As it goes on record: the campaign's file first, and those it names. */
  readonly texts: ReadonlyMap<string, string>;
  readonly author: string;
  readonly reason: string;
  /** Hash of the campaign that was in force when it was previewed; null where nobody looked. */
  readonly basedOn: string | null;
}

export type AmendOutcome =
  | { readonly kind: "amended"; readonly number: number; readonly changes: readonly AmendedValue[] }
  | { readonly kind: "unchanged" }
  | { readonly kind: "refused"; readonly refusals: readonly Finding[] };

export interface AmendDesk {
  /** What was just written into the log. */
  heard(type: string, data: { readonly [key: string]: Json }): void;
  /** How far the run has come. */
  progress(): CampaignProgress;
  /** What it would come to now; nothing is changed. */
  judge(proposed: Campaign): JudgedAmendment;
  /** In force at once, or when the exposure under way has ended; told once it is on disk. Never rejects. */
  order(order: AmendOrder): Promise<AmendOutcome>;
  /**
   * No exposure is under way: what was ordered comes into force. Never throws. Not null when it just did: then nothing is
   * planned before cells and open requests have heard of it.
   */
  settle(): Obstacle | null;
  /** Of the campaign in force; the number is 0 before the first amendment. */
  readonly inForce: { readonly campaignHash: string; readonly number: number };
}

export interface AmendDeskDeps {
  /** In force, and amended in place by `apply`. */
  readonly campaign: Campaign;
  readonly begun: BegunFold;
  /** Of the campaign that the record was begun with. */
  readonly begunWith: string;
  readonly nowMs: () => number;
  /** What was given, and booked. */
  readonly given: () => CampaignProgress["rows"];
  readonly spotPlan: () => CampaignProgress["spotPlan"];
  /** Index of the step that a cell is at or about to begin; -1 for none. */
  readonly stepIndex: (cellIndex: number) => number;
  /** Why cells at these positions cannot join as those are withdrawn; null when they may. */
  readonly mayJoin: (positions: readonly string[], withdrawn: readonly string[]) => string | null;
  /** Why nothing is amended now; null when it may be. */
  readonly obstacle: () => string | null;
  readonly isExposing: () => boolean;
  /** Once no exposure is under way, unless one follows on another. */
  readonly onceNotExposing: (act: () => void) => void;
  /** Puts it on record and into force. */
  readonly apply: (amendment: AppliedAmendment) => void;
  /** Everything recorded so far, durably. Rejects with `store.*`. */
  readonly commit: () => Promise<void>;
  readonly record: (type: EventType, data: { readonly [key: string]: Json }) => void;
  readonly fail: (error: unknown) => void;
}

export interface AppliedAmendment extends Omit<AmendOrder, "basedOn"> {
  readonly number: number;
  readonly changes: readonly AmendedValue[];
}

interface Pending {
  readonly order: AmendOrder;
  readonly told: (outcome: AmendOutcome) => void;
}

const REFUSED = "amend.refused";
const IN_FORCE: Obstacle = { reason: "an amendment to come into force", who: "beamrack" };

export function createAmendDesk(deps: AmendDeskDeps): AmendDesk {
  const { campaign, begun } = deps;
  let pending: Pending | null = null;

  function inForce(): AmendDesk["inForce"] {
    const last = begun.amendments.at(-1);
    return { campaignHash: last?.campaignHash ?? deps.begunWith, number: last?.number ?? 0 };
  }

  function progress(): CampaignProgress {
    const begunIndex = new Map(begun.begunIndex);
    campaign.cells.forEach(({ position }, cellIndex) => {
      // What it is about to begin is on its way to the channel already.
      const index = begun.over.has(position) ? -1 : deps.stepIndex(cellIndex);
      begunIndex.set(position, Math.max(index, begunIndex.get(position) ?? -1));
    });
    return {
      ...{ atMs: deps.nowMs(), startMs: campaign.startMs, isComplete: begun.isComplete, begunIndex },
      ...{ over: begun.over, ended: begun.ended },
      positions: campaign.cells.map(({ position }) => position),
      ...{ rows: deps.given(), spotPlan: deps.spotPlan(), requests: [] },
    };
  }

  function judge(given: Campaign): JudgedAmendment {
    const { positions, ...rest } = progress();
    const proposed = { ...inRecordedOrder(given, positions), startMs: campaign.startMs };
    const { changes, refusals } = judgeAmendment(campaign, proposed, { ...rest, positions });
    const joined = changes.find(({ path }) => path === JOINED_PATH)?.positions ?? [];
    const why = joined.length === 0 ? null : deps.mayJoin(joined, withdrawn(changes));
    return { changes, refusals: [...refusals, ...notWhileItRuns(campaign, proposed, why)] };
  }

  /** Its hash says who wrote it, not that it is one; what is none must not end the run. Judging changes nothing. */
  function judgeUnread(proposed: Campaign): JudgedAmendment | null {
    try {
      return judge(proposed);
    } catch {
      return null;
    }
  }

  function decide(order: AmendOrder): AmendOutcome {
    const why = deps.obstacle();
    if (why !== null) return refused("campaign", why, "Give it again when that is over.");
    const { campaignHash, number } = inForce();
    if (order.basedOn !== null && order.basedOn !== campaignHash) {
      const what = `it was amended since that was previewed: amendment ${number} is in force`;
      return refused("campaign", what, "Preview it again, and give it then.");
    }
    const judged = judgeUnread(order.proposed);
    if (judged === null)
      return refused("proposal", "it is no campaign that can be read", "Give it with beamrack amend.");
    const { changes, refusals } = judged;
    if (refusals.length > 0) return { kind: "refused", refusals };
    if (changes.length === 0) return { kind: "unchanged" };
    const isRaised = changes.some((change) => change.isRaised === true);
    if (order.author.trim() === "" || order.reason.trim() === "") {
      const what = isRaised ? "a dose limit is raised, and nobody answers for it" : "it says not by whom, or not why";
      return refused("name, reason", what, "Give both.");
    }
    const { campaignHash: hash, texts, author, reason } = order;
    const positions = campaign.cells.map(({ position }) => position);
    const proposed = { ...inRecordedOrder(order.proposed, positions), startMs: campaign.startMs };
    deps.apply({ proposed, campaignHash: hash, texts, author, reason, number: number + 1, changes });
    return { kind: "amended", number: number + 1, changes };
  }

  /** Whoever ordered it is told once the disk has it: a controller that is killed now goes on by it when it comes back. */
  async function tellInForce(outcome: AmendOutcome, told: Pending["told"]): Promise<void> {
    try {
      await deps.commit();
      told(outcome);
    } catch {
      const what = "it is in force, and the disk has not taken it: a restart before it does goes on without it";
      told(refused("record", what, "See to the disk; look at the log whether it is there before giving it again."));
    }
  }

  function settle(): Obstacle | null {
    if (pending === null) return null;
    const { order, told } = pending;
    pending = null;
    try {
      const outcome = decide(order);
      if (outcome.kind === "refused") {
        const { author, reason } = order;
        const [first] = outcome.refusals;
        const what = first === undefined ? "" : `${first.where}: ${first.what}`;
        deps.record("amendment-refused", { author, reason, what });
      }
      if (outcome.kind === "amended") {
        void tellInForce(outcome, told);
        return IN_FORCE;
      }
      told(outcome);
      return null;
    } catch (error) {
      deps.fail(error);
      told(refused("campaign", "a part of beamrack broke over it", "See the run's own alarm."));
      return null;
    }
  }

  return {
    heard(type, data) {
      begun.event(type, deps.nowMs(), data);
    },
    progress,
    judge,
    order(order) {
      if (pending !== null) {
        return Promise.resolve(
          refused("campaign", "another amendment is about to come into force", "Give it after that."),
        );
      }
      return new Promise((told) => {
        pending = { order, told };
        if (!deps.isExposing()) settle();
        else deps.onceNotExposing(settle);
      });
    },
    settle,
    get inForce() {
      return inForce();
    },
  };
}

function refused(where: string, what: string, advice: string): AmendOutcome {
  return { kind: "refused", refusals: [{ severity: "error", code: REFUSED, where, what, advice }] };
}

/** What would need a clock, or other parts, that the run does not have. */
function notWhileItRuns(before: Campaign, after: Campaign, mayNotJoin: string | null): readonly Finding[] {
  const advice = "Stop the controller, amend the folder, and start it again: cells go on meanwhile.";
  const refusal = (where: string, what: string): Finding => ({ severity: "error", code: REFUSED, where, what, advice });
  return [
    ...(mayNotJoin === null ? [] : [refusal(JOINED_PATH, mayNotJoin)]),
    ...(before.durationS === after.durationS
      ? []
      : [refusal("duration_h", "a run that goes on keeps the end it was begun with")]),
    ...((before.frameRules === undefined) === (after.frameRules === undefined)
      ? []
      : [refusal("frame_checks", "whether frames are looked at is settled as a run begins")]),
  ];
}
