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
    const lower = resistivity[node] ?? 0;
    return lower + (place - node) * ((resistivity[node + 1] ?? 0) - lower);
  }

  /** The ohmic share at these concentrations: contact, film, electrolyte and solid. */
  ohm(cN: number, cS: number, cP: number): number {
    const { table } = this;
    return (
      ((table[NEGATIVE_PER_M] ?? 0) * this.resistivityAt(cN) +
        (table[SEPARATOR_PER_M] ?? 0) * this.resistivityAt(cS) +
        (table[POSITIVE_PER_M] ?? 0) * this.resistivityAt(cP)) /
        (table[CONDUCTIVITY] ?? 1) +
      (table[SOLID_OHM] ?? 0) +
      (table[CONTACT_OHM] ?? 0) +
      (table[ADDED_OHM] ?? 0)
    );
  }

  /** Terminal voltage; discharge current positive, concentrations as the linear modes give them. */
  voltageV(dischargeA: number, x: number, y: number, c1N: number, c1S: number, c1P: number): number {
    const { table, bend } = this;
    let cN = c1N;
    let cS = c1S;
    let cP = c1P;
    if (bend !== undefined) {
      const lastBend = 2 * bend.middle;
      const place = (c1N - c1P) * bend.perNode + bend.middle;
      const held = place > 0 ? (place < lastBend ? place : lastBend) : 0;
      const node = held < lastBend ? held | 0 : lastBend - 1;
      const part = held - node;
      const left = 1 - part;
      cN += left * (bend.negative[node] ?? 0) + part * (bend.negative[node + 1] ?? 0);
      cS += left * (bend.separator[node] ?? 0) + part * (bend.separator[node + 1] ?? 0);
      cP += left * (bend.positive[node] ?? 0) + part * (bend.positive[node + 1] ?? 0);
    }
    const open = this.openV(x, y);
    const saltN = cN > 1 ? cN : 1;
    const saltP = cP > 1 ? cP : 1;
    const concentration = saltN === saltP ? 0 : (table[CONCENTRATION_V] ?? 0) * Math.log(saltP / saltN);
    const platingA = table[PLATING_A] ?? 0;
    if (dischargeA === 0 && platingA === 0) return open + concentration;
    const siteX = x < EDGE ? EDGE : x > 1 - EDGE ? 1 - EDGE : x;
    const siteY = y < EDGE ? EDGE : y > 1 - EDGE ? 1 - EDGE : y;
    const size = dischargeA < 0 ? -dischargeA : dischargeA;
    const perN = 2 * (table[NEGATIVE_M2] ?? 0) * (table[NEGATIVE_LEFT] ?? 1) * (table[NEGATIVE_EXCHANGE] ?? 0);
    const perP = 2 * (table[POSITIVE_M2] ?? 0) * (table[POSITIVE_LEFT] ?? 1) * (table[POSITIVE_EXCHANGE] ?? 0);
    const loadN = size / (perN * Math.sqrt(saltN * siteX * (1 - siteX)));
    const loadP = size / (perP * Math.sqrt(saltP * siteY * (1 - siteY)));
    let kinetic: number;
    if (platingA === 0) {
      // asinh a + asinh b as one logarithm.
      const sum =
        (table[THERMAL_V] ?? 0) *
        Math.log((loadN + Math.sqrt(loadN * loadN + 1)) * (loadP + Math.sqrt(loadP * loadP + 1)));
      kinetic = dischargeA < 0 ? -sum : sum;
    } else {
      // What plates or dissolves does not pass through the particles.
      const insertedA = dischargeA + platingA;
      kinetic =
        (table[THERMAL_V] ?? 0) *
        (Math.asinh(insertedA / (perN * Math.sqrt(saltN * siteX * (1 - siteX)))) +
          Math.asinh(dischargeA < 0 ? -loadP : loadP));
    }
    return open + concentration - kinetic - dischargeA * this.ohm(cN, cS, cP);
  }
}
