/**
 * What stands between the terminals of a cell: potentials of its electrodes, what salt, kinetics and resistance take of
 * them. Discharge current is positive in here.
 */
import {
  ADDED_OHM,
  CONCENTRATION_V,
  CONDUCTIVITY,
  CONTACT_OHM,
  NEGATIVE_EXCHANGE,
  NEGATIVE_LEFT,
  NEGATIVE_M2,
  NEGATIVE_PER_M,
  PLATING_A,
  POSITIVE_EXCHANGE,
  POSITIVE_LEFT,
  POSITIVE_M2,
  POSITIVE_PER_M,
  SEPARATOR_PER_M,
  SOLID_OHM,
  THERMAL_V,
} from "./cell-numbers.ts";
import type { CellParameters } from "./cell-parameters.ts";
import { type PotentialTable, tabulatedV } from "./potential-table.ts";
import type { SaltBend } from "./salt-bend.ts";

const EDGE = 1e-9;

/** `table` is the cell's, whose numbers are asked for anew at every voltage. */
export class Terminals {
  private readonly table: Float64Array;
  private readonly negativePotential: PotentialTable;
  private readonly positivePotential: PotentialTable;
  private readonly resistivity: Float64Array;
  private readonly resistivityPerNode: number;
  private readonly bend: SaltBend | undefined;

  constructor(parameters: CellParameters, table: Float64Array) {
    this.table = table;
    this.negativePotential = parameters.negative.potential;
    this.positivePotential = parameters.positive.potential;
    this.resistivity = parameters.resistivity;
    this.resistivityPerNode = parameters.resistivityPerNode;
    this.bend = parameters.saltBend;
  }

  /** Potential difference at these stoichiometries, without current or salt. */
  openV(x: number, y: number): number {
    return tabulatedV(this.positivePotential, y) - tabulatedV(this.negativePotential, x);
  }

  private resistivityAt(concentration: number): number {
    const { resistivity } = this;
    const lastNode = resistivity.length - 1;
    const place = concentration * this.resistivityPerNode;
    if (!(place > 0)) return resistivity[0] ?? 0;
    if (place >= lastNode) return resistivity[lastNode] ?? 0;
    const node = place | 0;
    const lower = resistivity[node] as number;
    return lower + (place - node) * ((resistivity[node + 1] as number) - lower);
  }

  /** The ohmic share at these concentrations: contact, film, electrolyte and solid. */
  ohm(cN: number, cS: number, cP: number): number {
    const { table } = this;
    return (
      ((table[NEGATIVE_PER_M] as number) * this.resistivityAt(cN) +
        (table[SEPARATOR_PER_M] as number) * this.resistivityAt(cS) +
        (table[POSITIVE_PER_M] as number) * this.resistivityAt(cP)) /
        (table[CONDUCTIVITY] as number) +
      (table[SOLID_OHM] as number) +
      (table[CONTACT_OHM] as number) +
      (table[ADDED_OHM] as number)
    );
  }

  /**
   * Terminal voltage; discharge current positive. Stoichiometries at the surfaces and concentrations as the linear modes
   * give them stand in the table from `at` on: handed over one by one, each would be made an object of its own.
   */
  voltageV(dischargeA: number, at: number): number {
    const { table, bend } = this;
    const x = table[at] as number;
    const y = table[at + 1] as number;
    const c1N = table[at + 2] as number;
    const c1P = table[at + 4] as number;
    let cN = c1N;
    let cS = table[at + 3] as number;
    let cP = c1P;
    if (bend !== undefined) {
      const lastBend = 2 * bend.middle;
      const place = (c1N - c1P) * bend.perNode + bend.middle;
      const held = place > 0 ? (place < lastBend ? place : lastBend) : 0;
      const node = held < lastBend ? held | 0 : lastBend - 1;
      const part = held - node;
      const left = 1 - part;
      cN += left * (bend.negative[node] as number) + part * (bend.negative[node + 1] as number);
      cS += left * (bend.separator[node] as number) + part * (bend.separator[node + 1] as number);
      cP += left * (bend.positive[node] as number) + part * (bend.positive[node + 1] as number);
    }
    const open = this.openV(x, y);
    const saltN = cN > 1 ? cN : 1;
    const saltP = cP > 1 ? cP : 1;
    const concentration = saltN === saltP ? 0 : (table[CONCENTRATION_V] as number) * Math.log(saltP / saltN);
    const platingA = table[PLATING_A] as number;
    if (dischargeA === 0 && platingA === 0) return open + concentration;
    const siteX = x < EDGE ? EDGE : x > 1 - EDGE ? 1 - EDGE : x;
    const siteY = y < EDGE ? EDGE : y > 1 - EDGE ? 1 - EDGE : y;
    const size = Math.abs(dischargeA);
    const perN =
      2 * (table[NEGATIVE_M2] as number) * (table[NEGATIVE_LEFT] as number) * (table[NEGATIVE_EXCHANGE] as number);
    const perP =
      2 * (table[POSITIVE_M2] as number) * (table[POSITIVE_LEFT] as number) * (table[POSITIVE_EXCHANGE] as number);
    const loadN = size / (perN * Math.sqrt(saltN * siteX * (1 - siteX)));
    const loadP = size / (perP * Math.sqrt(saltP * siteY * (1 - siteY)));
    let kinetic: number;
    if (platingA === 0) {
      // asinh a + asinh b as one logarithm.
      const sum =
        (table[THERMAL_V] as number) *
        Math.log((loadN + Math.sqrt(loadN * loadN + 1)) * (loadP + Math.sqrt(loadP * loadP + 1)));
      kinetic = dischargeA < 0 ? -sum : sum;
    } else {
      // What plates or dissolves does not pass through the particles.
      const insertedA = dischargeA + platingA;
      kinetic =
        (table[THERMAL_V] as number) *
        (Math.asinh(insertedA / (perN * Math.sqrt(saltN * siteX * (1 - siteX)))) +
          Math.asinh(dischargeA < 0 ? -loadP : loadP));
    }
    return open + concentration - kinetic - dischargeA * this.ohm(cN, cS, cP);
  }
}
