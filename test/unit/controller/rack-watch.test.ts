import { describe, expect, it } from "vitest";
import { createAlarms } from "../../../controller/run/alarms.ts";
import { listenToRack, type RackWatch } from "../../../controller/run/rack-watch.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { Reading, Sensor } from "../../../protocols/roles/sensor.ts";

interface Levels {
  readonly alarmAbove: number | null;
  readonly stopAbove: number | null;
}

/** A sensor, of gas unless said, that reads what it is told, every ten seconds. */
function rack(levels: Levels, quantity: Sensor["quantity"] = "gas", isExpected?: (fault: Fault) => boolean) {
  const handlers: ((reading: Reading) => void)[] = [];
  const faultHandlers: ((fault: Fault) => void)[] = [];
  const events: (readonly [string, object])[] = [];
  const stops: string[] = [];
  const recorder = {
    record(type: string, data: object) {
      events.push([type, data]);
    },
  };
  const alarms = createAlarms(recorder, () => 0);
  const sensor: Sensor = {
    name: "rack gas",
    driver: "test",
    quantity,
    unit: quantity === "gas" ? "ppm" : "degC",
    maximumAgeS: 60,
    connect: () => Promise.reject(new Error("not connected here")),
    disconnect: () => undefined,
    fresh: () => undefined,
    onFault(handler) {
      faultHandlers.push(handler);
      return () => undefined;
    },
    onReading(handler) {
      handlers.push(handler);
      return () => undefined;
    },
  };
  let atMs = 0;
  let isOver = false;
  const timers = new Set<{ readonly atMs: number; readonly fn: () => void }>();
  const clock: Clock = {
    wallMs: () => atMs,
    monoMs: () => atMs,
    setTimeout(fn, ms) {
      timers.add({ atMs: atMs + ms, fn });
    },
    clearTimeout: () => undefined,
  };
  function pass(ms: number): void {
    const untilMs = atMs + ms;
    for (;;) {
      const [next] = [...timers].filter((timer) => timer.atMs <= untilMs).sort((one, other) => one.atMs - other.atMs);
      if (next === undefined) break;
      timers.delete(next);
      atMs = next.atMs;
      next.fn();
    }
    atMs = untilMs;
  }
  const begin = (): RackWatch =>
    listenToRack({
      ...{ sensors: [{ sensor, ...levels }], alarms, recorder, clock },
      isOver: () => isOver,
      stop: (reason) => stops.push(reason),
      ...(isExpected === undefined ? {} : { isExpected }),
    });
  let watch = begin();
  return {
    alarms,
    stops,
    troubles: () => watch.troubles().length,
    watch,
    pass,
    /** What listened before is gone; what was open is. */
    restart: (): RackWatch => {
      handlers.length = 0;
      timers.clear();
      watch = begin();
      return watch;
    },
    end: (): void => {
      isOver = true;
    },
    /** Whoever listens anew is told of it too. */
    acknowledge: (code: string, where = "rack gas"): void => {
      watch.acknowledged({ code, where });
    },
    recorded: () => events.filter(([type]) => type === "sensor-reading").map(([, data]) => data),
    read: (...values: readonly number[]): void => {
      for (const value of values) {
        for (const handler of handlers) handler({ value, arrivedAtMs: atMs });
        pass(10_000);
      }
    },
    fallSilent: (): void => {
      for (const handler of faultHandlers) handler(new Fault("sensor.stale", "rack gas", "silent for 60 s"));
    },
    open: () => alarms.open.map((alarm) => alarm.code),
  };
}

