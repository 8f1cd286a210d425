import { expect, it } from "vitest";
import { createAccessFold } from "../../../controller/access/access-fold.ts";
import { createRackAim, type LostAim } from "../../../controller/access/rack-aim.ts";
import type { Json } from "../../../protocols/base/canonical-json.ts";
import type { Site } from "../../../protocols/site/site.ts";

const START_MS = 1_000_000;
const PLACEMENT = { shiftXMm: 1, shiftYMm: 0, rotationDeg: 0.1, cells: new Map() };

function aimOf({ rack = { placement: PLACEMENT }, left = null }: { rack?: object; left?: LostAim | null } = {}) {
  const fold = createAccessFold();
  const alarms = new Set<string>();
  const aim = createRackAim({
    ...{ site: { rack } as unknown as Site, startMs: () => START_MS, nowMs: () => 5000, left },
    recorder: () => ({
      record(type, data: Readonly<Record<string, Json>>) {
        fold.event(type, data);
      },
    }),
    alarms: () => ({
      raise: ({ code }) => void alarms.add(code),
      clear: (code) => void alarms.delete(code),
    }),
  });
  return { aim, fold, alarms };
}

it("a rack that was out is not exposed before a person answers for its place, by a reason", () => {
  const { aim, fold, alarms } = aimOf();
  expect(aim.obstacle()).toBeNull();
  expect(aim.refusal("pins")).toMatch(/was not out/);
  aim.lost("Ada");
  expect(aim.obstacle()?.reason).toMatch(/aligned anew, or vouched for/);
  expect([...alarms]).toEqual(["rack.aim-unknown"]);
  expect(fold.aim).toEqual({ sinceMs: 5000 });
  expect(aim.refusal(" ")).toMatch(/by a reason/);
  expect(aim.refusal("pins")).toBeNull();
  aim.vouch({ author: "Ada", reason: "pins" });
  expect([aim.obstacle(), fold.aim, alarms.size]).toEqual([null, null, 0]);
});

it("or before it was aligned anew, which a restart sees; an alignment from before says nothing", () => {
  const left = { sinceMs: 5000 };
  const older = aimOf({ left, rack: { placement: PLACEMENT, alignedAtMs: START_MS + 4000 } });
  older.aim.goOn();
  expect(older.aim.obstacle()).not.toBeNull();
  const newer = aimOf({ left, rack: { placement: PLACEMENT, alignedAtMs: START_MS + 6000 } });
  newer.aim.goOn();
  expect(newer.aim.obstacle()).toBeNull();
});

it("whoever measures meanwhile where it stands is told that it was out, also where its place was not known before", () => {
  const { aim } = aimOf({ left: { sinceMs: 0 } });
  let count = 0;
  aim.measuring(() => (count += 1));
  expect(aim.obstacle()).toBeNull();
  aim.lost("Ada");
  expect(count).toBe(1);
  aim.measuring(null);
  aim.lost("Ada");
  expect([count, aim.obstacle()?.who]).toEqual([1, "operator"]);
});

it("a site that measures no places believes the rack's seat, as it did before", () => {
  const { aim } = aimOf({ rack: {} });
  aim.lost("Ada");
  expect(aim.obstacle()).toBeNull();
});
