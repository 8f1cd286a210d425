import { describe, expect, it } from "vitest";
import { EIGER2_500K } from "../../../simulator/dectris-simplon/simplon-values.ts";
import { expectFault, faultOf } from "../../contract/contract-bench.ts";
import { createSimplonBench, FRAME, READ_OUT_S, type SimplonBench, type SimplonBenchOptions } from "./simplon-bench.ts";

const API = "/detector/api/1.8.0";

async function connected(options?: SimplonBenchOptions): Promise<SimplonBench> {
  const bench = createSimplonBench(options);
  await bench.settle(bench.detector.connect());
  bench.requests.length = 0;
  return bench;
}

const writes = (bench: SimplonBench): readonly string[] => bench.requests.filter((line) => line.startsWith("PUT"));

describe("a detector with the SIMPLON interface", () => {
  it("reads the version before anything else, and says who it is", async () => {
    const bench = createSimplonBench();
    expect(await bench.settle(bench.detector.connect())).toEqual({
      model: "Dectris EIGER2 Si 500K",
      serialNumber: "E-01-0401",
      firmware: "release-2022.1.2",
    });
    expect(bench.requests[0]).toBe("GET /detector/api/version");
    expect(writes(bench)).toEqual([]);
  });

  it.each([
    ["a version that would be another path", { impostor: () => ({ status: 200, body: '{"value":"../x"}' }) }],
    ["another detector number", { expectedSerialNumber: "E-01-0999" }],
    ["a web server", { impostor: () => ({ status: 404, body: "not found" }) }],
  ])("refuses %s", async (_, options) => {
    const bench = createSimplonBench(options);
    await expectFault(bench, bench.detector.connect(), "device.wrong");
    expect(writes(bench)).toEqual([]);
  });

  it("refuses a version that is not known", async () => {
    const bench = createSimplonBench({ version: "2.0.0" });
    await expectFault(bench, bench.detector.connect(), "device.firmware");
    expect(writes(bench)).toEqual([]);
  });

  it("initialises a detector after power-up, however long that takes", async () => {
    const bench = createSimplonBench({ startState: "na" });
    await bench.settle(bench.detector.connect());
    expect(writes(bench)).toEqual([`PUT ${API}/command/initialize`]);
    expect(bench.twin.state).toBe("idle");
  });

  it("finds its way when whoever connects gives up while it initialises", async () => {
    const bench = createSimplonBench({ startState: "na" });
    const given = bench.detector.connect();
    await bench.pass(5);
    bench.detector.disconnect();
    await expectFault(bench, given, "link.closed");
    await expectFault(bench, bench.detector.connect(), "detector.refused");
    await bench.pass(30);
    await bench.settle(bench.detector.connect());
    expect(writes(bench)).toHaveLength(1);
  });

  it("names the error that a detector stands in", async () => {
    const bench = createSimplonBench({ startState: "error" });
    const fault = await expectFault(bench, bench.detector.connect(), "detector.refused");
    expect(fault.message).toContain("HV supply");
  });

  it("ends what an earlier connection left, and says so; or leaves it when told to", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 60 }));
    await bench.settle(bench.detector.start());
    bench.detector.disconnect();
    expect(bench.twin.state).toBe("acquire");
    await bench.settle(bench.detector.connect());
    expect(bench.twin.state).toBe("idle");
    expect(bench.faults.map(({ code }) => code)).toEqual(["detector.unexpected"]);

    const reader = await connected({ whatRuns: "leave" });
    await reader.settle(reader.detector.arm(FRAME));
    reader.detector.disconnect();
    await reader.settle(reader.detector.connect());
    expect(reader.twin.state).toBe("ready");
  });

  it("sets the photon energy when it differs, and spares the seconds when it does not", async () => {
    const bench = createSimplonBench({ photonEnergyEv: 12_400 });
    await bench.settle(bench.detector.connect());
    expect(writes(bench)).toEqual([`PUT ${API}/config/photon_energy {"value":12400}`]);
    bench.requests.length = 0;
    await bench.settle(bench.detector.connect());
    expect(writes(bench)).toEqual([]);
  });

  it("arms with what differs, and reads again what a setting moved", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 2 }));
    expect(writes(bench)).toEqual([
      `PUT ${API}/config/count_time {"value":2}`,
      `PUT /filewriter/api/1.8.0/config/name_pattern {"value":"A1_00001"}`,
      `PUT ${API}/command/arm`,
    ]);
    // The longer exposure stretched the frame, which is long enough as it is.
    expect(bench.requests.filter((line) => line.endsWith("config/frame_time"))).toHaveLength(2);
    const { finished } = await bench.settle(bench.detector.start());
    await bench.settle(finished);
    await bench.pass(2);
    bench.requests.length = 0;
    await bench.settle(bench.detector.arm({ ...FRAME, fileName: "A2_00001.cbf" }));
    expect(writes(bench)).toEqual([
      `PUT ${API}/config/count_time {"value":0.5}`,
      `PUT ${API}/config/frame_time {"value":0.5000001}`,
      `PUT /filewriter/api/1.8.0/config/name_pattern {"value":"A2_00001"}`,
      `PUT ${API}/command/arm`,
    ]);
    const { finished: next } = await bench.settle(bench.detector.start());
    await bench.settle(next);
    await bench.pass(2);
    bench.requests.length = 0;
    await bench.settle(bench.detector.arm({ ...FRAME, fileName: "A3_00001.cbf" }));
    expect(writes(bench)).toHaveLength(2);
  });

  it("refuses when the detector keeps another exposure time than asked", async () => {
    const bench = await connected();
    bench.twin.faults.exposureFactor = 1.001;
    await expectFault(bench, bench.detector.arm(FRAME), "detector.refused");
    await expectFault(bench, bench.detector.start(), "detector.refused");
    expect(bench.twin.triggerCount).toBe(0);
  });

  it("passes a refusal on in the detector's words", async () => {
    const bench = await connected();
    const fault = await expectFault(bench, bench.detector.arm({ ...FRAME, exposureS: 10_000 }), "detector.refused");
    expect(fault.message).toContain("value out of range");
    expect(fault.detail).toMatchObject({ status: 400 });
  });

  it("refuses a folder that it does not have", async () => {
    const bench = await connected();
    const fault = await expectFault(bench, bench.detector.arm({ ...FRAME, folder: "/ramdisk" }), "detector.refused");
    expect(fault.message).toContain("/data");
    expect(bench.requests).toEqual([]);
  });

  it("tells the end of the exposure before it closes the series", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    const { finished } = await bench.settle(bench.detector.start());
    const frame = await bench.settle(finished);
    const [taken] = bench.frames;
    expect(frame.path).toBe(taken?.path);
    expect(bench.clock.nowMs() - (taken?.endMs ?? 0)).toBeLessThan(READ_OUT_S * 1000 + 2);
    expect(bench.requests.filter((line) => line.includes("disarm"))).toEqual([]);
    await bench.pass(2);
    expect(bench.requests.slice(-2)).toEqual([`PUT ${API}/command/disarm`, "HEAD /data/A1_00001_data_000001.h5"]);
    expect(bench.faults).toEqual([]);
  });

  it("says when the exposure was made and its file is not there", async () => {
    const bench = await connected();
    bench.twin.faults.writesNoFile = true;
    await bench.settle(bench.detector.arm(FRAME));
    const { finished } = await bench.settle(bench.detector.start());
    await bench.settle(finished);
    await bench.pass(5);
    expect(bench.faults.map(({ code }) => code)).toEqual(["detector.no-frame"]);
  });

  it("asks for the state at most ten times a second", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 5 }));
    bench.requests.length = 0;
    bench.twin.faults.countsNothing = true;
    const fromMs = bench.clock.nowMs();
    await faultOf(bench, bench.detector.start());
    const asked = bench.requests.filter((line) => line.endsWith("status/state")).length;
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(((bench.clock.nowMs() - fromMs) / 1000) * 10 + 3);
  });

  it("ends an exposure that is triggered and does not count", async () => {
    const bench = await connected();
    bench.twin.faults.countsNothing = true;
    await bench.settle(bench.detector.arm(FRAME));
    await expectFault(bench, bench.detector.start(), "detector.refused");
    expect(bench.requests).toContain(`PUT ${API}/command/abort`);
    expect(bench.twin.state).toBe("idle");
  });

  it("believes its files when the answer to a trigger is lost: a frame there is a frame taken", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    bench.http.loseAnswers(({ path }) => path.endsWith("/command/trigger"));
    const { finished } = await bench.settle(bench.detector.start());
    expect(await bench.settle(finished)).toEqual({ path: "/data/A1_00001_data_000001.h5", exposureS: 0.5 });
    expect(bench.twin.triggerCount).toBe(1);
  });

  it("calls the outcome unknown when the answer is lost and there is no frame", async () => {
    const bench = await connected();
    bench.twin.faults.writesNoFile = true;
    await bench.settle(bench.detector.arm(FRAME));
    bench.http.loseAnswers(({ path }) => path.endsWith("/command/trigger"));
    const { finished } = await bench.settle(bench.detector.start());
    const fault = await expectFault(bench, finished, "device.unknown-outcome");
    expect(fault.detail).toMatchObject({ found: "no file" });
    expect(bench.requests.filter((line) => line.endsWith("/command/trigger"))).toHaveLength(1);
  });

  it("does not believe an answer before the exposure can be over: somebody else ended it", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 10 }));
    const { finished } = await bench.settle(bench.detector.start());
    finished.catch(() => undefined);
    await bench.pass(2);
    await bench.settle(bench.http.port.request("PUT", `${API}/command/abort`, null, 1000));
    const fault = await expectFault(bench, finished, "detector.aborted");
    expect(fault.message).toContain("nobody here ended it");
    expect(fault.detail).toMatchObject({ state: "idle" });
    await bench.settle(bench.detector.arm(FRAME));
    await bench.settle((await bench.settle(bench.detector.start())).finished);
  });

  it("takes an answer that comes at once for acceptance, and the state for the end", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 3 }));
    bench.answersAtOnce = (path) => path.endsWith("/command/trigger");
    const { finished } = await bench.settle(bench.detector.start());
    bench.requests.length = 0;
    expect(await bench.settle(finished)).toMatchObject({ exposureS: 3 });
    const [taken] = bench.frames;
    const lateMs = bench.clock.nowMs() - (taken?.endMs ?? Infinity);
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(150);
    expect(bench.requests.filter((line) => line.endsWith("status/state")).length).toBeLessThan(10);
    await bench.pass(5);
    expect(bench.requests).toContain(`PUT ${API}/command/disarm`);
  });

  it("knows that nothing was triggered when the connection was refused", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    const starting = bench.detector.start();
    starting.catch(() => undefined);
    // The state is read first; the trigger follows on a connection of its own.
    while (!bench.requests.at(-1)?.endsWith("status/state")) await bench.pass(0.0005);
    await bench.pass(0.0045);
    bench.http.plug(false);
    await expectFault(bench, starting, "link.open-failed", "link.closed", "device.unknown-outcome");
    expect(bench.twin.triggerCount).toBe(0);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
    await expectFault(bench, bench.detector.arm(FRAME), "link.closed");
    bench.http.plug(true);
    await bench.settle(bench.detector.connect());
    await bench.settle(bench.detector.arm(FRAME));
  });

  it("says that the outcome is unknown when not even an abort helps, and wants to be connected anew", async () => {
    const bench = await connected();
    bench.twin.faults.neverEnds = true;
    bench.twin.faults.deafToAbort = true;
    await bench.settle(bench.detector.arm(FRAME));
    const { finished } = await bench.settle(bench.detector.start());
    await expectFault(bench, finished, "detector.late");
    await bench.pass(1);
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
    await expectFault(bench, bench.detector.arm(FRAME), "link.closed");
  });

  it("loses its session when an answer is lost or cannot be read", async () => {
    const bench = await connected();
    bench.twin.faults.isSilent = true;
    await expectFault(bench, bench.detector.arm(FRAME), "link.timeout");
    expect(bench.faults.map(({ code }) => code)).toEqual(["link.closed"]);
    bench.twin.faults.isSilent = false;
    await bench.settle(bench.detector.connect());
    await bench.settle(bench.detector.arm(FRAME));
  });

  it("disarms on request what was armed and never started", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    expect(bench.twin.state).toBe("ready");
    await bench.settle(bench.detector.abort());
    expect(bench.twin.state).toBe("idle");
    await expectFault(bench, bench.detector.start(), "detector.refused");
  });

  it("leaves room for the dead time of a slower model", async () => {
    const bench = await connected({ model: { ...EIGER2_500K, deadTimeS: 0.003 } });
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 0.2 }));
    expect(writes(bench)).toContain(`PUT ${API}/config/frame_time {"value":0.203}`);
    const { finished } = await bench.settle(bench.detector.start());
    await expect(bench.settle(finished)).resolves.toMatchObject({ exposureS: 0.2 });
  });

  it("is armed once for a series, each frame of it begun by a trigger and kept in a file of its own", async () => {
    const bench = await connected({ framesPerSeries: 3 });
    const paths: string[] = [];
    for (const fileName of ["A1_00001.cbf", "A2_00001.cbf", "A3_00001.cbf", "A4_00001.cbf"]) {
      await bench.settle(bench.detector.arm({ ...FRAME, fileName }));
      const { finished } = await bench.settle(bench.detector.start());
      paths.push((await bench.settle(finished)).path);
      await bench.pass(2);
    }
    expect(paths).toEqual(bench.frames.map(({ path }) => path));
    expect(paths.map((path) => path.slice("/data/from_".length))).toEqual([
      "A1_00001_data_000001.h5",
      "A1_00001_data_000002.h5",
      "A1_00001_data_000003.h5",
      "A4_00001_data_000001.h5",
    ]);
    expect(writes(bench).filter((line) => line.endsWith("command/arm"))).toHaveLength(2);
    expect(bench.faults).toEqual([]);
  });

  it("arms anew within a series for another time, after an abort, and where it is not ready any more", async () => {
    const bench = await connected({ framesPerSeries: 100 });
    const arms = (): number => writes(bench).filter((line) => line.endsWith("command/arm")).length;
    const take = async (exposureS: number): Promise<void> => {
      await bench.settle(bench.detector.arm({ ...FRAME, exposureS }));
      const { finished } = await bench.settle(bench.detector.start());
      await bench.settle(finished);
      await bench.pass(2);
    };
    await take(0.5);
    await take(0.5);
    expect(arms()).toBe(1);
    await take(0.7);
    expect(arms()).toBe(2);
    await bench.settle(bench.detector.arm({ ...FRAME, exposureS: 0.7 }));
    await bench.settle(bench.detector.start());
    await bench.settle(bench.detector.abort());
    await bench.pass(2);
    await take(0.7);
    expect(arms()).toBe(3);
    bench.http.loseAnswers(({ path }) => path.endsWith("/command/trigger"));
    await take(0.7);
    bench.http.loseAnswers(() => false);
    await take(0.7);
    expect(arms()).toBe(4);
    expect(bench.frames).toHaveLength(6);
    expect(bench.faults).toEqual([]);
  });

  it("leaves no timer behind", async () => {
    const bench = await connected();
    await bench.settle(bench.detector.arm(FRAME));
    const { finished } = await bench.settle(bench.detector.start());
    await bench.settle(finished);
    await bench.pass(1);
    expect(bench.clock.pending).toBe(0);
  });
});
