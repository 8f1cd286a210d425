/** `beamrack swap begin|end POSITION|rack`, `swap aim rack`: a person's access to one cell, or to all, of a running campaign, over the bus. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { parsePosition, type Position } from "../../protocols/base/position.ts";
import { CLIENT_OPTIONS } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { giveOrder } from "./orders.ts";

export async function swapCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const options = {
    ...CLIENT_OPTIONS,
    reason: { type: "string" },
    "take-over": { type: "boolean" },
    cell: { type: "string" },
    cells: { type: "string" },
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
  const { cell, cells, "left-out": isLeftOut } = values;
  if (act !== "end" && (cell !== undefined || cells !== undefined || isLeftOut)) {
    throw new Fault("command.usage", `beamrack swap ${act}`, "takes no --cell, --cells or --left-out: they are of end");
  }
  if (isRack ? cell !== undefined || isLeftOut : cells !== undefined) {
    const what = "takes --cells with rack, and --cell or --left-out with one position";
    throw new Fault("command.usage", "beamrack swap end", what);
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
      ...(isLeftOut ? { left_out: true as const } : {}),
    },
  });
}

/** `A1=CODE,H12=CODE`. */
function parseCodes(text: string): Record<Position, string> {
  const codes: Record<Position, string> = {};
  for (const pair of text.split(",")) {
    const [place, code, ...more] = pair.split("=").map((part) => part.trim());
    const position = parsePosition(place ?? "");
    if (position === undefined || code === undefined || code === "" || more.length > 0) {
      throw new Fault("command.usage", "--cells", `takes A1=CODE,B2=CODE and so on, not ${pair}`);
    }
    codes[position] = code;
  }
  return codes;
}
