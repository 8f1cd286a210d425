import { expect, it } from "vitest";
import { createRackAccess, type RackAccessDeps } from "../../../controller/access/rack-access.ts";

it("a cell that was held while the rack was looked at is not given back with it, for its proof is a current", async () => {
  const by = { author: "anna", reason: "" };
  const whole = { ...by, isWhole: true } as const;
  const held = new Set<string>();
  const given: string[] = [];
  const told: object[] = [];
  const volts = new Map([
    ["A1", 3.9],
    ["A2", 3.4],
  ]);
  const rack = createRackAccess({
    cells: () => [...volts.keys()].map((position) => ({ position, barcode: `R-${position}` })),
    desk: {
      refusal: (_act: string, position: string) => (held.has(position) ? `${position} is held by bert` : null),
      end: (position: string) => given.push(position),
      open: new Map([...volts.keys()].map((position) => [position, whole])),
    },
    ...{ isAsked: () => false, isToCome: () => false },
    openedV: volts,
    readV(position: string) {
      held.add("A2");
      return Promise.resolve(volts.get(position) ?? NaN);
    },
    recorder: () => ({ record: (type: string, data: object) => told.push({ type, ...data }) }),
    alarms: () => ({ raise: () => undefined, clear: () => undefined }),
    fail(error: unknown) {
      throw error;
    },
  } as unknown as RackAccessDeps);
  expect(rack.refusal("end", by, new Map())).toBe(null);
  rack.end(by, new Map());
  await new Promise((go) => setImmediate(go));
  expect(given).toEqual(["A1"]);
  expect(told).toEqual([
    { type: "access-refused", position: "A2", author: "anna", what: "A2 is held by bert", is_open: true },
  ]);
});

it("of a rack of other cells each is given back by its code, and one of which none was read is still to come", async () => {
  const by = { author: "anna", reason: "" };
  const names = ["A1", "A2.2", "H12.2"];
  const given: unknown[] = [];
  const rack = createRackAccess({
    cells: () => names.map((position) => ({ position, barcode: `R-${position}` })),
    desk: {
      refusal: () => null,
      end: (position: string, _: object, back: object) => given.push([position, back]),
      open: new Map(names.map((position) => [position, { ...by, isWhole: true }])),
    },
    ...{ isAsked: () => false, isToCome: (position: string) => position !== "A1" },
    // What lay at the places of those that come says nothing of them.
    openedV: new Map([
      ["A1", 3.9],
      ["A2.2", 3.4],
    ]),
    readV: (position: string) => Promise.resolve(position === "A1" ? 3.9 : 2.1),
    ...{
      recorder: () => ({ record: () => undefined }),
      alarms: () => ({ raise: () => undefined, clear: () => undefined }),
    },
    fail(error: unknown) {
      throw error;
    },
  } as unknown as RackAccessDeps);
  expect(rack.refusal("end", by, new Map([["H12", "R-A2.2"]]))).toMatch(/read at H12 is R-A2.2, whose place is A2/);
  const codes = new Map([["A2", "R-A2.2"]]);
  expect(rack.refusal("end", by, codes)).toBe(null);
  rack.end(by, codes);
  await new Promise((go) => setImmediate(go));
  expect(given).toEqual([
    ["A1", {}],
    ["A2.2", { code: "R-A2.2" }],
    ["H12.2", { isNotBrought: true }],
  ]);
});
