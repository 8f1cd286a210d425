import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createGrblSession } from "../../../drivers/grbl/grbl-session.ts";
import type { Link } from "../../../protocols/roles/link.ts";
import { createVirtualClock } from "../../../simulator/clock/virtual-clock.ts";

function createWire() {
  const clock = createVirtualClock(0, { drain: () => setImmediate() });
  let onData: (chunk: Uint8Array) => void = () => undefined;
  let sent = "";
  const link: Link = {
    name: "stage",
    isOpen: true,
    write(bytes) {
      sent += new TextDecoder("latin1").decode(bytes);
    },
    onData(handler) {
      onData = handler;
      return () => undefined;
    },
    onClose: () => () => undefined,
    close: () => undefined,
  };
  const events: string[] = [];
  const session = createGrblSession("stage", link, clock, {
    greeting: (version) => events.push(`greeting ${version}`),
    alarm: (code) => events.push(`alarm ${code}`),
    closed: (why) => events.push(`closed ${why}`),
  });
  return {
    clock,
    session,
    events,
    sent: (): string => {
      const text = sent;
      sent = "";
      return text;
    },
    /** The controller says this, and everything that follows from it happens. */
    say: async (text: string): Promise<void> => {
      onData(new TextEncoder().encode(text));
      await setImmediate();
    },
  };
}

describe("a session with a GRBL controller", () => {
  it("does not take the late ok of a line given up for the ok of the next", async () => {
    const { clock, session, sent, say } = createWire();
    const first = session.send(["G53 G0 X-1\n"], 100);
    first.catch(() => undefined);
    await clock.run(200);
    await expect(first).rejects.toMatchObject({ code: "link.timeout" });
    sent();
    let isDone = false;
    const second = session.send(["G53 G0 X-2\n"], 100).then(() => {
      isDone = true;
    });
    expect(sent()).toBe("$G\n");
    await say("ok\r\n");
    expect(sent()).toBe("");
    await say("[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\nok\r\n");
    expect(sent()).toBe("G53 G0 X-2\n");
    expect(isDone).toBe(false);
    await say("ok\r\n");
    await second;
  });

  it("fails the lines of one command at the first error, and keeps in step with what follows", async () => {
    const { session, say } = createWire();
    const both = session.send(["G53 G0 X9\n", "G4 P0\n"], 1000);
    both.catch(() => undefined);
    const next = session.send(["$I\n"], 1000);
    await say("error:9\r\nok\r\n[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n");
    await expect(both).rejects.toMatchObject({ code: "device.refused", detail: { errorCode: 9 } });
    expect(await next).toHaveLength(2);
  });

  it("does not take an ok after an alarm for success", async () => {
    const { session, events, say } = createWire();
    const line = session.send(["G53 G0 X-1\n"], 1000);
    line.catch(() => undefined);
    await say("ALARM:2\r\nok\r\n");
    await expect(line).rejects.toMatchObject({
      code: "stage.alarm",
      detail: { alarmCode: 2, positionLost: false },
    });
    expect(events).toEqual(["alarm 2"]);
  });

  it("gives one report to all who asked for it", async () => {
    const { session, say } = createWire();
    const reports = [session.status(100), session.status(100)];
    await say("<Idle|MPos:-1.000,-2.000,0.000|FS:0,0>\r\n");
    for (const report of await Promise.all(reports)) expect(report.machine).toEqual({ xMm: -1, yMm: -2, zMm: 0 });
  });

  it("is not misled by noise on the line", async () => {
    const { session, say } = createWire();
    let isDone = false;
    const line = session.send(["G4 P0\n"], 1000).then(() => {
      isDone = true;
    });
    await say("okok\r\no k\r\n<Idle|MPos:1\r\n\u0000ok\r\n");
    expect(isDone).toBe(false);
    await say("ok\r\n");
    await line;
  });
});
