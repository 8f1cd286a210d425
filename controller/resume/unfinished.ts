/**
 * Exposures that were booked and not settled when the controller was lost. Whether the shutter opened nobody knows:
 * each is charged in full and counts as not met; it is made again, once, only where the campaign says so of this cause.
 */
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import { answerTo } from "../beam/partial-rule.ts";
import { nextNumber, withNumbers, type LastNumbers } from "../beam/request-numbers.ts";
import type { WantedExposure } from "../beam/wanted.ts";
import type { DoseLedger } from "../dose/dose-ledger.ts";
import type { Recorder } from "../machines/recorder.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import type { Tally } from "../run/tally.ts";
import { requestOf, type RecordedRun } from "./recorded-run.ts";

export const LOST_REASON = "the controller was lost during it: charged in full";

/** Bookings without a closing row, oldest first. */
export function unfinishedBookings(rows: readonly LedgerRow[]): readonly LedgerRow[] {
  const open = new Map<string, LedgerRow>();
  for (const row of rows) {
    if (row.kind === "booking") open.set(row.exposureId, row);
    else open.delete(row.exposureId);
  }
  return [...open.values()];
}

/**
 * Up to when what is charged covers whatever may have come, where nobody saw the shutter close since it was last asked open;
 * null where it was seen. `isNotOff`: the beam was known to be on when the controller was lost.
 */
export function chargedToMs(rows: readonly LedgerRow[], isNotOff: boolean): number | null {
  const last = rows.at(-1);
  const booking = rows.findLast(({ kind }) => kind === "booking");
  if (last === undefined || booking === undefined) return null;
  if (last.kind === "settlement") return isNotOff ? last.atMs : null;
  return booking.atMs + 1000 * booking.openTimeS;
}

export interface UnfinishedDeps {
  readonly ledger: DoseLedger;
  readonly recorder: Recorder;
  readonly tally: Tally;
  readonly nowMs: () => number;
  /** Permit's watchdog and shutter upstream together, from when the controller was lost. */
  readonly worstClosingMs: number;
}

export function settleUnfinished(bookings: readonly LedgerRow[], deps: UnfinishedDeps): void {
  const { ledger, recorder, tally } = deps;
  for (const booking of bookings) {
    const { exposureId, position, spotIndex, atMs, openTimeS } = booking;
    const row = ledger.settle(exposureId, null, LOST_REASON);
    const request = requestOf(exposureId);
    // Whatever had opened it, the watchdog or a person closed it while nobody was there; who is back sooner than the longest
    // closing takes may still find it open, however long after the booking it was opened.
    const litUntilMs = Math.max(deps.nowMs() + deps.worstClosingMs, atMs + 1000 * openTimeS);
    recorder.record("exposure-ended", {
      exposure_id: exposureId,
      request_id: exposureId.replace(/^X-/, ""),
      position,
      outcome: "unknown",
      spot: spotIndex,
      lit_from_ms: atMs,
      lit_until_ms: litUntilMs,
      open_s: null,
      charged: row.kind,
      frame: null,
    });
    tally.accounted({ positionIndex: positionIndex(position), startMs: atMs, endMs: litUntilMs });
    if (request === undefined) continue;
    const { sweep, wanted } = request;
    const name = wanted === null ? { sweep } : { request: wanted };
    recorder.record("request-missed", { ...name, position, reason: "beam", text: LOST_REASON });
    tally.exposed(request.sweep, deps.nowMs(), "partial", false, "beam");
  }
}

export interface RepeatDeps {
  readonly campaign: Campaign;
  readonly requests: RecordedRun["requests"];
  readonly window: (sweep: number) => { readonly latestMs: number };
  readonly nowMs: number;
  readonly endAtMs: number;
}

/** What was asked at the start of a new run, with what of it is asked for once more. */
export function askedAgain<
  Asked extends { readonly wanted: readonly WantedExposure[]; readonly lastNumbers: LastNumbers },
>(
  before: Asked,
  bookings: readonly LedgerRow[],
  deps: RepeatDeps,
): { readonly asked: Asked; readonly repeats: readonly WantedExposure[] } {
  const repeats = repeatsOfUnfinished(bookings, before.lastNumbers, deps);
  const asked = {
    ...before,
    wanted: [...before.wanted, ...repeats],
    lastNumbers: withNumbers(before.lastNumbers, repeats),
  };
  return { asked, repeats };
}

/**
 * What is asked for once more, with a booking of its own beside the one that was charged in full: where the campaign's
 * rule for a killed controller says so, the window is still open, and it was neither a repeat nor a control visit.
 */
function repeatsOfUnfinished(
  bookings: readonly LedgerRow[],
  before: LastNumbers,
  deps: RepeatDeps,
): readonly WantedExposure[] {
  const { campaign, requests, nowMs } = deps;
  if (answerTo(campaign, "controllerKilled", true)?.otherwise !== "repeat-once") return [];
  const repeats: WantedExposure[] = [];
  for (const { exposureId, position } of bookings) {
    const request = requestOf(exposureId);
    const cellIndex = campaign.cells.findIndex((cell) => cell.position === position);
    if (request === undefined || cellIndex < 0) continue;
    const asked = requests.find((one) => one.kind === "wanted" && one.number === request.wanted);
    const wanted = asked?.kind === "wanted" ? asked : undefined;
    if (wanted?.repeatOf !== undefined || wanted?.controlIndex !== undefined) continue;
    const latestMs = wanted?.latestMs ?? deps.window(request.sweep).latestMs;
    if (!(nowMs < Math.min(latestMs, deps.endAtMs))) continue;
    const reason = `repeat of ${exposureId}`;
    const wish =
      wanted?.wish === undefined ? {} : { wish: { ...wanted.wish, key: `${wanted.wish.key}, again`, reason } };
    const number = nextNumber(withNumbers(before, repeats), position);
    repeats.push({ number, cellIndex, position, reason, askedAtMs: nowMs, latestMs, repeatOf: exposureId, ...wish });
  }
  return repeats;
}
