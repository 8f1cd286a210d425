import { describe, expect, it } from "vitest";
import { createCamserverDetector } from "../../../drivers/dectris-camserver/camserver-detector.ts";
import { createGrblStage } from "../../../drivers/grbl/grbl-stage.ts";
import { createKeithleyChannel } from "../../../drivers/keithley-smu/keithley-channel.ts";
import { openWithin } from "../../../drivers/link/open-within.ts";
import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import { createMqttSensors } from "../../../drivers/mqtt-sensor/mqtt-sensors.ts";
import { createNewareCabinet } from "../../../drivers/neware-bts/neware-cabinet.ts";
import { createMethodScriptChannel } from "../../../drivers/palmsens-methodscript/methodscript-channel.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import { Fault } from "../../../protocols/base/fault.ts";
import type { Identity } from "../../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../../protocols/roles/link.ts";
import { testClock } from "../controller/machine-bench.ts";
import { MAP } from "../modbus-io/bench.ts";
import { ended, slowPort } from "./slow-port.ts";

describe("opening a link", () => {
  it("that is there in time gives it, open", async () => {
    const clock = testClock();
    const port = slowPort();
    const opening = openWithin(clock, port.openLink, "stage", 1000);
    clock.setTimeout(port.open, 999);
    await clock.run(5000);
    expect((await opening).isOpen).toBe(true);
  });

  it("that hangs ends at its deadline, named; the link that comes later is closed at once", async () => {
    const clock = testClock();
    const port = slowPort();
    let lateAtMs = NaN;
    const opening = ended(openWithin(clock, port.openLink, "stage", 1000)).finally(() => (lateAtMs = clock.monoMs()));
    clock.setTimeout(port.open, 1001);
    await clock.run(5000);
    expect(await opening).toMatchObject({ code: "link.open-failed", where: "stage" });
    expect(lateAtMs).toBe(1000);
    expect(port.links).toEqual([{ isOpen: false, written: 0 }]);
  });

  it("that fails says how, and a failure after the deadline is nobody's", async () => {
    const clock = testClock();
    const refused = new Fault("link.open-failed", "stage", "no such port");
    expect(await ended(openWithin(clock, () => Promise.reject(refused), "stage", 1000))).toBe(refused);
    const late: OpenLink = () =>
      new Promise((_, reject) => {
        clock.setTimeout(() => {
          reject(refused);
        }, 2000);
      });
    const opening = ended(openWithin(clock, late, "stage", 1000));
    await clock.run(5000);
    expect(await opening).toMatchObject({
      code: "link.open-failed",
      message: expect.stringContaining("1000 ms") as string,
    });
  });
});

const families: readonly (readonly [string, (openLink: OpenLink, clock: Clock) => { connect(): Promise<Identity> }])[] =
  [
    [
      "modbus-io",
      (openLink, clock) =>
        createModbusIo({ name: "device", openLink, clock, map: MAP, filterCount: 3, watchdogMs: 500 }),
    ],
    [
      "grbl",
      (openLink, clock) =>
        createGrblStage({
          name: "device",
          openLink,
          clock,
          travelMm: { x: 300, y: 200 },
          motion: { speedMmS: 100, accelerationMmS2: 500 },
          positionToleranceMm: 0.02,
        }),
    ],
    [
      "dectris-camserver",
      (openLink, clock) => createCamserverDetector({ name: "device", openLink, clock, readOutS: 0.001 }),
    ],
    [
      "mqtt-sensor",
      (openLink, clock) =>
        createMqttSensors({ name: "device", openLink, clock, sensors: [], clientId: "x" }).connection,
    ],
    ["palmsens-methodscript", (openLink, clock) => createMethodScriptChannel({ name: "device", openLink, clock })],
    ["keithley-smu", (openLink, clock) => createKeithleyChannel({ name: "device", openLink, clock })],
    [
      "neware-bts",
      (openLink, clock) =>
        createNewareCabinet({
          name: "device",
          openLink,
          clock,
          stepFileFolder: "x",
          writeFolder: "/x",
          writeFile: () => Promise.resolve(),
        }).channel("channel A1", { ip: "127.0.0.1", deviceType: 27, deviceId: 21, subdeviceId: 1, channelId: 1 }),
    ],
  ];

describe.each(families)("%s on a port that hangs when it is opened", (_, create) => {
  it("gives up by name, leaves no late link open, says nothing to it, and can be tried again", async () => {
    const clock = testClock();
    const port = slowPort();
    const device = create(port.openLink, clock);
    const connecting = ended(device.connect());
    // Less than an attempt to connect may take as a whole, so that the driver says what it was.
    await clock.run(10_000);
    expect(await connecting).toMatchObject({ code: "link.open-failed" });
    const asked = port.asked;
    for (let index = 0; index < asked; index += 1) port.open();
    await clock.run(10_001);
    expect(port.links.every((link) => !link.isOpen && link.written === 0)).toBe(true);
    void ended(device.connect());
    await clock.run(clock.monoMs() + 1);
    expect(port.asked).toBeGreaterThan(0);
  });
});
