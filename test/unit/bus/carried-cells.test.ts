import { describe, expect, it } from "vitest";
import { createBusFold } from "../../../controller/bus/bus-fold.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";

function fold() {
  const bus = createBusFold();
  let seq = 0;
  const tell = (type: string, data: { readonly [key: string]: Json }) => {
    seq += 1;
    bus.hear({ seq, atMs: seq, type, data });
    return Object.fromEntries(bus.carried);
  };
  const move = (position: string, from: string, to: string) => ({ position, from, to });
  return { tell, move };
}

describe("cells that a robot has out of their places", () => {
  it("are told as under way until a transfer is over, then where they lie", () => {
    const { tell, move } = fold();
    expect(tell("transfer-begun", { moves: [move("A1", "rack", "beam")] })).toEqual({ A1: "unknown" });
    expect(tell("transfer-ended", { moves: [move("A1", "rack", "beam")], outcome: "done" })).toEqual({ A1: "beam" });
    const fetch = { moves: [move("A2", "rack", "gripper")], outcome: "done" };
    expect(tell("transfer-ended", fetch)).toEqual({ A1: "beam", A2: "gripper" });
    const exchange = [move("A1", "beam", "rack"), move("A2", "gripper", "beam")];
    expect(tell("transfer-ended", { moves: exchange, outcome: "done" })).toEqual({ A2: "beam" });
  });

  it("are where they were if nothing was moved, and unknown until a person has looked if nobody knows", () => {
    const { tell, move } = fold();
    const back = [move("A3", "beam", "rack")];
    expect(tell("transfer-ended", { moves: back, outcome: "not-begun" })).toEqual({ A3: "beam" });
    expect(tell("transfer-ended", { moves: back, outcome: "unknown" })).toEqual({ A3: "unknown" });
    expect(tell("cell-place-settled", { position: "A3", place: "rack" })).toEqual({});
  });
});
