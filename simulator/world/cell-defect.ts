/** A cell that was put in wrongly or makes no contact: what its channel finds at the terminals. */
import type { CellPlant } from "../plant/plant.ts";

export type CellDefect = "reversed" | "open-circuit";

/** `onDriven` is told of every current or voltage a channel puts on such a cell. */
export function createDefectivePlant(
  inner: CellPlant,
  defect: CellDefect,
  onDriven: (atMs: number) => void,
): CellPlant {
  // Turned round, the cell gives and takes the opposite; without contact nothing is seen of it at all.
  const sign = defect === "reversed" ? -1 : 0;
  return {
    disconnect(atMs) {
      inner.disconnect(atMs);
    },
    applyCurrent(atMs, currentA) {
      onDriven(atMs);
      if (sign !== 0) inner.applyCurrent(atMs, sign * currentA);
    },
    applyVoltage(atMs, voltageV) {
      onDriven(atMs);
      if (sign !== 0) inner.applyVoltage(atMs, sign * voltageV);
    },
    read(atMs) {
      inner.read(atMs);
    },
    get voltageV() {
      return sign * inner.voltageV;
    },
    get currentA() {
      return sign * inner.currentA;
    },
  };
}
