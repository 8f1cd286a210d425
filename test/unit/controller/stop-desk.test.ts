import { describe, expect, it } from "vitest";
import { createStopDesk } from "../../../controller/stops/stop-desk.ts";
import { reportText } from "../../../controller/stops/stop-report.ts";
import { stopDevices, type StopDevicesDeps } from "../../../controller/stops/stop-devices.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";
import { GOOD_LEVELS } from "./levels.ts";

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Three channels, of which one answers after so long; null: never. */
function bench(answersMs: readonly (number | null)[], isConnecting = false) {
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
    recorder: { record: (type) => recorded.push(type) },
    alarms: { raise: ({ where }) => open.add(where), clear: (_code, where) => open.delete(where) },
    send: (event) => sent.push(event.type),
    isConnecting: () => isConnecting,
    onceConnected(act) {
      connected = act;
    },
    mayHold: () => true,
  });
  const order = { stopClass: "open-circuit", author: "anna", reason: "a test" } as const;
  return { clock, desk, order, aborted, sent, recorded, open, connect: () => connected?.() };
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
});
