/** A place in a cell's programme as it goes on record with each step that begins, and as it is found again. */
import { z } from "zod";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ProtocolCursor } from "../../protocols/echem/cursor.ts";
import { WHOLE_STEP, type StepPart } from "./ruled-step.ts";

/** Capacities by what their step is called, A h. */
export type Capacities = Readonly<Record<string, number>>;

export interface ProgrammePlace {
  readonly cursor: ProtocolCursor;
  /** Capacities that state of health is measured against: what each named step gave first. */
  readonly references: Capacities;
  /** Capacities that rates refer to: what a step gave last, by its index. */
  readonly measured: Capacities;
  readonly part: StepPart;
}

export function placeJson({ cursor, references, measured, part }: ProgrammePlace): Json {
  const { stepIndex, cycle, ordinal, passes, firstDirection, lastDirection } = cursor;
  return {
    step_index: stepIndex,
    cycle,
    ordinal,
    passes,
    first_direction: firstDirection,
    last_direction: lastDirection,
    references_Ah: references,
    ...(Object.keys(measured).length === 0 ? {} : { measured_Ah: measured }),
    ...(part === WHOLE_STEP ? {} : { part: partJson(part) }),
  };
}

/** Undefined where the text is no place. */
export function parsePlace(place: Json | undefined): ProgrammePlace | undefined {
  const read = placeSchema.safeParse(place);
  if (!read.success) return undefined;
  const { step_index: stepIndex, cycle, ordinal, passes, references_Ah: references } = read.data;
  const { first_direction: firstDirection, last_direction: lastDirection } = read.data;
  const { measured_Ah: measured = {}, part } = read.data;
  return {
    cursor: { stepIndex, cycle, ordinal, passes, firstDirection, lastDirection },
    references,
    measured,
    part: part === undefined ? WHOLE_STEP : partOf(part),
  };
}

const directionSchema = z.union([z.literal(1), z.literal(-1), z.literal(0)]);
const capacitiesSchema = z.record(z.string(), z.number());
const partSchema = z.object({
  kind: z.enum(["own", "hold", "rest"]),
  mark: z.number().int(),
  done: z.array(z.number().int()),
  spent_s: z.number(),
  // Not known is written as null.
  charge_Ah: z.number().nullable(),
  doubt_Ah: z.number().nullable(),
  is_cut: z.boolean(),
  known: z.object({ state_of_charge: z.number(), uncertainty: z.number(), capacity_Ah: z.number() }).nullable(),
  voltage_V: z.number().nullable(),
});
const placeSchema = z.object({
  step_index: z.number().int().nonnegative(),
  cycle: z.number().int().nonnegative(),
  ordinal: z.number().int().nonnegative(),
  passes: z.record(z.string(), z.number().int().positive()),
  first_direction: directionSchema,
  last_direction: directionSchema,
  references_Ah: capacitiesSchema,
  measured_Ah: capacitiesSchema.optional(),
  part: partSchema.optional(),
});

function partJson(part: StepPart): Json {
  const { kind, mark, done, spentS, chargeAh, doubtAh, isCut, charge, voltageV } = part;
  return {
    kind,
    mark,
    done: [...done],
    spent_s: spentS,
    charge_Ah: Number.isFinite(chargeAh) ? chargeAh : null,
    doubt_Ah: Number.isFinite(doubtAh) ? doubtAh : null,
    is_cut: isCut,
    known:
      charge === null || !Number.isFinite(charge.uncertainty)
        ? null
        : {
            state_of_charge: charge.stateOfCharge,
            uncertainty: charge.uncertainty,
            capacity_Ah: charge.capacityAh,
          },
    voltage_V: voltageV,
  };
}

function partOf(part: z.output<typeof partSchema>): StepPart {
  return {
    kind: part.kind,
    mark: part.mark,
    done: part.done,
    spentS: part.spent_s,
    chargeAh: part.charge_Ah ?? NaN,
    doubtAh: part.doubt_Ah ?? NaN,
    isCut: part.is_cut,
    charge:
      part.known === null
        ? null
        : {
            stateOfCharge: part.known.state_of_charge,
            uncertainty: part.known.uncertainty,
            capacityAh: part.known.capacity_Ah,
          },
    voltageV: part.voltage_V,
  };
}
