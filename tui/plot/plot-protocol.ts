/** `beamrack protocol show --plot`: the forecast of a protocol by itself, drawn in the terminal or to a file. */
import { Fault } from "../../protocols/base/fault.ts";
import { CHEMISTRY_IDS, isChemistryId } from "../../protocols/campaign/chemistry.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { wordAdvice } from "../../protocols/input/suggest.ts";
import type { CommandContext } from "../command-context.ts";
import { writeWhole } from "../virtual/world-files.ts";
import { forecastFigure } from "./forecast-figure.ts";
import { forecastPoints } from "./forecast-points.ts";
import { forecastLines } from "./forecast-terminal.ts";

export interface PlotOptions {
  /** `terminal`, or a file that ends in .svg. */
  readonly target: string;
  /** Undefined for that of the shipped study. */
  readonly chemistry: string | undefined;
  /** Null for what the protocol's sample says. */
  readonly capacityMah: number | null;
}

const CHEMISTRY_DRAWN = "lno-graphite";
/** Of a protocol that says nothing of its sample's capacity: a coin cell of usual loading. */
const CAPACITY_DRAWN_MAH = 4;

/** With `--json` a drawing in the terminal goes to stderr. Throws Fault `command.usage` or `protocol.invalid`. */
export function plotProtocol(
  context: Pick<CommandContext, "json" | "print" | "printError">,
  protocol: Protocol,
  { target, chemistry = CHEMISTRY_DRAWN, capacityMah }: PlotOptions,
): void {
  if (!isChemistryId(chemistry)) {
    const what = `${chemistry} is no chemistry; ${wordAdvice(chemistry, CHEMISTRY_IDS, "Known here")}`;
    throw new Fault("command.usage", "--chemistry", what);
  }
  const nominalCapacityMah = capacityMah ?? protocol.sampleCapacityMah ?? CAPACITY_DRAWN_MAH;
  const points = forecastPoints(protocol, { chemistry, nominalCapacityMah });
  if (points === undefined) throw new Fault("protocol.invalid", protocol.name, "no step of it can be drawn");
  if (target === "terminal") {
    for (const line of forecastLines(points)) {
      if (context.json) context.printError(line);
      else context.print(line);
    }
    return;
  }
  if (!target.endsWith(".svg")) {
    throw new Fault("command.usage", "--plot", `${target} is no drawing; write terminal, or a file that ends in .svg`);
  }
  writeWhole(target, forecastFigure(points));
  if (!context.json) context.print(`forecast: ${target}`);
}
