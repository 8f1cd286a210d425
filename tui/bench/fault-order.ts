/** Orders for faults, as they come over the bench's broker: what, on which instrument, for how long. */
import * as z from "zod";

export const FAULT_ORDER_TOPIC = "beamrack/bench/fault";
export const FAULT_ANSWER_TOPIC = "beamrack/bench/fault/answer";

export const FAULT_KINDS = ["unplug", "hang", "garble", "slow", "lie"] as const;
export type BenchFaultKind = (typeof FAULT_KINDS)[number];

export interface FaultOrder {
  /** Comes back in the answer. */
  readonly id: string | number | null;
  readonly kind: BenchFaultKind;
  /** By its name in the site file. */
  readonly instrument: string;
  /** Until told otherwise without. */
  readonly forS: number | null;
  /** False ends a fault. */
  readonly on: boolean;
  /** Of `slow`. */
  readonly byMs: number;
}

export interface FaultAnswer {
  readonly id: string | number | null;
  readonly ok: boolean;
  /** What happens now, or why nothing does. */
  readonly what: string;
}

const orderSchema = z.strictObject({
  id: z.union([z.string(), z.number()]).nullable().default(null),
  kind: z.enum(FAULT_KINDS),
  instrument: z.string().min(1),
  for_s: z.number().positive().max(1e6).nullable().default(null),
  on: z.boolean().default(true),
  by_ms: z.number().min(1).max(60_000).default(500),
});

export type ReadOrder =
  | { readonly kind: "order"; readonly order: FaultOrder }
  | { readonly kind: "refused"; readonly answer: FaultAnswer };

export function readFaultOrder(payload: string): ReadOrder {
  let json: unknown;
  try {
    json = JSON.parse(payload);
  } catch {
    return refused("the order is no JSON");
  }
  const result = orderSchema.safeParse(json);
  if (!result.success) {
    const issues = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    return refused(issues.join("; "));
  }
  const { for_s: forS, by_ms: byMs, ...rest } = result.data;
  return { kind: "order", order: { ...rest, forS, byMs } };
}

function refused(what: string): ReadOrder {
  return { kind: "refused", answer: { id: null, ok: false, what } };
}
