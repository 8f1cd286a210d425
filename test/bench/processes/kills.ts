/**
 * A controller that is killed again and again, each time at another moment, while the simulated instruments live on in a
 * process of their own and keep what really happened. Moments are drawn anew each time: anywhere in the cycle from its start
 * on; while the shutter is open; while a thread of it is writing to its record; as an order has just been answered.
 *
 *   npm run bench:kills -- [--kills 300] [--minutes 60] [--cells 8] [--seed 1] [--json]
 *
 * In the end its record is held against the truth. Exit 3 where anything that was acknowledged is lost, an exposure is
 * unaccounted, a request was answered twice, a charge is off by more than its record says, or the shutter was open for longer
 * than its watchdog allows. Times are those of the whole computer: where a controller came late, its share of a processor
 * says whether it was kept waiting.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createChance } from "../../../simulator/chance/chance.ts";
import { createBusClient, type BusClient } from "../../../tui/bus/bus-client.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";
import type { BeamrackProcess } from "../../support/beamrack-process.ts";
import { SITE, TRAVEL_MS, WATCHDOG_MS, writeCampaign } from "./campaign.ts";
import {
  askedWrongly,
  chargesJudged,
  claimsOf,
  headsLost,
  readEvents,
  readHead,
  violationsOf,
  type SeenHead,
} from "./judge-record.ts";
import { isWritingTo, processorMs } from "./proc-looks.ts";
import { startTruthBench, type TruthBench } from "./truth-bench.ts";

const HOURS = 24;
const RESUMED_S = 5;
/** From the controller's start on: by then it exposes. */
const ANYWHERE_MS = 22_000;
const SEEN_WITHIN_MS = 60_000;
const COMMIT_FROM_MS = 16_000;
const COMMIT_WITHIN_MS = 4000;
const EXPOSURE_MS = 800;
const ORDER_WITHIN_MS = 4000;
/** Less of a processor than this from its start on, and it was kept waiting. */
const STARVED_SHARE = 0.7;
const GOES_ON = "Goes on where";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "300" },
    minutes: { type: "string", default: "120" },
    cells: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    keep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const chance = createChance(Number(values.seed)).stream("kills");
const endMs = performance.now() + Number(values.minutes) * 60_000;
const folder = mkdtempSync(join(tmpdir(), "beamrack-kills-"));
const data = join(folder, "data");

type Moment = "anywhere" | "exposure" | "commit" | "order";
/** How often each, of a hundred. */
const MOMENTS: readonly (readonly [Moment, number])[] = [
  ["anywhere", 40],
  ["exposure", 25],
  ["commit", 25],
  ["order", 10],
];

interface Kill {
  readonly moment: Moment;
  /** How far the controller was. */
  readonly phase: "starting" | "recovering" | "exposing";
  readonly isWriting: boolean;
  /** The last instant at which it may have lived; UTC. */
  readonly wallMs: number;
  /** From its start to the run that goes on, and what of a processor it had; NaN where it was killed before. */
  readonly resumedMs: number;
  readonly share: number;
}

function drawnMoment(): Moment {
  let left = 100 * chance.uniform();
  for (const [moment, share] of MOMENTS) {
    left -= share;
    if (left < 0) return moment;
  }
  return "anywhere";
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether it came to be so in time. With a pause of 0 it looks as often as the computer lets it. */
async function comes(isSo: () => boolean, withinMs: number, pauseMs = 20): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > untilMs) return false;
    if (pauseMs > 0) await sleep(pauseMs);
    else await new Promise<void>((resolve) => setImmediate(resolve));
  }
  return true;
}

interface Acknowledged {
  /** What was noted of a cell, and answered as done. */
  readonly notes: string[];
  readonly heads: SeenHead[];
}

/** Notes something of a cell; resolves once that is answered. */
async function note(run: BeamrackProcess, number: number, acknowledged: Acknowledged): Promise<void> {
  const url = /mqtt:\/\/[\d.]+:\d+/.exec(run.err())?.[0];
  if (url === undefined) return;
  let client: BusClient | undefined;
  try {
    client = createBusClient({
      place: { url, user: "anna", password: null, certificateAuthority: null },
      ...{ clock: createRealClock(), pid: process.pid, topics: ["controller"], link: () => undefined },
    });
    const { link } = client;
    if (!(await comes(() => link().kind === "open", ORDER_WITHIN_MS))) return;
    const about = { rack: "reference", reason: "bench", withinMs: ORDER_WITHIN_MS };
    await client.order({ command: "take-control", args: {} }, about);
    const text = `note ${number}`;
    const reply = await client.order({ command: "note", args: { position: "A1", text } }, about);
    if (reply.outcome === "done") acknowledged.notes.push(text);
  } catch {
    // No answer: nothing was acknowledged.
  } finally {
    void client?.close();
  }
}

