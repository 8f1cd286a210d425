/** A test cell that counts how often something began to drive it, and how far it went. */
import type { CellPlant } from "../../simulator/plant/plant.ts";
import { testCell, type TestCell } from "../support/methodscript-bench.ts";

const FARADS = 0.06;
/** A regulator in real time tries a voltage for microseconds before it limits the current. */
const NOTICED_MS = 3;

/** A test cell that counts how often something began to drive it. */
export interface CountedCell extends TestCell {
  readonly driveCount: number;
  readonly highestV: number;
  readonly highestA: number;
}

export function countedCell(farads = FARADS): CountedCell {
  const cell = testCell(3.7, farads);
  let isDriven = false;
  let driveCount = 0;
  let highestV = cell.innerV;
  let highestA = 0;
  let sinceMs = 0;
  /** What was so over some time counts, not what a regulator tries for none. */
  const advance = (atMs: number): void => {
    cell.read(atMs);
    const elapsedMs = atMs - sinceMs;
    if (elapsedMs < NOTICED_MS) return;
    sinceMs = atMs;
    highestV = Math.max(highestV, cell.innerV);
    highestA = Math.max(highestA, Math.abs(cell.currentA));
  };
  const note = (isDriving: boolean): void => {
    if (isDriving && !isDriven) driveCount += 1;
    isDriven = isDriving;
  };
  const counted: CellPlant = {
    disconnect(atMs) {
      advance(atMs);
      cell.disconnect(atMs);
      note(false);
    },
    applyCurrent(atMs, currentA) {
      advance(atMs);
      cell.applyCurrent(atMs, currentA);
      note(currentA !== 0);
    },
    applyVoltage(atMs, voltageV) {
      counted.applyVoltageWithin(atMs, voltageV, -Infinity, Infinity);
    },
    applyVoltageWithin(atMs, voltageV, leastA, mostA) {
      advance(atMs);
      cell.applyVoltageWithin(atMs, voltageV, leastA, mostA);
      note(true);
    },
    read: advance,
    get voltageV() {
      return cell.voltageV;
    },
    get currentA() {
      return cell.currentA;
    },
  };
  return Object.defineProperties(counted, {
    farads: { get: () => cell.farads },
    ohms: { get: () => cell.ohms },
    innerV: {
      get: () => cell.innerV,
      set: (volts: number) => {
        cell.innerV = volts;
      },
    },
    isConnected: { get: () => cell.isConnected },
    driveCount: { get: () => driveCount },
    highestV: { get: () => highestV },
    highestA: { get: () => highestA },
  }) as CountedCell;
}
