/** `--faults none|light|heavy|FILE`: what goes wrong in a simulated run. */
import { Fault } from "../../protocols/base/fault.ts";
import { parseJsonText } from "../../protocols/input/json-text.ts";
import { parsePosition, positionAt, positionIndex } from "../../protocols/base/position.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { heavyFaults } from "../../simulator/world/heavy-faults.ts";
import { lightFaults, parseWorldFaults, type WorldFault } from "../../simulator/world/world-faults.ts";
import type { CommandContext } from "../command-context.ts";
import type { VirtualRig } from "./virtual-rig.ts";

export type ChooseFaults = (rig: VirtualRig, hours: number, seed: number) => readonly WorldFault[];

/**
 * `hasBoxes`: the campaign's boxes say when its cells come, and no fault does. Throws Fault for a file that is missing or
 * says something else than faults.
 */
export function chooseFaults(
  context: Pick<CommandContext, "readText" | "printError">,
  choice: string,
  hasBoxes = false,
): ChooseFaults {
  if (choice === "none") return () => [];
  if (choice === "light") {
    return ({ faultTargets: { positionOfLink, positions } }, hours, seed) =>
      lightFaults(createChance(seed).stream("faults"), hours, [...positionOfLink.keys()], positions);
  }
  if (choice === "heavy") {
    return ({ faultTargets, roles, sweeps }, hours, seed) => {
      const { links, positionOfLink, positions, reboots, safetyInputs = [] } = faultTargets;
      const targets = {
        hasGate: roles.trigger !== undefined,
        beamlineLinks: [...links.keys()].filter((name) => !positionOfLink.has(name)),
        channelLinks: [...positionOfLink.keys()],
        rebootLinks: [...(reboots?.keys() ?? [])],
        ...{ positions, safetyInputs, hasRobot: roles.changer !== undefined },
        ...(sweeps === undefined ? {} : { sweeps }),
      };
      const drawn = heavyFaults(createChance(seed).stream("heavy faults"), hours, targets);
      return hasBoxes ? drawn.filter(({ kind }) => kind !== "cell-comes") : drawn;
    };
  }
  const faults = parseWorldFaults(parseJson(context.readText(choice), choice), choice);
  if (hasBoxes) refuseComing(faults, choice);
  return (rig, hours) => {
    const withCell = new Set(rig.faultTargets.positions);
    for (const [index, fault] of faults.entries()) {
      if (fault.fromMs >= hours * 3_600_000) {
        const begins = `begins ${fault.fromMs / 1000} s after the start`;
        context.printError(`note ${choice} [${index}] ${begins}, and the run is over then: it does nothing`);
      }
      if ((fault.kind === "cell" || fault.kind === "cell-comes") && !withCell.has(fault.positionIndex)) {
        throw new Fault("file.schema", choice, `no cell is at ${positionAt(fault.positionIndex)}`);
      }
      for (const name of fault.kind === "cells-swapped" ? [fault.one, fault.other] : []) {
        const position = parsePosition(name);
        if (rig.roles.changer !== undefined && position !== undefined && withCell.has(positionIndex(position)))
          continue;
        throw new Fault("file.schema", choice, `no cell at ${name} can be swapped: that takes a cell, and a robot`);
      }
      if ("link" in fault && !rig.faultTargets.links.has(fault.link)) {
        const known = [...rig.faultTargets.links.keys()].slice(0, 5).join(", ");
        throw new Fault("file.schema", choice, `no link is named ${fault.link}; links are ${known}, ...`);
      }
    }
    return faults;
  };
}

/** Custody would have the cell in its place from the day of its box on. Throws Fault `file.schema`. */
export function refuseComing(faults: readonly WorldFault[], where: string): void {
  const coming = faults.find(({ kind }) => kind === "cell-comes");
  if (coming?.kind !== "cell-comes") return;
  const what = `a cell-comes at ${positionAt(coming.positionIndex)}: the campaign's simulated boxes say when its cells come`;
  throw new Fault("file.schema", where, what);
}

function parseJson(text: string, where: string): unknown {
  const read = parseJsonText(text);
  if (read.kind === "json") return read.value;
  throw new Fault("file.syntax", `${where}:${read.line}`, `is not JSON: ${read.what}`);
}
