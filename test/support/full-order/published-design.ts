/**
 * A design as its file gives it, read by this reference alone: nothing of the simulator's code is used, so that an
 * error there cannot hide here. SI units; discharge current positive.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../../tui/rim/package-root.ts";

export interface PotentialTerm {
  readonly kind: string;
  readonly a: number;
  readonly k?: number;
  readonly x0?: number;
}

export interface ElectrodeFile {
  readonly thickness_m: number;
  readonly activeFraction: number;
  readonly porosity: number;
  readonly bruggeman: number;
  readonly particleRadius_m: number;
  readonly maxConcentration_mol_m3: number;
  readonly diffusivity_m2_s: number;
  readonly diffusivityEa_J_mol: number;
  readonly exchange: { readonly m: number; readonly Ea_J_mol: number };
  readonly solidConductivity_S_m: number;
  readonly solidBruggeman: number;
  readonly doubleLayer_F_m2: number;
  readonly ocp: {
    readonly terms?: readonly PotentialTerm[];
    readonly sites?: readonly { readonly u0: number; readonly share: number; readonly width: number }[];
  };
}

export interface DesignFile {
  readonly id: string;
  readonly cell: {
    readonly area_m2: number;
    readonly nominalCapacity_mAh: number;
    readonly lowerCutoff_V: number;
    readonly upperCutoff_V: number;
    readonly contactResistance_ohm: number;
  };
  readonly stoichiometry: {
    readonly x100: number;
    readonly y100: number;
    readonly x0: number;
    readonly y0: number;
  };
  readonly negative: ElectrodeFile;
  readonly positive: ElectrodeFile;
  readonly separator: { readonly thickness_m: number; readonly porosity: number; readonly bruggeman: number };
  readonly electrolyte: {
    readonly initialConcentration_mol_m3: number;
    readonly transference: number;
    readonly diffusivityEa_J_mol: number;
    readonly conductivityTerms: readonly (readonly [number, number])[];
    readonly conductivityEa_J_mol: number;
  };
}

export function designFile(id: string): DesignFile {
  const path = join(packageRoot().folder, `protocols/data/cells/${id}.json`);
  return JSON.parse(readFileSync(path, "utf8")) as DesignFile;
}

/** Salt diffusivity at 25 degC by the law that the design's file spells out in words; c in mol/m3. */
export function saltDiffusivity(id: string, c: number): number {
  const molar = c / 1000;
  switch (id) {
    case "nmc811-graphite-siox":
    case "lno-graphite":
      return 8.794e-11 * molar * molar - 3.972e-10 * molar + 4.862e-10;
    case "lfp-graphite":
      return 2e-10;
    case "lco-graphite":
      return 5.34e-10 * Math.exp(-0.65 * molar);
    default:
      throw new RangeError(`no diffusivity for ${id}`);
  }
}

export function conductivity(design: DesignFile, c: number): number {
  return design.electrolyte.conductivityTerms.reduce((sum, [a, n]) => sum + a * (c / 1000) ** n, 0);
}

/** Volts against lithium. */
export function potential(electrode: ElectrodeFile, stoichiometry: number): number {
  const { terms, sites } = electrode.ocp;
  if (terms !== undefined) {
    return terms.reduce((sum, { kind, a, k = 0, x0 = 0 }) => {
      if (kind === "const") return sum + a;
      if (kind === "linear") return sum + a * stoichiometry;
      const argument = k * (stoichiometry - x0);
      return sum + a * (kind === "exp" ? Math.exp(argument) : Math.tanh(argument));
    }, 0);
  }
  // x(U) falls strictly: Newton from the last bracket, bisected where it leaves it.
  let low = 2.5;
  let high = 5;
  for (let turn = 0; turn < 100 && high - low > 1e-13; turn += 1) {
    const middle = (low + high) / 2;
    const filled = (sites ?? []).reduce(
      (sum, site) => sum + site.share / (1 + Math.exp((middle - site.u0) / site.width)),
      0,
    );
    if (filled > stoichiometry) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
