/** The desk of stops with the parts of a campaign behind it. */
import type { Fault } from "../../protocols/base/fault.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { Site } from "../../protocols/site/site.ts";
import type { ChangerDesk } from "../changer/changer-desk.ts";
import type { CampaignActor } from "../machines/campaign-machine.ts";
import type { ActorViews } from "../run/actor-views.ts";
import type { Alarm, Alarms } from "../run/alarms.ts";
import { listenToRack, type RackWatch } from "../run/rack-watch.ts";
import type { CampaignRoles } from "../run/roles.ts";
import { createSafetyInputs, type SafetyInputs } from "../safety/safety-inputs.ts";
import { createStopDesk, type StopDesk, type StopDeskDeps } from "./stop-desk.ts";

export interface CampaignStopsDeps extends Pick<StopDeskDeps, "clock" | "recorder" | "send"> {
  readonly alarms: Alarms;
  readonly campaign: Campaign;
  readonly site: Pick<Site, "safetyInputs">;
  readonly roles: Pick<CampaignRoles, "io" | "stage" | "changer" | "channels" | "watched">;
  readonly views: Pick<ActorViews, "stateOf" | "cell">;
  readonly changer: Pick<ChangerDesk, "halt"> | undefined;
  readonly actor: () => CampaignActor;
}

/** With these a cell is past holding. */
const OVER: readonly string[] = ["isolated", "complete", "stopped", "opening", "stopping", "finishing"];

/** The desk, and what orders stops by itself. */
export interface CampaignStops extends StopDesk, SafetyInputs {
  /** Once; `isExpected`: trouble of a sensor that is none at the moment. */
  listenToRack(isExpected?: (fault: Fault) => boolean): void;
  /** A person has acknowledged this alarm. */
  acknowledged(alarm: Pick<Alarm, "code" | "where">): void;
}

export function createCampaignStops(deps: CampaignStopsDeps): CampaignStops {
  const { campaign, site, roles, views, changer, actor, clock, recorder, alarms, send } = deps;
  const desk = createStopDesk({
    ...{ roles, clock, recorder, alarms, send },
    get positions() {
      return campaign.cells.map(({ position }) => position);
    },
    ...(changer === undefined
      ? {}
      : {
          haltRobot: () => {
            changer.halt();
          },
        }),
    isConnecting: () => actor().getSnapshot().value === "connecting",
    onceConnected(act) {
      const watch = actor().subscribe({
        next(snapshot) {
          if (snapshot.value === "connecting") return;
          watch.unsubscribe();
          act();
        },
        // A campaign that breaks says so itself.
        error: () => undefined,
      });
    },
    mayHold(position) {
      const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
      const view = views.cell(cellIndex);
      return view?.heldBy === null && !OVER.includes(views.stateOf(cellIndex));
    },
  });
  const isOver = (): boolean => actor().getSnapshot().status !== "active";
  const inputs = createSafetyInputs({
    ...{ clock, recorder, alarms, stops: desk, inputs: site.safetyInputs ?? [] },
    isOver,
  });

  let rack: RackWatch | null = null;

  const stops: CampaignStops = {
    ...inputs,
    listenToRack(isExpected) {
      rack = listenToRack({
        ...{ sensors: roles.watched ?? [], alarms, recorder, clock, isOver },
        ...(isExpected === undefined ? {} : { isExpected }),
        stop(reason) {
          for (const stopClass of ["exposing", "open-circuit"] as const) {
            // By whatever way others order one: whoever listens there hears of it.
            stops.order({ stopClass, author: "beamrack", reason });
          }
        },
      });
    },
    acknowledged(alarm) {
      rack?.acknowledged(alarm);
    },
    troubles: () => [...inputs.troubles(), ...(rack?.troubles() ?? [])],
    order: (order) => desk.order(order),
    heard: (type, data) => {
      desk.heard(type, data);
    },
    get isUnderWay() {
      return desk.isUnderWay;
    },
  };
  return stops;
}
