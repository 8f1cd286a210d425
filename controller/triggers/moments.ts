/** What a trigger wants of a cell, as things stand: the moments that are near, by its kind. Pure. */
import type { CampaignTrigger, TriggerCell } from "../../protocols/campaign/trigger.ts";
import type { CellFacts, Moment } from "./cell-facts.ts";
import { stateOfChargeMoments, voltageMoments } from "./mark-moments.ts";
import { cycleMoments, relaxationMoments, restEndMoments, stepEdgeMoments, timeGridMoments } from "./step-moments.ts";

/** Peaks of dQ/dV and commands have no moment before they come. */
export function momentsOf(trigger: CampaignTrigger, cell: TriggerCell, facts: CellFacts): readonly Moment[] {
  switch (trigger.kind) {
    case "time-grid":
      return timeGridMoments(trigger, cell, facts);
    case "state-of-charge-grid":
      return stateOfChargeMoments(trigger, cell, facts);
    case "voltage-grid":
      return voltageMoments(trigger, cell, facts);
    case "step-edge":
      return stepEdgeMoments(trigger, cell, facts);
    case "rest-end":
      return restEndMoments(trigger, cell, facts);
    case "relaxation":
      return relaxationMoments(trigger, cell, facts);
    case "cycle":
      return cycleMoments(trigger, cell, facts);
    case "dqdv-peak":
    case "operator":
    case "agent":
      return [];
  }
}
