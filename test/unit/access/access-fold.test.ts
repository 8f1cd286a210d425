import { expect, it } from "vitest";
import { createAccessFold } from "../../../controller/access/access-fold.ts";

it("accesses that stand open at the end of a record are told with who was out together, and those that are over are not", () => {
  const fold = createAccessFold();
  const by = { author: "anna", reason: "a contact" };
  fold.event("access-asked", { position: "A1", ...by });
  fold.event("access-opened", { position: "A1", ...by, open_circuit_V: 3.7 });
  fold.event("access-opened", { position: "A2", ...by, open_circuit_V: 3.6, out_too: ["A1"] });
  fold.event("access-asked", { position: "A3", ...by });
  fold.event("access-asked", { position: "A4", ...by });
  fold.event("access-refused", { position: "A4", is_open: false });
  fold.event("access-refused", { position: "A2", is_open: true });
  expect([...fold.open]).toEqual([
    ["A1", { ...by, isOpen: true, openCircuitV: 3.7, company: ["A2"] }],
    ["A2", { ...by, isOpen: true, openCircuitV: 3.6, company: ["A1"] }],
    ["A3", { ...by, isOpen: false, openCircuitV: null, company: [] }],
  ]);
  fold.event("access-closed", { position: "A2", spots_moved_within_mm: 0.5 });
  expect([...fold.moved]).toEqual([["A2", 0.5]]);
  expect(fold.open.get("A1")?.company).toEqual(["A2"]);
  expect(fold.open.has("A2")).toBe(false);
});

it("two accesses that were opened at the same moment, neither of which names the other, are told as out together", () => {
  const fold = createAccessFold();
  for (const position of ["A1", "A2"]) fold.event("access-opened", { position, author: "anna", reason: "" });
  expect([...fold.open].map(([position, { company }]) => [position, company])).toEqual([
    ["A1", ["A2"]],
    ["A2", ["A1"]],
  ]);
});

it("a cell that was proven in its place again is not in anybody's hands, before the access is told to be over too", () => {
  const fold = createAccessFold();
  for (const position of ["A1", "A2", "A3"]) {
    fold.event("access-opened", { position, author: "anna", reason: "" });
    if (position !== "A3") fold.event("cell-put-back", { position, ...(position === "A2" ? { is_first: true } : {}) });
  }
  // By a robot, or after an access that was refused.
  fold.event("cell-put-back", { position: "B1" });
  expect([...fold.open].map(([position, { isBack }]) => [position, isBack])).toEqual([
    ["A1", "again"],
    ["A2", "first"],
    ["A3", undefined],
  ]);
  fold.event("cell-taken-out", { position: "A1" });
  expect(fold.open.get("A1")?.isBack).toBeNull();
});
