/** A simulated bench in a process of its own, the campaign of four cells on it, and looks into its record. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { z } from "zod";
import { openRecord } from "../../controller/record/record-reader.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { said, startBeamrack, type BeamrackProcess } from "./beamrack-process.ts";
import { until } from "./real-link.ts";

export const CAMPAIGN = "test/fixtures/bench/four-cells.yaml";
const SITE = "protocols/sites/reference.yaml";

const placeSchema = z.object({ name: z.string(), driver: z.string(), where: z.string() });
export const summarySchema = z.object({
  world: z.string(),
  interrupted: z.boolean(),
  cells: z.object({ total: z.number() }),
  exposures: z.object({ made: z.number(), aborted: z.number() }),
  dose: z.object({ booked_not_settled: z.number() }),
  samples: z.object({ acknowledged: z.number(), stored: z.number(), gaps: z.number() }),
});

const folders: string[] = [];
const running: BeamrackProcess[] = [];

/** Ends what was started here, and removes its folders. */
export async function clearBench(): Promise<void> {
  for (const one of running.splice(0)) {
    if (one.isRunning()) one.signal("SIGKILL");
    await one.ended;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "beamrack-bench-"));
  folders.push(folder);
  return folder;
}

export function start(folder: string, args: readonly string[]): BeamrackProcess {
  const made = startBeamrack(args, { BEAMRACK_STATE: join(folder, "state") });
  running.push(made);
  return made;
}

/** The reference site's instruments on free ports of this computer. */
export async function startBench(folder: string) {
  const site = join(folder, "site.yaml");
  const bench = start(folder, [
    ...["instruments", SITE, "--campaign", CAMPAIGN, "--folder", join(folder, "ports")],
    ...["--write-site", site, "--json"],
  ]);
  await said(bench, '"ready":true', 90_000);
  const places = bench.documents().flatMap((document) => {
    const read = placeSchema.safeParse(document);
    return read.success ? [read.data] : [];
  });
  const whereOf = (name: string): string => places.find((place) => place.name === name)?.where ?? "";
  return { bench, site, places, whereOf };
}

export async function order(broker: string, fault: Readonly<Record<string, unknown>>): Promise<unknown> {
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
export function exposures(data: string): number {
  try {
    return eventTypes(data).filter((type) => type === "exposure-settled").length;
  } catch (error) {
    if (isFault(error)) return 0;
    throw error;
  }
}

/** Looks a few times a second: each look reads the whole record. */
export async function exposed(run: BeamrackProcess, data: string, count: number, withinMs: number): Promise<void> {
  const startMs = performance.now();
  while (exposures(data) < count) {
    if (!run.isRunning()) throw new Error(`the run ended:\n${run.err()}`);
    if (performance.now() - startMs > withinMs) throw new Error(`not ${count} exposures:\n${run.err()}`);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

export function eventTypes(data: string): readonly string[] {
  if (!existsSync(join(data, "campaign.db"))) return [];
  const reader = openRecord(data);
  try {
    return [...reader.events()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row.type]));
  } finally {
    reader.close();
  }
}

export function gapChannels(data: string): readonly number[] {
  const reader = openRecord(data);
  try {
    return [...reader.gaps()].flatMap((scanned) => (scanned.kind === "damaged" ? [] : [scanned.row.channelIndex]));
  } finally {
    reader.close();
  }
}
