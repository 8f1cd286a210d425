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
    isAsked: () => false,
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
