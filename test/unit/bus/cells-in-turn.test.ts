import { expect, it } from "vitest";
import { exposedBody } from "../../../controller/bus/rack-bodies.ts";

it("an exposure names the place, and the cell where it followed another there: what the one before it had is not its own", () => {
  const ended = { id: "X-S0001-A7", spot: 0, endedAtMs: 1000, outcome: "made", openS: 5, fault: null };
  const told = ["A7", "A7.2"].map((position) => exposedBody({ startMs: 0 }, { ...ended, position }));
  expect(told.map(({ position, occupant }) => [position, occupant ?? position])).toEqual([
    ["A7", "A7"],
    ["A7", "A7.2"],
  ]);
});
