/** `beamrack swap begin|end POSITION`: a person's access to one cell of a running campaign, over the bus. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import { CLIENT_OPTIONS } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { giveOrder } from "./orders.ts";

export async function swapCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    reason: { type: "string" },
    "take-over": { type: "boolean" },
    cell: { type: "string" },
    "left-out": { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [act, text, ...more] = positionals;
  const position = parsePosition(text ?? "");
  if ((act !== "begin" && act !== "end") || position === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack swap", "takes begin or end, and one position, A1 to H12");
  }
  if (act === "begin" && (values.reason ?? "").trim() === "") {
    throw new Fault("command.usage", "beamrack swap begin", "says by --reason what is to be done there");
  }
  const { cell, "left-out": isLeftOut } = values;
  if (act === "begin" && (cell !== undefined || isLeftOut)) {
    throw new Fault("command.usage", "beamrack swap begin", "takes neither --cell nor --left-out: they are of end");
  }
  if (cell !== undefined && isLeftOut) {
    throw new Fault("command.usage", "beamrack swap end", "takes --cell or --left-out, not both");
  }
  return giveOrder(context, values, {
    command: "swap",
    args: {
      ...{ act, position },
      ...(cell === undefined ? {} : { cell }),
      ...(isLeftOut ? { left_out: true as const } : {}),
    },
  });
}
