/** What instruments and the rack's sensors say by themselves becomes alarms and news; and so do answers that are overdue. */
import type { Instrument } from "../../protocols/roles/instrument.ts";
import type { Fault } from "../../protocols/base/fault.ts";
import type { Clock } from "../../protocols/base/clock.ts";
import type { CampaignEvent } from "../machines/campaign-news.ts";
import { faultNote } from "../machines/errors.ts";
import type { CampaignStops } from "../stops/campaign-stops.ts";
import type { ActorViews } from "./actor-views.ts";
import type { Alarms } from "./alarms.ts";
import type { CampaignRoles } from "./roles.ts";
import { watchWaits } from "./wait-watch.ts";

export interface ListeningDeps {
  readonly roles: Pick<CampaignRoles, "instruments">;
  readonly alarms: Alarms;
  readonly send: (event: CampaignEvent) => void;
  readonly stops: Pick<CampaignStops, "listenToRack">;
  readonly clock: Clock;
  readonly views: Pick<ActorViews, "waits">;
  /** Trouble that is none at the moment; by default all is. */
  readonly isExpected?: (fault: Fault) => boolean;
}

/** Its own faults become alarms, and its link is looked at. */
export function listenToInstrument(
  instrument: Instrument,
  { alarms, send, isExpected }: Pick<ListeningDeps, "alarms" | "send" | "isExpected">,
): void {
  instrument.onFault((fault) => {
    if (isExpected?.(fault) === true) return;
    const note = faultNote(fault);
    alarms.raise(note);
    send({ type: "INSTRUMENT_FAULT", name: instrument.name, fault: note });
  });
}

export function listenToInstruments(deps: ListeningDeps): void {
  watchWaits({ clock: deps.clock, alarms: deps.alarms, parts: () => deps.views.waits() });
  const { roles } = deps;
  for (const instrument of roles.instruments) listenToInstrument(instrument, deps);
  deps.stops.listenToRack(deps.isExpected);
}
