import { describe, expect, it } from "vitest";
import { expectFault } from "../../contract/contract-bench.ts";
import { createSimplonBench, FRAME, type SimplonBench, type SimplonBenchOptions } from "./simplon-bench.ts";

const API = "/detector/api/1.8.0";

async function connected(options?: SimplonBenchOptions): Promise<SimplonBench> {
  const bench = createSimplonBench(options);
  await bench.settle(bench.detector.connect());
  bench.requests.length = 0;
  return bench;
}

describe("what a SIMPLON detector was set to", () => {
  const meddle = (bench: SimplonBench, key: string, value: string | number, module = "detector"): Promise<unknown> =>
    bench.settle(bench.http.port.request("PUT", `/${module}/api/1.8.0/config/${key}`, JSON.stringify({ value }), 5000));
  const take = async (bench: SimplonBench, fileName: string): Promise<string> => {
    await bench.settle(bench.detector.arm({ ...FRAME, fileName }));
    const { finished } = await bench.settle(bench.detector.start());
    const { path } = await bench.settle(finished);
    await bench.pass(2);
    return path;
  };

  it.each([
    ["detector", "count_time", 0.1, 0.5],
    ["detector", "frame_time", 3, 0.5000001],
    ["detector", "nimages", 7, 1],
    ["detector", "ntrigger", 2, 1],
    ["detector", "trigger_mode", "exts", "ints"],
    ["filewriter", "mode", "disabled", "enabled"],
  ] as const)(
    "is read at each arming: %s/%s that another client changed is put right",
    async (module, key, other, own) => {
      const bench = await connected();
      await take(bench, "A1_00001.cbf");
      await meddle(bench, key, other, module);
      bench.requests.length = 0;
      await take(bench, "A2_00001.cbf");
      expect(bench.requests).toContain(`PUT /${module}/api/1.8.0/config/${key} {"value":${JSON.stringify(own)}}`);
      const [, taken] = bench.frames;
      expect((taken?.endMs ?? 0) - (taken?.startMs ?? 0)).toBeCloseTo(500, 3);
      expect(bench.frames).toHaveLength(2);
      expect(bench.faults).toEqual([]);
    },
  );

  it("is read within a series, which ends where somebody changed it", async () => {
    const bench = await connected({ framesPerSeries: 100 });
    await take(bench, "A1_00001.cbf");
    expect(await take(bench, "A2_00001.cbf")).toContain("from_A1_00001_data_000002");
    await meddle(bench, "count_time", 0.1);
    expect(await take(bench, "A3_00001.cbf")).toContain("from_A3_00001_data_000001");
    const taken = bench.frames.at(-1);
    expect((taken?.endMs ?? 0) - (taken?.startMs ?? 0)).toBeCloseTo(500, 3);
  });

  it("costs one question for each setting, where nothing differs but the name", async () => {
    const bench = await connected();
    await take(bench, "A1_00001.cbf");
    bench.requests.length = 0;
    const fromMs = bench.clock.nowMs();
    await bench.settle(bench.detector.arm({ ...FRAME, fileName: "A2_00001.cbf" }));
    expect(bench.requests.filter((line) => line.includes("/config/") && line.startsWith("GET"))).toHaveLength(9);
    expect(bench.requests.filter((line) => line.includes("/config/") && line.startsWith("PUT"))).toHaveLength(1);
    // The twin arms in 400 ms and answers in 4.
    expect(bench.clock.nowMs() - fromMs).toBeLessThan(400 + 40);
  });

  it("holds for the photon energy: read back when it is set, and read at each arming", async () => {
    const bench = createSimplonBench({ photonEnergyEv: 12_400 });
    await bench.settle(bench.detector.connect());
    const energy = `${API}/config/photon_energy`;
    const about = (): readonly string[] => bench.requests.filter((line) => line.includes(energy));
    expect(about()).toEqual([`GET ${energy}`, `PUT ${energy} {"value":12400}`, `GET ${energy}`]);
    await take(bench, "A1_00001.cbf");
    await meddle(bench, "photon_energy", 8041);
    bench.requests.length = 0;
    await take(bench, "A2_00001.cbf");
    expect(about()).toEqual([`GET ${energy}`, `PUT ${energy} {"value":12400}`, `GET ${energy}`]);
  });

  it("is refused when connecting, where the detector keeps another energy than asked", async () => {
    const bench = createSimplonBench({ photonEnergyEv: 12_400, keeps: ["photon_energy"] });
    const fault = await expectFault(bench, bench.detector.connect(), "detector.refused");
    expect(fault.detail).toMatchObject({ key: "photon_energy", asked: 12_400, confirmed: 8041 });
  });
});
