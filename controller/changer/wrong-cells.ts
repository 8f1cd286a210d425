/**
 * Cells that lie in other places than the campaign has them. None of them gets any more current; and which of them it was
 * that had what was counted, since the code of each was last read where it belongs, is not known: it is in doubt of each.
 */
import { Fault } from "../../protocols/base/fault.ts";
import type { ChargeTotals } from "../../protocols/echem/counting.ts";
import type { SampleIntake } from "../cells/sample-intake.ts";
import { faultNote, type FaultNote } from "../machines/errors.ts";
import type { RobotMovesDeps } from "./robot-moves.ts";

export interface WrongCellsDeps extends Pick<RobotMovesDeps, "cells" | "alarms" | "recorder" | "left"> {
  readonly samples: () => Pick<SampleIntake, "totals" | "mayHaveFlowed">;
  /** Another cell than the campaign's lies in this one's place. */
  readonly refuseCell: (cellIndex: number, fault: FaultNote) => void;
}

export interface WrongCells {
  /** What came from its place has its code: what was counted up to now is its own. */
  known(cellIndex: number): void;
  /** What came from its place has another one. `isOff` is called when the places that it tells of should be off. */
  found(cellIndex: number, code: string): { readonly fault: Fault; readonly isOff: () => void };
}

export function createWrongCells(deps: WrongCellsDeps): WrongCells {
  const { cells, alarms, recorder } = deps;
  const knownAh = new Map<number, number>();

  const throughputAh = (cellIndex: number): number => sum(deps.samples().totals(cellIndex));

  function sinceKnownAh(cellIndex: number): number {
    const left = deps.left?.transfers.known.get(cells[cellIndex]?.position ?? "");
    return throughputAh(cellIndex) - (knownAh.get(cellIndex) ?? (left === undefined ? 0 : sum(left)));
  }

  /** Each may have had all that was counted of any, and nothing of its own. */
  function doubt(mistaken: readonly number[]): void {
    const doubtAh = mistaken.reduce((total, cellIndex) => total + sinceKnownAh(cellIndex), 0);
    for (const cellIndex of mistaken) {
      const cell = cells[cellIndex];
      if (cell !== undefined && doubtAh > 0) {
        deps.samples().mayHaveFlowed(cellIndex, doubtAh);
        recorder.record("charge-doubted", { position: cell.position, cell: cell.barcode, doubt_Ah: doubtAh });
      }
      knownAh.set(cellIndex, throughputAh(cellIndex));
    }
  }

  return {
    known(cellIndex) {
      knownAh.set(cellIndex, throughputAh(cellIndex));
    },
    found(cellIndex, code) {
      const { position = "", barcode = "" } = cells[cellIndex] ?? {};
      const other = cells.findIndex((cell) => cell.barcode === code);
      const otherPosition = cells[other]?.position ?? "";
      const whose = other < 0 ? "which the campaign does not have" : `which belongs to ${otherPosition}`;
      const what = `the cell in its place is ${code}, ${whose}, not ${barcode}`;
      const fault = new Fault("changer.wrong-cell", position, what);
      alarms.raise(faultNote(fault));
      deps.refuseCell(cellIndex, faultNote(fault));
      // Where the campaign has that cell another one must lie: no current flows there either.
      if (other >= 0) {
        const there = `its cell ${code} was found in the place of ${position}: another one must lie here`;
        deps.refuseCell(other, faultNote(new Fault("changer.wrong-cell", otherPosition, there)));
      }
      const mistaken = other < 0 ? [cellIndex] : [cellIndex, other];
      doubt(mistaken);
      return {
        fault,
        isOff() {
          doubt(mistaken);
        },
      };
    },
  };
}

function sum({ chargedAh, dischargedAh, doubtAh }: ChargeTotals): number {
  return chargedAh + dischargedAh + doubtAh;
}
