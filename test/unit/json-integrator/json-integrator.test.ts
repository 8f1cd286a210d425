import { describe, expect, it } from "vitest";
import { createJsonIntegrator } from "../../../drivers/json-integrator/json-integrator.ts";
import { createIntegratorTwin } from "../../../simulator/json-integrator/integrator-twin.ts";
import { createIntegratorBench, PATTERN, patternOf } from "./integrator-bench.ts";

function bench(takesMs = 150) {
  const { clock, cable, faultsOf, finish } = createIntegratorBench();
  createIntegratorTwin({
    ...{ end: cable.end, clock, takesMs },
    patternOf,
  });
  const integrator = createJsonIntegrator({ name: "integrator", openLink: cable.openLink, clock, timeoutS: 5 });
  const faults = faultsOf(integrator);
  return { clock, cable, integrator, faults, finish };
}

describe("a program that integrates frames", () => {
  it("says who it is, and gives the pattern of the frame that was asked for, bin for bin", async () => {
    const { integrator, finish } = bench();
    expect(await finish(integrator.connect())).toEqual({
      ...{ model: "simulated integrator", serialNumber: null, firmware: "1" },
    });
    const read = await finish(integrator.read("/data/a.cbf"));
    expect(Array.from(read?.counts ?? [])).toEqual(Array.from(PATTERN.counts));
    expect(read?.twoThetaDeg[2499]).toBeCloseTo(PATTERN.twoThetaDeg[2499] ?? NaN, 4);
    expect(await finish(integrator.read("/data/gone.cbf"))).toBeUndefined();
  });

  it("is asked several at once, and each answer finds its question", async () => {
    const { integrator, finish } = bench();
    await finish(integrator.connect());
    const all = Promise.all(["/data/a.cbf", "/data/gone.cbf", "/data/b.cbf"].map((path) => integrator.read(path)));
    expect((await finish(all)).map((read) => read?.counts.length)).toEqual([2500, undefined, 2500]);
  });

  it("that takes too long costs one pattern, by name, and the next one is had", async () => {
    const { integrator, cable, finish } = bench();
    await finish(integrator.connect());
    cable.hang(true);
    await expect(finish(integrator.read("/data/a.cbf"))).rejects.toMatchObject({
      ...{ code: "link.timeout", where: "integrator" },
    });
    cable.hang(false);
    expect((await finish(integrator.read("/data/b.cbf")))?.counts.length).toBe(2500);
  });

  it("that goes away is told once, and everything that was asked is given up", async () => {
    const { integrator, cable, faults, finish } = bench();
    await finish(integrator.connect());
    const asked = integrator.read("/data/a.cbf");
    cable.cut("unplugged");
    await expect(finish(asked)).rejects.toMatchObject({ code: "link.closed" });
    expect(faults.map(({ code }) => code)).toEqual(["link.closed"]);
    await expect(integrator.read("/data/b.cbf")).rejects.toMatchObject({ code: "link.closed" });
    await finish(integrator.connect());
    expect((await finish(integrator.read("/data/b.cbf")))?.counts.length).toBe(2500);
  });

  it("whose link is lost before it says who it is is told so at once, and the next one is not disturbed by it", async () => {
    const { clock, integrator, cable, finish } = bench();
    cable.hang(true);
    const first = integrator.connect();
    clock.setTimeout(() => {
      cable.cut("unplugged");
    }, 100);
    await expect(finish(first)).rejects.toMatchObject({ code: "link.closed" });
    cable.hang(false);
    const second = finish(integrator.connect());
    expect(await second).toMatchObject({ model: "simulated integrator" });
  });

  it("that does not speak as one is refused, and one that is silent is named", async () => {
    const { clock, cable } = createIntegratorBench();
    cable.end.onData(() => {
      cable.end.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n"));
    });
    const integrator = createJsonIntegrator({ name: "integrator", openLink: cable.openLink, clock, timeoutS: 5 });
    const wrong = integrator.connect();
    wrong.catch(() => undefined);
    await clock.run(1000);
    await expect(wrong).rejects.toMatchObject({ code: "device.wrong" });
    cable.hang(true);
    const silent = integrator.connect();
    silent.catch(() => undefined);
    await clock.run(20_000);
    await expect(silent).rejects.toMatchObject({ code: "link.timeout" });
  });
});
