/** What the process with the instruments and the one that judges tell each other. */
import { z } from "zod";
import type { Opening } from "../../../simulator/world/shutter-truth.ts";
import type { ControllerClaims, WorldFindings } from "../../../simulator/world/world-truth.ts";
import type { BenchFaultKind, FaultAnswer } from "../../../tui/bench/fault-order.ts";

export const ordersSchema = z.object({
  sitePath: z.string(),
  campaignPath: z.string(),
  /** Of serial ports. */
  folder: z.string(),
  writeSite: z.string(),
});
export type TwinsOrders = z.infer<typeof ordersSchema>;

/** Charge that really went through a cell, at instants of the world. */
export interface TrueCharge {
  readonly positionIndex: number;
  readonly atMs: readonly number[];
  readonly chargeC: readonly number[];
}

/** Asked of the instruments' process. */
export type ToTwins =
  | { readonly kind: "report" }
  | { readonly kind: "fault"; readonly fault: BenchFaultKind; readonly instrument: string; readonly forS: number }
  | { readonly kind: "finish"; readonly claims: ControllerClaims };

export type FromTwins =
  | {
      readonly kind: "ready";
      /** UTC at the world's zero. */
      readonly startWallMs: number;
      readonly broker: string;
      readonly places: readonly { readonly name: string; readonly where: string }[];
    }
  /** The blades of the fast shutter are seen off their closed stop, or on it again. */
  | { readonly kind: "shutter"; readonly isOpen: boolean; readonly atMs: number }
  | {
      readonly kind: "report";
      readonly nowMs: number;
      readonly openings: readonly Opening[];
      readonly charges: readonly TrueCharge[];
      /** Where this process was kept waiting: from when, for how long. */
      readonly heldUp: readonly { readonly atMs: number; readonly lateMs: number }[];
      readonly residentMb: number;
    }
  | { readonly kind: "answer"; readonly answer: FaultAnswer }
  | { readonly kind: "findings"; readonly findings: WorldFindings }
  | { readonly kind: "broken"; readonly what: string };
