import { describe, expect, it } from "vitest";
import { shutterState } from "../../../protocols/roles/beam-io.ts";
import { createConnectedIo, createIoBench, MAP } from "./bench.ts";

describe("an input/output unit with an output watchdog", () => {
  it("identifies itself by its terminals and name plate", async () => {
    const { io, finish } = createIoBench();
    expect(await finish(io.connect())).toEqual({
      model: "WAGO 750-352, 16 inputs, 16 outputs",
      serialNumber: null,
      firmware: "10",
    });
  });

  it("is refused when it has fewer terminals than the site file uses", async () => {
    const { io, finish } = createIoBench({}, { inputCount: 8 });
    await expect(finish(io.connect())).rejects.toMatchObject({ code: "device.wrong" });
  });

  it("reads all inputs in one transaction", async () => {
    const { io, finish, beam, cable, clock } = await createConnectedIo();
    beam.interlocks.set("doorClosed", false);
    const before = cable.counters.chunksToDevice;
    const levels = await finish(io.readInputs());
    expect(cable.counters.chunksToDevice - before).toBe(1);
    expect(levels).toEqual({
      readAtMs: clock.nowMs(),
      shutterOpenSwitch: false,
      shutterClosedSwitch: true,
      safetyShutterOpenSwitch: false,
      safetyShutterClosedSwitch: true,
      interlocks: { searched: true, doorClosed: false, emergencyOk: true, motionEnabled: true, beamPermitted: true },
      filtersIn: [false, false, false],
      watchdogTripped: false,
    });
  });

  it("does not open the shutter on a request without a permit", async () => {
    const { io, finish, beam } = await createConnectedIo();
    await finish(io.requestShutterOpen());
    expect(beam.drives).toEqual([]);
  });

  it("opens the shutter under a living permit and closes it on request", async () => {
    const { io, finish, clock, keepPermit } = await createConnectedIo();
    keepPermit();
    await clock.run(clock.nowMs() + 100);
    await finish(io.requestShutterOpen());
    await clock.run(clock.nowMs() + 25);
    expect(shutterState(await finish(io.readInputs()))).toBe("open");
    await clock.run(clock.nowMs() + 10_000);
    expect(shutterState(await finish(io.readInputs()))).toBe("open");
    await finish(io.requestShutterClosed());
    await clock.run(clock.nowMs() + 25);
    expect(shutterState(await finish(io.readInputs()))).toBe("closed");
  });

  it("renews the permit in one transaction once it is given", async () => {
    const { io, finish, cable } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    const before = cable.counters.chunksToDevice;
    await finish(io.permit.renewShutterPermit());
    expect(cable.counters.chunksToDevice - before).toBe(1);
  });

  it("shuts the shutter within the watchdog time when the heartbeat hangs while polling goes on", async () => {
    const { io, finish, clock, beam, keepPermit } = await createConnectedIo();
    const heartbeat = keepPermit();
    await clock.run(clock.nowMs() + 100);
    await finish(io.requestShutterOpen());
    // Everything but the heartbeat stays busy: inputs, filters, and the request itself, every 20 ms.
    const poll = (): void => {
      void io.readInputs();
      void io.setFilters([false, true, false]).catch(() => undefined);
      void io.requestShutterOpen().catch(() => undefined);
      clock.setTimeout(poll, 20);
    };
    poll();
    await clock.run(clock.nowMs() + 2000);
    expect(beam.drives.at(-1)?.isOpen).toBe(true);
    heartbeat.stop();
    const stoppedMs = clock.nowMs();
    await clock.run(stoppedMs + 600);
    const last = beam.drives.at(-1);
    expect(last?.isOpen).toBe(false);
    expect((last?.atMs ?? Infinity) - stoppedMs).toBeLessThanOrEqual(500 + 1);
    await clock.run(clock.nowMs() + 2000);
    expect(beam.drives.at(-1)?.isOpen).toBe(false);
    const levels = await finish(io.readInputs());
    expect(shutterState(levels)).toBe("closed");
    expect(levels.watchdogTripped).toBe(true);
  });

  it("shuts the shutter within the watchdog time when the cable hangs", async () => {
    const { io, finish, clock, cable, beam, keepPermit } = await createConnectedIo();
    keepPermit();
    await clock.run(clock.nowMs() + 100);
    await finish(io.requestShutterOpen());
    const hungMs = clock.nowMs();
    cable.hang(true);
    await clock.run(hungMs + 600);
    const last = beam.drives.at(-1);
    expect(last?.isOpen).toBe(false);
    expect((last?.atMs ?? Infinity) - hungMs).toBeLessThanOrEqual(501);
  });

  it("answers heartbeats and openings with io.watchdog after a trip, until it is re-armed with the shutter closed", async () => {
    const { io, finish, clock, beam, twin } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestShutterOpen());
    await clock.run(clock.nowMs() + 1000);
    expect(twin.isWatchdogExpired).toBe(true);
    await expect(finish(io.permit.renewShutterPermit())).rejects.toMatchObject({ code: "io.watchdog" });
    await expect(finish(io.requestShutterOpen())).rejects.toMatchObject({ code: "io.watchdog" });
    await expect(finish(io.setFilters([true, true, true]))).rejects.toMatchObject({ code: "io.watchdog" });
    await expect(finish(io.permit.renewShutterPermit())).rejects.toMatchObject({ code: "io.watchdog" });
    await finish(io.permit.rearmWatchdog());
    expect(beam.drives.at(-1)?.isOpen).toBe(false);
    await finish(io.permit.renewShutterPermit());
    expect(beam.drives.at(-1)?.isOpen).toBe(false);
    await finish(io.requestShutterOpen());
    expect(beam.drives.at(-1)?.isOpen).toBe(true);
  });

  it("rests after it was re-armed, and does not trip again for want of a heartbeat that nobody gives", async () => {
    const { io, finish, clock, twin } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await clock.run(clock.nowMs() + 1000);
    await expect(finish(io.permit.renewShutterPermit())).rejects.toMatchObject({ code: "io.watchdog" });
    await finish(io.permit.rearmWatchdog());
    await clock.run(clock.nowMs() + 10_000);
    expect(twin.isWatchdogExpired).toBe(false);
    await finish(io.requestSafetyShutter(true));
    await finish(io.permit.renewShutterPermit());
    await finish(io.permit.renewShutterPermit());
  });

  it("is not re-armed while the shutter does not read closed", async () => {
    const { io, finish, clock, beam } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestShutterOpen());
    beam.isStuck = true;
    await clock.run(clock.nowMs() + 1000);
    await expect(finish(io.permit.renewShutterPermit())).rejects.toMatchObject({ code: "io.watchdog" });
    await expect(finish(io.permit.rearmWatchdog())).rejects.toMatchObject({ code: "io.watchdog" });
    beam.isStuck = false;
    beam.driveShutter(clock.nowMs(), false);
    await clock.run(clock.nowMs() + 50);
    await finish(io.permit.rearmWatchdog());
  });

  it("takes the permit away at once", async () => {
    const { io, finish, clock, beam } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestShutterOpen());
    const askedMs = clock.nowMs();
    await finish(io.permit.dropShutterPermit());
    expect(beam.drives.at(-1)).toEqual({ atMs: askedMs + 0.5, isOpen: false });
  });

  it("keeps filters and safety shutter where they are after the permit was dropped", async () => {
    const { io, finish, clock } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestSafetyShutter(true));
    await finish(io.setFilters([true, false, false]));
    await finish(io.permit.dropShutterPermit());
    await clock.run(clock.nowMs() + 60_000);
    expect(await finish(io.readInputs())).toMatchObject({
      safetyShutterOpenSwitch: true,
      filtersIn: [true, false, false],
      watchdogTripped: false,
    });
    await finish(io.permit.renewShutterPermit());
    await clock.run(clock.nowMs() + 600);
    expect(await finish(io.readInputs())).toMatchObject({ safetyShutterOpenSwitch: false, watchdogTripped: true });
  });

  it("never leaves a permit without a running watchdog, whenever dropping and heartbeat meet", async () => {
    // At once, and about when it is to rest, a quarter of its time and a pause later.
    const offsets = Array.from({ length: 25 }, (_, index) => index / 4);
    for (const offsetMs of [...offsets, ...offsets.map((ms) => 134 + ms)]) {
      const { io, finish, clock, twin } = await createConnectedIo();
      await finish(io.permit.renewShutterPermit());
      io.permit.dropShutterPermit().catch(() => undefined);
      await clock.run(clock.nowMs() + offsetMs);
      const heartbeat = io.permit.renewShutterPermit();
      heartbeat.catch(() => undefined);
      await clock.run(clock.nowMs() + 50);
      await heartbeat;
      expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(true);
      // Nobody beats any more: whatever came of the meeting, the permit is gone within the watchdog's time.
      await clock.run(clock.nowMs() + 500);
      expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
    }
  });

  it("does not give the permit after it was dropped while a heartbeat was under way", async () => {
    const { io, clock, twin } = await createConnectedIo();
    const heartbeat = io.permit.renewShutterPermit();
    heartbeat.catch(() => undefined);
    const drop = io.permit.dropShutterPermit();
    await clock.run(clock.nowMs() + 100);
    await drop;
    await expect(heartbeat).rejects.toMatchObject({ code: "permit.lapsed" });
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
  });

  it("lets a closing overtake what waits, and withdraws an opening that was not sent yet", async () => {
    const { io, clock, twin, finish } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    const reads = [io.readInputs(), io.readInputs(), io.readInputs()];
    const opening = io.requestShutterOpen();
    opening.catch(() => undefined);
    const order: string[] = [];
    reads.forEach((read, index) => void read.then(() => order.push(`read ${index}`)));
    void io.requestShutterClosed().then(() => order.push("closed"));
    await clock.run(clock.nowMs() + 100);
    expect(order).toEqual(["read 0", "closed", "read 1", "read 2"]);
    await expect(opening).rejects.toMatchObject({ code: "device.refused" });
    expect(twin.outputs[MAP.outputs.shutterOpenRequest]).toBe(false);
  });

  it("puts filters in with one write and reads their switches back", async () => {
    const { io, finish, cable } = await createConnectedIo();
    const before = cable.counters.chunksToDevice;
    await finish(io.setFilters([true, false, true]));
    expect(cable.counters.chunksToDevice - before).toBe(1);
    expect((await finish(io.readInputs())).filtersIn).toEqual([true, false, true]);
  });

  it("puts filters in whose outputs are scattered", async () => {
    const map = { ...MAP, outputs: { ...MAP.outputs, filters: [7, 3, 5] } };
    const { io, finish } = await createConnectedIo({ map }, { map });
    await finish(io.setFilters([true, false, true]));
    expect((await finish(io.readInputs())).filtersIn).toEqual([true, false, true]);
  });

  it("drives the safety shutter, and its request drops with the watchdog", async () => {
    const { io, finish, clock } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestSafetyShutter(true));
    expect((await finish(io.readInputs())).safetyShutterOpenSwitch).toBe(true);
    await clock.run(clock.nowMs() + 1000);
    expect((await finish(io.readInputs())).safetyShutterClosedSwitch).toBe(true);
  });

  it("takes back the request and permit that an earlier session left, before anything else", async () => {
    const { io, finish, clock, beam } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestShutterOpen());
    const startMs = clock.nowMs();
    await finish(io.connect());
    expect(beam.drives.at(-1)?.isOpen).toBe(false);
    expect((beam.drives.at(-1)?.atMs ?? Infinity) - startMs).toBeLessThan(20);
  });

  it("says that the outcome of a write is unknown when its answer is lost, and starts again with the shutter shut", async () => {
    const { io, finish, clock, cable, twin, faults } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    const opening = io.requestShutterOpen();
    opening.catch(() => undefined);
    await clock.run(clock.nowMs() + 0.6);
    cable.hang(true);
    await expect(finish(opening)).rejects.toMatchObject({ code: "device.unknown-outcome" });
    expect(faults.map((fault) => fault.code)).toEqual(["link.timeout"]);
    cable.hang(false);
    expect(twin.outputs[MAP.outputs.shutterOpenRequest]).toBe(true);
    const opens = cable.counters.opens;
    await finish(io.readInputs());
    expect(cable.counters.opens).toBe(opens + 1);
    expect(twin.outputs[MAP.outputs.shutterOpenRequest]).toBe(false);
  });

  it("carries a closing through although its first answer is lost", async () => {
    const { io, finish, clock, cable, twin } = await createConnectedIo({ watchdogMs: 900 });
    await finish(io.permit.renewShutterPermit());
    await finish(io.requestShutterOpen());
    cable.hang(true);
    const closing = io.requestShutterClosed();
    closing.catch(() => undefined);
    await clock.run(clock.nowMs() + 100);
    cable.hang(false);
    const startMs = clock.nowMs();
    await finish(closing);
    expect(clock.nowMs() - startMs).toBeLessThan(150);
    expect(twin.outputs[MAP.outputs.shutterOpenRequest]).toBe(false);
  });

  it("answers a read with a timeout when the unit is silent, and says which reading", async () => {
    const { io, finish, cable } = await createConnectedIo();
    cable.hang(true);
    await expect(finish(io.readInputs())).rejects.toMatchObject({ code: "link.timeout" });
    await expect(finish(io.readInputs())).rejects.toMatchObject({ code: "link.timeout" });
    cable.hang(false);
    await finish(io.readInputs());
  });

  it("reports a unit that lost its power, and remembers nothing of its permit", async () => {
    const { io, finish, clock, twin, faults } = await createConnectedIo();
    await finish(io.permit.renewShutterPermit());
    twin.powerCycle();
    await clock.run(clock.nowMs() + 10);
    expect(faults.map((fault) => fault.code)).toEqual(["link.closed"]);
    await finish(io.permit.renewShutterPermit());
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(true);
    await clock.run(clock.nowMs() + 600);
    expect(twin.isWatchdogExpired).toBe(true);
    expect(twin.outputs[MAP.outputs.shutterPermit]).toBe(false);
  });

  it("does nothing any more after it was disconnected", async () => {
    const { io, finish } = await createConnectedIo();
    io.disconnect();
    await expect(finish(io.readInputs())).rejects.toMatchObject({ code: "link.closed" });
  });

  it("starts no timer of the library and leaves none behind", async () => {
    const { io, finish, clock } = await createConnectedIo();
    await finish(io.readInputs());
    expect(clock.pending).toBe(0);
  });
});
