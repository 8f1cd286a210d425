/** Where a cell of given electrodes and given lithium is full and empty: its open-circuit voltage at the cut-offs. */
import { Fault } from "../../protocols/base/fault.ts";
import type { CellDesign, ElectrodeDesign } from "./cell-design.ts";
import { FARADAY } from "./cell-parameters.ts";
import { potentialV } from "./potential-table.ts";

const BISECTIONS = 60;

/** Charge between stoichiometry 0 and 1 of an electrode of this design, mAh. */
export function fullCapacityMah(electrode: ElectrodeDesign, areaM2: number): number {
  const sitesMol = electrode.maxConcentration_mol_m3 * electrode.activeFraction * electrode.thickness_m * areaM2;
  return (FARADAY * sitesMol) / 3.6;
}

/**
 * Stoichiometries at which the open-circuit voltage is the upper and the lower cut-off, with `cyclableLithiumMah`
 * shared by both electrodes. Throws Fault `cell.input` when the cell cannot reach one of them.
 */
export function stoichiometryLimits(design: CellDesign, cyclableLithiumMah: number): CellDesign["stoichiometry"] {
  const negativeMah = fullCapacityMah(design.negative, design.cell.area_m2);
  const positiveMah = fullCapacityMah(design.positive, design.cell.area_m2);
  const negativeAt = (y: number): number => (cyclableLithiumMah - positiveMah * y) / negativeMah;
  const leastY = Math.max(0, (cyclableLithiumMah - negativeMah) / positiveMah);
  const mostY = Math.min(1, cyclableLithiumMah / positiveMah);
  if (!(leastY < mostY)) {
    throw new Fault(
      "cell.input",
      "overrides.stoichiometry.cyclableLithium_mAh",
      `${cyclableLithiumMah} mAh of lithium do not fit into electrodes of ${negativeMah.toPrecision(4)} and ${positiveMah.toPrecision(4)} mAh`,
    );
  }
  const openV = (y: number): number =>
    potentialV(design.positive.ocp, y) - potentialV(design.negative.ocp, negativeAt(y));
  const at = (volts: number, name: string): number => {
    if (!(openV(leastY) >= volts && openV(mostY) <= volts)) {
      throw new Fault(
        "cell.input",
        `overrides.cell.${name}`,
        `the open-circuit voltage of this cell runs from ${openV(mostY).toFixed(3)} to ${openV(leastY).toFixed(3)} V and does not meet ${volts} V`,
      );
    }
    let low = leastY;
    let high = mostY;
    for (let turn = 0; turn < BISECTIONS; turn += 1) {
      const middle = (low + high) / 2;
      if (openV(middle) > volts) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
  const y100 = at(design.cell.upperCutoff_V, "upperCutoff_V");
  const y0 = at(design.cell.lowerCutoff_V, "lowerCutoff_V");
  return { x100: negativeAt(y100), y100, x0: negativeAt(y0), y0, cyclableLithium_mAh: cyclableLithiumMah };
}
