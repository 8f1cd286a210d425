/** The permit is off and the shutter not seen closed: when the output watchdog rests, runs out, and says that it has. */
import { describe, expect, it } from "vitest";
import { createModbusIo } from "../../../drivers/modbus-io/modbus-io.ts";
import { createConnectedIo, MAP } from "./bench.ts";

/** Its blades stay open, whatever the drive line says. */
async function stuckOpen() {
  const bench = await createConnectedIo();
  await bench.finish(bench.io.permit.renewShutterPermit());
  await bench.finish(bench.io.requestSafetyShutter(true));
  await bench.finish(bench.io.requestShutterOpen());
  await bench.clock.run(bench.clock.nowMs() + 50);
  bench.beam.isStuck = true;
  return bench;
}
const isUpstreamAsked = ({ twin }: { readonly twin: { readonly outputs: readonly boolean[] } }): boolean | undefined =>
  twin.outputs[MAP.outputs.safetyShutterRequest];

/** It is seen closed, and long after its watchdog's time what is upstream still stands open. */
async function expectRest({ io, clock, finish, twin }: Awaited<ReturnType<typeof stuckOpen>>): Promise<void> {
  await clock.run(clock.nowMs() + 25);
  await finish(io.readInputs());
  await clock.run(clock.nowMs() + 2000);
  expect(isUpstreamAsked({ twin })).toBe(true);
  expect((await finish(io.readInputs())).watchdogTripped).toBe(false);
}

describe("an output watchdog whose permit was dropped", () => {
  it("closes the shutter upstream where one that is dropped from its permit stays open and nothing more is heard", async () => {
    const bench = await stuckOpen();
    await bench.finish(bench.io.permit.dropShutterPermit());
    bench.cable.hang(true);
    await bench.clock.run(bench.clock.nowMs() + 500);
    expect(isUpstreamAsked(bench)).toBe(false);
  });

  it("lets its watchdog run out where a controller that comes back finds the shutter open", async () => {
    const bench = await stuckOpen();
    bench.io.disconnect();
    await bench.finish(bench.io.connect());
    await bench.clock.run(bench.clock.nowMs() + 500);
    expect(isUpstreamAsked(bench)).toBe(false);
    await expect(bench.finish(bench.io.permit.rearmWatchdog())).rejects.toMatchObject({ code: "io.watchdog" });
    bench.beam.isStuck = false;
    bench.beam.driveShutter(bench.clock.nowMs(), false);
    await bench.clock.run(bench.clock.nowMs() + 50);
    await bench.finish(bench.io.permit.rearmWatchdog());
    await bench.finish(bench.io.permit.renewShutterPermit());
  });

  it("keeps what is upstream where a controller that comes back finds the shutter closing", async () => {
    const bench = await stuckOpen();
    bench.beam.isStuck = false;
    bench.io.disconnect();
    await bench.finish(bench.io.connect());
    await expectRest(bench);
  });

  it("says that it has tripped where a controller that comes back sees the shutter closed too late", async () => {
    const bench = await stuckOpen();
    await bench.clock.run(bench.clock.nowMs() + 300);
    bench.io.disconnect();
    await bench.finish(bench.io.connect());
    await bench.clock.run(bench.clock.nowMs() + 200);
    expect(isUpstreamAsked(bench)).toBe(false);
    bench.beam.stick(bench.clock.nowMs(), false);
    await bench.clock.run(bench.clock.nowMs() + 25);
    await bench.finish(bench.io.readInputs());
    await bench.clock.run(bench.clock.nowMs() + 50);
    expect((await bench.finish(bench.io.readInputs())).watchdogTripped).toBe(true);
  });

  it("is set up anew where a controller comes back with another time for it while the shutter is open", async () => {
    const bench = await stuckOpen();
    bench.io.disconnect();
    const { clock, cable, beam, finish, twin } = bench;
    const io = createModbusIo({
      ...{ name: "io", openLink: cable.openLink, clock, map: MAP, filterCount: 3, watchdogMs: 300 },
    });
    await finish(io.connect());
    beam.isStuck = false;
    beam.driveShutter(clock.nowMs(), false);
    await clock.run(clock.nowMs() + 25);
    expect((await finish(io.readInputs())).watchdogTripped).toBe(false);
    await clock.run(clock.nowMs() + 50);
    await finish(io.permit.renewShutterPermit());
    await clock.run(clock.nowMs() + 290);
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(true);
    await clock.run(clock.nowMs() + 20);
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
  });

  it("gives no permit while it runs on with another time, and does once it has been re-armed", async () => {
    const bench = await stuckOpen();
    bench.io.disconnect();
    const { clock, cable, beam, finish, twin } = bench;
    const io = createModbusIo({
      ...{ name: "io", openLink: cable.openLink, clock, map: MAP, filterCount: 3, watchdogMs: 300 },
    });
    await finish(io.connect());
    await expect(finish(io.permit.renewShutterPermit())).rejects.toMatchObject({ code: "io.watchdog" });
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
    beam.isStuck = false;
    beam.driveShutter(clock.nowMs(), false);
    await clock.run(clock.nowMs() + 1000);
    await finish(io.permit.rearmWatchdog());
    await finish(io.permit.renewShutterPermit());
    await clock.run(clock.nowMs() + 310);
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
  });

  it("keeps what is upstream where the shutter is seen closed after its permit was dropped", async () => {
    const bench = await stuckOpen();
    bench.beam.isStuck = false;
    await bench.finish(bench.io.permit.dropShutterPermit());
    await expectRest(bench);
  });

  it("is looked after once, however often the permit is dropped", async () => {
    const readsAfter = async (drops: number): Promise<number> => {
      const bench = await stuckOpen();
      for (let drop = 0; drop < drops; drop += 1) await bench.finish(bench.io.permit.dropShutterPermit());
      const before = bench.cable.counters.chunksToDevice;
      await bench.clock.run(bench.clock.nowMs() + 400);
      return bench.cable.counters.chunksToDevice - before;
    };
    expect(await readsAfter(3)).toBe(await readsAfter(1));
  });

  it("says that it has tripped where the shutter was not seen closed in time", async () => {
    const bench = await stuckOpen();
    await bench.finish(bench.io.permit.dropShutterPermit());
    await bench.clock.run(bench.clock.nowMs() + 600);
    expect((await bench.finish(bench.io.readInputs())).watchdogTripped).toBe(true);
  });

  it("does not trip for a stuck shutter once the one upstream is asked closed: nothing is left for it to drop", async () => {
    const bench = await stuckOpen();
    await bench.finish(bench.io.permit.dropShutterPermit());
    await bench.finish(bench.io.requestSafetyShutter(false));
    await bench.clock.run(bench.clock.nowMs() + 2000);
    expect(bench.twin.isWatchdogExpired).toBe(false);
    expect((await bench.finish(bench.io.readInputs())).watchdogTripped).toBe(false);
  });
});
