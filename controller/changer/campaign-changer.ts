/** The robot of a campaign whose site brings its cells to the beam, wired to the rest of the run. */
import type { Json } from "../../protocols/base/canonical-json.ts";
import { placeOf } from "../../protocols/base/position.ts";
import { exposedLater } from "./next-cell.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { slotOf, stageTarget } from "../../protocols/site/site-lookup.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { WholePlan } from "../beam/wanted.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import type { CampaignRoles } from "../run/roles.ts";
import type { Belief } from "../run/sweep-desk.ts";
import { createChangerDesk, type ChangerDesk, type ChangerDeskDeps } from "./changer-desk.ts";
import type { RecordedCell } from "../resume/recorded-cell.ts";
import { tellNotBack } from "./not-back.ts";
import { standsAfter } from "./robot-stands.ts";
import type { RecordedTransfers } from "./transfer-record.ts";

export interface CampaignChangerDeps extends Pick<
  ChangerDeskDeps,
  | "clock"
  | "recorder"
  | "alarms"
  | "commit"
  | "stateOf"
  | "samples"
  | "stopExposing"
  | "cleared"
  | "showLevels"
  | "lastLevels"
  | "latched"
  | "fail"
> {
  readonly campaign: Campaign;
  readonly site: Site;
  readonly roles: CampaignRoles;
  readonly timings: { readonly levelsMaximumAgeMs: number; readonly commandDeadlineMs: number };
  readonly send: (event: CampaignEvent) => void;
  /** After a restart. */
  readonly recorded:
    | {
        readonly transfers: RecordedTransfers;
        readonly cells: readonly Pick<RecordedCell, "left">[];
        /** Exposing was, and nobody has said since that it may go on. */
        readonly held: object | null;
      }
    | undefined;
}

export interface CampaignChanger extends ChangerDesk {
  /** What was planned: who is next to be fetched, or that there is time to put everything back. */
  notePlan(plan: WholePlan): void;
  /** Of what is written. */
  heard(type: string, data: Readonly<Record<string, Json>>): void;
}

/** A wait shorter than this leaves the cell in the beam. */
const SHORT_WAIT_MS = 20_000;

/** Cells do not wait for a person in the beam. */
const HELD_PAUSE_MS = 2000;

/** Undefined where the stage carries the whole rack. */
export function createCampaignChanger(deps: CampaignChangerDeps): CampaignChanger | undefined {
  const { campaign, site, roles, timings, send, recorded, clock } = deps;
  const { changer: robot } = roles;
  const { sampleChanger } = site;
  const [first] = campaign.cells;
  if (robot === undefined || sampleChanger === undefined || first === undefined) return undefined;
  const beam = stageTarget(site, first.position, { xMm: 0, yMm: 0 });
  let next: number | null = null;
  let isHeld = false;
  /** By the controller before: what a person is to look at is not moved. */
  let isLeftHeld = (recorded?.held ?? null) !== null;
  let stands = recorded?.transfers.stands ?? null;
  const desk = createChangerDesk({
    ...deps,
    changer: robot,
    ...{ stage: roles.stage, io: roles.io, channels: roles.channels },
    cells: campaign.cells.map(({ position, barcode }) => ({
      position: placeOf(position),
      barcode,
      slot: slotOf(sampleChanger, position),
    })),
    handover: {
      xMm: beam.xMm + sampleChanger.handoverOffsetXMm,
      yMm: beam.yMm + sampleChanger.handoverOffsetYMm,
    },
    levelsMaximumAgeMs: timings.levelsMaximumAgeMs,
    offDeadlineMs: timings.commandDeadlineMs,
    tellCell(cellIndex, event) {
      send({ type: "CELL_ORDERED", position: campaign.cells[cellIndex]?.position ?? "", event });
    },
    refuseCell(cellIndex, fault) {
      send({ type: "CHANNEL_NEWS", cellIndex, event: { type: "LIMIT_PASSED", fault } });
    },
    next: () => next,
    found() {
      send({ type: "HUTCH_CHANGED" });
    },
    ...(recorded === undefined
      ? {}
      : {
          left: {
            transfers: recorded.transfers,
            carried: recorded.cells.flatMap(({ left }, cellIndex) => (left.isCarried === true ? [cellIndex] : [])),
          },
        }),
  });

  const isOut = desk.isOut.bind(desk);
  return Object.assign(desk, {
    // The end of the campaign does not wait for what nothing but a person moves; where a cell lies is told once the arm rests.
    isOut: () => desk.isBusy() || (!isLeftHeld && isOut()),
    notePlan(plan: WholePlan) {
      const { act } = plan;
      next = act.kind === "expose" ? exposedLater(plan, clock.monoMs()) : null;
      const isTime = act.kind === "end" || (act.kind === "wait" && act.untilMs - clock.monoMs() > SHORT_WAIT_MS);
      desk.wantClear(isTime && !isLeftHeld);
      tellNotBack({ desk, cells: campaign.cells, alarms: deps.alarms }, act.kind === "end");
    },
    heard(type: string, data: Readonly<Record<string, Json>>) {
      const stood = standsAfter(stands, type, data);
      if (stood !== null && stood !== stands) desk.stand(stood);
      stands = stood;
      // Nobody would see the end of what is begun now.
      if (type === "run-ended") desk.stand("the run was ended");
      if (type === "exposing-resumed") {
        isHeld = false;
        isLeftHeld = false;
        desk.resumed();
      }
      if (type !== "exposing-held" || isLeftHeld) return;
      isHeld = true;
      // Whoever stops the arm as well has done so by then.
      clock.setTimeout(() => {
        if (isHeld) desk.wantClear(true);
      }, HELD_PAUSE_MS);
    },
  });
}

/** The end of a campaign waits for the last cell; where the stage would wait, an empty holder is as good. */
export function withChanger<P extends WholePlan>(plan: P, changer: Pick<ChangerDesk, "isOut">, nowMs: number): P {
  const { act } = plan;
  if (act.kind === "wait" && act.park !== undefined) {
    const { kind, reason, who, untilMs } = act;
    return { ...plan, act: { kind, reason, who, untilMs } };
  }
  if (act.kind !== "end" || !changer.isOut()) return plan;
  const reason = "the last cell to be back in its place";
  return { ...plan, act: { kind: "wait", reason, who: "robot", untilMs: nowMs + END_LOOK_MS } };
}

/** Longer than a short wait, so that what is out is put back. */
const END_LOOK_MS = SHORT_WAIT_MS + 1000;

/** With a robot, how far a cell that it has out of its place is believed to be the right one. */
export function beliefWith(
  changer: ChangerDesk | undefined,
  base: (cellIndex: number) => Belief,
): (cellIndex: number) => Belief {
  return changer === undefined ? base : (cellIndex) => changer.belief(cellIndex, base(cellIndex));
}
