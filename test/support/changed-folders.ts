/** Data folders, one closed and one left by a kill, that are damaged a bit or a cut at a time; what the audit makes of it. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRecord } from "../../controller/record/record-reader.ts";
import { salvageRecord } from "../../controller/record/salvage.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { canonicalJson } from "../../protocols/base/canonical-json.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { createChance } from "../../simulator/chance/chance.ts";
import { sealedSummary } from "../../controller/record/summary-seal.ts";
import { HEADER, open, runCampaign } from "../unit/record/record-fixture.ts";

export interface ChangesReport {
  readonly changes: number;
  readonly found: number;
  readonly harmless: number;
  /** Not found, and something reads otherwise. */
  readonly unseen: readonly string[];
  /** Found, and more is lost than a page of the file or a block holds. */
  readonly lostBeyond: readonly string[];
}

const MINUTES = 90;
/** What one change may cost at most: a page of events or a block of samples, and the interior page above some. */
const EVENTS_LOST_MAX = 40;
const BLOCKS_LOST_MAX = 2;

/** `told` hears of each change that is done with, and how many were found so far. */
export async function changeAgainAndAgain(
  place: string,
  changes: number,
  seed: number,
  told: (done: number, found: number) => void = () => undefined,
): Promise<ChangesReport> {
  const sources = [await closedFolder(join(place, "closed")), await killedFolder(place)];
  const before = sources.map((folder) => ({ folder, contents: contentsOf(folder), size: sizeOf(folder) }));
  const chance = createChance(seed);
  const folder = join(place, "changed");
  const unseen: string[] = [];
  const lostBeyond: string[] = [];
  let found = 0;
  let harmless = 0;
  for (let change = 1; change <= changes; change += 1) {
    const source = before[change % before.length];
    if (source === undefined) continue;
    rmSync(folder, { recursive: true, force: true });
    cpSync(source.folder, folder, { recursive: true });
    const what = `${change}: ${damage(folder, chance)}`;
    const verdict = judge(folder);
    told(change, verdict === "found" ? found + 1 : found);
    if (verdict === "found") {
      found += 1;
      const kept = salvaged(folder, join(place, "salvaged"));
      const events = source.size.events - kept.events;
      const samples = source.size.samples - kept.samples;
      const isCut = what.includes("cut");
      if (!isCut && (events > EVENTS_LOST_MAX || samples > BLOCKS_LOST_MAX * source.size.blockSamplesMax))
        lostBeyond.push(
          `${what}: ${events} of ${source.size.events} events and ${samples} of ${source.size.samples} samples`,
        );
      continue;
    }
    if (contentsOf(folder) === source.contents) harmless += 1;
    else unseen.push(what);
  }
  return { changes, found, harmless, unseen, lostBeyond };
}

async function closedFolder(folder: string): Promise<string> {
  const store = open(folder, { header: { ...HEADER, conditions: "until 90 min" } });
  await runCampaign(store, MINUTES);
  store.close();
  const { seq } = store.head;
  const summary = { campaign: "two cells and a beam", cells: { total: 2 }, log: { events: seq, digest: store.digest } };
  writeFileSync(join(folder, "summary.json"), `${JSON.stringify(sealedSummary(summary), null, 2)}\n`);
  return folder;
}

/** As a site's process leaves it, with the write-ahead log beside the database. */
async function killedFolder(place: string): Promise<string> {
  const folder = join(place, "killed");
  const alive = join(place, "alive");
  const store = open(alive, { header: { ...HEADER, world: "site", seed: null }, durability: "power-loss" });
  await runCampaign(store, MINUTES);
  await store.commit();
  cpSync(alive, folder, { recursive: true, filter: (path) => !path.includes("lock") && !path.endsWith("-shm") });
  store.abandon();
  return folder;
}

/** Everything that anybody reads from a folder; what it is not readable by is said in its place. */
function contentsOf(folder: string): string {
  const record = openRecord(folder);
  try {
    const { header, head } = record;
    const samples = [0, 1, 2].map((channel) => [...record.samples(channel)].map((one) => Object.values(one).join()));
    const envelopes = [0, 1, 2].map((channel) => {
      const found = record.envelope(channel, 0, MINUTES * 60_000, 10);
      return Object.values(found).map((column: Uint32Array | Float64Array) => [...column].map(String));
    });
    const rows = [[...record.events()], [...record.ledger()], [...record.gaps()]];
    const summary = join(folder, "summary.json");
    return canonicalJson({
      ...{ header: JSON.stringify(header), head: JSON.stringify(head), samples, envelopes },
      rows: JSON.stringify(rows),
      summary: existsSync(summary) ? JSON.stringify(JSON.parse(readFileSync(summary, "utf8"))) : "",
    });
  } finally {
    record.close();
  }
}

function sizeOf(folder: string): {
  readonly events: number;
  readonly samples: number;
  readonly blockSamplesMax: number;
} {
  const record = openRecord(folder);
  const blocks = [...record.frames()].flatMap((one) => (one.kind === "row" ? [one.row.sampleCount] : []));
  const sizes = {
    events: [...record.events()].length,
    samples: blocks.reduce((sum, count) => sum + count, 0),
    blockSamplesMax: Math.max(...blocks),
  };
  record.close();
  return sizes;
}

function damage(folder: string, chance: { uniform(): number }): string {
  const pick = (below: number): number => Math.floor(chance.uniform() * below);
  const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).size > 0);
  // Each file in turn would spare the largest: half the changes go by size.
  const total = files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  let left = pick(total);
  const bySize = files.find((name) => (left -= statSync(join(folder, name)).size) < 0);
  const name = (chance.uniform() < 0.5 ? bySize : files[pick(files.length)]) ?? "campaign.db";
  const path = join(folder, name);
  const { size } = statSync(path);
  const at = pick(size);
  if (chance.uniform() < 0.2) {
    truncateSync(path, at);
    return `${name} cut to ${at} of ${size} bytes`;
  }
  const bytes = readFileSync(path);
  const bit = pick(8);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  writeFileSync(path, bytes);
  return `${name} bit ${bit} of byte ${at} (page ${Math.floor(at / 4096) + 1})`;
}

function judge(folder: string): "found" | "unseen" {
  try {
    const { findings } = verifyRecord(folder);
    return findings.some(({ severity, code }) => severity !== "note" && code !== "") ? "found" : "unseen";
  } catch (error) {
    if (isFault(error)) return "found";
    throw error;
  }
}

function salvaged(from: string, to: string): { readonly events: number; readonly samples: number } {
  rmSync(to, { recursive: true, force: true });
  try {
    return salvageRecord(from, to);
  } catch (error) {
    if (isFault(error)) return { events: 0, samples: 0 };
    throw error;
  }
}