async function killOnce(bench: TruthBench, number: number, acknowledged: Acknowledged): Promise<Kill> {
  const startedMs = performance.now();
  const run = bench.run(data);
  const seen = { exposure: false };
  let isOver = false;
  let [resumedMs, share] = [Number.NaN, Number.NaN];
  const watch = setInterval(() => {
    seen.exposure ||= bench.isShutterOpen;
    if (!Number.isNaN(resumedMs) || !run.err().includes(GOES_ON)) return;
    resumedMs = performance.now() - startedMs;
    share = processorMs(run.pid) / resumedMs;
  }, 10);
  void run.ended.then(() => {
    isOver = true;
  });
  const moment = drawnMoment();
  switch (moment) {
    case "anywhere":
      await sleep(ANYWHERE_MS * chance.uniform());
      break;
    case "exposure":
      if (await bench.opening(SEEN_WITHIN_MS)) await sleep(EXPOSURE_MS * chance.uniform());
      break;
    case "commit":
      await comes(() => run.err().includes(GOES_ON) || isOver, SEEN_WITHIN_MS);
      await sleep(COMMIT_FROM_MS * chance.uniform());
      await comes(() => isWritingTo(run.pid, "campaign.db") || isOver, COMMIT_WITHIN_MS, 0);
      break;
    case "order":
      await comes(() => run.err().includes("bus: mqtt://") || isOver, SEEN_WITHIN_MS);
      await sleep(6000 * chance.uniform());
      await note(run, number, acknowledged);
  }
  if (moment === "anywhere") {
    const head = readHead(data);
    if (head !== undefined) acknowledged.heads.push(head);
  }
  const isWriting = isWritingTo(run.pid, "campaign.db");
  run.signal("SIGKILL");
  const wallMs = Date.now();
  clearInterval(watch);
  if ((await run.ended) !== null) throw new Error(`it ended by itself, before kill ${number}:\n${run.err()}`);
  const phase = Number.isNaN(resumedMs) ? "starting" : seen.exposure ? "exposing" : "recovering";
  return { moment, phase, isWriting, wallMs, resumedMs, share };
}

/** So that there is something to go on with. */
async function begin(bench: TruthBench): Promise<void> {
  const run = bench.run(data);
  if (!(await bench.opening(120_000))) throw new Error(`nothing was exposed:\n${run.err()}`);
  await sleep(3000);
  run.signal("SIGKILL");
  await run.ended;
}

async function end(bench: TruthBench): Promise<void> {
  const run = bench.run(data);
  if (!(await bench.opening(120_000))) throw new Error(`nothing was exposed in the end:\n${run.err()}`);
  await sleep(15_000);
  run.signal("SIGINT");
  const code = await run.ended;
  if (code !== 1) throw new Error(`Ctrl-C ended it with ${String(code)}:\n${run.err()}`);
}

interface Row {
  readonly what: string;
  readonly value: number;
  readonly bound: number | null;
  readonly told?: readonly string[];
}

