import { describe, expect, it } from "vitest";
import type { IdentityEvidence } from "../../../controller/custody/identity-proof.ts";
import { createCellInputs, type CellInputsDeps } from "../../../controller/run/cell-inputs.ts";

const CELLS = ["A1", "A2", "A3", "A4", "A5"];

/** What the cells of a run are told when the ledger is another; by position. */
function toldOf(evidence: Readonly<Record<string, Partial<IdentityEvidence>>>): Readonly<Record<string, string>> {
  const told: Record<string, string> = {};
  let changed = (): void => undefined;
  const protocol = { steps: [], name: "rest" };
  const deps = {
    campaign: {
      cells: CELLS.map((position) => ({
        position,
        barcode: `cell ${position}`,
        protocol,
        stepRules: [],
        measuredRates: [],
        ...{ chemistry: "lno-graphite", nominalCapacityMah: 4 },
      })),
    },
    site: { channels: [] },
    roles: {
      channels: CELLS.map((name) => ({
        ...{ name, capabilities: {}, hasTakenOver: false },
        listen: () => undefined,
      })),
    },
    ...{ clock: { monoMs: () => 0 }, intake: { lastAtMs: [] }, recorder: { record: () => undefined }, code: {} },
    ...{ left: undefined, gap: () => undefined, signals: { hasCome: () => false } },
    identity: {
      evidence: (index: number) => ({
        ...{ barcode: `cell ${CELLS[index] ?? ""}`, scanned: `cell ${CELLS[index] ?? ""}`, against: [], others: [] },
        ...evidence[CELLS[index] ?? ""],
      }),
      awaited: (index: number) => (CELLS[index] === "A5" ? "to come" : null),
      onChange(handler: () => void) {
        changed = handler;
      },
    },
    tell(index: number, event: { readonly type: string; readonly fault?: { readonly code: string } }) {
      if (event.type !== "CELL_HAS_COME") told[CELLS[index] ?? ""] = `${event.type} ${event.fault?.code ?? ""}`;
    },
  };
  createCellInputs(deps as unknown as CellInputsDeps);
  changed();
  return told;
}

describe("a cell that custody holds back during the run", () => {
  it("is switched off where another code is read at its slot, or something stands against it; all others go on", () => {
    const told = toldOf({
      A1: { scanned: "cell A2" },
      A2: { against: ["it leaks"] },
      // Taken out of its slot: of that the slot says nothing, and what lies there is proven when it is back.
      A4: { scanned: null, against: ["it is unloaded"] },
      A5: { scanned: "another" },
    });
    expect(told).toEqual({ A1: "LIMIT_PASSED cell.wrong", A2: "LIMIT_PASSED cell.identity-unknown" });
  });
});
