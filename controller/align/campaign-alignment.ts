/** The alignment of a running campaign's rack, put before what is exposed beside its cells; where nobody aligns it is that alone. */
import type { WholePlan } from "../beam/wanted.ts";
import type { CampaignCorrections } from "../corrections/campaign-corrections.ts";
import { BESIDE_CELLS } from "../corrections/campaign-corrections.ts";
import type { AlignAct, BesidePlan, CampaignContext, CorrectionAct } from "../machines/campaign-news.ts";
import type { ExposureOrder } from "../machines/exposure-order.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { RequestDesk } from "../run/request-desk.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import type { Tally } from "../run/tally.ts";
import { createAlignDesk, type AlignDesk, type AlignDeskDeps } from "./align-desk.ts";
import { withAlignment, type AlignmentAccountsDeps } from "./alignment-accounts.ts";

export interface CampaignAlignmentDeps
  extends AlignDeskDeps, Omit<AlignmentAccountsDeps, "desk" | "accounted" | "nowMs" | "recorder" | "commit"> {
  readonly roles: Pick<CampaignRoles, "stage" | "io" | "detector" | "transmitted" | "changer">;
  readonly tally: Pick<Tally, "accounted" | "beside">;
  /** Told how each ended for which the shutter was to open. */
  readonly requests: () => Pick<RequestDesk, "noteTrouble">;
}

export interface CampaignBeside extends Omit<CampaignCorrections, "among" | "order"> {
  among(
    context: Pick<CampaignContext, "ready" | "isGuarded" | "isHomed">,
    obstacle: Obstacle | null,
    plan: (obstacle: Obstacle | null) => WholePlan,
  ): BesidePlan<WholePlan>;
  order(act: CorrectionAct | AlignAct): ExposureOrder;
  readonly alignment: Pick<AlignDesk, "refusal" | "order" | "obstacle" | "giveUp">;
}

export function withRackAlignment(corrections: CampaignCorrections, deps: CampaignAlignmentDeps): CampaignBeside {
  const { roles, clock, tally } = deps;
  const desk = createAlignDesk({
    ...deps,
    hindrance: () => {
      if (roles.changer !== undefined) return "a robot brings the cells of this site to the beam";
      return roles.io.isLocked === true ? "the shutter is locked: this is a rehearsal" : deps.hindrance();
    },
  });
  const needed = [
    roles.stage,
    roles.io,
    roles.detector,
    ...(roles.transmitted === undefined ? [] : [roles.transmitted]),
  ];

  return {
    ...corrections,
    alignment: desk,
    accounts: (cells) =>
      withAlignment(corrections.accounts(cells), {
        ...{ ...deps, desk, nowMs: () => clock.monoMs() },
        accounted(startMs, endMs) {
          tally.accounted({ positionIndex: BESIDE_CELLS, startMs, endMs });
        },
      }),
    among(context, obstacle, plan) {
      const held = desk.obstacle();
      if (held === null) return corrections.among(context, obstacle, plan);
      const planned = plan(obstacle ?? held);
      if (planned.act.kind !== "wait") {
        desk.giveUp("the campaign's time is over");
        return planned;
      }
      // The stage stands where it is until the next point.
      const { kind, reason, who, untilMs } = planned.act;
      const { isGuarded, isHomed, ready } = context;
      const isFit = obstacle === null && isGuarded && isHomed && needed.every(({ name }) => ready.has(name));
      return { ...planned, act: { kind, reason, who, untilMs }, ...(isFit && desk.isPointDue ? { aligns: true } : {}) };
    },
    order(act) {
      if (act.kind === "correct") return corrections.order(act);
      const order = desk.nextOrder();
      tally.beside({ xMm: order.stageXMm, yMm: order.stageYMm, exposureS: order.exposureS });
      return order;
    },
    noteDone(order, outcome, fault) {
      if (order.alignment === undefined) {
        corrections.noteDone(order, outcome, fault);
        return;
      }
      desk.noteDone(order, outcome, fault);
      deps.requests().noteTrouble(outcome, fault);
    },
  };
}
