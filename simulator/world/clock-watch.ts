/** The two clocks are apart: nothing that befalls beam, shutter or hutch orders a cell off, but who may for a reason of its own. */
import type { WorldClock } from "../plant/plant.ts";
import type { CellObserver } from "./cell-observer.ts";
import type { DisturbanceWatch } from "./disturbance-watch.ts";
import type { RearmWatch } from "./rearm-watch.ts";
import type { Outage } from "./request-truth.ts";
import type { RobotTruth } from "./robot-truth.ts";
import type { Opening } from "./shutter-truth.ts";
import type { WorldOptions } from "./world-options.ts";
import type { Ledger } from "./world-truth.ts";

export interface ClockWatchDeps {
  readonly clock: WorldClock;
  readonly disturbances: Pick<DisturbanceWatch, "begin" | "switchedOnCount">;
  readonly faultyPositions: ReadonlySet<number>;
  readonly rearming: Pick<RearmWatch, "wasOrdered">;
  readonly absentUntilMs: ReadonlyMap<number, number>;
  readonly protocolStops: WorldOptions["protocolStops"];
  readonly cells: ReadonlyMap<number, Pick<CellObserver, "isDriven">>;
  /** The campaign's time is over: nothing goes on any more. */
  readonly isOver: () => boolean;
  readonly openings: readonly Opening[];
  readonly outages: readonly Outage[];
  readonly robot: Pick<RobotTruth, "sentForWithin"> | undefined;
  readonly ledger: Pick<Ledger, "check" | "count">;
}

/** By then each channel has proven its wiring. */
export const PROVING_MS = 60_000;
/** A step that waits for its exposure is over this soon after it. */
const STOPS_AFTER_EXPOSURE_MS = 30_000;
/** The robot has been sent by then for a cell that was switched off for it, and before that the cell was seen off. */
const SENT_WITHIN_MS = 120_000;
const RELEASED_WITHIN_MS = 60_000;
/** The robot fetches one cell at a time: the one it was to be sent for, and the one that took its place in the plan. */
const KEPT_CELLS_MAX = 2;
/** One that was not fetched after all goes on, so long after what kept the robot is over. */
const GIVEN_BACK_MS = 60_000;
/** After its cable is whole an instrument answers again within this. */
const LINK_BACK_MS = 10_000;

/** What keeps the beam from the cell in that time may keep the robot from being sent, too: until when; -Infinity where nothing does. */
function lastOutageMs(outages: readonly Outage[], index: number, fromMs: number, toMs: number): number {
  return outages.reduce(
    (untilMs, outage) =>
      (outage.positionIndex ?? index) === index && isWithin(outage, fromMs, toMs)
        ? Math.max(untilMs, outage.toMs)
        : untilMs,
    -Infinity,
  );
}

/** An order to the cell may be lost in that time: what befalls beam and hutch alone keeps nobody from hearing it. */
export function isUnheard(outages: readonly Outage[], index: number, fromMs: number, toMs: number): boolean {
  return outages.some(
    (outage) => (outage.isDeaf === true || outage.positionIndex === index) && isWithin(outage, fromMs, toMs),
  );
}

function isWithin(outage: Outage, fromMs: number, toMs: number): boolean {
  return outage.fromMs <= toMs && outage.toMs >= fromMs - LINK_BACK_MS;
}

/** What begins when it is called may order none of `count` cells off until the returned function is, which gives how many were. */
export function createClockWatch(deps: ClockWatchDeps): (what: string, count: number) => () => number {
  const { clock, faultyPositions, robot, ledger } = deps;

  function mayStop(index: number): boolean {
    if (deps.rearming.wasOrdered(index, clock.nowMs())) return true;
    // Of a cell that has just come the channel proves the wiring.
    const comesMs = deps.absentUntilMs.get(index) ?? Infinity;
    if (clock.nowMs() >= comesMs && clock.nowMs() - comesMs <= PROVING_MS) return true;
    const why = deps.protocolStops?.get(index);
    if (why !== "once-exposed") return why === "any-time";
    const sinceMs = clock.nowMs() - STOPS_AFTER_EXPOSURE_MS;
    return deps.openings.some(
      ({ endMs, deposits }) => endMs >= sinceMs && deposits.some(({ positionIndex }) => positionIndex === index),
    );
  }

  /** Of a cell that was switched off: whether it has been driven since. */
  function goesOnAfter(index: number): () => boolean {
    const countBefore = deps.disturbances.switchedOnCount(index);
    if (deps.cells.get(index)?.isDriven === true) return () => true;
    return () => deps.disturbances.switchedOnCount(index) > countBefore;
  }

  return (what, count) => {
    const end = deps.disturbances.begin();
    const fromMs = clock.nowMs();
    return () => {
      const stopped = [...end()].filter((index) => !faultyPositions.has(index) && !mayStop(index));
      ledger.count("two-clocks-apart", count - stopped.length);
      const disturb = (index: number): void => {
        ledger.check("two-clocks-apart", false, clock.nowMs(), () => `cell ${index} was stopped when ${what}`);
      };
      // A robot fetches the next cell while the beam is on another: it has to be off for that.
      if (robot === undefined) stopped.forEach(disturb);
      else {
        let keptCount = 0;
        for (const index of stopped) {
          const hasGoneOn = goesOnAfter(index);
          robot.sentForWithin(index, fromMs, SENT_WITHIN_MS, (isSentFor) => {
            if (isSentFor) return;
            const keptUntilMs = lastOutageMs(deps.outages, index, fromMs, fromMs + RELEASED_WITHIN_MS);
            keptCount += 1;
            // Whatever keeps the robot away excuses those it was to fetch, never a whole rack.
            if (keptUntilMs === -Infinity || keptCount > KEPT_CELLS_MAX) {
              disturb(index);
              return;
            }
            // By then something else may have befallen it, or its channel is gone for good.
            if (keptUntilMs === Infinity) return;
            clock.at(Math.max(clock.nowMs(), keptUntilMs + GIVEN_BACK_MS), () => {
              const isOff = !hasGoneOn() && !deps.isOver() && !faultyPositions.has(index) && !mayStop(index);
              if (isOff) disturb(index);
            });
          });
        }
      }
      return robot === undefined ? stopped.length : 0;
    };
  };
}
