import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { openRecord } from "../../../controller/record/record-reader.ts";
import { isFault } from "../../../protocols/base/fault.ts";
import { said, startBeamrack, type BeamrackProcess } from "../../support/beamrack-process.ts";
import { until } from "../../support/real-link.ts";

const CAMPAIGN = "test/fixtures/bench/four-cells.yaml";
const SITE = "protocols/sites/reference.yaml";

const placeSchema = z.object({ name: z.string(), driver: z.string(), where: z.string() });
const summarySchema = z.object({
  world: z.string(),
  interrupted: z.boolean(),
  cells: z.object({ total: z.number() }),
  exposures: z.object({ made: z.number(), aborted: z.number() }),
  dose: z.object({ booked_not_settled: z.number() }),
  samples: z.object({ acknowledged: z.number(), stored: z.number(), gaps: z.number() }),
});

const folders: string[] = [];
const running: BeamrackProcess[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) {
    if (one.isRunning()) one.signal("SIGKILL");
    await one.ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-bench-"));
  folders.push(folder);
  return folder;
}

function start(folder: string, args: readonly string[]): BeamrackProcess {
  const made = startBeamrack(args, { BEAMRACK_STATE: join(folder, "state") });
  running.push(made);
  return made;
}

/** The reference site's instruments on free ports of this computer. */
async function startBench(folder: string) {
  const site = join(folder, "site.yaml");
  const bench = start(folder, [
    ...["instruments", SITE, "--campaign", CAMPAIGN, "--folder", join(folder, "ports")],
    ...["--write-site", site, "--json"],
  ]);
  await said(bench, '"ready":true', 30_000);
  const places = bench.documents().flatMap((document) => {
    const read = placeSchema.safeParse(document);
    return read.success ? [read.data] : [];
  });
  const whereOf = (name: string): string => places.find((place) => place.name === name)?.where ?? "";
  return { bench, site, places, whereOf };
}

async function order(broker: string, fault: Readonly<Record<string, unknown>>): Promise<unknown> {
  const client = await mqtt.connectAsync(broker, { protocolVersion: 4 });
  const answers: unknown[] = [];
  client.on("message", (_, payload) => answers.push(JSON.parse(payload.toString("utf8"))));
  await client.subscribeAsync("beamrack/bench/fault/answer");
  await client.publishAsync("beamrack/bench/fault", JSON.stringify(fault));
  await until("the answer", () => answers.length > 0);
  await client.endAsync();
  return answers[0];
}

/** Exposures settled so far, by the record of a run under way; 0 while there is none yet. */
function exposures(data: string): number {
  try {
    return eventTypes(data).filter((type) => type === "exposure-settled").length;
  } catch (error) {
    if (isFault(error)) return 0;
    throw error;
  }
}

/** Looks a few times a second: each look reads the whole record. */
async function exposed(run: BeamrackProcess, data: string, count: number, withinMs: number): Promise<void> {
  const startMs = performance.now();
  while (exposures(data) < count) {
    if (!run.isRunning()) throw new Error(`the run ended:\n${run.err()}`);
    if (performance.now() - startMs > withinMs) throw new Error(`not ${count} exposures:\n${run.err()}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function eventTypes(data: string): readonly string[] {
  if (!existsSync(join(data, "campaign.db"))) return [];
  const reader = openRecord(data);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row.type]));
  } finally {
    reader.close();
  }
}

function gapChannels(data: string): readonly number[] {
  const reader = openRecord(data);
  try {
    return [...reader.gaps()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row.channelIndex]));
  } finally {
    reader.close();
  }
}

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
    await exposed(run, data, 2, 30_000);
    expect(await order(whereOf("broker"), { id: 7, kind: "hang", instrument: "channel A2" })).toEqual({
      id: 7,
      ok: true,
      what: "channel A2: hang",
    });
    const before = exposures(data);
    await said(run, "alarm channel A2", 10_000);
    await exposed(run, data, before + 3, 25_000);

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

    await order(whereOf("broker"), { id: 8, kind: "hang", instrument: "channel A2", on: false });

    // What ran goes on without the controller, and the next one goes on from the record.
    const again = start(folder, ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"]);
    await exposed(again, data, exposures(data) + 1, 40_000);
    again.signal("SIGKILL");
    await again.ended;
    const killedAfter = exposures(data);
    const third = start(folder, ["run", CAMPAIGN, "--site", site, "--data", data, "--headless", "--json"]);
    await exposed(third, data, killedAfter + 2, 40_000);
    third.signal("SIGINT");
    expect(await third.ended).toBe(1);
    expect(eventTypes(data).filter((type) => type === "campaign-resumed")).toHaveLength(2);
    expect(eventTypes(data).filter((type) => type === "cell-found").length).toBeGreaterThanOrEqual(6);
    const last = summarySchema.parse(third.documents().at(-1));
    expect(last.dose.booked_not_settled).toBe(0);
    expect(last.exposures.made).toBeGreaterThanOrEqual(killedAfter);
    const audit = start(folder, ["verify", data, "--json"]);
    expect({ code: await audit.ended, out: audit.documents().at(-1) }).toMatchObject({ code: 0, out: { ok: true } });

    bench.signal("SIGTERM");
    expect(await bench.ended).toBe(0);
    expect(readdirSync(join(folder, "ports"))).toEqual([]);
  }, 150_000);
});
