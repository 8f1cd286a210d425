import { describe, expect, it } from "vitest";
import type { CampaignEvent } from "../../../controller/machines/campaign-news.ts";
import { createStopDesk } from "../../../controller/stops/stop-desk.ts";
import { reportText, type StopReport } from "../../../controller/stops/stop-report.ts";
import { stopDevices, type StopDevice, type StopDevicesDeps } from "../../../controller/stops/stop-devices.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { GOOD_LEVELS } from "./levels.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Three channels, of which one answers after so long; null: never. */
function bench(answersMs: readonly (number | null)[], isConnecting = false, held: readonly string[] = []) {
  const events: CampaignEvent[] = [];
  const reports: unknown[] = [];
  const clock = createVirtualClock(0, { drain });
  const aborted: string[] = [];
  const sent: string[] = [];
  const recorded: string[] = [];
  const open = new Set<string>();
  let connected: (() => void) | undefined;
  const channels = answersMs.map((answerMs, index) => ({
    name: `channel A${String(index + 1)}`,
    abort(told?: () => void) {
      aborted.push(`A${String(index + 1)}`);
      told?.();
      return new Promise<void>((resolve) => {
        if (answerMs !== null) clock.setTimeout(resolve, answerMs);
      });
    },
  }));
  // Of the roles only channels are asked by these classes.
  const roles = { channels } as unknown as StopDevicesDeps["roles"];
  const desk = createStopDesk({
    ...{ clock, roles, positions: answersMs.map((_, index) => `A${String(index + 1)}`) },
    recorder: {
      record(type, data) {
        recorded.push(type);
        if (type === "stop-ended") reports.push(data);
      },
    },
    alarms: { raise: ({ where }) => open.add(where), clear: (_code, where) => open.delete(where) },
    send(event) {
      events.push(event);
      sent.push(event.type);
    },
    isConnecting: () => isConnecting,
    onceConnected(act) {
      connected = act;
    },
    mayHold: (position) => !held.includes(position),
  });
  const order = { stopClass: "open-circuit", author: "anna", reason: "a test" } as const;
  return { clock, desk, order, aborted, sent, events, recorded, reports, open, connect: () => connected?.() };
}

describe("the desk of stops", () => {
  it("tells all at once, waits for none longer than its bound, and names who did not confirm", async () => {
    const { clock, desk, order, aborted, sent, open } = bench([50, null, 70]);
    const stop = desk.order(order);
    expect(aborted).toEqual(["A1", "A2", "A3"]);
    expect(sent).toEqual(["STOP_CELLS"]);
    await clock.run(200);
    expect(reportText(stop.report())).toBe(
      "NOT CONFIRMED yet: A2 (channel A2): switch the channel off at the instrument or pull its cable. " +
        "2 of 3 devices confirmed within 70 ms, slowest A3 (channel A3) 70 ms, A1 (channel A1) 50 ms",
    );
    await clock.run(11_000);
    expect(stop.report().isOver).toBe(true);
    expect([...open]).toEqual(["channel A2"]);
    expect(desk.isUnderWay).toBe(false);
  });

  it("takes the same order again, while it is under way, for the same stop", async () => {
    const { clock, desk, order, aborted, recorded } = bench([50]);
    expect(desk.order(order)).toBe(desk.order(order));
    await clock.run(100);
    desk.order(order);
    await clock.run(200);
    expect(aborted).toEqual(["A1", "A1"]);
    expect(recorded).toEqual(["stop-ordered", "stop-ended", "stop-ordered", "stop-ended"]);
  });

  it("is a new one where something was resumed since, though one device of before still hangs", async () => {
    const { clock, desk, order, aborted, sent } = bench([50, null]);
    const first = desk.order(order);
    await clock.run(100);
    desk.heard("cell-act", { act: "hold" });
    expect(desk.order(order)).toBe(first);
    desk.heard("cell-act", { act: "resume" });
    const second = desk.order(order);
    expect(second).not.toBe(first);
    expect(second.report().devices.map(({ confirmedMs }) => confirmedMs)).toEqual([null, null]);
    expect([aborted, sent]).toEqual([
      ["A1", "A2", "A1", "A2"],
      ["STOP_CELLS", "STOP_CELLS"],
    ]);
    await clock.run(10_050);
    expect(first.report().isOver).toBe(true);
    expect(desk.isUnderWay).toBe(true);
    expect(desk.order(order)).toBe(second);
    await clock.run(11_000);
    expect(desk.isUnderWay).toBe(false);
    desk.heard("exposing-resumed", {});
    expect(desk.order(order)).not.toBe(second);
  });

  it("does not believe a safety shutter whose switches contradict", async () => {
    const clock = createVirtualClock(0, { drain });
    let isOpenToo = true;
    const io = {
      name: "io",
      requestShutterClosed: () => Promise.resolve(),
      readInputs: () =>
        Promise.resolve({
          ...GOOD_LEVELS,
          shutterClosedSwitch: false,
          safetyShutterClosedSwitch: true,
          safetyShutterOpenSwitch: isOpenToo,
        }),
    };
    const roles = { io, channels: [] } as unknown as StopDevicesDeps["roles"];
    const [shutter] = stopDevices({ clock, roles, positions: [] }, "exposing", () => true);
    let isStopped = false;
    void shutter?.stop(() => undefined).then(() => (isStopped = true));
    await clock.run(1000);
    expect(isStopped).toBe(false);
    isOpenToo = false;
    await clock.run(1100);
    expect(isStopped).toBe(true);
  });

  it("clears its alarm as soon as the device answers after all", async () => {
    const { clock, desk, order, open } = bench([12_000]);
    desk.order(order);
    await clock.run(11_000);
    expect([...open]).toEqual(["channel A1"]);
    await clock.run(13_000);
    expect([...open]).toEqual([]);
  });

  it("is for one cell where one is named, and tells machines again that were not listening yet", async () => {
    const { clock, desk, order, aborted, sent, connect } = bench([5, 5, 5], true);
    desk.order({ ...order, positions: ["A2"] });
    await clock.run(100);
    connect();
    expect(aborted).toEqual(["A2"]);
    expect(sent).toEqual(["STOP_CELLS", "STOP_CELLS"]);
  });

  it("holds the steps of the cells that are meant and can be held, and opens none", async () => {
    const { clock, desk, aborted, events } = bench([5, 5, 5], false, ["A3"]);
    const order = { stopClass: "step", author: "anna", reason: "a test" } as const;
    desk.order({ ...order, positions: ["A1", "A3"] });
    await clock.run(100);
    const event = { type: "HOLD_CELL", author: "anna", reason: "a test" };
    expect(events).toEqual([{ type: "CELL_ORDERED", position: "A1", event }]);
    expect(aborted).toEqual(["A1", "A3"]);
    desk.order(order);
    expect(events.slice(1).map((one) => "position" in one && one.position)).toEqual(["A1", "A2"]);
  });

  it("names the cells that are to be opened, or none where all are", () => {
    const { desk, order, events } = bench([5, 5]);
    desk.order({ ...order, positions: ["A2"] });
    desk.order(order);
    const cells = { type: "STOP_CELLS", author: "anna", reason: "a test" };
    expect(events).toEqual([{ ...cells, positions: ["A2"] }, cells]);
  });

  it("says when each was told and when it obeyed, where one had to be told nothing, and of whom it is", async () => {
    const { clock, desk, order, reports } = bench([50.24, null]);
    desk.order(order);
    await clock.run(11_000);
    expect(reports).toEqual([
      {
        ...{ stop: 1, class: "open-circuit", author: "anna", devices_asked: 2 },
        ...{ told_ms_max: 0, confirmed_ms_max: 50.2, not_confirmed: ["channel A2"] },
        devices: [
          { device: "channel A1", position: "A1", told_ms: 0, confirmed_ms: 50.2 },
          {
            ...{ device: "channel A2", position: "A2", told_ms: 0, confirmed_ms: null },
            trouble: expect.stringContaining("no answer within 10 s") as string,
          },
        ],
      },
    ]);
  });

  it("is over at once where there is nothing to stop", () => {
    const { desk, order } = bench([]);
    expect(reportText(desk.order(order).report())).toBe("there is nothing to stop");
    expect(desk.order(order).report()).toMatchObject({ number: 2, isOver: true });
  });
});

