import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  CAMPAIGN,
  clearBench,
  exposed,
  exposures,
  eventTypes,
  newFolder,
  start,
  startBench,
  summarySchema,
} from "../../support/bench-process.ts";

afterEach(clearBench);

describe("a campaign on the bench whose controller is killed", () => {
  it("goes on from its record when it is started again, with every exposure accounted", async () => {
    const folder = newFolder();
    const { bench, site } = await startBench(folder);
    const data = join(folder, "data");
    const first = start(folder, ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"]);
    await exposed(first, data, 2, 120_000);
    first.signal("SIGKILL");
    await first.ended;
    const killedAfter = exposures(data);
    // What ran goes on without the controller, and the next one goes on from the record.
    const second = start(folder, ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"]);
    await exposed(second, data, killedAfter + 2, 120_000);
    second.signal("SIGINT");
    expect(await second.ended).toBe(1);
    expect(eventTypes(data).filter((type) => type === "campaign-resumed")).toHaveLength(1);
    expect(eventTypes(data).filter((type) => type === "cell-found").length).toBeGreaterThanOrEqual(3);
    const last = summarySchema.parse(second.documents().at(-1));
    expect(last.dose.booked_not_settled).toBe(0);
    expect(last.exposures.made).toBeGreaterThanOrEqual(killedAfter);
    const audit = start(folder, ["verify", data, "--json"]);
    expect({ code: await audit.ended, out: audit.documents().at(-1) }).toMatchObject({ code: 0, out: { ok: true } });

    bench.signal("SIGTERM");
    expect(await bench.ended).toBe(0);
  }, 400_000);
});