function part(values_: readonly number[], share: number): number {
  const sorted = values_.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

async function judge(bench: TruthBench, kills: readonly Kill[], acknowledged: Acknowledged): Promise<readonly Row[]> {
  const { openings, charges, heldUp, residentMb } = await bench.report();
  const events = readEvents(data);
  const begun = events.find(({ type }) => type === "campaign-started");
  const offsetMs = bench.worldMs(Number(begun?.data["start_ms"]));
  const claims = claimsOf(data, events, offsetMs);
  const violations = violationsOf(await bench.finish(claims));
  const audit = bench.command(["verify", data, "--json"]);
  const isSound = (await audit.ended) === 0;
  const onRecord = new Set(events.flatMap(({ type, data: of }) => (type === "cell-noted" ? [String(of["text"])] : [])));
  const notesLost = acknowledged.notes.filter((text) => !onRecord.has(text));
  const lost = headsLost(data, acknowledged.heads);
  const asked = askedWrongly(events, openings, claims);
  const charge = chargesJudged(events, charges, offsetMs);

  /** How long the instruments were themselves kept waiting about then. */
  const lateMs = (fromMs: number): number =>
    heldUp
      .filter(({ atMs, lateMs: late }) => atMs + late >= fromMs && atMs <= fromMs + 2 * WATCHDOG_MS)
      .reduce((sum, { lateMs: late }) => sum + late, 0);
  const closings = kills.flatMap(({ wallMs }) => {
    const atMs = bench.worldMs(wallMs);
    return openings
      .filter(({ startMs, endMs: closedMs }) => startMs <= atMs && closedMs > atMs)
      .map(({ endMs: closedMs }) => ({ tookMs: closedMs - atMs, lateMs: lateMs(atMs) }));
  });
  const openedAfter = kills.flatMap(({ wallMs }) => {
    const atMs = bench.worldMs(wallMs) + 50;
    // The next controller takes longer than this before it may open anything.
    return openings.filter(({ startMs }) => startMs > atMs && startMs < atMs + 1500);
  });
  const tooLong = closings.filter(({ tookMs, lateMs: late }) => tookMs > WATCHDOG_MS + TRAVEL_MS + late);
  const resumed = kills.filter(({ resumedMs }) => !Number.isNaN(resumedMs));
  const slow = resumed.filter(({ resumedMs }) => resumedMs > 1000 * RESUMED_S);
  const slowOfItself = slow.filter(({ share }) => share >= STARVED_SHARE);
  const of = (isIt: (kill: Kill) => boolean): number => kills.filter(isIt).length;
  const found = (kind: string): number =>
    events.filter(({ type, data: told }) => type === "cell-found" && told["found"] === kind).length;
  return [
    { what: "kills", value: kills.length, bound: null },
    { what: "  anywhere", value: of(({ moment }) => moment === "anywhere"), bound: null },
    { what: "  with the shutter open, in truth", value: closings.length, bound: null },
    { what: "  while it wrote to its record", value: of(({ isWriting }) => isWriting), bound: null },
    { what: "  as an order had been answered", value: acknowledged.notes.length, bound: null },
    { what: "  before it had read its record", value: of(({ phase }) => phase === "starting"), bound: null },
    { what: "  before its first exposure", value: of(({ phase }) => phase === "recovering"), bound: null },
    { what: "events on record", value: events.length, bound: null },
    { what: "exposures on record", value: claims.exposures.length, bound: null },
    {
      what: "  of unknown outcome",
      value: events.filter(({ type, data: told }) => type === "exposure-ended" && told["outcome"] === "unknown").length,
      bound: null,
    },
    { what: "openings in truth", value: openings.length, bound: null },
    { what: "answered orders that are not on record", value: notesLost.length, bound: 0, told: notesLost },
    { what: "of what was seen on record, lost", value: lost.length, bound: 0, told: lost },
    { what: "the audit's errors", value: isSound ? 0 : 1, bound: 0, told: isSound ? [] : [audit.out().slice(0, 2000)] },
    {
      what: "invariants broken, exposures unaccounted among them",
      value: violations.length,
      bound: 0,
      told: violations,
    },
    { what: "requests answered wrongly", value: asked.length, bound: 0, told: asked },
    { what: "charges held against the truth", value: charge.looks, bound: null },
    { what: "  largest error, of what is stated", value: charge.worstShare, bound: 1, told: charge.wrong },
    { what: "  largest stated doubt, of all that flowed", value: charge.doubtShareMax, bound: null },
    {
      what: "shutter closed after a kill, longest (ms)",
      value: Math.max(0, ...closings.map(({ tookMs }) => tookMs)),
      bound: null,
    },
    { what: "  later than watchdog, travel and what held up the twins", value: tooLong.length, bound: 0 },
    { what: "openings after a kill", value: openedAfter.length, bound: 0 },
    {
      what: "goes on after its start, median (s)",
      value:
        part(
          resumed.map(({ resumedMs }) => resumedMs),
          0.5,
        ) / 1000,
      bound: null,
    },
    {
      what: "  90th percentile (s)",
      value:
        part(
          resumed.map(({ resumedMs }) => resumedMs),
          0.9,
        ) / 1000,
      bound: null,
    },
    {
      what: "  of processor time, median (s)",
      value:
        part(
          resumed.map(({ resumedMs, share }) => resumedMs * share),
          0.5,
        ) / 1000,
      bound: null,
    },
    {
      what: "  of processor time, longest (s)",
      value:
        part(
          resumed.map(({ resumedMs, share }) => resumedMs * share),
          1,
        ) / 1000,
      bound: RESUMED_S,
    },
    { what: `  later than ${RESUMED_S} s`, value: slow.length, bound: null },
    { what: "  and that of its own doing", value: slowOfItself.length, bound: 0 },
    { what: "cells found running", value: found("running"), bound: null },
    { what: "cells found at the end of their step", value: found("ended"), bound: null },
    { what: "cells found off", value: found("off"), bound: null },
    { what: "resident memory of the twins (MB)", value: residentMb, bound: null },
    { what: "load of the computer", value: loadavg()[0] ?? Number.NaN, bound: null },
  ];
}

function print(rows: readonly Row[], isKept: boolean): void {
  if (values.json) {
    console.log(JSON.stringify({ rows, ok: isKept }));
    return;
  }
  for (const { what, value, bound, told = [] } of rows) {
    const number = Number.isInteger(value) ? String(value) : value.toPrecision(4);
    console.log(
      `${what.padEnd(60)} ${number}${bound === null ? "" : `  (bound ${bound}${value > bound ? ", NOT KEPT" : ""})`}`,
    );
    for (const one of told.slice(0, 10)) console.log(`    ${one}`);
  }
}

const kills: Kill[] = [];
const acknowledged: Acknowledged = { notes: [], heads: [] };
const bench = await startTruthBench(
  folder,
  SITE,
  writeCampaign(folder, Math.max(1, Math.min(96, Number(values.cells))), HOURS),
);
try {
  await begin(bench);
  while (kills.length < Number(values.kills) && performance.now() < endMs) {
    kills.push(await killOnce(bench, kills.length + 1, acknowledged));
    if (!values.json && kills.length % 10 === 0) console.error(`${kills.length} kills`);
  }
  await end(bench);
  const rows = await judge(bench, kills, acknowledged);
  const isKept = rows.every(({ value, bound }) => bound === null || value <= bound);
  print(rows, isKept);
  if (!isKept) process.exitCode = 3;
} finally {
  await bench.close();
  if (values.keep) console.error(folder);
  else rmSync(folder, { recursive: true, force: true });
}
