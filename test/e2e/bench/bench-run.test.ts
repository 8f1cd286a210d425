import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { said } from "../../support/beamrack-process.ts";
import {
  CAMPAIGN,
  clearBench,
  exposed,
  exposures,
  gapChannels,
  newFolder,
  order,
  start,
  startBench,
  summarySchema,
} from "../../support/bench-process.ts";

afterEach(clearBench);

describe("a campaign on the bench, from another process", () => {
  it("exposes and records; a channel that hangs is named and the others lose nothing; Ctrl-C ends it in order", async () => {
    const folder = newFolder();
    const { bench, site, places, whereOf } = await startBench(folder);
    expect(new Set(places.map((place) => place.driver))).toEqual(
      new Set(["palmsens-methodscript", "grbl", "modbus-io", "dectris-camserver", "mqtt-sensor"]),
    );
    expect(whereOf("channel A2")).toBe(join(folder, "ports", "usb-mes4-A2"));
    expect(whereOf("io")).toMatch(/^127\.0\.0\.1:\d+$/);

    const data = join(folder, "data");
    const run = start(folder, ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"]);
    await exposed(run, data, 2, 120_000);
    expect(await order(whereOf("broker"), { id: 7, kind: "hang", instrument: "channel A2" })).toEqual({
      id: 7,
      ok: true,
      what: "channel A2: hang",
    });
    const before = exposures(data);
    await said(run, "alarm channel A2", 30_000);
    await exposed(run, data, before + 3, 120_000);

    // A second controller has no place beside the first.
    const second = start(folder, ["run", CAMPAIGN, "--site", site, "--data", join(folder, "other"), "--json"]);
    expect(await second.ended).toBe(2);
    expect(second.out()).toContain("site.in-use");

    run.signal("SIGINT");
    expect(await run.ended).toBe(1);
    expect(run.err()).toContain("Cells were left as they were");
    const summary = summarySchema.parse(run.documents().at(-1));
    expect(summary).toMatchObject({ world: "bench", interrupted: true, cells: { total: 4 } });
    expect(summary.exposures.made).toBeGreaterThanOrEqual(before + 3);
    expect(summary.dose.booked_not_settled).toBe(0);
    expect(summary.samples.stored).toBe(summary.samples.acknowledged);
    expect(gapChannels(data).filter((channel) => channel !== 1)).toEqual([]);

    const verify = start(folder, ["verify", data, "--json"]);
    expect({ code: await verify.ended, out: verify.documents().at(-1) }).toMatchObject({ code: 0, out: { ok: true } });

    bench.signal("SIGTERM");
    expect(await bench.ended).toBe(0);
    expect(readdirSync(join(folder, "ports"))).toEqual([]);
  }, 400_000);
});
