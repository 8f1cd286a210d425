/** What every command that is a client of the bus takes. */
import { Fault } from "../../protocols/base/fault.ts";
import { isTopicName } from "../../protocols/bus/topics.ts";
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

/** Throws Faults of `findBusPlace`, and `command.usage` for what can be no rack: `+` and `#` would be all of them. */
export function placeOfClient(
  context: Pick<CommandContext, "environment">,
  { broker, credentials, rack }: ClientValues,
): BusPlace {
  if (rack !== undefined && !isTopicName(rack)) {
    throw new Fault(
      "command.usage",
      "--rack",
      `${JSON.stringify(rack)} is no name of a rack: letters, digits, . _ @ -`,
    );
  }
  return findBusPlace({ broker, credentials }, context.environment ?? {});
}
