/** A cell's protocol as the sequence of steps its machine runs. */
import type { CampaignCell } from "../../protocols/campaign/campaign.ts";
import { channelStep, TECHNIQUE_NAMES } from "../../protocols/echem/channel-step.ts";
import { firstStep, nextStep, stepAt, type ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { Fault } from "../../protocols/base/fault.ts";
import type { ProgrammeCursor } from "../machines/cell-machine.ts";

/** The first step, or null for a protocol without one. Throws Fault `protocol.invalid` for a technique the channel lacks. */
export function firstProgrammeStep(cell: CampaignCell, sampleIntervalMinS: number): ProgrammeCursor | null {
  const { protocol } = cell;

  function programmeCursor(cursor: ProtocolCursor | undefined): ProgrammeCursor | null {
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
        label: TECHNIQUE_NAMES[step.kind],
        channelStep: result.step,
      },
      next: () => programmeCursor(nextStep(protocol, cursor)),
    };
  }

  return programmeCursor(firstStep(protocol));
}
