/** What is particular to ADAM modules: relay, offset, communication safety, points. */
import { describe, expect, it } from "vitest";
import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import { faultOf } from "../../contract/contract-bench.ts";
import { modbusIoMapErrors } from "../../../protocols/wire/modbus-io/modbus-io-map.ts";
import { ADAM_6050_MAP, ADAM_6060_MAP, createAdamBench, RELAY_MS, type AdamBench } from "./adam-bench.ts";

async function connected(...options: Parameters<typeof createAdamBench>): Promise<AdamBench> {
  const bench = createAdamBench(...options);
  await bench.settle(bench.io.connect());
  return bench;
}

describe("an ADAM-6050", () => {
  it("says what it is, and by its points alone where it has no name", async () => {
    const named = createAdamBench("adam-6050");
    expect(await named.settle(named.io.connect())).toEqual({
      model: "Advantech ADAM-6050, 12 inputs, 6 outputs",
      serialNumber: null,
      firmware: "a101.0000",
    });
    const nameless = createAdamBench(
      "adam-6050",
      { unit: { kind: "adam-6050", hasSafetyRegisters: false } },
      { hasNameRegisters: false },
    );
    expect(await nameless.settle(nameless.io.connect())).toMatchObject({
      model: "Modbus unit, taken for an ADAM-6050, 12 inputs, 6 outputs",
    });
  });

  it("is refused while its outputs would outlive a silent controller", async () => {
    const bench = createAdamBench("adam-6050", {}, { safetyMs: null });
    expect((await faultOf(bench, bench.io.connect())).code).toBe("device.wrong");
  });

  it("is refused with an output offset that runs over its last output", async () => {
    const bench = createAdamBench("adam-6050", { unit: { kind: "adam-6050", outputOffset: 17 } });
    expect((await faultOf(bench, bench.io.connect())).code).toBe("io.exception");
    expect(bench.twin.outputs).not.toContain(true);
  });

  it("has every output dropped by its own safety when nobody asks anything any more", async () => {
    const bench = await connected("adam-6050");
    await bench.settle(bench.io.setFilters([true, true]));
    await bench.pass(1.9);
    expect(bench.twin.outputs).toContain(true);
    await bench.pass(0.2);
    expect(bench.twin.outputs).not.toContain(true);
  });

  it("changes its heartbeat output with each heartbeat and with nothing else", async () => {
    const bench = await connected("adam-6050");
    const heartbeat = (): boolean | undefined => bench.twin.outputs[5];
    let level = heartbeat();
    for (let count = 0; count < 5; count += 1) {
      await bench.settle(bench.io.permit.renewShutterPermit());
      expect(heartbeat()).toBe(level !== true);
      level = heartbeat();
      await bench.settle(bench.io.readInputs());
      await bench.settle(bench.io.setFilters([true, false]));
      await bench.settle(bench.io.requestShutterOpen());
      await bench.settle(bench.io.requestShutterClosed());
      expect(heartbeat()).toBe(level);
      await bench.pass(0.2);
    }
  });

  it("gets no heartbeat that could come after the relay fell: the late one is a trip", async () => {
    const bench = await connected("adam-6050");
    await bench.settle(bench.io.permit.renewShutterPermit());
    await bench.settle(bench.io.requestShutterOpen());
    // Within the relay's time still, but an answer could take it beyond.
    await bench.pass(0.55);
    expect(bench.twin.isRelayClosed).toBe(true);
    const before = bench.twin.outputs[5];
    expect((await faultOf(bench, bench.io.permit.renewShutterPermit())).code).toBe("io.watchdog");
    expect(bench.twin.outputs[5]).toBe(before);
    await bench.pass(0.2);
    expect(bench.beam.isDriven).toBe(false);
    expect((await bench.settle(bench.io.readInputs())).watchdogTripped).toBe(true);
  });

  it("shows a relay that does not hold as a trip, where its contact is wired back", async () => {
    const bench = await connected("adam-6050", {}, { relayMs: 100 });
    for (let count = 0; count < 3; count += 1) {
      await bench.settle(bench.io.permit.renewShutterPermit());
      await bench.pass(0.15);
    }
    expect((await bench.settle(bench.io.readInputs())).watchdogTripped).toBe(true);
  });

  it("is asked nothing after its permit was dropped, and a silence between two exposures is no trip", async () => {
    const bench = await connected("adam-6050");
    await bench.settle(bench.io.permit.renewShutterPermit());
    await bench.settle(bench.io.requestShutterOpen());
    await bench.pass(0.05);
    bench.beam.isStuck = true;
    await bench.settle(bench.io.permit.dropShutterPermit());
    const before = bench.cable.counters.chunksToDevice;
    await bench.pass(2.5);
    expect(bench.cable.counters.chunksToDevice).toBe(before);
    expect((await bench.settle(bench.io.readInputs())).watchdogTripped).toBe(false);
  });

  it("keeps safety shutter and filters while the permit lapses, until it is re-armed", async () => {
    const bench = await connected("adam-6050");
    await bench.settle(bench.io.requestSafetyShutter(true));
    await bench.settle(bench.io.permit.renewShutterPermit());
    await bench.pass(1);
    expect((await bench.settle(bench.io.readInputs())).safetyShutterOpenSwitch).toBe(true);
    expect((await faultOf(bench, bench.io.permit.renewShutterPermit())).code).toBe("io.watchdog");
    await bench.settle(bench.io.permit.rearmWatchdog());
    expect(bench.twin.outputs).not.toContain(true);
    expect((await bench.settle(bench.io.readInputs())).safetyShutterClosedSwitch).toBe(true);
  });
});

describe("a map", () => {
  it("needs a heartbeat output for an ADAM module", () => {
    const { heartbeat, ...outputs } = ADAM_6050_MAP.outputs;
    expect(heartbeat).toBe(5);
    const make = (): unknown =>
      createModbusIo({
        name: "io",
        openLink: () => Promise.reject(new Error("never asked")),
        clock: createAdamBench("adam-6050").clock,
        map: { ...ADAM_6050_MAP, outputs },
        unit: { kind: "adam-6050" },
        filterCount: 2,
        watchdogMs: RELAY_MS,
      });
    expect(make).toThrow("heartbeat");
  });

  it("may put interlocks on one input when it says that they are in series, and nothing else", () => {
    expect(modbusIoMapErrors(ADAM_6060_MAP, 0)).toEqual([]);
    const { areInterlocksInSeries, ...inputs } = ADAM_6060_MAP.inputs;
    expect(areInterlocksInSeries).toBe(true);
    expect(modbusIoMapErrors({ ...ADAM_6060_MAP, inputs }, 0)).toEqual(["input bit 4 is used twice"]);
    expect(modbusIoMapErrors({ ...ADAM_6060_MAP, inputs: { ...ADAM_6060_MAP.inputs, shutterOpen: 4 } }, 0)).toEqual([
      "input bit 4 is used twice",
    ]);
    expect(modbusIoMapErrors({ ...ADAM_6060_MAP, outputs: { ...ADAM_6060_MAP.outputs, heartbeat: 1 } }, 0)).toEqual([
      "output bit 1 is used twice",
    ]);
  });
});
