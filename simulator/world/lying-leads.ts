/** Leads that lie elsewhere than they should: what a channel drives is one cell, what its voltage inputs touch another. */
import type { CellPlant } from "../plant/plant.ts";

/** Current through `driven`, voltage of `sensed`. Neither cell knows of the other. */
export function createLyingLeads(driven: CellPlant, sensed: CellPlant): CellPlant {
  return {
    disconnect(atMs) {
      driven.disconnect(atMs);
    },
    applyCurrent(atMs, currentA) {
      driven.applyCurrent(atMs, currentA);
    },
    applyVoltage(atMs, voltageV) {
      driven.applyVoltage(atMs, voltageV);
    },
    applyVoltageWithin(atMs, voltageV, leastA, mostA) {
      driven.applyVoltageWithin(atMs, voltageV, leastA, mostA);
    },
    read(atMs) {
      driven.read(atMs);
      if (sensed !== driven) sensed.read(atMs);
    },
    get voltageV() {
      return sensed.voltageV;
    },
    get currentA() {
      return driven.currentA;
    },
  };
}

/** The current leads turned round; the voltage's are right. */
export function createTurnedCurrentLeads(cell: CellPlant): CellPlant {
  return {
    disconnect(atMs) {
      cell.disconnect(atMs);
    },
    applyCurrent(atMs, currentA) {
      cell.applyCurrent(atMs, -currentA);
    },
    applyVoltage(atMs, voltageV) {
      cell.applyVoltage(atMs, voltageV);
    },
    /** What the source gives takes the voltage away from what it wants, up to a limit of its current. */
    applyVoltageWithin(atMs, voltageV, leastA, mostA) {
      cell.read(atMs);
      cell.applyCurrent(atMs, cell.voltageV < voltageV ? -mostA : -leastA);
    },
    read(atMs) {
      cell.read(atMs);
    },
    get voltageV() {
      return cell.voltageV;
    },
    get currentA() {
      return -cell.currentA;
    },
  };
}
