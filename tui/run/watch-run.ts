/** Looks after a run on the wall's clock: shows it, tells its alarms, ends it in order when somebody asks for it. */
import type { Clock } from "../../protocols/base/clock.ts";
import type { ProgressPrinter } from "../progress/progress-printer.ts";
import type { ProgressState } from "../progress/progress-state.ts";
import type { SiteCampaign } from "./site-campaign.ts";

export type RunEnd = "complete" | "interrupted" | "failed";

export interface WatchDeps {
  readonly site: SiteCampaign;
  readonly clock: Clock;
  readonly printer: ProgressPrinter;
  readonly progress: () => ProgressState;
  /** One line for a person, apart from progress. */
  readonly say: (line: string) => void;
  /** Why the run is asked to end; null as long as it is not. */
  readonly interruptedBy: () => string | null;
}

const LOOK_MS = 200;
/** The shutter closes, the exposure is settled; what takes longer than this hangs. */
const STOPPING_MS = 30_000;
/** A robot sets down first what it carries; within the minute that a service is given to end. */
const CARRYING_MS = 50_000;

/** Resolves when nothing of the run goes on any more but the cells, which keep to their own limits. */
export function watchRun(deps: WatchDeps): Promise<RunEnd> {
  const { site, clock, printer } = deps;
  const { run } = site;
  const told = new Set<number>();
  let stoppingSinceMs: number | null = null;

  function tellAlarms(): void {
    for (const { id, code, where, what, advice } of run.alarms.open) {
      if (told.has(id)) continue;
      told.add(id);
      deps.say(`alarm ${where}: ${what} [${code}] ${advice}`);
    }
  }

  /** No exposure is under way: one that was asked to stop has been settled. */
  function isBeamAtRest(): boolean {
    const snapshot = run.actor.getSnapshot();
    return snapshot.status !== "active" || snapshot.hasTag("needs-operator") || !snapshot.matches("running");
  }

  function stop(reason: string): void {
    if (run.actor.getSnapshot().status !== "active") return;
    run.noteEnd(reason);
    run.stops.order({ stopClass: "exposing", author: "operator", reason: `${reason}: the run was ended` });
  }

  function ended(): RunEnd | undefined {
    tellAlarms();
    if (run.failure() !== null) return "failed";
    if (run.isDone()) return "complete";
    const reason = deps.interruptedBy();
    if (reason === null) return undefined;
    if (stoppingSinceMs === null) {
      stoppingSinceMs = clock.monoMs();
      stop(reason);
    }
    const isCarrying = run.changer?.isMoving === true;
    const isAtRest = isBeamAtRest() && !run.stops.isUnderWay && !isCarrying;
    const boundMs = isCarrying ? CARRYING_MS : STOPPING_MS;
    return isAtRest || clock.monoMs() - stoppingSinceMs > boundMs ? "interrupted" : undefined;
  }

  return new Promise((resolve) => {
    const look = (): void => {
      const end = ended();
      if (end !== undefined) {
        resolve(end);
        return;
      }
      if (printer.isDue()) printer.update(deps.progress());
      clock.setTimeout(look, LOOK_MS);
    };
    run.actor.subscribe({
      // The run keeps it as its failure; without an ear here it would end the process with the folder still open.
      error: () => undefined,
    });
    run.start();
    look();
  });
}
