/** Which rack a notifier tells of where nobody said it. */
import { expect, it } from "vitest";
import { createRackChoice, STAY_MS, type RackChoice } from "../../../tui/notify/rack-choice.ts";
import { alarmBody, controllerBody, heard, heartbeatBody, openAlarm } from "../../support/notify-news.ts";

const hear = (choice: RackChoice, rack: string, state: "present" | "ended" | "gone"): void => {
  choice.take(rack, heard("controller", controllerBody(state)));
};
const raise = (choice: RackChoice, rack: string, id: number): void => {
  choice.take(rack, heard("alarm", alarmBody([openAlarm(id)])));
};
const alarms = ({ happenings }: RackChoice): readonly number[] =>
  (happenings?.news(0) ?? []).flatMap((news) => (news.kind === "alarm" ? [news.alarm.id] : []));

it("is not the one whose last words a broker has kept, but the one that has a controller", () => {
  const choice = createRackChoice(undefined, () => 0);
  raise(choice, "last-year", 1);
  hear(choice, "last-year", "ended");
  // What is retained comes in any order.
  raise(choice, "now", 7);
  hear(choice, "now", "present");
  expect([choice.rack, choice.others, alarms(choice)]).toEqual(["now", [], [7]]);
});

it("is the next one once the one before has gone, and that one's end is told before", () => {
  const choice = createRackChoice(undefined, () => 0);
  hear(choice, "spring", "present");
  expect(choice.happenings?.news(0)).toEqual([]);
  choice.moveOn();
  hear(choice, "spring", "gone");
  expect(choice.rack).toBe("spring");
  expect(choice.happenings?.news(0)).toMatchObject([{ kind: "milestone", milestone: "controller-gone" }]);
  choice.moveOn();
  hear(choice, "autumn", "present");
  raise(choice, "autumn", 3);
  choice.moveOn();
  expect([choice.rack, alarms(choice)]).toEqual(["autumn", [3]]);
});

it("stays what it is while others have a controller too, and these are named", () => {
  const choice = createRackChoice(undefined, () => 0);
  for (const rack of ["west", "east", "north"]) hear(choice, rack, "present");
  expect([choice.rack, choice.others]).toEqual(["west", ["east", "north"]]);
  hear(choice, "east", "ended");
  expect(choice.others).toEqual(["north"]);
});

it("has how its controller went told, and waits for that one to come again, before one beside it is told of", () => {
  let nowMs = 0;
  const choice = createRackChoice(undefined, () => nowMs);
  const milestones = (): readonly string[] =>
    (choice.happenings?.news(nowMs) ?? []).flatMap((news) => (news.kind === "milestone" ? [news.milestone] : []));
  const look = (afterMs: number): readonly unknown[] => {
    nowMs += afterMs;
    choice.take("east", heard("heartbeat", heartbeatBody()));
    const told = [choice.rack, ...milestones()];
    choice.moveOn();
    return [...told, choice.rack];
  };
  hear(choice, "west", "present");
  hear(choice, "east", "present");
  expect(look(2000)).toEqual(["west", "west"]);
  hear(choice, "west", "gone");
  expect(look(2000)).toEqual(["west", "controller-gone", "west"]);
  hear(choice, "west", "present");
  expect(look(2000)).toEqual(["west", "controller-back", "west"]);
  hear(choice, "west", "gone");
  expect(look(2000)).toEqual(["west", "controller-gone", "west"]);
  expect(look(STAY_MS)).toEqual(["west", "east"]);
});

it("is none of which a broker that was killed has kept that it is there: no beat of it comes", () => {
  let nowMs = 0;
  const choice = createRackChoice(undefined, () => nowMs);
  const look = (afterMs: number): void => {
    nowMs += afterMs;
    choice.take("live", heard("heartbeat", heartbeatBody()));
    choice.moveOn();
  };
  hear(choice, "dead", "present");
  hear(choice, "live", "present");
  look(2000);
  expect([choice.rack, choice.others]).toEqual(["dead", ["live"]]);
  look(61_000);
  look(STAY_MS);
  expect([choice.rack, choice.others]).toEqual(["live", []]);
  // Where the broker is not reached, silence says nothing.
  choice.link(false);
  nowMs += 3_600_000;
  choice.moveOn();
  expect(choice.rack).toBe("live");
});

it("is the one that was named, whoever else speaks", () => {
  const choice = createRackChoice("west", () => 0);
  hear(choice, "east", "present");
  raise(choice, "east", 1);
  expect([choice.rack, choice.others, choice.happenings]).toEqual(["west", [], undefined]);
  hear(choice, "west", "present");
  raise(choice, "west", 2);
  expect(alarms(choice)).toEqual([2]);
});
