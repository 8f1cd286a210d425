import { describe, expect, it } from "vitest";
import { play } from "../../../support/schedule/play.ts";
import { thisScheduler } from "../../../support/schedule/policies.ts";
import type { WishList } from "../../../support/schedule/wish-list.ts";
import { wishList, WORKLOADS } from "../../../support/schedule/workloads.ts";

/** From when it is known until the last of it is asked. */
const FROM_MS = 1_560_000;
const UNTIL_MS = 1_800_000;
/** Windows that began no longer before. */
const BEFORE_MS = 60_000;
const CLOSED_MS = 15_000;

/** Four minutes of a list, in which the rests of three cells begin at nearly one moment amid what others ask for. */
function crowd(): WishList {
  const workload = WORKLOADS.find(({ name }) => name === "steps and rests");
  if (workload === undefined) throw new Error("no such workload");
  const whole = wishList(workload, 0.5, 11);
  const wishes = whole.wishes
    .filter(({ earliestMs }) => earliestMs >= FROM_MS - BEFORE_MS && earliestMs < UNTIL_MS)
    .filter(({ latestMs }) => latestMs > FROM_MS + CLOSED_MS)
    .map((wish, index) => ({ ...wish, id: String(index), knownAtMs: Math.max(FROM_MS, wish.knownAtMs) }));
  return { ...whole, startPlace: 50, wishes };
}

describe("what an order leaves out", () => {
  it("gets the place of others that could go before it, where a crowd of narrow windows lies ahead", () => {
    const { asked, met } = play(crowd(), thisScheduler());
    expect(asked).toBe(68);
    expect(met).toBe(asked);
  });
});