describe("what a stop came to, in words", () => {
  const device = { name: "stage", position: null, byHand: "press its stop", toldMs: 1, confirmedMs: 2, trouble: null };
  const report = (devices: StopReport["devices"]): StopReport => ({
    ...{ number: 1, stopClass: "motion", author: "anna", boundMs: 10_000, isOver: true, devices },
  });

  it("is short where all obeyed", () => {
    expect(reportText(report([device]))).toBe("1 of 1 devices confirmed within 2 ms, slowest stage 2 ms");
  });

  it("names five that did not, and how many more; a channel by its place once", () => {
    const missing = { ...device, confirmedMs: null };
    expect(reportText(report([missing, { ...missing, name: "B7", position: "B7" }]))).toBe(
      "NOT CONFIRMED: stage: press its stop; B7: press its stop. 0 of 2 devices confirmed",
    );
    expect(reportText(report(Array.from({ length: 5 }, () => missing)))).not.toContain("more");
    expect(reportText(report(Array.from({ length: 7 }, () => missing)))).toContain("; and 2 more.");
  });
});

describe("the devices of a stop", () => {
  function devicesOf(changer?: object, levels: object = GOOD_LEVELS) {
    const told: string[] = [];
    const say = (what: string) => () => {
      told.push(what);
      return Promise.resolve();
    };
    const roles = {
      io: { name: "io", requestShutterClosed: say("shutter"), readInputs: () => Promise.resolve(levels) },
      stage: { name: "stage", halt: say("stage") },
      channels: [],
      ...(changer === undefined ? {} : { changer: { name: "robot", abort: say("robot") } }),
    } as unknown as StopDevicesDeps["roles"];
    const clock = createVirtualClock(0, { drain });
    const deps = { clock, roles, positions: [], haltRobot: () => void told.push("arm") };
    return { clock, told, devices: stopDevices(deps, "motion", () => true) };
  }

  async function stopAll(devices: readonly StopDevice[], told: string[]): Promise<void> {
    for (const { name, stop } of devices) await stop(() => void told.push(`told ${name}`));
  }

  it("are the shutter and the stage, and the robot where there is one, whose arm begins nothing further", async () => {
    const without = devicesOf();
    await stopAll(without.devices, without.told);
    expect(without.told).toEqual(["shutter", "told io", "stage", "told stage"]);
    const robot = devicesOf({});
    await stopAll(robot.devices.slice(2), robot.told);
    expect(robot.told).toEqual(["arm", "robot", "told robot"]);
  });

  it("give up on a shutter that is never seen closed after ten seconds of looks", async () => {
    const { clock, devices } = devicesOf(undefined, { ...GOOD_LEVELS, shutterClosedSwitch: false });
    const failed = expect(devices[0]?.stop(() => undefined)).rejects.toMatchObject({ code: "shutter.stuck-open" });
    await clock.run(10_000);
    await failed;
    expect(clock.monoMs()).toBe(10_000);
  });
});
