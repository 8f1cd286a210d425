/**
 * Which faults of a run have begun, and which of them took effect: a message came garbled, a switch was read as it lies, a
 * write was refused. A fault that nobody met has tried nothing.
 */
import type { Felt } from "../plant/felt.ts";
import type { WorldFault } from "./world-faults.ts";

/** By kind, and that of cells by what is wrong with them; each fault counts once. */
export type FaultCounts = Readonly<Record<string, number>>;

export interface FaultEffects {
  readonly begun: FaultCounts;
  readonly felt: FaultCounts;
  begins(fault: WorldFault): void;
  /** The same one for the same fault. */
  feltOf(fault: WorldFault): Felt;
}

export function createFaultEffects(): FaultEffects {
  const begun: Record<string, number> = {};
  const felt: Record<string, number> = {};
  const known = new Map<WorldFault, Felt>();

  function counted(fault: WorldFault, into: Record<string, number>): void {
    const kind = fault.kind === "cell" ? fault.fault.kind : fault.kind;
    into[kind] = (into[kind] ?? 0) + 1;
  }

  return {
    begun,
    felt,
    begins(fault) {
      counted(fault, begun);
    },
    feltOf(fault) {
      const found = known.get(fault);
      if (found !== undefined) return found;
      let isNew = true;
      const one = (): void => {
        if (isNew) counted(fault, felt);
        isNew = false;
      };
      known.set(fault, one);
      return one;
    },
  };
}
