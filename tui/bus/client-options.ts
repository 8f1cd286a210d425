/** What every command that is a client of the bus takes. */
import type { CommandContext } from "../command-context.ts";
import { findBusPlace, type BusPlace } from "./bus-place.ts";

/** For `parseArgs`. */
export const CLIENT_OPTIONS = {
  broker: { type: "string" },
  credentials: { type: "string" },
  rack: { type: "string" },
} as const;

export interface ClientValues {
  readonly broker?: string | undefined;
  readonly credentials?: string | undefined;
  readonly rack?: string | undefined;
}

/** Throws Faults of `findBusPlace`. */
export function placeOfClient(
  context: Pick<CommandContext, "environment">,
  { broker, credentials }: ClientValues,
): BusPlace {
  return findBusPlace({ broker, credentials }, context.environment ?? {});
}
