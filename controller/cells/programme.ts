/** A cell's protocol as the sequence of steps its machine runs, ended early by the campaign's end conditions. */
import { z } from "zod";
import type { Json } from "../../protocols/base/canonical-json.ts";
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
  return createProgramme(cell, sampleIntervalMinS).cursorAt(firstStep(cell.protocol), {});
}

/** The place that a record names; undefined where it is none of this protocol. Throws as `firstProgrammeStep`. */
export function programmeStepAt(
  cell: CampaignCell,
  sampleIntervalMinS: number,
  place: Json | undefined,
): ProgrammeCursor | undefined {
  const found = parsePlace(place);
  const kind = cell.protocol.steps[found?.cursor.stepIndex ?? -1]?.kind;
  if (found === undefined || kind === undefined || kind === "tag" || kind === "loop") return undefined;
  return createProgramme(cell, sampleIntervalMinS).cursorAt(found.cursor, found.references) ?? undefined;
}

function createProgramme(cell: CampaignCell, sampleIntervalMinS: number) {
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
      place: placeJson(cursor, references),
    };
  }

  return { cursorAt: programmeCursor };
}

function placeJson(cursor: ProtocolCursor, references: References): Json {
  const { stepIndex, cycle, ordinal, passes, firstDirection, lastDirection } = cursor;
  return {
    step_index: stepIndex,
    cycle,
    ordinal,
    passes,
    first_direction: firstDirection,
    last_direction: lastDirection,
    references_Ah: references,
  };
}

const directionSchema = z.union([z.literal(1), z.literal(-1), z.literal(0)]);
const placeSchema = z.object({
  step_index: z.number().int().nonnegative(),
  cycle: z.number().int().nonnegative(),
  ordinal: z.number().int().nonnegative(),
  passes: z.record(z.string(), z.number().int().positive()),
  first_direction: directionSchema,
  last_direction: directionSchema,
  references_Ah: z.record(z.string(), z.number()),
});

function parsePlace(
  place: Json | undefined,
): { readonly cursor: ProtocolCursor; readonly references: References } | undefined {
  const read = placeSchema.safeParse(place);
  if (!read.success) return undefined;
  const { step_index: stepIndex, cycle, ordinal, passes, references_Ah: references } = read.data;
  const { first_direction: firstDirection, last_direction: lastDirection } = read.data;
  return { cursor: { stepIndex, cycle, ordinal, passes, firstDirection, lastDirection }, references };
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
