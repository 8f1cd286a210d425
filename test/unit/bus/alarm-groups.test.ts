import { expect, it } from "vitest";
import { alarmCauses, equalAlarms, type PlacedAlarm } from "../../../controller/bus/alarm-groups.ts";
import { createBusAlarmDesk } from "../../../controller/bus/bus-alarm-desk.ts";

const alarm = (id: number, code: string, where: string, raisedAtMs = 0, what = "no answer"): PlacedAlarm => ({
  ...{ id, code, where, what, raisedAtMs },
});
/** Channels of row A share a cabinet. */
const placesOf = (where: string): readonly string[] => [`channel ${where}`, "cabinet 1"];

it("cells whose channel or cabinet is lost follow from that, and are no flood of their own", () => {
  const open = [
    alarm(1, "link.timeout", "cabinet 1"),
    ...["A1", "A2", "A3"].map((where, index) => alarm(index + 2, "link.timeout", where)),
    alarm(9, "cell.limit", "A4"),
  ];
  const causes = alarmCauses(open, placesOf);
  expect([...causes]).toEqual([
    [2, 1],
    [3, 1],
    [4, 1],
  ]);
  expect(equalAlarms(open, causes)).toEqual([]);
});

it("what an exposure says that beam or hutch cut off follows from those; trouble of a shutter never does", () => {
  const open = [
    alarm(1, "detector.aborted", "detector", 9000),
    alarm(2, "beam.lost", "machine", 10_000),
    alarm(3, "shutter.stuck-open", "shutter", 10_500),
    alarm(4, "detector.aborted", "detector 2", 90_000),
  ];
  expect([...alarmCauses(open, placesOf)]).toEqual([[1, 2]]);
});

it("equal ones of many cells are one line, from three on", () => {
  const open = ["A1", "A2", "A3"].map((where, index) =>
    alarm(index + 1, "cell.limit", where, index * 1000, "too warm"),
  );
  expect(equalAlarms(open.slice(0, 2), new Map())).toEqual([]);
  expect(equalAlarms(open, new Map())).toEqual([
    { code: "cell.limit", text: "3 cells: too warm", ids: [1, 2, 3], raisedAtMs: 0 },
  ]);
  const [equal] = equalAlarms([...open, alarm(4, "cell.limit", "oven", 0, "hot")], new Map());
  expect(equal?.text).toBe("4 places: such as A1: too warm");
});

it("who acknowledged or shelved an alarm is known after a restart, from the log", () => {
  const desk = createBusAlarmDesk();
  const hear = (type: string, atMs: number, data: object): void => {
    desk.recall({ seq: 1, atMs, type, data: { ...data } });
  };
  hear("alarm-acknowledged", 5000, { alarm: 3, author: "anna" });
  hear("alarm-shelved", 6000, { alarm: 4, for_s: 60, author: "boris" });
  hear("alarm-acknowledged", 6000, { alarm: 5, author: "anna" });
  hear("alarm-cleared", 7000, { alarm: 5, code: "beam.lost", where: "machine" });
  expect(desk.seen(3)).toEqual({ by: "anna", atMs: 5000 });
  expect(desk.shelved(4, 60_000)).toEqual({ by: "boris", untilMs: 66_000 });
  expect(desk.shelved(4, 66_000)).toBeNull();
  expect(desk.seen(5)).toBeNull();
});
