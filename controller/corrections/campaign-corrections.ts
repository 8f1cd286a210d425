/** The correction frames of a campaign as its run has them; where the site asks for none, nothing is done and nothing costs anything. */
import { calendarStops, createCalendarLook } from "../../protocols/campaign/beam-calendar.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ExposureAccounts } from "../beam/exposure-accounts.ts";
import type { WholePlan } from "../beam/wanted.ts";
import type { CampaignContext, CampaignMachineDeps, CorrectionAct } from "../machines/campaign-news.ts";
import type { ExposureOrder } from "../machines/exposure-order.ts";
import type { LeftRun } from "../resume/read-run.ts";
import type { RequestDesk } from "../run/request-desk.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { RunTimings } from "../run/timings.ts";
import type { Obstacle } from "../run/sweep-desk.ts";
import type { Tally } from "../run/tally.ts";
import { withCorrections, type CorrectionAccountsDeps } from "./correction-accounts.ts";
import { createCorrectionDesk, type CorrectionDesk, type CorrectionDeskDeps } from "./correction-desk.ts";
import type { PlanWithCorrection } from "./correction-plan.ts";

export interface CampaignCorrectionsDeps
  extends
    Pick<CorrectionDeskDeps, "clock" | "recorder" | "alarms" | "showLevels" | "fail">,
    Omit<CorrectionAccountsDeps, "clock" | "accounted" | "shutterTravelMs" | "commit"> {
  readonly site: Site;
  readonly campaign: Campaign;
  readonly roles: CampaignRoles;
  readonly timings: RunTimings;
  readonly tally: Pick<Tally, "accounted" | "beside">;
  readonly left: LeftRun | undefined;
  /** Told how each ended for which the shutter was to open. */
  readonly requests: () => Pick<RequestDesk, "noteTrouble">;
  /** Resolves when what was noted is durable. */
  readonly committed: () => Promise<void>;
  /** The same for what nobody waits for. Never throws. */
  readonly commit: () => void;
}

export interface CampaignCorrections {
  accounts(cells: ExposureAccounts): ExposureAccounts;
  /** For the campaign's machine; `plan` says what the beam does next for what stands in its way. */
  among(
    context: Pick<CampaignContext, "ready" | "isGuarded">,
    obstacle: Obstacle | null,
    plan: (obstacle: Obstacle | null) => WholePlan,
  ): PlanWithCorrection<WholePlan>;
  order(act: CorrectionAct): ExposureOrder;
  readonly noteDone: CorrectionDesk["noteDone"];
  /** Trouble that is none: without a cell in the beam the diode behind the rack gets more than its range is chosen for. */
  readonly isExpected: (fault: Fault) => boolean;
  readonly dark?: NonNullable<CampaignMachineDeps["dark"]>;
  goOn(): void;
}

/** As the controller and the world call a place without a cell. */
export const BESIDE_CELLS = -2;

export function createCampaignCorrections(deps: CampaignCorrectionsDeps): CampaignCorrections {
  const { site, campaign, roles, clock, timings, tally } = deps;
  const { corrections: frames = [] } = site;
  const past = deps.left?.recorded.corrections ?? [];
  function accounted(startMs: number, endMs: number): void {
    tally.accounted({ positionIndex: BESIDE_CELLS, startMs, endMs });
  }
  let isBesideCells = (): boolean => false;
  const desk = createCorrectionDesk({
    ...{ ...deps, frames, past, io: roles.io, detector: roles.detector, integrator: roles.integrator },
    detectorFolder: site.detector.folder,
    hasBeamFor: (ms) => createCalendarLook(calendarStops(campaign))(clock.monoMs(), ms) === null,
    overheadMs: timings.bringDeadlineMs,
  });
  const longestDarkS = frames.reduce(
    (most, { kind, exposureS }) => (kind === "dark" ? Math.max(most, exposureS) : most),
    0,
  );

  return {
    accounts(cells) {
      if (frames.length === 0) return cells;
      const { shutterTravelMs } = timings;
      const books = withCorrections(cells, { ...deps, commit: deps.committed, shutterTravelMs, accounted });
      isBesideCells = () => books.isBesideCells();
      return {
        ...books,
        settle(order, marks, outcome, framePath) {
          books.settle(order, marks, outcome, framePath);
          desk.noteSettled(order, outcome, framePath);
        },
      };
    },
    among({ ready, isGuarded }, obstacle, plan) {
      const isDetectorReady = isGuarded && ready.has(roles.detector.name) && ready.has(roles.io.name);
      return desk.among({ obstacle, isDetectorReady }, plan);
    },
    isExpected: ({ code, where }) =>
      code === "sensor.unreadable" && where === roles.transmitted?.name && isBesideCells(),
    order({ frame }) {
      const order = desk.order(frame);
      tally.beside({ xMm: order.stageXMm, yMm: order.stageYMm, exposureS: order.exposureS });
      return order;
    },
    noteDone(order, outcome, fault) {
      desk.noteDone(order, outcome, fault);
      deps.requests().noteTrouble(outcome, fault);
    },
    ...(longestDarkS === 0
      ? {}
      : { dark: { ...desk, deadlineMs: 1000 * longestDarkS + timings.exposeGraceMs + timings.bringDeadlineMs } }),
    goOn() {
      desk.goOn(accounted, deps.longestOpenS);
    },
  };
}
