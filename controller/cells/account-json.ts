/**
 * A cell's account as it goes on record with each step that begins, and as it is picked up again after a restart. What
 * is endless, an anchor worth nothing, is written as null.
 */
import { z } from "zod";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import type { CellAccount } from "./cell-account.ts";

export function totalsJson(totals: ChargeTotals): { readonly [key: string]: Json } {
  return { charged_Ah: totals.chargedAh, discharged_Ah: totals.dischargedAh, doubt_Ah: totals.doubtAh };
}

export function parseTotals(data: Json | undefined): ChargeTotals | undefined {
  const read = totalsOnRecord.safeParse(data);
  if (!read.success) return undefined;
  return { chargedAh: read.data.charged_Ah, dischargedAh: read.data.discharged_Ah, doubtAh: read.data.doubt_Ah };
}

/** The names of the code, for it is the code's own state that is kept; the record's readers have the half cycles. */
export function accountJson(account: CellAccount): Json {
  return JSON.parse(JSON.stringify(account)) as Json;
}

/** Undefined where the text is no account. */
export function parseAccount(data: Json | undefined): CellAccount | undefined {
  const read = accountSchema.safeParse(data);
  return read.success ? read.data : undefined;
}

const totalsOnRecord = z.object({ charged_Ah: z.number(), discharged_Ah: z.number(), doubt_Ah: z.number() });
const totalsSchema = z.object({ chargedAh: z.number(), dischargedAh: z.number(), doubtAh: z.number() });
const markSchema = z.enum(["full", "empty"]);
const endless = z
  .number()
  .nullable()
  .transform((value) => value ?? Infinity);
const halfCycleSchema = z.object({
  number: z.number(),
  cycleNumber: z.number(),
  stepNumber: z.number(),
  direction: z.enum(["charge", "discharge"]),
  capacityAh: z.number(),
  doubtAh: z.number(),
  isWhole: z.boolean(),
  isCut: z.boolean(),
  endedAt: markSchema.nullable(),
  coulombicEfficiency: z.number().nullable(),
  coulombicEfficiencyDoubt: z.number().nullable(),
});
const openHalfCycleSchema = z.object({
  direction: z.union([z.literal(1), z.literal(-1)]),
  cycleNumber: z.number(),
  stepNumber: z.number(),
  startedAt: totalsSchema,
  beganAt: markSchema.nullable(),
  endedAt: markSchema.nullable(),
  isCut: z.boolean(),
});
const accountSchema = z.object({
  halfCycles: z.object({
    closedCount: z.number(),
    open: openHalfCycleSchema.nullable(),
    last: halfCycleSchema.nullable(),
    mark: markSchema.nullable(),
  }),
  charge: z.object({
    anchor: z.object({ mark: markSchema, at: totalsSchema, uncertainty: endless }).nullable(),
    capacityAh: z.number(),
    capacityFrom: z.enum(["nominal", "measured"]),
  }),
  stepStartedAt: totalsSchema,
  firstCapacityAh: z.record(z.string(), z.number()),
  stateOfHealth: z.number().nullable(),
});
