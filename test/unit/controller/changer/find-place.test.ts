import { describe, expect, it } from "vitest";
import { findPlace } from "../../../../controller/changer/find-place.ts";
import { createTransferFold } from "../../../../controller/changer/transfer-record.ts";
import type { ChangerReading } from "../../../../protocols/roles/sample-changer.ts";

const slot = { tray: 1, slot: 4 };
const other = { tray: 1, slot: 5 };
const REST: ChangerReading = {
  ...{ readAtMs: 0, isPowered: true, isRemote: true, hasFault: false, path: null, held: null, heldToo: null },
  ...{ delivered: null, isPresent: false, isArmAtRack: false, isAtHome: true, traysPresent: [true], code: null },
  message: "",
};

function found(changes: Partial<ChangerReading>, asked: "restart" | "person" = "restart"): string {
  return findPlace({ ...REST, ...changes }, { slot, barcode: "R-A4", readsCodes: true, asked });
}

describe("the place of a cell that may be anywhere", () => {
  it("is the beam where bookkeeping and sensor say so, and the code is not another's", () => {
    expect(found({ delivered: slot, isPresent: true })).toBe("beam");
    expect(found({ delivered: slot, isPresent: true, code: "R-A4" })).toBe("beam");
    expect(found({ delivered: slot, isPresent: true, code: "R-B7" })).toBe("unknown");
    expect(found({ delivered: slot, isPresent: false })).toBe("unknown");
  });

  it("is the gripper where the robot holds it, and nothing else", () => {
    expect(found({ held: slot })).toBe("gripper");
    expect(found({ held: slot, delivered: other, isPresent: true })).toBe("gripper");
    expect(found({ held: slot, heldToo: other })).toBe("unknown");
    expect(found({ held: other, heldToo: slot })).toBe("unknown");
    expect(found({ held: slot, delivered: slot })).toBe("unknown");
  });

  it("is its own on the rack where it is nowhere else: the channel has yet to find it there", () => {
    expect(found({})).toBe("rack");
    expect(found({ delivered: other, isPresent: true })).toBe("rack");
    expect(found({ isPresent: true })).toBe("unknown");
  });

  it("is taken from a person for the rack where gripper and holder are empty, whatever the books say", () => {
    expect(found({ delivered: slot, isPresent: false }, "person")).toBe("rack");
    expect(found({ isPresent: true }, "person")).toBe("unknown");
    expect(found({ isArmAtRack: true }, "person")).toBe("unknown");
  });
});

describe("transfers on record", () => {
  const moves = [
    { position: "A1", cell: "R-A1", from: "beam", to: "rack" },
    { position: "A2", cell: "R-A2", from: "gripper", to: "beam" },
  ];

  it("put cells where they went, leave them where they were, or nowhere that is known", () => {
    const places = (outcome: string | null): unknown => {
      const fold = createTransferFold();
      fold.event("transfer-begun", 5000, { transfer: 7, act: "exchange", moves });
      if (outcome !== null) fold.event("transfer-ended", 5000, { transfer: 7, act: "exchange", moves, outcome });
      const { count, places: left } = fold.finish();
      expect(count).toBe(7);
      return Object.fromEntries(left);
    };
    expect(places("done")).toEqual({ A2: "beam" });
    expect(places("not-begun")).toEqual({ A1: "beam", A2: "gripper" });
    expect(places("unknown")).toEqual({ A1: "unknown", A2: "unknown" });
    // The record ends between the two.
    expect(places(null)).toEqual({ A1: "unknown", A2: "unknown" });
  });

  it("tell with what voltage a cell was released, of one that left its contacts", () => {
    const fold = createTransferFold();
    const [back] = moves;
    const taken = { position: "A3", cell: "R-A3", from: "rack", to: "beam", open_circuit_V: 3.04 };
    fold.event("transfer-begun", 5000, { transfer: 1, act: "exchange", moves: [back ?? {}, taken] });
    expect(Object.fromEntries(fold.finish().released)).toEqual({ A3: { atMs: 5000, openCircuitV: 3.04 } });
  });

  it("are settled by what was found out later", () => {
    const fold = createTransferFold();
    fold.event("transfer-begun", 5000, { transfer: 1, act: "load", moves });
    fold.event("cell-place-settled", 5000, { position: "A1", cell: "R-A1", place: "rack", by: "robot" });
    fold.event("cell-place-settled", 5000, { position: "A2", cell: "R-A2", place: "beam", by: "robot" });
    expect(Object.fromEntries(fold.finish().places)).toEqual({ A2: "beam" });
  });
});