describe("what hangs over the rack", () => {
  it("alarms nobody by one odd reading, and somebody by two in a row", () => {
    const { read, open, alarms } = rack({ alarmAbove: 0.2, stopAbove: null });
    read(0, 0.3, 0, 0.3, 0.1);
    expect(open()).toEqual([]);
    read(0.21, 0.25);
    expect(open()).toEqual(["rack.level"]);
    expect(alarms.open[0]?.what).toBe("gas 0.25 ppm at rack gas, at or above its alarm level of 0.2");
  });

  it("keeps an alarm until the air is clearly better, and does not flutter about its level", () => {
    const { read, open, alarms } = rack({ alarmAbove: 0.2, stopAbove: null });
    read(0.21, 0.21, 0.199, 0.201, 0.195, 0.205);
    expect(open()).toEqual(["rack.level"]);
    expect(alarms.raisedCount).toBe(1);
    // Now and then it is clearly better, for less than two minutes.
    for (let time = 0; time < 20; time += 1) read(...Array<number>(11).fill(0.1), 0.205, 0.205);
    expect([open(), alarms.raisedCount]).toEqual([["rack.level"], 1]);
    read(...Array<number>(12).fill(0.18));
    expect(open()).toEqual(["rack.level"]);
    read(0.18);
    expect(open()).toEqual([]);
  });

  it("stops the rack once, by two readings in a row above the site's level", () => {
    const { read, open, stops } = rack({ alarmAbove: 0.2, stopAbove: 5 });
    read(1, 6, 1);
    expect(stops).toEqual([]);
    read(6, 7, 8, 1, 9, 9);
    expect(stops).toEqual(["gas 7 ppm at rack gas, at or above the 5 at which the rack is stopped"]);
    expect(open()).toContain("rack.stopped");
  });

  it("is in trouble until it has been clearly below that level for two minutes; then the alarm is over, and a second rise stops the rack again", () => {
    const { read, open, stops, troubles } = rack({ alarmAbove: null, stopAbove: 5 });
    read(6, 6, ...Array<number>(12).fill(1));
    expect([open(), troubles()]).toEqual([["rack.stopped"], 1]);
    read(1);
    expect([open(), troubles(), stops.length]).toEqual([[], 0, 1]);
    read(6, 6);
    expect([open(), troubles(), stops.length]).toEqual([["rack.stopped"], 1, 2]);
  });

  it("that was stopped before a restart is in trouble until it is over, and stopped again where it is not", () => {
    const { read, alarms, stops, open, troubles } = rack({ alarmAbove: null, stopAbove: 5 });
    alarms.raise({ code: "rack.stopped", where: "rack gas", what: "", advice: "" });
    expect(troubles()).toBe(1);
    read(6, 6);
    expect(stops).toHaveLength(1);
    read(...Array<number>(13).fill(1));
    expect([open(), troubles()]).toEqual([[], 0]);
  });

  it("that stopped the rack and fell silent is told as that, and holds it until it is read again or a person who looked vouches for the air", () => {
    const { read, watch, pass, alarms, open, acknowledge } = rack({ alarmAbove: null, stopAbove: 5 });
    read(6, 6);
    // That it stopped the rack was acknowledged at once: nobody has looked at anything by then.
    acknowledge("rack.stopped");
    expect(watch.troubles()).toEqual([expect.stringContaining("above the level")]);
    pass(3_600_000);
    expect(open()).toEqual(["rack.stopped", "rack.silent"]);
    expect(watch.troubles()).toEqual([expect.stringMatching(/^rack gas: not read for 1 h; .* acknowledge alarm 2$/)]);
    expect(alarms.open[1]?.what).toMatch(/not read for 2 min; it stopped the rack/);
    acknowledge("rack.silent", "rack air");
    expect(watch.troubles()).toHaveLength(1);
    acknowledge("rack.silent");
    expect([watch.troubles(), alarms.open.length]).toEqual([[], 2]);
    // It speaks again: what it says counts, and nothing of before.
    read(1);
    expect([watch.troubles().length, open()]).toEqual([1, ["rack.stopped"]]);
    read(...Array<number>(12).fill(1));
    expect([watch.troubles(), alarms.open.length]).toEqual([[], 0]);
  });

  it("is vouched for by nobody who acknowledges another alarm of the silent sensor, nor by one who did before it was silent", () => {
    const { read, watch, pass, fallSilent, open, acknowledge } = rack({ alarmAbove: 0.2, stopAbove: 5 });
    acknowledge("rack.silent");
    read(6, 6);
    acknowledge("rack.silent");
    pass(111_000);
    fallSilent();
    expect(open()).toEqual(["rack.stopped", "rack.level", "rack.silent", "sensor.stale"]);
    for (const code of ["rack.level", "rack.stopped", "sensor.stale"]) acknowledge(code);
    expect(watch.troubles()).toHaveLength(1);
    acknowledge("rack.silent");
    expect(watch.troubles()).toEqual([]);
  });

  it("that falls silent again asks again", () => {
    const { read, watch, pass, open, alarms, acknowledge } = rack({ alarmAbove: null, stopAbove: 5 });
    read(6, 6);
    pass(120_000);
    acknowledge("rack.silent");
    read(1);
    pass(120_000);
    expect([open(), alarms.raisedCount]).toEqual([["rack.stopped", "rack.silent"], 3]);
    expect(watch.troubles()).toHaveLength(1);
  });

  it("that was vouched for before a restart asks again after it, by an alarm of its own", () => {
    const { read, pass, open, alarms, acknowledge, restart } = rack({ alarmAbove: null, stopAbove: 5 });
    read(6, 6);
    pass(120_000);
    acknowledge("rack.silent");
    const watch = restart();
    expect([open(), watch.troubles().length]).toEqual([["rack.stopped"], 1]);
    pass(120_001);
    expect(alarms.open.map(({ id, code }) => [id, code])).toEqual([
      [1, "rack.stopped"],
      [3, "rack.silent"],
    ]);
    expect(watch.troubles()).toEqual([expect.stringMatching(/not read since this start; .* acknowledge alarm 3$/)]);
    acknowledge("rack.silent");
    expect(watch.troubles()).toEqual([]);
  });

  it("asks nobody to vouch for a silent sensor that did not stop the rack, nor once the run is over", () => {
    const quiet = rack({ alarmAbove: 0.2, stopAbove: 5 });
    quiet.read(1, 1);
    quiet.pass(3_600_000);
    expect(quiet.open()).toEqual(["rack.level"]);
    const over = rack({ alarmAbove: null, stopAbove: 5 });
    over.read(6, 6);
    over.end();
    over.pass(3_600_000);
    expect(over.open()).toEqual(["rack.stopped"]);
  });

  it("that is still above its level when it speaks again after a silence stops the rack anew, which may have gone on meanwhile", () => {
    const { read, watch, pass, stops, acknowledge } = rack({ alarmAbove: null, stopAbove: 5 });
    read(6, 6);
    pass(3_600_000);
    acknowledge("rack.silent");
    read(6);
    expect([stops.length, watch.troubles().length]).toEqual([2, 1]);
  });

  it("stops the rack by two readings in a row however far apart they come", () => {
    const { read, open, stops, pass } = rack({ alarmAbove: 0.2, stopAbove: 100 });
    read(150);
    pass(90_000);
    read(150);
    expect([stops.length, open()]).toEqual([1, ["rack.stopped", "rack.level"]]);
  });

  it("stops the rack once by a sensor that is read less often than its age, and no longer once that is clearly below", () => {
    const { read, open, alarms, stops, pass, watch } = rack({ alarmAbove: 20, stopAbove: 100 });
    const readSlowly = (value: number, times: number): void => {
      for (let time = 0; time < times; time += 1) {
        read(value);
        pass(65_000);
      }
    };
    readSlowly(150, 40);
    expect(stops).toHaveLength(1);
    expect([open(), alarms.raisedCount]).toEqual([["rack.stopped", "rack.level"], 2]);
    readSlowly(5, 4);
    expect([open(), watch.troubles()]).toEqual([[], []]);
  });

  it("that is silent since a restart is told as that", () => {
    const { alarms, pass, restart } = rack({ alarmAbove: null, stopAbove: 5 });
    alarms.raise({ code: "rack.stopped", where: "rack gas", what: "", advice: "" });
    const watch = restart();
    pass(61_000);
    expect(watch.troubles()).toEqual([expect.stringContaining("not read since this start")]);
  });

  it("never stops a rack whose site gives no level for it", () => {
    const { read, open, stops } = rack({ alarmAbove: null, stopAbove: null });
    read(1e6, 1e6, 1e6);
    expect([open(), stops]).toEqual([[], []]);
  });

  it("is on record every ten minutes, and whenever it decided something", () => {
    const { read, recorded } = rack({ alarmAbove: 0.2, stopAbove: 5 });
    read(...Array<number>(121).fill(0.01));
    expect(recorded()).toHaveLength(3);
    read(0.3, 0.3, 6, 6, ...Array<number>(13).fill(0.01));
    const decided = recorded().filter((one) => "level" in one);
    expect(decided).toMatchObject([
      { value: 0.3, level: "alarm", unit: "ppm", sensor: "rack gas" },
      { value: 6, level: "stop" },
      { value: 0.01, level: "clear" },
    ]);
  });

  it("is on record as soon as it changed, where it is the temperature that stands beside the samples", () => {
    const air = rack({ alarmAbove: null, stopAbove: null }, "temperature");
    air.read(25, 25.19, 24.9, 25.25, 25.1, 25, 25.5, 24.9);
    expect(air.recorded().map((one) => ("value" in one ? one.value : NaN))).toEqual([25, 25.25, 25, 25.5, 24.9]);
    const gas = rack({ alarmAbove: null, stopAbove: null });
    gas.read(0, 0.3, 0.9);
    expect(gas.recorded()).toHaveLength(1);
  });

  it("is missed when it falls silent, and no longer when it speaks again", () => {
    const { read, fallSilent, open } = rack({ alarmAbove: 0.2, stopAbove: 5 });
    fallSilent();
    expect(open()).toEqual(["sensor.stale"]);
    read(0);
    expect(open()).toEqual([]);
  });

  it("is not told as silent where somebody knows why it is", () => {
    const { fallSilent, open } = rack(
      { alarmAbove: 0.2, stopAbove: null },
      "gas",
      ({ code }) => code === "sensor.stale",
    );
    fallSilent();
    expect(open()).toEqual([]);
  });

  it("is heard for as long as its reading may be old, and silent a moment after", () => {
    const { read, pass, watch } = rack({ alarmAbove: null, stopAbove: 500 });
    read(600, 600);
    pass(50_000);
    expect(watch.troubles()[0]).toMatch(/above the level/);
    pass(1);
    expect(watch.troubles()[0]).toMatch(/not read for/);
  });

  it("at the very level at which it is stopped is stopped anew after a restart", () => {
    const { read, stops, restart } = rack({ alarmAbove: null, stopAbove: 500 });
    read(500, 500);
    restart();
    read(500, 500);
    expect(stops).toHaveLength(2);
  });

  it("is on record for the least change of a temperature that counts", () => {
    const { read, recorded } = rack({ alarmAbove: null, stopAbove: null }, "temperature");
    read(0, 0.2, 0.3);
    expect(recorded()).toMatchObject([{ value: 0 }, { value: 0.2 }]);
  });
});
