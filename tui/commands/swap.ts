/** `beamrack swap begin|end POSITION|rack`, `swap aim rack`: a person's access to one cell, or to all, of a running campaign, over the bus. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition } from "../../protocols/base/position.ts";
import { CLIENT_OPTIONS } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { parseCodes, readCodes } from "../swap/place-codes.ts";
import { giveOrder } from "./orders.ts";

export async function swapCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    reason: { type: "string" },
    "take-over": { type: "boolean" },
    cell: { type: "string" },
    cells: { type: "string" },
    "cells-from": { type: "string" },
    "left-out": { type: "boolean", default: false },
  } as const;
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options });
  const [act, text, ...more] = positionals;
  const position = parsePosition(text ?? "");
  const isRack = text === "rack";
  if (act !== "begin" && act !== "end" && !(act === "aim" && isRack)) {
    throw new Fault("command.usage", "beamrack swap", "takes begin or end with a position or rack, or aim rack");
  }
  if ((position === undefined && !isRack) || more.length > 0) {
    throw new Fault("command.usage", "beamrack swap", "takes one position, A1 to H12, or rack");
  }
  if (act === "aim" && (values.reason ?? "").trim() === "") {
    throw new Fault(
      "command.usage",
      "beamrack swap aim",
      "says by --reason how it is known that the rack stands as it did",
    );
  }
  if (act === "begin" && (values.reason ?? "").trim() === "") {
    throw new Fault("command.usage", "beamrack swap begin", "says by --reason what is to be done there");
  }
  const { cell, cells, "cells-from": file, "left-out": isLeftOut } = values;
  if (act !== "end" && ((cell ?? cells ?? file) !== undefined || isLeftOut)) {
    throw new Fault("command.usage", `beamrack swap ${act}`, "takes no --cell, --cells or --left-out: they are of end");
  }
  if (isRack ? cell !== undefined || isLeftOut : (cells ?? file) !== undefined) {
    const what = "takes --cells with rack, and --cell or --left-out with one position";
    throw new Fault("command.usage", "beamrack swap end", what);
  }
  if (cells !== undefined && file !== undefined) {
    throw new Fault("command.usage", "beamrack swap end", "takes --cells or --cells-from, not both");
  }
  if (cell !== undefined && isLeftOut) {
    throw new Fault("command.usage", "beamrack swap end", "takes --cell or --left-out, not both");
  }
  return giveOrder(context, values, {
    command: "swap",
    args: {
      ...(position === undefined ? { act, rack: true } : { act, position }),
      ...(cell === undefined ? {} : { cell }),
      ...(cells === undefined ? {} : { cells: parseCodes(cells) }),
      ...(file === undefined ? {} : { cells: readCodes(context.readText(file), file) }),
      ...(isLeftOut ? { left_out: true as const } : {}),
    },
  });
}
