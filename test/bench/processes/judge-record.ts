/** A record, after all that was done to its controller, held against what really happened. */
import { openRecord } from "../../../controller/record/record-reader.ts";
import type { StoredEvent } from "../../../controller/record/record-rows.ts";
import { METER_SHARE } from "../../../protocols/echem/counting.ts";
import { parsePosition, positionIndex } from "../../../protocols/base/position.ts";
import { isOnDisc, type Opening } from "../../../simulator/world/shutter-truth.ts";
import type { ControllerClaims, WorldFindings } from "../../../simulator/world/world-truth.ts";
import { recordedClaims } from "../../../tui/virtual/recorded-claims.ts";
import { CURRENT_MAX_A, SAMPLE_S } from "./campaign.ts";
import type { TrueCharge } from "./truth-plan.ts";

type Data = Readonly<Record<string, unknown>>;

export interface RecordEvent extends StoredEvent {
  readonly data: Data;
}

export function readEvents(data: string): readonly RecordEvent[] {
  const reader = openRecord(data);
  try {
    return [...reader.events()].flatMap((scanned) =>
      scanned.kind === "damaged" ? [] : [{ ...scanned.row, data: JSON.parse(scanned.row.dataText) as Data }],
    );
  } finally {
    reader.close();
  }
}

/** How far a record had come, as whoever reads it beside the run sees it. */
export interface SeenHead {
  readonly events: number;
  readonly hash: string;
  readonly ledgerRows: number;
  readonly samples: number;
  readonly gaps: number;
}

export function readHead(data: string): SeenHead | undefined {
  try {
    const reader = openRecord(data);
    try {
      return reader.head;
    } finally {
      reader.close();
    }
  } catch {
    // Nothing is there yet.
    return undefined;
  }
}

/** Heads that were seen, and are not in the record that came of it. */
export function headsLost(data: string, seen: readonly SeenHead[]): readonly string[] {
  const hashes = new Map(readEvents(data).map(({ seq, hash }) => [seq, hash]));
  const last = readHead(data);
  return seen.flatMap((head) => {
    if (head.events > 0 && hashes.get(head.events) !== head.hash) return [`event ${head.events} was there and is not`];
    const short = (["ledgerRows", "samples", "gaps"] as const).filter((name) => (last?.[name] ?? 0) < head[name]);
    return short.map((name) => `${name}: ${head[name]} were there, and ${String(last?.[name])} are`);
  });
}

/** What the controller's record claims, on the world's clock. */
export function claimsOf(data: string, events: readonly RecordEvent[], offsetMs: number): ControllerClaims {
  const moved = <T extends { readonly startMs: number; readonly endMs: number }>(one: T): T => ({
    ...one,
    startMs: one.startMs + offsetMs,
    endMs: one.endMs + offsetMs,
  });
  const charges = recordedClaims(data).charges.map(moved);
  return {
    exposures: charges.map(({ positionIndex: index, startMs, endMs }) => ({ positionIndex: index, startMs, endMs })),
    isolatedPositions: events.flatMap(({ type, data: of }) => {
      const position = type === "cell-isolated" ? parsePosition(String(of["position"])) : undefined;
      return position === undefined ? [] : [positionIndex(position)];
    }),
    ...{ samplesDelivered: 0, samplesStored: 0, charges },
  };
}

/** Invariants of the world that a bench gives occasion to, and of which it knows all it must. */
const JUDGED: ReadonlySet<string> = new Set([
  "dose",
  "dose-charged",
  "exposures-accounted",
  "cell-limits",
  "shutter-interlocks",
  "stage-at-rest",
  "motion-permit",
  "right-cell",
  "faults-stay-local",
]);

export function violationsOf(findings: WorldFindings): readonly string[] {
  return findings.violations
    .filter(({ invariant }) => JUDGED.has(invariant))
    .map(({ invariant, at_s: atS, what }) => `${invariant} at ${atS.toFixed(1)} s: ${what}`);
}

/** Controller's and world's instants differ by the links' latency and the shutter's travel. */
const MATCH_MS = 500;

/**
 * Openings that lit a cell and are none of the record's exposures of that cell, each of which is one opening at the most; and
 * requests that were answered twice, or by nothing at all before the last sweep began.
 */
