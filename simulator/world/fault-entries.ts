/** A list of faults as a fault file has it: `parseWorldFaults` reads it back. */
import { positionAt } from "../../protocols/base/position.ts";
import type { WorldFault } from "./world-faults.ts";

type Entry = Readonly<Record<string, string | number | boolean>>;

export function faultEntries(faults: readonly WorldFault[]): readonly Entry[] {
  return faults.map((fault) => {
    if (fault.kind !== "cell" && fault.kind !== "cell-comes") return entryOf(fault);
    const { positionIndex, fromMs } = fault;
    if (fault.kind === "cell-comes") {
      return { kind: fault.kind, position: positionAt(positionIndex), at_s: fromMs / 1000 };
    }
    return { ...entryOf(fault.fault), position: positionAt(positionIndex), at_s: fromMs / 1000 };
  });
}

function entryOf(fault: object): Entry {
  return Object.fromEntries(
    Object.entries(fault).flatMap(([key, value]): [string, string | number | boolean][] => {
      if (typeof value === "number" && key.endsWith("Ms")) return [[`${snake(key.slice(0, -2))}_s`, value / 1000]];
      return typeof value === "number" || typeof value === "string" || typeof value === "boolean"
        ? [[snake(key), value]]
        : [];
    }),
  );
}

/** `xMm` is `x_mm`, `meanOnS` is `mean_on_s`. */
function snake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
