import { expect, it } from "vitest";
import { createTransferFold } from "../../../controller/changer/transfer-record.ts";
import { createWrongCells, type WrongCellsDeps } from "../../../controller/changer/wrong-cells.ts";
import type { ChargeTotals } from "../../../protocols/echem/counting.ts";

/** Three cells; `pass` lets the channels of their places count what flows. */
function threeCells(deps: object = {}) {
  const charged = [0, 0, 0];
  const doubted = [0, 0, 0];
  const refused: number[] = [];
  const raised: string[] = [];
  const recorded: object[] = [];
  const wrongCells = createWrongCells({
    cells: ["A1", "A2", "A3"].map((position) => ({ position, barcode: `R-${position}` })),
    samples: () => ({
      totals: (index: number) => ({ chargedAh: charged[index], dischargedAh: 0, doubtAh: doubted[index] }),
      mayHaveFlowed(index: number, ampereHours: number) {
        doubted[index] = (doubted[index] ?? 0) + ampereHours;
      },
    }),
    refuseCell: (index: number) => refused.push(index),
    alarms: { raise: ({ code, where }: { code: string; where: string }) => raised.push(`${code} ${where}`) },
    recorder: { record: (type: string, data: object) => recorded.push({ type, ...data }) },
    ...deps,
  } as unknown as WrongCellsDeps);
  const pass = (index: number, ampereHours: number): void => {
    charged[index] = (charged[index] ?? 0) + ampereHours;
  };
  return { wrongCells, pass, doubted, refused, raised, recorded };
}

it("what was counted of two cells that lie in each other's places, since each was known to be in its own, is in doubt of both", () => {
  const { wrongCells, pass, doubted, refused, raised, recorded } = threeCells();
  for (const index of [0, 1, 2]) pass(index, 8);
  wrongCells.known(0);
  wrongCells.known(1);
  pass(0, 2);
  pass(1, 1);
  expect(wrongCells.found(0, "R-A2").fault).toMatchObject({ code: "changer.wrong-cell", where: "A1" });
  expect(doubted).toEqual([3, 3, 0]);
  expect([refused, raised]).toEqual([[0, 1], ["changer.wrong-cell A1"]]);
  expect(recorded).toEqual([
    { type: "charge-doubted", position: "A1", cell: "R-A1", doubt_Ah: 3 },
    { type: "charge-doubted", position: "A2", cell: "R-A2", doubt_Ah: 3 },
  ]);
});

it("of a cell that was never known to be in its place all that was counted is in doubt, and so is what flows until both are off", () => {
  const { wrongCells, pass, doubted } = threeCells();
  pass(0, 2);
  pass(1, 1);
  const { isOff } = wrongCells.found(0, "R-A2");
  expect(doubted).toEqual([3, 3, 0]);
  pass(1, 0.5);
  isOff();
  expect(doubted).toEqual([3.5, 3.5, 0]);
});

it("a place with a cell that the campaign does not have puts what was counted there in doubt, of no other", () => {
  const { wrongCells, pass, doubted, refused } = threeCells();
  for (const index of [0, 1, 2]) pass(index, 2);
  wrongCells.found(2, "STRANGER");
  expect([doubted, refused]).toEqual([[0, 0, 2], [2]]);
});

it("what a cell was known to have had of its own is so after a restart too", () => {
  const fold = createTransferFold();
  const brought = (position: string, code: string, atMs: number): void => {
    const moves = [{ position, cell: `R-${position}`, from: "rack", to: "beam", open_circuit_V: 3.6 }];
    fold.event("cell-taken-out", atMs, { position, totals: { charged_Ah: 5, discharged_Ah: 0, doubt_Ah: 0 } });
    fold.event("transfer-begun", atMs, { transfer: 1, act: "load", moves });
    fold.event("transfer-ended", atMs, { transfer: 1, act: "load", outcome: "done", code, moves });
  };
  brought("A1", "R-A1", 1000);
  brought("A2", "R-A3", 2000);
  const own: ChargeTotals = { chargedAh: 5, dischargedAh: 0, doubtAh: 0 };
  const transfers = fold.finish();
  expect([...transfers.known]).toEqual([["A1", own]]);
  const { wrongCells, pass, doubted } = threeCells({ left: { transfers, carried: [] } });
  pass(0, 7);
  wrongCells.found(0, "R-A2");
  expect(doubted).toEqual([2, 2, 0]);
});
