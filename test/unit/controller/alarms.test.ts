import { describe, expect, it } from "vitest";
import { createAlarms, standsFor } from "../../../controller/run/alarms.ts";

const NOTE = { code: "stage.alarm", where: "stage", what: "hard limit", advice: "Look at the stage." };

function open() {
  const events: (readonly [string, object])[] = [];
  let nowMs = 0;
  const alarms = createAlarms(
    {
      record(type, data) {
        events.push([type, data]);
      },
    },
    () => (nowMs += 1000),
  );
  return { alarms, events };
}

describe("alarms", () => {
  it("are raised once per code and place, with what, where and what to do", () => {
    const { alarms, events } = open();
    alarms.raise(NOTE);
    alarms.raise({ ...NOTE, what: "hard limit again" });
    expect(alarms.open).toEqual([{ id: 1, ...NOTE, raisedAtMs: 1000 }]);
    expect(alarms.raisedCount).toBe(1);
    expect(events).toEqual([["alarm-raised", { alarm: 1, code: "stage.alarm", where: "stage", what: "hard limit" }]]);
  });

  it("of another code or another place stand beside, oldest first", () => {
    const { alarms } = open();
    alarms.raise(NOTE);
    alarms.raise({ ...NOTE, where: "stage 2" });
    alarms.raise({ ...NOTE, code: "stage.position" });
    expect(alarms.open.map((alarm) => alarm.id)).toEqual([1, 2, 3]);
  });

  it("are cleared by code and place, and news again when raised after", () => {
    const { alarms, events } = open();
    alarms.raise(NOTE);
    alarms.clear("stage.alarm", "stage");
    expect(alarms.open).toEqual([]);
    alarms.raise(NOTE);
    expect(alarms.open).toMatchObject([{ id: 2 }]);
    expect(alarms.raisedCount).toBe(2);
    expect(events.map(([type]) => type)).toEqual(["alarm-raised", "alarm-cleared", "alarm-raised"]);
    expect(events[1]?.[1]).toEqual({ alarm: 1, code: "stage.alarm", where: "stage" });
  });

  it("that are not open are not cleared", () => {
    const { alarms, events } = open();
    alarms.raise(NOTE);
    alarms.clear("stage.alarm", "stage 2");
    alarms.clear("stage", "alarm stage");
    expect(alarms.open).toHaveLength(1);
    expect(events).toHaveLength(1);
  });

  it("of one device that is not heard are one, however that shows, and one alone once it is given up", () => {
    const { alarms, events } = open();
    const of = (code: string) => ({ ...NOTE, code });
    for (const code of ["link.timeout", "link.closed"]) alarms.raise(of(code));
    alarms.raise({ ...of("link.closed"), where: "detector" });
    alarms.raise(of("link.garbled"));
    expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual([
      ...["link.timeout stage", "link.closed detector", "link.garbled stage"],
    ]);
    for (const code of ["link.refused", "link.closed", "link.open-failed"]) alarms.raise(of(code));
    expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual([
      ...["link.closed detector", "link.garbled stage", "link.refused stage"],
    ]);
    alarms.raise(of("beam.instrument-lost"));
    expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual([
      ...["link.closed detector", "link.garbled stage", "beam.instrument-lost stage"],
    ]);
    expect(events.at(-1)).toEqual([
      "alarm-cleared",
      { alarm: 4, code: "link.refused", where: "stage", because: "it is given up" },
    ]);
    // It is tried again, in vain, and falls silent in other ways too.
    const count = events.length;
    for (const code of ["link.timeout", "link.open-failed"]) alarms.raise(of(code));
    expect(events).toHaveLength(count);
    const lost = open();
    lost.alarms.raise(of("beam.instrument-lost"));
    lost.alarms.raise(of("link.closed"));
    expect(lost.alarms.open.map(({ code }) => code)).toEqual(["beam.instrument-lost"]);
  });

  it.each([
    ["link.isolated", "link.timeout", true],
    ["link.refused", "link.closed", true],
    ["link.refused", "link.open-failed", false],
    ["link.closed", "link.timeout", false],
    ["link.isolated", "stage.alarm", false],
  ])("of one place: %s stands for an earlier %s: %s", (later, earlier, does) => {
    expect(standsFor({ id: 2, code: later }, { id: 1, code: earlier })).toBe(does);
    for (const id of [1, 0]) expect(standsFor({ id, code: later }, { id: 1, code: earlier })).toBe(false);
  });
});