export function askedWrongly(
  events: readonly RecordEvent[],
  openings: readonly Opening[],
  claims: ControllerClaims,
): readonly string[] {
  const wrong: string[] = [];
  const free = [...(claims.charges ?? [])];
  for (const opening of openings) {
    const index = opening.photons === 0 ? undefined : opening.deposits.find(isOnDisc)?.positionIndex;
    if (index === undefined) continue;
    const own = free.findIndex(
      ({ positionIndex: at, startMs, endMs }) =>
        at === index && startMs - MATCH_MS <= opening.startMs && opening.startMs <= endMs + MATCH_MS,
    );
    if (own < 0) wrong.push(`cell ${index} was lit at ${opening.startMs.toFixed(0)} ms of the world for no exposure`);
    else free.splice(own, 1);
  }
  const ends = new Map<string, number>();
  const sweeps = events.filter(({ type }) => type === "sweep-begun").map(({ data }) => Number(data["sweep"]));
  for (const { type, data } of events) {
    const id = type === "exposure-ended" ? String(data["request_id"]) : missedId(type, data);
    if (id !== undefined) ends.set(id, (ends.get(id) ?? 0) + (type === "exposure-ended" ? 1 : 0));
  }
  for (const [id, count] of ends) if (count > 1) wrong.push(`request ${id} was answered ${count} times`);
  sweeps.forEach((sweep, place) => {
    if (sweep !== place + 1) wrong.push(`sweep ${sweep} is the ${place + 1}th`);
  });
  const asked = events.filter(({ type }) => type === "sweep-begun").slice(0, -1);
  for (const { data } of asked) {
    const sweep = Number(data["sweep"]);
    const prefix = `S${String(sweep).padStart(4, "0")}-`;
    const count = [...ends.keys()].filter((id) => id.startsWith(prefix)).length;
    if (count !== Number(data["asked"]))
      wrong.push(`sweep ${sweep} asked ${String(data["asked"])}, ${count} came to an end`);
  }
  return wrong;
}

function missedId(type: string, data: Data): string | undefined {
  if (type !== "request-missed" && type !== "exposure-refused") return undefined;
  const sweep = data["sweep"];
  return typeof sweep === "number" ? `S${String(sweep).padStart(4, "0")}-${String(data["position"])}` : undefined;
}

export interface ChargeJudged {
  readonly looks: number;
  /** Largest share of its stated uncertainty by which a cell's charge on record was off. */
  readonly worstShare: number;
  /** Largest uncertainty of what was not heard, over all charge that flowed: what the statement is worth. */
  readonly doubtShareMax: number;
  readonly wrong: readonly string[];
}

/** At the end of each step: what the record says has flowed, against what did. */
export function chargesJudged(
  events: readonly RecordEvent[],
  truths: readonly TrueCharge[],
  offsetMs: number,
): ChargeJudged {
  const byPosition = new Map(truths.map((truth) => [truth.positionIndex, truth]));
  const wrong: string[] = [];
  let [looks, worstShare, doubtShareMax] = [0, 0, 0];
  for (const { type, atMs, data } of events) {
    const totals = type === "step-ended" ? (data["totals"] as Data | undefined) : undefined;
    const position = parsePosition(String(data["position"]));
    const truth = position === undefined ? undefined : byPosition.get(positionIndex(position));
    if (totals === undefined || truth === undefined) continue;
    const [chargedAh, dischargedAh, doubtAh] = ["charged_Ah", "discharged_Ah", "doubt_Ah"].map((name) =>
      Number(totals[name]),
    ) as [number, number, number];
    const trueAh = chargeAtC(truth, atMs + offsetMs) / 3600;
    const throughputAh = chargedAh + dischargedAh;
    // What is heard is read by a meter, and a sample's worth of it lies between two samples.
    const boundAh = doubtAh + METER_SHARE * throughputAh + (CURRENT_MAX_A * SAMPLE_S) / 3600;
    const offAh = Math.abs(chargedAh - dischargedAh - trueAh);
    looks += 1;
    worstShare = Math.max(worstShare, offAh / boundAh);
    doubtShareMax = Math.max(doubtShareMax, throughputAh === 0 ? 0 : doubtAh / throughputAh);
    if (offAh > boundAh)
      wrong.push(
        `${String(data["position"])} at ${atMs.toFixed(0)} ms: off by ${(1e6 * offAh).toFixed(3)} uAh, stated ${(1e6 * boundAh).toFixed(3)}`,
      );
  }
  return { looks, worstShare, doubtShareMax, wrong };
}

/** As of the last look before; the current is the same until the next one. */
function chargeAtC({ atMs, chargeC }: TrueCharge, whenMs: number): number {
  let [low, high] = [0, atMs.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((atMs[middle] ?? 0) <= whenMs) low = middle + 1;
    else high = middle;
  }
  return chargeC[Math.max(0, low - 1)] ?? 0;
}
