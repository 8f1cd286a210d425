import { describe, expect, it } from "vitest";
import { createEurothermSensor } from "../../../drivers/eurotherm-modbus/eurotherm-sensor.ts";
import { createCatsChanger } from "../../../drivers/irelec-cats/cats-changer.ts";
import { createJsonIntegrator } from "../../../drivers/json-integrator/json-integrator.ts";
import { createPicoammeter } from "../../../drivers/keithley-6485/picoammeter.ts";
import { createLakeshoreSensor } from "../../../drivers/lakeshore-336/lakeshore-sensor.ts";
import { createModbusLine } from "../../../drivers/link/modbus-line.ts";
import { createZaberStage } from "../../../drivers/zaber-ascii/zaber-stage.ts";
import type { Clock } from "../../../protocols/base/clock.ts";
import type { Fault } from "../../../protocols/base/fault.ts";
import type { Instrument } from "../../../protocols/roles/instrument.ts";
import type { OpenLink } from "../../../protocols/roles/link.ts";
import { testClock } from "../controller/machine-bench.ts";
import { ended, slowPort } from "./slow-port.ts";

const families: readonly (readonly [string, (openLink: OpenLink, clock: Clock) => Instrument])[] = [
  [
    "zaber-ascii",
    (openLink, clock) =>
      createZaberStage({
        name: "device",
        openLink,
        clock,
        axes: {
          x: { device: 1, axis: 1, microstepUm: 0.15625, originMm: 0 },
          y: { device: 1, axis: 2, microstepUm: 0.15625, originMm: 0 },
        },
        travelMm: { x: 300, y: 200 },
        motion: { speedMmS: 100, accelerationMmS2: 500 },
        positionToleranceMm: 0.02,
      }),
  ],
  [
    "irelec-cats",
    (openLink, clock) =>
      createCatsChanger({
        name: "device",
        openOperate: openLink,
        openMonitor: openLink,
        clock,
        model: "CATS",
        trayCount: 3,
        slotsPerTray: 16,
        tool: 5,
      }),
  ],
  [
    "keithley-6485",
    (openLink, clock) =>
      createPicoammeter({ name: "device", openLink, clock, quantity: "flux", unit: "A", maximumAgeS: 5 }),
  ],
  [
    "lakeshore-336",
    (openLink, clock) => createLakeshoreSensor({ name: "device", openLink, clock, input: "A", maximumAgeS: 5 }),
  ],
  [
    "eurotherm-modbus",
    (openLink, clock) => {
      const line = createModbusLine({ name: "line", openLink, clock, framing: { kind: "tcp" } });
      return createEurothermSensor({ name: "device", line, maximumAgeS: 5 });
    },
  ],
  ["json-integrator", (openLink, clock) => createJsonIntegrator({ name: "device", openLink, clock, timeoutS: 10 })],
];

describe.each(families)("%s on a port that takes its time to open", (_, create) => {
  function bench() {
    const clock = testClock();
    const port = slowPort();
    const device = create(port.openLink, clock);
    const faults: Fault[] = [];
    device.onFault((fault) => faults.push(fault));
    return { clock, port, device, faults, pass: (ms: number) => clock.run(clock.monoMs() + ms) };
  }

  it("stays disconnected when it is disconnected meanwhile, and says nothing to the link that comes", async () => {
    const { port, device, faults, pass } = bench();
    const connecting = ended(device.connect());
    await pass(100);
    expect(port.asked).toBe(1);
    device.disconnect();
    port.open();
    await pass(60_000);
    expect(await connecting).toMatchObject({ code: "link.closed" });
    expect(port.links).toEqual([{ isOpen: false, written: 0 }]);
    expect(port.asked).toBe(0);
    expect(faults).toEqual([]);
    void ended(device.connect());
    await pass(100);
    port.open();
    await pass(100);
    expect(port.links[1]).toMatchObject({ isOpen: true });
  });

  it("stays disconnected when it is disconnected before its turn has come", async () => {
    const { port, device, pass } = bench();
    const connecting = ended(device.connect());
    device.disconnect();
    await pass(100);
    while (port.asked > 0) port.open();
    await pass(60_000);
    expect(await connecting).toMatchObject({ code: "link.closed" });
    expect(port.links.filter(({ isOpen, written }) => isOpen || written > 0)).toEqual([]);
  });

  it("gives the link to the last of two that connect, and leaves none open beside it", async () => {
    const { port, device, pass } = bench();
    const first = ended(device.connect());
    await pass(100);
    const second = ended(device.connect());
    for (let openings = 0; openings < 3; openings += 1) {
      port.open();
      await pass(40);
    }
    expect(port.links.some(({ isOpen }) => isOpen)).toBe(true);
    device.disconnect();
    expect(port.links.filter(({ isOpen }) => isOpen)).toEqual([]);
    await pass(60_000);
    expect(await first).toMatchObject({ code: "link.closed" });
    expect(await second).toMatchObject({ code: "link.closed" });
  });
});
