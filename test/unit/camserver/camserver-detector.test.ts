import { describe, expect, it } from "vitest";
import { createDetectorBench, READ_OUT_S } from "./camserver-fixture.ts";

const SHORT = { exposureS: 0.5, folder: "/ramdisk/rack", fileName: "A1_00001.cbf" };

describe("a detector behind a camserver", () => {
  it("identifies itself and ends nothing that does not run", async () => {
    const bench = await createDetectorBench(false);
    const identity = await bench.settle(bench.detector.connect());
    expect(identity).toEqual({ model: "camserver", serialNumber: null, firmware: "tvx-7.3.13-121212" });
    expect(bench.sent).toEqual(["version", "camcmd k"]);
    expect(bench.faults).toEqual([]);
  });

  it("arms, starts and gives the frame by the detector's own word", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    const startedMs = bench.clock.nowMs();
    const frame = await bench.settle(finished);
    expect(frame).toEqual({ path: "/ramdisk/rack/A1_00001.cbf", exposureS: 0.5 });
    expect(bench.frames.map(({ path }) => path)).toEqual([frame.path]);
    expect(bench.clock.nowMs() - startedMs).toBeCloseTo(500 + READ_OUT_S * 1000, 3);
    expect(bench.faults).toEqual([]);
  });

  it("sends only the setters whose confirmed value changes", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    expect(bench.sent).toEqual(["exptime 0.5000000", "expperiod 0.5010000", "nimages 1", "imgpath /ramdisk/rack"]);
    bench.sent.length = 0;
    const beforeMs = bench.clock.nowMs();
    await bench.settle(bench.detector.arm({ ...SHORT, fileName: "A2_00001.cbf" }));
    expect(bench.sent).toEqual([]);
    expect(bench.clock.nowMs()).toBe(beforeMs);
    await bench.settle(bench.detector.arm({ ...SHORT, exposureS: 2 }));
    expect(bench.sent).toEqual(["exptime 2.0000000", "expperiod 2.0010000"]);
  });

  it("sends every setter again on a new link", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    bench.cable.cut("pulled");
    await expect(bench.settle(bench.detector.start())).rejects.toMatchObject({ code: "link.closed" });
    await bench.settle(bench.detector.connect());
    bench.sent.length = 0;
    await bench.settle(bench.detector.arm(SHORT));
    expect(bench.sent).toHaveLength(4);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
  });

  it("refuses when the detector confirms another exposure time", async () => {
    const bench = await createDetectorBench();
    bench.twin.faults.exposureFactor = 1.001;
    await expect(bench.settle(bench.detector.arm(SHORT))).rejects.toMatchObject({ code: "detector.refused" });
    await expect(bench.settle(bench.detector.start())).rejects.toMatchObject({ code: "detector.refused" });
  });

  it("refuses names and times that cannot be sent, and sends nothing", async () => {
    const bench = await createDetectorBench();
    for (const wrong of [
      { exposureS: Number.NaN },
      { exposureS: 0 },
      { exposureS: -1 },
      { exposureS: Infinity },
      { fileName: "a\nK" },
      { fileName: "" },
      { fileName: "../a.cbf" },
      { folder: "/ram disk" },
    ]) {
      await expect(bench.settle(bench.detector.arm({ ...SHORT, ...wrong }))).rejects.toMatchObject({
        code: "detector.refused",
      });
    }
    expect(bench.sent).toEqual([]);
  });

  it("does not believe a start that is refused in the same breath", async () => {
    const bench = await createDetectorBench();
    bench.twin.faults.refuseAfterStart = "ERROR: no trigger unit";
    await bench.settle(bench.detector.arm(SHORT));
    await expect(bench.settle(bench.detector.start())).rejects.toMatchObject({ code: "detector.refused" });
    bench.twin.faults.refuseAfterStart = null;
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    await expect(bench.settle(finished)).resolves.toMatchObject({ exposureS: 0.5 });
  });

  it("calls an exposure late after its time and ten seconds, and ends it", async () => {
    const bench = await createDetectorBench();
    bench.twin.faults.neverEnds = true;
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    const startedMs = bench.clock.nowMs();
    await expect(bench.settle(finished)).rejects.toMatchObject({ code: "detector.late" });
    expect(bench.clock.nowMs() - startedMs).toBeGreaterThan(10_500);
    expect(bench.clock.nowMs() - startedMs).toBeLessThan(10_600);
    expect(bench.sent.slice(-1)).toEqual(["camcmd k"]);
    expect(bench.twin.isExposing).toBe(false);
    bench.twin.faults.neverEnds = false;
    await bench.settle(bench.detector.arm(SHORT));
    const next = await bench.settle(bench.detector.start());
    await expect(bench.settle(next.finished)).resolves.toMatchObject({ exposureS: 0.5 });
  });

  it("kills hard when the orderly end is not heard", async () => {
    const bench = await createDetectorBench();
    bench.twin.faults.neverEnds = true;
    bench.twin.faults.deafToOrderlyEnd = true;
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    await expect(bench.settle(finished)).rejects.toMatchObject({ code: "detector.late" });
    expect(bench.sent.slice(-2)).toEqual(["camcmd k", "K"]);
    expect(bench.twin.isExposing).toBe(false);
  });

  it("says that the outcome is unknown when not even a kill is answered, and wants to be connected anew", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    bench.twin.faults.isSilent = true;
    await expect(bench.settle(finished)).rejects.toMatchObject({ code: "detector.late" });
    await bench.runFor(1);
    expect(bench.faults.map(({ code }) => code)).toEqual(["device.unknown-outcome"]);
    await expect(bench.settle(bench.detector.arm(SHORT))).rejects.toMatchObject({ code: "link.closed" });
    bench.twin.faults.isSilent = false;
    await bench.settle(bench.detector.connect());
    await bench.settle(bench.detector.arm(SHORT));
  });

  it("ends an exposure on request, and again without harm", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm({ ...SHORT, exposureS: 60 }));
    const { finished } = await bench.settle(bench.detector.start());
    await bench.runFor(1000);
    await bench.settle(bench.detector.abort());
    await expect(bench.settle(finished)).rejects.toMatchObject({ code: "detector.aborted" });
    expect(bench.twin.isExposing).toBe(false);
    bench.sent.length = 0;
    await bench.settle(bench.detector.abort());
    expect(bench.sent).toEqual([]);
    expect(bench.faults).toEqual([]);
  });

  it("leaves no timer behind", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    await bench.settle(finished);
    await bench.runFor(0);
    expect(bench.clock.pending).toBe(0);
  });

  it("says that the outcome is unknown when the link is lost in mid-exposure, and ends it on reconnecting", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm({ ...SHORT, exposureS: 60 }));
    const { finished } = await bench.settle(bench.detector.start());
    bench.cable.cut("pulled");
    await expect(bench.settle(finished)).rejects.toMatchObject({ code: "device.unknown-outcome" });
    await bench.runFor(1000);
    expect(bench.twin.isExposing).toBe(true);
    await bench.settle(bench.detector.connect());
    expect(bench.twin.isExposing).toBe(false);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed", "detector.unexpected"]);
  });

  it("says that the outcome is unknown when the start is never answered", async () => {
    const bench = await createDetectorBench();
    await bench.settle(bench.detector.arm(SHORT));
    bench.twin.faults.isSilent = true;
    await expect(bench.settle(bench.detector.start())).rejects.toMatchObject({ code: "device.unknown-outcome" });
  });

  it("rejects with a time-out when the detector is silent, and names it", async () => {
    const bench = await createDetectorBench(false);
    bench.twin.faults.isSilent = true;
    await expect(bench.settle(bench.detector.connect())).rejects.toMatchObject({
      code: "link.timeout",
      where: "detector",
    });
    expect(bench.clock.nowMs()).toBeLessThan(1100);
  });

  it("reports what nobody asked for and does not take another frame for its own", async () => {
    const bench = await createDetectorBench();
    bench.twin.say("215 OK Channel 0: Temperature = 55.0C");
    bench.twin.say("gibberish");
    bench.twin.say("7 OK /ramdisk/rack/old_00001.cbf");
    await bench.runFor(10);
    expect(bench.faults.map(({ code }) => code)).toEqual(new Array(3).fill("detector.unexpected"));
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    bench.twin.say("7 OK /ramdisk/rack/old_00001.cbf");
    const frame = await bench.settle(finished);
    expect(frame.path).toBe("/ramdisk/rack/A1_00001.cbf");
    expect(bench.faults).toHaveLength(4);
  });

  it("survives whatever bytes come, cut anywhere", async () => {
    const bench = await createDetectorBench();
    let state = 12_345;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
    const fragments = ["7 OK ", "15 ERR ", "13 ERR kill", "15 OK  Starting ", "\x18", "\n", "24 OK", "\0", "\xff"];
    for (let run = 0; run < 10_000; run += 1) {
      let text = "";
      const count = Math.floor(random() * 6);
      for (let index = 0; index < count; index += 1) {
        text += fragments[Math.floor(random() * fragments.length)] ?? "";
        if (random() < 0.3) text += String.fromCharCode(Math.floor(random() * 256));
      }
      bench.cable.end.send(Buffer.from(text, "latin1"));
    }
    bench.cable.end.send(Buffer.from("\x18", "latin1"));
    await bench.runFor(10);
    expect(bench.faults.length).toBeGreaterThan(1000);
    expect(new Set(bench.faults.map(({ code }) => code))).toEqual(new Set(["detector.unexpected"]));
    await bench.settle(bench.detector.arm(SHORT));
    const { finished } = await bench.settle(bench.detector.start());
    await expect(bench.settle(finished)).resolves.toMatchObject({ exposureS: 0.5 });
  });
});
