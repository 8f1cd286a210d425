/**
 * After a restart the shutter must be seen closed, whether or not anything is exposed again: its watchdog should have
 * closed it when the controller went. One that reads otherwise is asked to close, and told when it does not.
 */
import { isFault } from "../../protocols/base/fault.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { shutterState, type BeamIo, type InputLevels } from "../../protocols/roles/beam-io.ts";
import { faultNote, type FaultNote } from "../machines/errors.ts";

export interface ShutterLookDeps {
  /** False where there was no restart. */
  readonly isNeeded: boolean;
  readonly io: Pick<BeamIo, "name" | "requestShutterClosed">;
  /** Within this the shutter closes by itself, and by the order. */
  readonly worstClosingMs: number;
  readonly nowMs: () => number;
  /** An exposure of this run is under way: its own machine looks after the shutter. */
  readonly isExposing: () => boolean;
  readonly tell: (fault: FaultNote) => void;
  readonly fail: (error: unknown) => void;
}

/** Given every reading of the levels, until one is good or the trouble is told. */
export function createShutterLook(deps: ShutterLookDeps): (levels: InputLevels) => void {
  let openSinceMs: number | null = null;
  let isOver = !deps.isNeeded;
  return (levels) => {
    if (isOver) return;
    if (shutterState(levels) === "closed" || deps.isExposing()) {
      isOver = true;
      return;
    }
    if (openSinceMs === null) {
      openSinceMs = deps.nowMs();
      deps.io.requestShutterClosed().catch((error: unknown) => {
        if (isFault(error)) deps.tell(faultNote(error));
        else deps.fail(error);
      });
      return;
    }
    if (deps.nowMs() - openSinceMs <= deps.worstClosingMs) return;
    isOver = true;
    deps.tell({
      code: "shutter.beam-not-off",
      where: deps.io.name,
      what: `after the restart the shutter reads ${shutterState(levels)}: what stands in the beam may be exposed since the controller was lost`,
      advice: FAULT_CATALOGUE["shutter.beam-not-off"].advice,
    });
  };
}
