/**
 * Inputs of a site that tell of trouble at the rack: an emergency button, smoke, gas, heat, a fan that stands still. Each is
 * a contact wired to the input/output unit, or one of its interlocks, with what beamrack does when it tells of trouble.
 */
import * as z from "zod";
import type { StopClass } from "../bus/commands.ts";
import { STOP_CLASSES } from "../bus/commands.ts";
import { strictObject } from "../input/section.ts";
import type { Interlock } from "../roles/beam-io.ts";
import { instrumentName } from "./by-driver.ts";
import { INTERLOCK_NAMES, type InterlockName } from "./site-schema.ts";

export const HAZARD_KINDS = ["emergency_button", "smoke", "gas", "over_temperature", "extraction_lost"] as const;
export type HazardKind = (typeof HAZARD_KINDS)[number];

/** What is done where the site names nothing else. */
export const HAZARD_RESPONSES: Readonly<Record<HazardKind, readonly StopClass[]>> = {
  emergency_button: ["emergency"],
  smoke: ["emergency"],
  gas: ["exposing", "open-circuit"],
  over_temperature: ["exposing", "open-circuit"],
  // Nothing is wrong with the cells yet: no more current, and each can be resumed.
  extraction_lost: ["exposing", "step"],
};

/** The unit is asked anew five seconds after it was found out of order: that alone is no silence. */
const DEFAULT_MAXIMUM_AGE_S = 10;

export interface SafetyInput {
  readonly name: string;
  readonly kind: HazardKind;
  readonly source:
    | { readonly kind: "interlock"; readonly interlock: Interlock }
    /** `troubleLevel`: of the input when there is trouble; false: the contact is open. */
    | { readonly kind: "input"; readonly bit: number; readonly troubleLevel: boolean };
  /** In this order; none: an alarm only. */
  readonly response: readonly StopClass[];
  /** Not read for longer, it counts as trouble. */
  readonly maximumAgeMs: number;
}

export const safetyInputSchema = strictObject({
  name: instrumentName,
  kind: z.enum(HAZARD_KINDS),
  io_input: z.int().min(0).max(0x1ff).exactOptional(),
  interlock: z.enum(Object.keys(INTERLOCK_NAMES) as [InterlockName, ...InterlockName[]]).exactOptional(),
  // a contact that opens tells of a cut wire as well
  trouble_when: z.enum(["open", "closed"]).exactOptional(),
  response: z.array(z.enum(STOP_CLASSES)).exactOptional(),
  maximum_age_s: z.number().min(8).max(600).default(DEFAULT_MAXIMUM_AGE_S),
})
  .refine(
    (input) => (input.io_input === undefined) !== (input.interlock === undefined),
    "Give io_input, a bit of the input/output unit, or interlock, one of its interlocks.",
  )
  .refine(
    (input) => input.interlock === undefined || input.trouble_when === undefined,
    "An interlock that does not hold is the trouble: leave trouble_when out.",
  );

export function safetyInputOf(input: z.output<typeof safetyInputSchema>): SafetyInput {
  const { name, kind, interlock } = input;
  return {
    ...{ name, kind },
    source:
      interlock === undefined
        ? { kind: "input", bit: input.io_input ?? 0, troubleLevel: input.trouble_when === "closed" }
        : { kind: "interlock", interlock: INTERLOCK_NAMES[interlock] },
    response: input.response ?? HAZARD_RESPONSES[kind],
    maximumAgeMs: 1000 * input.maximum_age_s,
  };
}
