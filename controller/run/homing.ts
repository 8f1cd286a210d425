/** Homing moves the stage like any move: only under levels just read, and not under the arm of a robot. */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { InputLevels, Interlock } from "../../protocols/roles/beam-io.ts";
import { faultNote } from "../machines/errors.ts";
import { motionRefusals } from "../safety/permit-judgement.ts";
import type { Alarms } from "./alarms.ts";
import type { CampaignRoles } from "./roles.ts";

export interface HomingDeps {
  readonly roles: Pick<CampaignRoles, "io" | "stage" | "changer">;
  readonly alarms: Alarms;
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly endAtMs: number;
  readonly levelsMaximumAgeMs: number;
  readonly latched: () => readonly Interlock[];
  /** Levels of the last completed read. */
  readonly lastLevels: () => InputLevels | null;
  readonly showLevels: (levels: InputLevels) => void;
  readonly fail: (error: unknown) => void;
}

export interface Homing {
  /** Finds the reference; an aborted signal halts the stage. Rejects with `stage.no-permit`, or as the stage does. */
  home(signal: AbortSignal): Promise<void>;
  /** The hutch allows motion, as it was seen last; and there is still something to move for. */
  mayHome(): boolean;
}

const LOOK_MS = 500;

export function createHoming(deps: HomingDeps): Homing {
  const { roles, alarms, nowMs, endAtMs, showLevels, fail } = deps;

  /** After a restart it may still carry out what the controller before this one told it to. */
  async function robotAtRest(signal: AbortSignal): Promise<void> {
    while (roles.changer !== undefined && (await roles.changer.read()).path !== null) {
      await sleep(deps.clock, LOOK_MS, signal);
    }
  }

  async function home(signal: AbortSignal): Promise<void> {
    await robotAtRest(signal);
    const levels = await roles.io.readInputs();
    showLevels(levels);
    const reasons = motionRefusals(levels, motionConditions());
    if (reasons.length > 0) throw new Fault("stage.no-permit", roles.stage.name, `no homing: ${reasons.join("; ")}`);
    signal.throwIfAborted();
    signal.addEventListener(
      "abort",
      () => {
        roles.stage.halt().catch((error: unknown) => {
          if (isFault(error)) alarms.raise(faultNote(error));
          else fail(error);
        });
      },
      { once: true },
    );
    await roles.stage.home();
  }

  function motionConditions() {
    return {
      nowMs: nowMs(),
      levelsMaximumAgeMs: deps.levelsMaximumAgeMs,
      latched: deps.latched(),
    };
  }

  function mayHome(): boolean {
    const levels = deps.lastLevels();
    if (levels === null || nowMs() >= endAtMs) return false;
    // The age is judged at the act; here it only matters what was seen last.
    return motionRefusals({ ...levels, readAtMs: nowMs() }, motionConditions()).length === 0;
  }

  return { home, mayHome };
}
