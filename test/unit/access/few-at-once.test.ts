import { expect, it } from "vitest";
import { fewAtOnce, sharedLook } from "../../../controller/access/few-at-once.ts";

it("no more than a few are under way, the others in their turn; one that fails holds nobody up", async () => {
  const inTurn = fewAtOnce(2);
  const begun: number[] = [];
  let underWay = 0;
  let most = 0;
  const act = async (number: number): Promise<number> => {
    begun.push(number);
    most = Math.max(most, (underWay += 1));
    await Promise.resolve();
    underWay -= 1;
    if (number === 1) throw new Error("no answer");
    return number;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => inTurn(() => act(number))));
  expect(all.map((one) => (one.status === "fulfilled" ? one.value : null))).toEqual([0, null, 2, 3, 4]);
  expect({ begun, most }).toEqual({ begun: [0, 1, 2, 3, 4], most: 2 });
});

it("a look is shared by all who ask before it has begun, and is newer than every question", async () => {
  const ends: ((looked: string) => void)[] = [];
  let begin = (): void => undefined;
  const look = sharedLook(() => {
    begin();
    return new Promise<string>((end) => ends.push(end));
  });
  const hasBegun = (): Promise<void> => new Promise((told) => (begin = told));
  const [first, together] = [look(), look()];
  await hasBegun();
  const [later, last] = [look(), look()];
  const again = hasBegun();
  ends[0]?.("one");
  expect([await first, await together]).toEqual(["one", "one"]);
  await again;
  ends[1]?.("another");
  expect([await later, await last, ends.length]).toEqual(["another", "another", 2]);
});
