/** A cell's protocol as the sequence of steps its machine runs, ended early by the campaign's end conditions. */
import { Fault } from "../../protocols/base/fault.ts";
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { channelStep, TECHNIQUE_NAMES } from "../../protocols/echem/channel-step.ts";
import { firstStep, nextStep, stepAt, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { CAPACITY_DOUBT_SHARE } from "../../protocols/echem/counting.ts";
import type { FinishedStep, ProgrammeCursor } from "../machines/programme.ts";

/** Capacities that state of health is measured against, A h by step id. */
type References = Readonly<Record<string, number>>;

/** The first step, or null for a protocol without one. Throws Fault `protocol.invalid` for a technique the channel lacks. */
export function firstProgrammeStep(cell: CampaignCell, sampleIntervalMinS: number): ProgrammeCursor | null {
  const { protocol } = cell;

  function programmeCursor(cursor: ProtocolCursor | undefined, references: References): ProgrammeCursor | null {
    if (cursor === undefined) return null;
    const step = stepAt(protocol, cursor);
    const result = channelStep(protocol, step, {
      nominalCapacityMah: cell.nominalCapacityMah,
      limits: cell.limits,
      sampleIntervalMinS,
    });
    if (result.kind === "not-here") {
      throw new Fault("protocol.invalid", `${protocol.name} step ${cursor.stepIndex + 1}`, result.why);
    }
    return {
      step: {
        stepNumber: cursor.stepIndex + 1,
        cycleNumber: cursor.cycle,
        label: step.id ?? TECHNIQUE_NAMES[step.kind],
        channelStep: result.step,
      },
      next(finished) {
        // A charge that is not the cell's own doing is no reference and ends nothing.
        if (step.id === null || finished.isCut) return programmeCursor(nextStep(protocol, cursor), references);
        if (isOver(cell, step.id, finished, references)) return null;
        const capacityAh = Math.abs(finished.chargeAh);
        const isFirst = references[step.id] === undefined && capacityAh > 0 && isCertain(finished);
        const known = isFirst ? { ...references, [step.id]: capacityAh } : references;
        return programmeCursor(nextStep(protocol, cursor), known);
      },
    };
  }

  return programmeCursor(firstStep(protocol), {});
}

/** Not known, or with too much doubt in it, a capacity is nothing to compare others with. */
function isCertain({ chargeAh, doubtAh }: FinishedStep): boolean {
  return doubtAh <= CAPACITY_DOUBT_SHARE * Math.abs(chargeAh);
}

/**
 * State of health: the step's capacity over that of its first run, or over the nominal one. With what is in doubt
 * counted in the cell's favour, since an end cannot be taken back.
 */
function isOver(cell: CampaignCell, stepId: string, finished: FinishedStep, references: References): boolean {
  const capacityAh = Math.abs(finished.chargeAh) + finished.doubtAh;
  return cell.endConditions.some((condition) => {
    if (condition.stepId !== stepId) return false;
    const referenceAh = condition.relativeTo === "nominal" ? cell.nominalCapacityMah / 1000 : references[stepId];
    return referenceAh !== undefined && capacityAh / referenceAh < condition.fraction;
  });
}
